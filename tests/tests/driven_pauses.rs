//! Sound that comes with pauses between its pieces: each is said whole, before anything follows it.

use std::time::{Duration, Instant};
use std::{fs, thread};

use avatar_tests::ffmpeg::{run, samples};
use avatar_tests::neural::photograph;
use avatar_tests::{FormBody, Nginx, Setup, until};

const RATE: usize = 24_000;

/// A tone without a header.
fn tone(milliseconds: usize) -> Vec<u8> {
    let sample = |n: usize| ((n as f32 * 0.1).sin() * 12_000.0) as i16;
    let samples = RATE * milliseconds / 1000;
    (0..samples).flat_map(|n| sample(n).to_le_bytes()).collect()
}

/// The stretches of tone in what is listed so far, in milliseconds, if there is a while of silence after the last.
fn heard(nginx: &Nginx, id: &str) -> Option<Vec<usize>> {
    let get = |name: &str| {
        let answer = nginx.request("GET", &format!("/hls/{id}/{name}")).send();
        assert_eq!(answer.status, 200, "{name}");
        answer.body
    };
    let playlist = String::from_utf8(get("playlist.m3u8?_HLS_legacy=YES")).unwrap();
    let segments = playlist.lines().filter(|line| line.ends_with(".m4s"));
    let mut film = get("init.mp4");
    segments.for_each(|segment| film.extend(get(segment)));
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), film).unwrap();
    let loud = |step: &[f32]| step.iter().any(|sample| sample.abs() > 0.1);
    let pcm = samples(file.path().to_str().unwrap());
    let steps: Vec<bool> = pcm.chunks(240).map(loud).collect();
    let silent = steps.iter().rev().take_while(|loud| !**loud).count();
    let stretches = steps.chunk_by(|one, other| one == other);
    let tones = stretches.filter(|stretch| stretch[0]);
    (silent > 60).then(|| tones.map(|stretch| stretch.len() * 5).collect())
}

#[test]
fn a_piece_is_said_whole_before_another_comes() {
    let nginx = Setup::new()
        .workers(2)
        .location("client_max_body_size 8m;")
        .start();
    let drawn = FormBody::default().field("avatar", "anna");
    let photo = FormBody::default().file("image", &photograph());
    for (face, form) in [("drawn", drawn), ("photo", photo)] {
        let id = nginx.begin_driven(form.field("format", "pcm_s16le"));
        for (fed, milliseconds) in [500, 300, 700].into_iter().enumerate() {
            assert_eq!(nginx.feed(&id, &tone(milliseconds), false).status, 200);
            let tones = until("it is listed", || {
                heard(&nginx, &id).filter(|tones| tones.len() > fed)
            });
            // In one piece, but for what its resampler needs more to go on from.
            assert_eq!(tones.len(), fed + 1, "{face}: {tones:?}");
            let missing = milliseconds as i64 - tones[fed] as i64;
            assert!((-40..=60).contains(&missing), "{face}: {tones:?}");
        }
        let path = format!("/api/audio-driven/chunked/session/{id}");
        assert_eq!(nginx.request("DELETE", &path).send().status, 200);
    }
}

/// Where the blocks of a WebM file begin whose packets have 128 to 16,383 bytes (RFC 9559 section 10).
fn blocks(webm: &[u8]) -> Vec<usize> {
    let begins = |block: &[u8]| {
        block[0] == 0xa3 && block[1] & 0xc0 == 0x40 && block[3] == 0x81 && block[6] == 0x80
    };
    let windows = webm.windows(7).enumerate();
    windows
        .filter(|(_, block)| begins(block))
        .map(|(at, _)| at)
        .collect()
}

#[test]
fn a_recorder_whose_pieces_come_later_and_later_is_heard_without_holes() {
    let nginx = Setup::new().workers(2).start();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("tone.webm");
    let tone = "aevalsrc=0.4*sin(2*PI*300*t):s=48000:d=6";
    let coder = ["-c:a", "libopus", "-b:a", "64k", "-frame_duration", "60"];
    let arguments = [&["-v", "error", "-f", "lavfi", "-i", tone], &coder[..]].concat();
    run(
        "ffmpeg",
        &[&arguments[..], &[file.to_str().unwrap()]].concat(),
    );
    let webm = fs::read(file).unwrap();
    // As Chromium's recorder hands them out: nine packets, and a byte of the next block.
    let blocks = blocks(&webm);
    assert!(blocks.len() >= 99, "{}", blocks.len());
    let ends = blocks.chunks(9).skip(1).map(|nine| nine[0] + 1);
    let ends: Vec<usize> = ends.chain([webm.len()]).collect();
    let id = nginx.begin_driven(FormBody::default().field("avatar", "anna"));
    let begin = Instant::now();
    let mut from = 0;
    for (number, end) in ends.iter().enumerate() {
        // A little later each time, up to a fifth of a second.
        let late = (number as u64 * 40).min(200);
        let at = Duration::from_millis((number as u64 + 1) * 540 + late);
        thread::sleep(at.saturating_sub(begin.elapsed()));
        let answer = nginx.feed(&id, &webm[from..*end], number + 1 == ends.len());
        assert_eq!(answer.status, 200, "{}", answer.text());
        from = *end;
    }
    nginx.completed(&id);
    let pcm = samples(&nginx.url(&format!("/hls/{id}/output.mp4")));
    let loud = |step: &[f32]| step.iter().any(|sample| sample.abs() > 0.1);
    let steps: Vec<bool> = pcm.chunks(240).map(loud).collect();
    let tones = steps.chunk_by(|one, other| one == other);
    let tones: Vec<usize> = tones
        .filter(|tone| tone[0])
        .map(|tone| tone.len() * 5)
        .collect();
    assert!(tones.len() == 1 && tones[0] > 5_800, "{tones:?}");
}
