//! Sound as phones, browsers, editors and mistaken clients send it: said, or refused with what it seems to be.

use avatar_tests::ffmpeg::{run, samples};
use avatar_tests::spoken::said;
use avatar_tests::{FormBody, Nginx, Setup, until};

const TEXT: &str = "Papa and Mama go far. We see three green trees, and more of them there.";

/// Speech in the file that ffmpeg makes with `arguments`.
fn file(arguments: &[&str]) -> Vec<u8> {
    let place = tempfile::tempdir().unwrap();
    let (from, to) = (place.path().join("from.wav"), place.path().join("to"));
    std::fs::write(&from, said(TEXT, "en-us", &["-f", "wav"])).unwrap();
    let (from, to) = (from.to_str().unwrap(), to.to_str().unwrap());
    run(
        "ffmpeg",
        &[&["-v", "error", "-i", from], arguments, &[to]].concat(),
    );
    std::fs::read(to).unwrap()
}

/// How well the speech is found in the film of a session: 1 is exactly.
fn likeness(nginx: &Nginx, id: &str) -> f32 {
    let wanted = said(TEXT, "en-us", &["-f", "s16le"]);
    let wanted = wanted.as_chunks::<2>().0.iter();
    let wanted: Vec<f32> = wanted
        .flat_map(|x| [f32::from(i16::from_le_bytes(*x)) / 32_768.0; 2])
        .collect();
    let steps = |pcm: &[f32]| -> Vec<f32> {
        let mean = |step: &[f32]| step.iter().map(|x| x * x).sum::<f32>().sqrt();
        pcm.chunks_exact(480).map(mean).collect()
    };
    let film = samples(&nginx.url(&format!("/hls/{id}/output.mp4")));
    let (film, sound) = (steps(&film), steps(&wanted[..wanted.len() - 4_800]));
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let norm = product(&sound, &sound).sqrt();
    film.windows(sound.len())
        .map(|part| product(part, &sound) / (norm * product(part, part).sqrt()).max(1e-9))
        .fold(0.0, f32::max)
}

fn anna() -> FormBody {
    FormBody::default().field("avatar", "anna")
}

/// Feeds `bytes` in pieces of `size`.
fn feed(nginx: &Nginx, id: &str, bytes: &[u8], size: usize) {
    let mut pieces = bytes.chunks(size).peekable();
    while let Some(piece) = pieces.next() {
        let answer = nginx.feed(id, piece, pieces.peek().is_none());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// Session that says all of a file.
fn stream(nginx: &Nginx, bytes: &[u8]) -> String {
    let answer = nginx.drive("/stream", anna().file("audio", bytes));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.value()["session_id"].as_str().unwrap().to_owned()
}

const FRAGMENTS: &[&str] = &[
    "-f",
    "mp4",
    "-c:a",
    "aac",
    "-frag_duration",
    "200000",
    "-movflags",
    "+empty_moov+default_base_moof",
];

#[test]
fn files_of_phones_and_editors_are_said() {
    let nginx = Setup::new().workers(2).start();
    for arguments in [
        // A voice memo, whose index comes last.
        &["-f", "ipod", "-c:a", "aac"][..],
        FRAGMENTS,
        &["-f", "aiff"],
        &["-f", "caf"],
        &["-f", "asf", "-c:a", "wmav2"],
        &["-f", "wav", "-c:a", "adpcm_ima_wav"],
    ] {
        let id = stream(&nginx, &file(arguments));
        nginx.completed(&id);
        let likeness = likeness(&nginx, &id);
        assert!(likeness > 0.95, "{arguments:?}: {likeness}");
    }
}

#[test]
fn streams_are_said_however_they_are_cut() {
    let nginx = Setup::new().workers(2).start();
    let tagged = &[
        "-f",
        "adts",
        "-write_id3v2",
        "1",
        "-metadata",
        "title=Speech",
    ];
    let mp3 = file(&["-f", "mp3", "-write_xing", "0", "-id3v2_version", "0"]);
    for (name, bytes, size) in [
        ("aac in small pieces", file(&["-f", "adts"]), 100),
        ("aac behind a tag", file(tagged), 3_001),
        ("fragments", file(FRAGMENTS), 3_001),
        ("mp3 without its first bytes", mp3[100..].to_vec(), 2_001),
        ("mp3 behind zeros", [&[0; 1024][..], &mp3].concat(), 500),
        ("a voice memo", file(&["-f", "ipod", "-c:a", "aac"]), 7_001),
    ] {
        let id = nginx.begin_driven(anna());
        // The rest at once: a busy machine may take in small pieces more slowly than they are said.
        let (first, rest) = bytes.split_at(12 * size.min(bytes.len() / 13));
        for piece in first.chunks(size) {
            let answer = nginx.feed(&id, piece, false);
            assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        }
        assert_eq!(nginx.feed(&id, rest, true).status, 200, "{name}");
        nginx.completed(&id);
        let likeness = likeness(&nginx, &id);
        assert!(likeness > 0.95, "{name}: {likeness}");
    }
}

#[test]
fn what_is_no_sound_is_refused_with_what_it_seems_to_be() {
    let nginx = Setup::new().workers(2).start();
    let webm = file(&["-f", "webm", "-c:a", "libopus"]);
    let cluster = webm
        .windows(4)
        .position(|name| name == [0x1f, 0x43, 0xb6, 0x75]);
    let ogg = file(&["-f", "ogg", "-c:a", "libopus", "-page_duration", "100000"]);
    let pages = ogg
        .windows(4)
        .enumerate()
        .filter(|(_, name)| name == b"OggS");
    let page = pages.map(|(at, _)| at).nth(4).unwrap();
    let noise: Vec<u8> = (0..40_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761).rotate_left(9) >> 11) as u8)
        .collect();
    let zip = [&b"PK\x03\x04\x14\0\0\0\x08\0"[..], &noise].concat();
    let heic = [&b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..], &noise].concat();
    for (bytes, words) in [
        (&zip[..], "zip archive"),
        (&heic, "HEIC picture"),
        (
            b"<!DOCTYPE html><html><head><title>Not found</title>",
            "web page",
        ),
        (b"{\"error\": \"not found\", \"code\": 404}", "JSON"),
        (&webm[cluster.unwrap()..], "middle of a stream of WebM"),
        (&webm[5_000..], "no kind of sound that is known"),
        (&ogg[page..], "middle of a stream of Ogg"),
        (&noise, "no kind of sound that is known"),
    ] {
        let id = nginx.begin_driven(anna());
        for answer in [
            nginx.drive("", anna().file("audio", bytes)),
            nginx.drive("/stream", anna().file("audio", bytes)),
            nginx.feed(&id, bytes, false),
        ] {
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (400, "bad_audio"),
                "{words}"
            );
            assert!(answer.text().contains(words), "{words}: {}", answer.text());
        }
        // Nothing of it was taken: the next may be sound.
        assert_eq!(nginx.feed(&id, &file(&["-f", "wav"]), true).status, 200);
        nginx.completed(&id);
    }
}

#[test]
fn samples_without_a_header_are_taken_where_the_client_says_so() {
    let nginx = Setup::new().workers(2).start();
    let bare = said(TEXT, "en-us", &["-f", "s16le"]);
    let refused = nginx.drive("/stream", anna().file("audio", &bare));
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (400, "bad_audio")
    );
    assert!(
        refused.text().contains("format=pcm_s16le"),
        "{}",
        refused.text()
    );
    let wrong = nginx.drive(
        "/stream",
        anna().field("format", "mp3").file("audio", &bare),
    );
    assert_eq!(
        (wrong.status, wrong.code().as_str()),
        (400, "bad_parameter")
    );
    // Whoever names the rate has said so, but not of what cannot be a voice.
    let named = || anna().field("audio_sample_rate", "24000");
    let noise: Vec<u8> = (0..40_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761).rotate_left(9) >> 11) as u8)
        .collect();
    let refused = nginx.drive("/stream", named().file("audio", &noise));
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (400, "bad_audio")
    );
    for form in [named(), anna().field("format", "pcm_s16le")] {
        let id = nginx.begin_driven(form);
        feed(&nginx, &id, &bare, 9_999);
        nginx.completed(&id);
        assert!(likeness(&nginx, &id) > 0.97);
    }
    // A piece may say it for itself and those that follow it.
    let id = nginx.begin_driven(anna());
    let (first, second) = bare.split_at(30_000);
    let form = FormBody::default()
        .field("session_id", &id)
        .field("format", "pcm_s16le")
        .file("audio_chunk", first);
    assert_eq!(nginx.drive("/chunked/feed", form).status, 200);
    assert_eq!(nginx.feed(&id, second, true).status, 200);
    nginx.completed(&id);
    assert!(likeness(&nginx, &id) > 0.97);
}

#[test]
fn what_shows_only_later_that_it_is_no_sound_is_told_with_the_next_piece() {
    let nginx = Setup::new().workers(2).start();
    let id = nginx.begin_driven(anna());
    // Without channels.
    let header = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\0\0\xc0\x5d\0\0\x80\xbb\0\0\x02\0\x10\0data\xff\xff\xff\xff";
    let damaged = [&header[..], &[0x55; 5_000]].concat();
    assert_eq!(nginx.feed(&id, &damaged, false).status, 200);
    let warning = until("it is told", || {
        let warning = nginx.driven(&id)["warning"].clone();
        warning.as_str().map(str::to_owned)
    });
    assert!(warning.contains("WAV"), "{warning}");
    let answer = nginx.feed(&id, &[0x55; 500], false);
    assert_eq!((answer.status, answer.code().as_str()), (400, "bad_audio"));
    assert!(answer.text().contains("WAV"), "{}", answer.text());
    // Something else may begin.
    let answer = nginx.feed(&id, &file(&["-f", "flac"]), true);
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("WAV"), "{}", answer.text());
    nginx.completed(&id);
    assert!(likeness(&nginx, &id) > 0.97);
}

#[test]
fn a_session_that_heard_nothing_it_understood_says_so() {
    let nginx = Setup::new().workers(2).start();
    let id = nginx.begin_driven(anna());
    let damaged = [b"fLaC".as_slice(), &[0x55; 5_000]].concat();
    assert_eq!(nginx.feed(&id, &damaged, true).status, 200);
    let state = until("it is over", || {
        let state = nginx.driven(&id);
        (state["status"] != "active").then_some(state)
    });
    assert_eq!(
        (&state["status"], &state["error_code"]),
        (&"error".into(), &"bad_audio".into())
    );
    // One that was fed nothing at all has nothing to complain of.
    let id = nginx.begin_driven(anna());
    let form = FormBody::default()
        .field("session_id", &id)
        .field("is_final_chunk", "true");
    assert_eq!(nginx.drive("/chunked/feed", form).status, 200);
    nginx.completed(&id);
}
