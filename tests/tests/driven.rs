//! Faces that are driven by sound: pieces of it, and whole files.

use std::io::Write;
use std::path::Path;

use avatar_tests::ffmpeg::{run, samples};
use avatar_tests::neural::photograph;
use avatar_tests::spoken::said;
use avatar_tests::{FormBody, Nginx, Setup, png, until};

const RATE: usize = 24_000;

/// Speech in a file as ffmpeg's `arguments` say.
fn speech(arguments: &[&str]) -> Vec<u8> {
    let text = "Papa and Mama go far. We see three green trees, and more of them there.";
    said(text, "en-us", arguments)
}

/// The same without a header.
fn raw() -> Vec<u8> {
    speech(&["-f", "s16le"])
}

fn init(nginx: &Nginx) -> String {
    let form = FormBody::default()
        .field("avatar", "anna")
        .field("format", "pcm_s16le")
        .field("chunk_duration", "0.5");
    let answer = nginx.drive("/chunked/init", form);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let value = answer.value();
    assert_eq!(value["status"], "success");
    assert_eq!(value["chunk_duration"], 0.5);
    assert_eq!(value["audio_sample_rate"], 24_000);
    let id = value["session_id"].as_str().unwrap().to_owned();
    assert_eq!(value["hls_url"], format!("/hls/{id}/playlist.m3u8"));
    id
}

/// The sound of a session's film.
fn heard(nginx: &Nginx, id: &str) -> Vec<f32> {
    samples(&nginx.url(&format!("/hls/{id}/output.mp4")))
}

/// How well `sound` is found in `film`, at the place where it is found best: 1 is exactly.
fn likeness(film: &[f32], sound: &[f32]) -> f32 {
    // Loudness in steps of 10 ms tells one from another, however it was coded.
    let steps = |pcm: &[f32]| -> Vec<f32> {
        let mean = |step: &[f32]| step.iter().map(|x| x * x).sum::<f32>().sqrt();
        pcm.chunks_exact(480).map(mean).collect()
    };
    let (film, sound) = (steps(film), steps(sound));
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let norm = product(&sound, &sound).sqrt();
    film.windows(sound.len())
        .map(|part| product(part, &sound) / (norm * product(part, part).sqrt()).max(1e-9))
        .fold(0.0, f32::max)
}

fn pcm(raw: &[u8]) -> Vec<f32> {
    let samples = raw.as_chunks::<2>().0.iter();
    samples
        .flat_map(|sample| [f32::from(i16::from_le_bytes(*sample)) / 32_768.0; 2])
        .collect()
}

#[test]
fn whatever_the_sound_is_packed_in_and_wherever_it_is_cut_it_is_said() {
    let nginx = Setup::new().workers(2).start();
    let wanted = pcm(&raw());
    let files = [
        raw(),
        speech(&["-f", "wav"]),
        speech(&["-f", "mp3", "-b:a", "128k"]),
        speech(&["-f", "flac"]),
        speech(&["-f", "ogg", "-c:a", "libopus"]),
        speech(&["-f", "webm", "-c:a", "libopus"]),
    ];
    let sessions = files.each_ref().map(|file| {
        let id = init(&nginx);
        // All at once, since it is the whole that is compared; in few pieces, each an odd number of bytes, so that a busy machine
        // takes them in faster than they are said.
        let mut pieces = file.chunks((file.len() / 12) | 1).peekable();
        while let Some(piece) = pieces.next() {
            let answer = nginx.feed(&id, piece, pieces.peek().is_none());
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.value()["status"], "success");
        }
        id
    });
    for (number, id) in sessions.iter().enumerate() {
        nginx.completed(id);
        let film = heard(&nginx, id);
        let likeness = likeness(&film, &wanted);
        assert!(likeness > 0.97, "file {number}: {likeness}");
    }
}

#[test]
fn pieces_that_are_files_of_their_own_follow_each_other() {
    let nginx = Setup::new().start();
    let raw = raw();
    let id = init(&nginx);
    for (number, piece) in raw.chunks(RATE).enumerate() {
        let mut header = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        header.extend((RATE as u32).to_le_bytes());
        header.extend((2 * RATE as u32).to_le_bytes());
        header.extend(*b"\x02\0\x10\0data");
        header.extend((piece.len() as u32).to_le_bytes());
        let file = [&header[..], piece].concat();
        let last = (number + 1) * RATE >= raw.len();
        assert_eq!(nginx.feed(&id, &file, last).status, 200);
    }
    nginx.completed(&id);
    let likeness = likeness(&heard(&nginx, &id), &pcm(&raw));
    assert!(likeness > 0.97, "{likeness}");
}

#[test]
fn pieces_with_numbers_may_come_in_any_order_and_twice() {
    let nginx = Setup::new().workers(2).start();
    let raw = raw();
    let id = init(&nginx);
    let pieces: Vec<&[u8]> = raw.chunks(20_000).collect();
    let send = |number: usize| {
        let last = number + 1 == pieces.len();
        let form = FormBody::default()
            .field("session_id", &id)
            .field("sequence", &number.to_string())
            .field("is_final_chunk", &last.to_string())
            .file("audio_chunk", pieces[number]);
        let answer = nginx.drive("/chunked/feed", form);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.value()["message"].as_str().unwrap().to_owned()
    };
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.chunks_mut(3).for_each(<[usize]>::reverse);
    for number in order {
        assert_eq!(send(number), "taken");
        if number % 2 == 0 {
            assert_eq!(send(number), "this piece had come before");
        }
    }
    nginx.completed(&id);
    assert_eq!(send(pieces.len() - 1), "this piece had come before");
    let likeness = likeness(&heard(&nginx, &id), &pcm(&raw));
    assert!(likeness > 0.97, "{likeness}");
}

#[test]
fn a_session_that_is_not_fed_shows_an_idle_face() {
    let nginx = Setup::new().start();
    let id = init(&nginx);
    // It is there when `init` has answered.
    let playlist = nginx
        .request("GET", &format!("/hls/{id}/playlist.m3u8"))
        .send();
    assert_eq!(playlist.status, 200);
    until("time goes by", || {
        let frames = nginx.driven(&id)["total_frames_generated"].as_u64();
        (frames.unwrap() > 50).then_some(())
    });
    let state = nginx.driven(&id);
    assert_eq!(state["status"], "active");
    assert!(state["uptime_seconds"].as_f64().unwrap() > 1.0);
    assert!(state["created_at"].as_f64().unwrap() > 1.7e9);
    assert!(state["error"].is_null());
    let path = format!("/api/audio-driven/chunked/session/{id}");
    let answer = nginx.request("DELETE", &path).send();
    assert_eq!(
        (answer.status, &answer.value()["status"]),
        (200, &"success".into())
    );
    assert_eq!(nginx.request("DELETE", &path).send().status, 404);
    until("its files are gone", || {
        (!nginx.session(&id).exists()).then_some(())
    });
}

#[test]
fn what_comes_too_fast_is_refused_and_nothing_is_lost() {
    let nginx = Setup::new().start();
    let id = init(&nginx);
    let seconds = vec![0_u8; 2 * RATE * 14];
    for _ in 0..5 {
        assert_eq!(nginx.feed(&id, &seconds, false).status, 200);
    }
    until("it is heard", || {
        let waiting = nginx.driven(&id)["buffer_samples"].as_u64().unwrap();
        (waiting > 60 * 48_000).then_some(())
    });
    let answer = nginx.feed(&id, &seconds, false);
    assert_eq!((answer.status, answer.code().as_str()), (429, "busy"));
    assert!(answer.header("Retry-After").parse::<u32>().unwrap() > 0);
}

#[test]
fn each_fault_has_its_word() {
    let nginx = Setup::new().start();
    let id = init(&nginx);
    let text = nginx.speak("One moment.");
    for (call, form, status, code) in [
        ("/chunked/init", FormBody::default(), 400, "bad_parameter"),
        (
            "/chunked/init",
            FormBody::default().field("avatar", "nobody"),
            400,
            "unknown_avatar",
        ),
        (
            "/chunked/init",
            FormBody::default()
                .field("avatar", "anna")
                .field("nfe", "51"),
            400,
            "bad_parameter",
        ),
        (
            "/chunked/feed",
            FormBody::default().file("audio_chunk", b"ab"),
            400,
            "bad_parameter",
        ),
        (
            "/chunked/feed",
            FormBody::default().field("session_id", &id),
            400,
            "bad_parameter",
        ),
        (
            "/chunked/feed",
            FormBody::default()
                .field("session_id", "01936b5e-0000-7000-8000-000000000001")
                .file("audio_chunk", b"ab"),
            404,
            "unknown_session",
        ),
        (
            "/chunked/feed",
            FormBody::default()
                .field("session_id", &text)
                .file("audio_chunk", b"ab"),
            400,
            "bad_parameter",
        ),
        (
            "/stream",
            FormBody::default().field("avatar", "anna"),
            400,
            "bad_parameter",
        ),
    ] {
        let answer = nginx.drive(call, form);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (status, code),
            "{call}: {}",
            answer.text()
        );
    }
    let broken = nginx
        .request("POST", "/api/audio-driven/chunked/init")
        .header("Content-Type", "multipart/form-data; boundary=ab")
        .body("--ab\r\nContent-Disposition: form-data; name=\"avatar\"\r\n\r\nanna");
    let broken = broken.send();
    assert_eq!(
        (broken.status, broken.code().as_str()),
        (400, "bad_multipart")
    );
    let wrong = nginx
        .request("POST", "/api/audio-driven/chunked/init")
        .json(&serde_json::json!({}))
        .send();
    assert_eq!(wrong.status, 415);
    let wrong = nginx
        .request("GET", "/api/audio-driven/chunked/feed")
        .send();
    assert_eq!(
        (wrong.status, wrong.header("Allow")),
        (405, "POST, OPTIONS")
    );
    let nobody = "/api/audio-driven/chunked/status/01936b5e-0000-7000-8000-000000000001";
    assert_eq!(nginx.request("GET", nobody).send().status, 404);
}

#[test]
fn a_whole_file_is_a_film_or_a_stream() {
    let nginx = Setup::new().start();
    let (mp3, wanted) = (speech(&["-f", "mp3"]), pcm(&raw()));
    let form = || {
        FormBody::default()
            .field("avatar", "dias")
            .file("audio", &mp3)
    };
    let film = nginx.drive("", form());
    assert_eq!(
        (film.status, film.header("Content-Type")),
        (200, "video/mp4")
    );
    let mut place = tempfile::NamedTempFile::new().unwrap();
    place.write_all(&film.body).unwrap();
    let film_heard = samples(place.path().to_str().unwrap());
    assert!(likeness(&film_heard, &wanted) > 0.97);
    // It was for that one client.
    let id = film.header("X-Avatar-Session").to_owned();
    until("nothing is kept", || {
        (!nginx.session(&id).exists()).then_some(())
    });
    for call in ["/stream", "?async=1"] {
        let answer = nginx.drive(call, form());
        assert_eq!(answer.status, 200, "{}", answer.text());
        let id = answer.value()["session_id"].as_str().unwrap().to_owned();
        nginx.completed(&id);
        assert!(likeness(&heard(&nginx, &id), &wanted) > 0.97);
        assert_eq!(left_over(&nginx.session(&id)), Vec::<String>::new());
    }
}

/// What lies in a session's feed beside its books and the newest file.
fn left_over(session: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(session.join("feed")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let numbers = names.filter_map(|name| name.parse::<u64>().ok());
    let numbers: Vec<u64> = numbers.collect();
    let newest = numbers.iter().max().copied();
    let old = numbers.iter().filter(|number| Some(**number) != newest);
    old.map(u64::to_string).collect()
}

#[test]
fn a_reload_in_the_middle_of_speaking_changes_nothing() {
    let nginx = Setup::new().workers(2).start();
    let raw = raw();
    let id = init(&nginx);
    let (first, second) = raw.split_at((raw.len() / 2) & !1);
    assert_eq!(nginx.feed(&id, first, false).status, 200);
    nginx.reload();
    assert_eq!(nginx.feed(&id, second, true).status, 200);
    nginx.completed(&id);
    let likeness = likeness(&heard(&nginx, &id), &pcm(&raw));
    assert!(likeness > 0.97, "{likeness}");
}

#[test]
fn a_session_that_nobody_feeds_or_watches_ends_by_itself() {
    let nginx = Setup::new().http("avatar_feed_timeout 1s;").start();
    let id = init(&nginx);
    nginx.completed(&id);
}

#[test]
fn what_is_no_sound_is_left_out_and_a_file_of_it_is_refused() {
    let nginx = Setup::new().start();
    let raw = raw();
    let id = init(&nginx);
    let damaged = [b"fLaC".as_slice(), &[0x55; 5_000]].concat();
    assert_eq!(nginx.feed(&id, &damaged, false).status, 200);
    let riff = [b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\xc0\x5d\0\0\x80\xbb\0\0\x02\0\x10\0data\xff\xff\xff\xff".as_slice(), &raw].concat();
    assert_eq!(nginx.feed(&id, &riff, true).status, 200);
    nginx.completed(&id);
    assert!(likeness(&heard(&nginx, &id), &pcm(&raw)) > 0.97);
    let form = FormBody::default()
        .field("avatar", "anna")
        .file("audio", &damaged);
    let answer = nginx.drive("", form);
    assert_eq!((answer.status, answer.code().as_str()), (400, "bad_audio"));
}

#[test]
fn the_clients_own_photo_says_what_it_is_fed() {
    let nginx = Setup::new()
        .workers(2)
        .location("client_max_body_size 8m;")
        .start();
    let form = FormBody::default()
        .field("format", "pcm_s16le")
        .field("pose_style", "[0.05, -0.1, 0.02]")
        .field("gaze_style", "[0.1, 0.0]")
        .file("image", &photograph());
    let answer = nginx.drive("/chunked/init", form);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.value()["session_id"].as_str().unwrap().to_owned();
    let raw = raw();
    assert_eq!(nginx.feed(&id, &raw, true).status, 200);
    nginx.completed(&id);
    assert!(likeness(&heard(&nginx, &id), &pcm(&raw)) > 0.97);
    // There is something to see.
    let film = nginx.url(&format!("/hls/{id}/output.mp4"));
    let pixels = run(
        "ffmpeg",
        &[
            "-i",
            &film,
            "-frames:v",
            "1",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "gray",
            "-",
        ],
    );
    let (least, most) = (pixels.iter().min().unwrap(), pixels.iter().max().unwrap());
    assert!(*least < 60 && *most > 180, "{least} to {most}");
}

#[test]
fn a_picture_without_a_face_is_refused_and_leaves_nothing() {
    let nginx = Setup::new().start();
    let grey = png(128, 128, png::ColorType::Grayscale, &[128; 128 * 128]);
    for picture in [&b"this is no picture"[..], &grey] {
        let form = FormBody::default().file("image", picture);
        let answer = nginx.drive("/chunked/init", form);
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_image"));
    }
    until("nothing is left", || {
        let sessions = nginx.session("x");
        let mut left = std::fs::read_dir(sessions.parent().unwrap()).unwrap();
        left.next().is_none().then_some(())
    });
}
