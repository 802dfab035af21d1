//! Clients' own photos, drawn by networks through a real nginx: by a library in C that computes nothing, and by real ones that are narrow.

use std::collections::BTreeSet;
use std::fs;

use avatar_tests::neural::{
    Footage, SIZE, library, narrow_weights, photograph, plain_photo, real_library, spoilt_library,
};
use avatar_tests::spoken::said;
use avatar_tests::{Answer, FormBody, Nginx, Setup, until};
use serde_json::Value;

/// What photos of the library in C look like.
const RED: [u8; 3] = [220, 10, 10];

/// The middle of a picture, which is a square in the middle of the video.
const MIDDLE: usize = SIZE.0 / 2;

/// A few words without a header.
fn speech() -> Vec<u8> {
    said("Papa and Mama go far.", "en-us", &["-f", "s16le"])
}

fn post(nginx: &Nginx, call: &str, form: FormBody) -> Answer {
    let path = format!("/api/audio-driven{call}");
    nginx.request("POST", &path).form(form).send()
}

fn id(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.value()["session_id"].as_str().unwrap().to_owned()
}

/// A photo and `speech` in one piece; the form may say more.
fn speaking(photo: &[u8], form: FormBody) -> FormBody {
    let sound = said("Papa and Mama go far.", "en-us", &["-f", "wav"]);
    form.file("image", photo).file("audio", &sound)
}

/// A session of a photo that says `speech`; the form may say more.
fn speaks(nginx: &Nginx, photo: &[u8], form: FormBody) -> Answer {
    post(nginx, "/stream", speaking(photo, form))
}

fn state(nginx: &Nginx, id: &str) -> Value {
    let path = format!("/api/audio-driven/chunked/status/{id}");
    nginx.request("GET", &path).send().value()
}

fn footage(nginx: &Nginx, id: &str) -> Footage {
    until("the session is completed", || {
        let state = state(nginx, id);
        assert_ne!(state["status"], "error", "{state}");
        (state["status"] == "completed").then_some(())
    });
    Footage::decode(&nginx.session(id).join("output.mp4"))
}

/// What the library was called for, so far.
fn calls(nginx: &Nginx, start: &str) -> Vec<String> {
    let calls = fs::read_to_string(nginx.prefix().join("weights/calls.txt")).unwrap();
    let calls = calls.lines().filter_map(|line| line.strip_prefix(start));
    calls.map(str::to_owned).collect()
}

fn behave(nginx: &Nginx, words: &str) {
    fs::write(nginx.prefix().join("weights/backend.txt"), words).unwrap();
}

/// Rows of the mouth that are open in a frame.
fn mouth(footage: &Footage, frame: usize) -> usize {
    let dark = |row: &usize| {
        footage
            .pixel(frame, MIDDLE, *row)
            .iter()
            .all(|value| *value < 60)
    };
    (SIZE.1 * 5 / 8..SIZE.1).filter(dark).count()
}

#[test]
fn the_networks_draw_all_of_a_photo_that_is_fed() {
    let nginx = Setup::new().workers(2).posed("log").start();
    let form = FormBody::default()
        .field("pose_style", "[0.5, 0, 0]")
        .field("format", "pcm_s16le")
        .file("image", &plain_photo(RED));
    let id = id(&post(&nginx, "/chunked/init", form));
    let (first, second) = {
        let raw = speech();
        let half = raw.len() / 4 * 2;
        (raw[..half].to_vec(), raw[half..].to_vec())
    };
    for (piece, last) in [(first, "false"), (second, "true")] {
        let form = FormBody::default()
            .field("session_id", &id)
            .field("is_final_chunk", last)
            .file("audio_chunk", &piece);
        assert_eq!(post(&nginx, "/chunked/feed", form).status, 200);
    }
    let playlist = nginx.request("GET", &format!("/hls/{id}/playlist.m3u8"));
    assert_eq!(playlist.send().status, 200);
    let footage = footage(&nginx, &id);
    let (mut open, mut loud, mut shut, mut silent) = (0, 0, 0, 0);
    for frame in 0..footage.frames.len() {
        let [red, _, blue] = footage.pixel(frame, MIDDLE, 8);
        // The photo's red, and the pose's blue.
        assert!(red.abs_diff(220) < 16 && blue.abs_diff(150) < 16, "{frame}");
        match footage.loudness[frame] {
            level if level > 0.2 => {
                loud += 1;
                open += usize::from(mouth(&footage, frame) > 0);
            }
            level if level < 0.001 => {
                silent += 1;
                shut += usize::from(mouth(&footage, frame) == 0);
            }
            _ => {}
        }
    }
    assert!(loud > 5 && silent > 5, "{loud} loud, {silent} silent");
    assert!(open * 10 >= loud * 8, "{open} of {loud}");
    assert!(shut * 10 >= silent * 9, "{shut} of {silent}");
    // Beside the picture is a blur of it.
    let [red, _, _] = footage.pixel(3, 4, 60);
    assert!((90..180).contains(&red), "{red}");
    assert_eq!(calls(&nginx, "photo "), ["512 512 1", "64 64 0"]);
}

#[test]
fn photos_share_the_networks() {
    let nginx = Setup::new().workers(2).posed("log").start();
    let photos = [RED, [10, 220, 10], [90, 10, 220]];
    let ids: Vec<String> = photos
        .iter()
        .map(|colour| id(&speaks(&nginx, &plain_photo(*colour), FormBody::default())))
        .collect();
    let mut frames = 0;
    for (session, colour) in ids.iter().zip(photos) {
        let footage = footage(&nginx, session);
        frames += footage.frames.len();
        for frame in 0..footage.frames.len() {
            let [red, ..] = footage.pixel(frame, MIDDLE, 8);
            assert!(red.abs_diff(colour[0]) < 16, "frame {frame}: {red}");
        }
    }
    let batches = calls(&nginx, "pictures ");
    let sizes = batches.iter().map(|size| size.parse::<usize>().unwrap());
    assert!(sizes.sum::<usize>() >= frames && batches.len() < frames);
    assert_eq!(calls(&nginx, "performance").len(), 3);
    assert_eq!(calls(&nginx, "talker"), [""]);
}

#[test]
fn a_photo_without_a_face_is_refused_and_leaves_nothing() {
    let nginx = Setup::new().posed("").start();
    for picture in [&plain_photo([0; 3])[..], b"this is no picture"] {
        let form = FormBody::default().file("image", picture);
        let answer = post(&nginx, "/chunked/init", form);
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_image"));
    }
    until("nothing is left", || {
        let sessions = nginx.session("x");
        let mut left = fs::read_dir(sessions.parent().unwrap()).unwrap();
        left.next().is_none().then_some(())
    });
}

#[test]
fn where_no_such_weights_are_photos_are_bent() {
    let nginx = Setup::new().filmed("log").start();
    let nginx_of_photos = Setup::new().posed_by(library(), "", "").complaint();
    assert!(
        nginx_of_photos.contains("of no use without \"avatar_avatars\""),
        "{nginx_of_photos}"
    );
    let id = id(&speaks(&nginx, &photograph(), FormBody::default()));
    assert!(footage(&nginx, &id).frames.len() > 20);
    assert!(calls(&nginx, "talker").is_empty());
}

#[test]
fn networks_that_fail_end_the_session_with_their_words() {
    for (library, words, reason) in [
        (library().to_owned(), "talker=weights", "no talker"),
        (
            library().to_owned(),
            "performance=internal",
            "no performance",
        ),
        (library().to_owned(), "perform=internal", "performs nothing"),
        (library().to_owned(), "pictures=internal", "no 1 pictures"),
        (
            spoilt_library("WITHOUT_TALKER"),
            "",
            "cannot make photos talk",
        ),
    ] {
        let nginx = Setup::new()
            .posed_by(&library, "", words)
            .file("weights/renderer.safetensors", "")
            .start();
        let answer = speaks(&nginx, &plain_photo(RED), FormBody::default());
        let said = if answer.status == 200 {
            let id = id(&answer);
            until("its end", || {
                let state = state(&nginx, &id);
                (state["status"] == "error").then(|| state.to_string())
            })
        } else {
            answer.text()
        };
        let reason = reason.replace('1', "");
        let words: Vec<&str> = reason.split_whitespace().collect();
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
        // Those who are drawn otherwise speak as ever.
        assert_eq!(nginx.finished(&nginx.speak("Hello."))["status"], "ready");
    }
}

#[test]
fn no_more_photos_are_taken_on_than_speak_in_real_time() {
    // Sixteen pictures a second.
    let nginx = Setup::new().workers(2).posed("slow=60").start();
    let begin = || {
        let form = FormBody::default().file("image", &plain_photo(RED));
        post(&nginx, "/chunked/init", form)
    };
    let first = id(&begin());
    let busy = until("the networks' measure", || {
        let answer = begin();
        match answer.status {
            503 => Some(answer),
            _ => {
                let path = format!("/api/audio-driven/chunked/session/{}", id(&answer));
                nginx.request("DELETE", &path).send();
                None
            }
        }
    });
    assert_eq!(busy.value()["code"], "busy");
    assert!(!busy.header("retry-after").is_empty());
    let refusing: BTreeSet<String> = (0..40)
        .map(|_| begin())
        .inspect(|answer| assert_eq!(answer.status, 503))
        .map(|answer| answer.header("x-worker").to_owned())
        .collect();
    assert_eq!(refusing.len(), 2, "every worker knows");
    assert_eq!(nginx.finished(&nginx.speak("Hello."))["status"], "ready");
    let path = format!("/api/audio-driven/chunked/session/{first}");
    assert_eq!(nginx.request("DELETE", &path).send().status, 200);
    until("room", || (begin().status == 200).then_some(()));
}

#[test]
fn a_broken_device_has_its_process_replaced() {
    let nginx = Setup::new().workers(2).posed("").start();
    footage(
        &nginx,
        &id(&speaks(&nginx, &plain_photo(RED), FormBody::default())),
    );
    let before = nginx.generator();
    behave(&nginx, "pictures=device");
    let answer = speaks(&nginx, &plain_photo(RED), FormBody::default());
    if answer.status == 200 {
        let id = id(&answer);
        until("its end", || {
            (state(&nginx, &id)["status"] == "error").then_some(())
        });
    }
    nginx.told(&["device is broken"]);
    behave(&nginx, "");
    until("the process's end", || {
        (!nginx.workers().contains(&before)).then_some(())
    });
    let after = id(&speaks(&nginx, &plain_photo(RED), FormBody::default()));
    assert!(footage(&nginx, &after).frames.len() > 20);
    until("another generator", || {
        (nginx.generator() != before).then_some(())
    });
}

#[test]
fn real_networks_draw_the_same_for_the_same_seed_however_narrow_they_are() {
    let weights = tempfile::tempdir().unwrap();
    narrow_weights(weights.path());
    let files = fs::read_dir(weights.path()).unwrap().map(|file| {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        (name, fs::read(file.path()).unwrap())
    });
    // How many are drawn at once makes a hair's difference, and what the encoder makes of that differs by more.
    let setup = Setup::new().posed_by(&real_library(), "batch=1", "");
    let nginx = files
        .fold(setup, |setup, (name, bytes)| {
            setup.file(&format!("weights/{name}"), bytes)
        })
        .start();
    let photo = photograph();
    // A file has every picture, however long it takes; whoever watches a session is spared what comes too late.
    let drawn = |name: &str, value: &str| {
        let form = FormBody::default().field(name, value);
        let film = post(&nginx, "", speaking(&photo, form));
        assert_eq!(film.status, 200, "{}", film.text());
        let file = weights.path().join("film.mp4");
        fs::write(&file, film.body).unwrap();
        Footage::decode(&file).frames
    };
    let usual = drawn("seed", "42");
    assert!(usual.len() > 20);
    let changes = usual.windows(2).filter(|pair| pair[0] != pair[1]);
    assert!(changes.count() * 2 > usual.len());
    // How far from that a film is, frame by frame.
    let apart = |film: &[Vec<u8>]| {
        assert_eq!(film.len(), usual.len());
        let pairs = film.iter().flatten().zip(usual.iter().flatten());
        let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / (usual.len() * usual[0].len()) as f64
    };
    let same = apart(&drawn("seed", "42"));
    assert!(same == 0.0, "{same}");
    for (name, value) in [
        ("seed", "43"),
        ("pose_style", "[0.5, -0.5, 0.5]"),
        ("gaze_style", "[1, -1]"),
        ("cfg_scale", "4.5"),
        ("nfe", "20"),
        ("crop", "false"),
    ] {
        let other = apart(&drawn(name, value));
        assert!(other > 0.5, "{name}: {other}");
    }
}
