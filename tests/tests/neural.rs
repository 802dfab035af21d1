//! Filmed avatars through a real nginx, their networks played by a library in C that computes nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use avatar_tests::neural::{
    FACE, FRAMES, Footage, SIZE, ground, latents, library, narrow_weights, prepared, real_library,
    spoilt_library,
};
use avatar_tests::{Answer, Nginx, Setup, until};
use serde_json::{Value, json};

const TEXT: &str =
    "This is said by somebody who was filmed. There is a pause between the sentences.";

const LONG: &str = "This sentence is said many times. ";

fn ask(nginx: &Nginx, text: &str) -> Answer {
    let body = json!({ "text": text, "language": "en", "avatar": "vera" });
    nginx
        .request("POST", "/api/stream/start")
        .json(&body)
        .send()
}

fn speak(nginx: &Nginx, text: &str) -> String {
    let answer = ask(nginx, text);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.value()["session_id"].as_str().unwrap().to_owned()
}

fn footage(nginx: &Nginx, id: &str) -> Footage {
    let status = nginx.finished(id);
    assert_eq!(status["status"], "ready", "{status}");
    Footage::decode(&nginx.session(id).join("output.mp4"))
}

fn avatars(nginx: &Nginx) -> Vec<String> {
    let answer = nginx.request("GET", "/api/avatars").send().value();
    let avatars = answer["avatars"].as_array().unwrap();
    let id = |avatar: &Value| avatar["id"].as_str().unwrap().to_owned();
    avatars.iter().map(id).collect()
}

/// Changes how the networks behave.
fn behave(nginx: &Nginx, words: &str) {
    fs::write(nginx.prefix().join("weights/backend.txt"), words).unwrap();
}

/// The sizes of the batches drawn so far.
fn batches(nginx: &Nginx) -> Vec<usize> {
    let calls = fs::read_to_string(nginx.prefix().join("weights/calls.txt")).unwrap();
    let sizes = calls.lines().filter_map(|line| line.strip_prefix("faces "));
    sizes.map(|size| size.parse().unwrap()).collect()
}

/// Whether process `pid` has a library of networks in its memory.
fn maps_library(pid: u32) -> bool {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    maps.contains("libavatar_models")
}

#[test]
fn the_mouth_moves_with_the_speech_and_the_rest_is_the_avatars_own() {
    let nginx = Setup::new().workers(2).filmed("").start();
    let footage = footage(&nginx, &speak(&nginx, TEXT));
    let frames = footage.frames.len();
    assert!(frames > 60, "{frames}");
    let (mut open, mut loud, mut shut, mut silent) = (0, 0, 0, 0);
    for frame in 0..frames {
        assert!(footage.has_face(frame), "frame {frame}");
        match footage.loudness[frame] {
            level if level > 0.2 => {
                loud += 1;
                open += usize::from(footage.mouth(frame) > 0);
            }
            level if level < 0.001 => {
                silent += 1;
                shut += usize::from(footage.mouth(frame) == 0);
            }
            _ => {}
        }
    }
    assert!(loud > 20 && silent > 5, "{loud} loud, {silent} silent");
    assert!(open * 10 >= loud * 9, "{open} of {loud}");
    assert_eq!(shut, silent);
    // Above the mask, and beside it, is what was filmed.
    let (_, top, side) = FACE;
    for frame in [0, frames / 2, frames - 1] {
        for y in (0..SIZE.1).step_by(7) {
            for x in (0..SIZE.0).step_by(7) {
                let left = Footage::face_left(frame);
                let within = (left - 8..left + side + 8).contains(&x)
                    && (top + side / 2 - 8..top + side + 8).contains(&y);
                let [_, green, _] = footage.pixel(frame, x, y);
                let own = green.abs_diff(ground(x, y)) < 14;
                assert!(within || own, "frame {frame}, {x} {y}: {green}");
            }
        }
    }
}

#[test]
fn every_worker_knows_every_avatar_that_is_there_at_the_moment() {
    let nginx = Setup::new().workers(3).filmed("").start();
    let write = |id: &str| {
        for (file, bytes) in prepared("Somebody") {
            let path = nginx.prefix().join("avatars").join(id).join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    };
    let everywhere = |wanted: &[&str]| {
        let mut workers = BTreeSet::new();
        until("every worker's answer", || {
            let answer = nginx.request("GET", "/api/avatars").send();
            let avatars = answer.value()["avatars"].clone();
            let ids = avatars.as_array().unwrap().iter();
            let ids: Vec<&str> = ids.map(|avatar| avatar["id"].as_str().unwrap()).collect();
            assert_eq!(ids, wanted);
            workers.insert(answer.header("x-worker").to_owned());
            (workers.len() == 3).then_some(())
        });
    };
    everywhere(&["anna", "dias", "vera"]);
    // What takes the place of a drawn one is there once.
    write("boris");
    write("dias");
    everywhere(&["anna", "boris", "dias", "vera"]);
    let body = json!({ "text": "Hello.", "avatar": "boris" });
    let id = nginx.start_session(&body)["session_id"].clone();
    assert_eq!(nginx.finished(id.as_str().unwrap())["status"], "ready");
    fs::remove_dir_all(nginx.prefix().join("avatars/boris")).unwrap();
    everywhere(&["anna", "dias", "vera"]);
    let answer = nginx
        .request("POST", "/api/stream/start")
        .json(&body)
        .send();
    assert_eq!(answer.status, 400);
    assert_eq!(answer.value()["code"], "unknown_avatar");
}

#[test]
fn only_the_generator_opens_the_library() {
    let nginx = Setup::new().workers(3).filmed("").start();
    nginx.finished(&speak(&nginx, "Hello."));
    let generator = nginx.generator();
    assert!(maps_library(generator));
    let master = fs::read_to_string(nginx.prefix().join("nginx.pid")).unwrap();
    let others = nginx.workers().into_iter().filter(|pid| *pid != generator);
    for pid in others.chain([master.trim().parse().unwrap()]) {
        assert!(!maps_library(pid), "{pid}");
    }
    // What is no library at all passes: it is not opened.
    let output = Setup::new()
        .file("library.so", "nothing")
        .filmed_by(Path::new("library.so"), "")
        .check();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn a_video_of_another_size_shows_the_avatar_as_large_as_fits() {
    let nginx = Setup::new()
        .filmed("")
        .http("avatar_renditions 64;")
        .video("avatar_video 80x80;")
        .start();
    let id = speak(&nginx, "Hello, how are you?");
    assert_eq!(nginx.finished(&id)["status"], "ready");
    let films = nginx.prefix().join("avatar/films");
    let names: Vec<_> = fs::read_dir(films)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["vera-80x80.film"]);
}

#[test]
fn many_sessions_share_the_networks() {
    let nginx = Setup::new().workers(2).filmed("log").start();
    let ids: Vec<String> = (0..4).map(|_| speak(&nginx, TEXT)).collect();
    let frames: usize = ids
        .iter()
        .map(|id| {
            let footage = footage(&nginx, id);
            let faces = (0..footage.frames.len()).filter(|frame| footage.has_face(*frame));
            assert_eq!(faces.count(), footage.frames.len());
            footage.frames.len()
        })
        .sum();
    let batches = batches(&nginx);
    assert!(batches.iter().sum::<usize>() >= frames);
    assert!(batches.len() < frames && batches.iter().all(|size| *size <= 16));
    let calls = fs::read_to_string(nginx.prefix().join("weights/calls.txt")).unwrap();
    let count = |start: &str| calls.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(
        (count("open"), count("portrait"), count("listener")),
        (1, 1, 4)
    );
}

#[test]
fn frames_that_are_kept_survive_and_damaged_ones_are_made_anew() {
    let mut nginx = Setup::new().filmed("").start();
    let clean = footage(&nginx, &speak(&nginx, TEXT));
    nginx.quit();
    let film = nginx.prefix().join("avatar/films/vera-160x120.film");
    let mut bytes = fs::read(&film).unwrap();
    assert!(bytes.len() > SIZE.0 * SIZE.1 * 3 / 2 * FRAMES);
    let third = bytes.len() / 3;
    bytes[third..].fill(7);
    fs::write(&film, &bytes).unwrap();
    nginx.launch();
    let healed = footage(&nginx, &speak(&nginx, TEXT));
    // Speech differs by a hair from one time to the next, and the mouth with it.
    for frame in 0..healed.frames.len().min(clean.frames.len()) {
        assert!(healed.has_face(frame));
        for (x, y) in [(4, 4), (150, 20), (60, 34), (90, 50), (12, 110), (150, 110)] {
            let pixels = [&healed, &clean].map(|footage| footage.pixel(frame, x, y)[1]);
            assert!(pixels[0].abs_diff(pixels[1]) < 8, "{frame}: {pixels:?}");
        }
    }
    assert_ne!(fs::read(&film).unwrap(), bytes);
}

#[test]
fn without_networks_filmed_avatars_fail_with_the_reason_and_drawn_ones_do_not() {
    let libraries = [
        (library().to_owned(), "open=weights", "conv_in.weight"),
        (spoilt_library("ABI=7"), "", "version 7"),
        (spoilt_library("WITHOUT_FACES"), "", "avatar_models_faces"),
    ];
    for (library, words, reason) in libraries {
        let nginx = Setup::new().filmed_by(&library, words).start();
        let (filmed, drawn) = (speak(&nginx, "Hello."), nginx.speak("Hello."));
        let status = nginx.finished(&filmed);
        assert_eq!(status["status"], "failed", "{status}");
        assert_eq!(status["error_code"], "inference_failed");
        assert!(
            status["error"].as_str().unwrap().contains(reason),
            "{status}"
        );
        nginx.told(&[reason]);
        assert_eq!(nginx.finished(&drawn)["status"], "ready");
        assert_eq!(avatars(&nginx), ["anna", "dias", "vera"]);
    }
}

#[test]
fn where_memory_is_short_batches_are_halved_and_then_one_session_fails() {
    let nginx = Setup::new().filmed("faces=memory above=2 log").start();
    assert_eq!(nginx.finished(&speak(&nginx, TEXT))["status"], "ready");
    nginx.told(&["memory was short"]);
    behave(&nginx, "faces=memory");
    let (filmed, drawn) = (speak(&nginx, TEXT), nginx.speak(TEXT));
    let status = nginx.finished(&filmed);
    assert_eq!(status["error_code"], "out_of_memory", "{status}");
    assert!(
        status["error"]
            .as_str()
            .unwrap()
            .contains("as the test wishes")
    );
    assert_eq!(nginx.finished(&drawn)["status"], "ready");
    behave(&nginx, "");
    assert_eq!(nginx.finished(&speak(&nginx, TEXT))["status"], "ready");
    let generator = nginx.generator();
    assert!(nginx.workers().contains(&generator), "nobody was replaced");
}

#[test]
fn a_broken_device_has_its_process_replaced() {
    let nginx = Setup::new().workers(2).filmed("").start();
    nginx.finished(&speak(&nginx, "Hello."));
    let before = nginx.generator();
    behave(&nginx, "faces=device");
    let (filmed, drawn) = (speak(&nginx, TEXT), nginx.speak("Hello."));
    let status = nginx.finished(&filmed);
    assert_eq!(status["error_code"], "inference_failed", "{status}");
    assert!(status["error"].as_str().unwrap().contains("device"));
    assert_eq!(nginx.finished(&drawn)["status"], "ready");
    nginx.told(&["device is broken", &filmed]);
    behave(&nginx, "");
    until("the process's end", || {
        (!nginx.workers().contains(&before)).then_some(())
    });
    // Accepted while nobody makes anything, it is made by whoever comes.
    let after = speak(&nginx, "Hello.");
    assert_eq!(nginx.finished(&after)["status"], "ready");
    until("another generator", || {
        (nginx.generator() != before).then_some(())
    });
}

#[test]
fn no_more_filmed_avatars_are_taken_on_than_speak_in_real_time() {
    // Sixteen faces a second.
    let nginx = Setup::new().workers(2).filmed("slow=60").start();
    let first = speak(&nginx, &LONG.repeat(10));
    until("the networks' measure", || {
        let answer = ask(&nginx, "Hello.");
        match answer.status {
            503 => {
                assert_eq!(answer.value()["code"], "busy");
                assert!(!answer.header("retry-after").is_empty());
                Some(())
            }
            200 => {
                let id = answer.value()["session_id"].clone();
                let body = json!({ "session_id": id });
                nginx.request("POST", "/api/cleanup").json(&body).send();
                None
            }
            other => panic!("{other}: {}", answer.text()),
        }
    });
    let refusing: BTreeSet<String> = (0..60)
        .map(|_| ask(&nginx, "Hello."))
        .inspect(|answer| assert_eq!(answer.status, 503))
        .map(|answer| answer.header("x-worker").to_owned())
        .collect();
    assert_eq!(refusing.len(), 2, "every worker knows");
    assert_eq!(nginx.finished(&nginx.speak("Hello."))["status"], "ready");
    let body = json!({ "session_id": first });
    nginx.request("POST", "/api/cleanup").json(&body).send();
    let next = until("room", || {
        let answer = ask(&nginx, "Hello.");
        (answer.status == 200).then(|| answer.value()["session_id"].clone())
    });
    assert_eq!(nginx.finished(next.as_str().unwrap())["status"], "ready");
}

#[test]
fn nothing_is_drawn_for_sessions_that_are_ended() {
    let nginx = Setup::new().filmed("slow=20 log").start();
    let begin = || {
        let id = speak(&nginx, &LONG.repeat(20));
        nginx.begun(&id);
        json!({ "session_id": id })
    };
    for path in ["/api/cleanup", "/api/stream/interrupt"] {
        let body = begin();
        let answer = nginx.request("POST", path).json(&body).send();
        assert_eq!(answer.status, 200);
        let mut last = 0;
        until("the last batch", || {
            let now = batches(&nginx).len();
            // Longer than the largest batch takes.
            thread::sleep(Duration::from_millis(500));
            let still = std::mem::replace(&mut last, now) == now;
            still.then_some(())
        });
    }
    assert_eq!(nginx.finished(&speak(&nginx, "Hello."))["status"], "ready");
}

#[test]
fn a_reload_in_the_middle_loses_no_face() {
    let nginx = Setup::new().workers(2).filmed("slow=4").start();
    let ids: Vec<String> = (0..2).map(|_| speak(&nginx, &LONG.repeat(3))).collect();
    nginx.begun(&ids[0]);
    nginx.reload();
    let after = speak(&nginx, "Said after the reload.");
    for id in ids.iter().chain([&after]) {
        let footage = footage(&nginx, id);
        let faces = (0..footage.frames.len()).filter(|frame| footage.has_face(*frame));
        assert!(faces.count() * 10 >= footage.frames.len() * 9);
    }
    until("the old workers' end", || {
        (nginx.workers().len() == 2).then_some(())
    });
}

#[test]
fn while_the_networks_lag_behind_a_silent_viewer_sees_the_avatar_itself() {
    // A conversation, for which nothing is made far ahead, at a quarter of real time.
    let nginx = Setup::new().filmed("slow=160").start();
    let body = json!({
        "text": "Well.\n\nYes.", "language": "en", "avatar": "vera", "pace": "live", "reuse": false,
    });
    let id = nginx.start_session(&body)["session_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let footage = footage(&nginx, &id);
    for frame in 0..footage.frames.len() {
        let own = !footage.has_face(frame);
        assert!(
            !own || footage.loudness[frame] < 0.05,
            "frame {frame} is not silent"
        );
    }
}

#[test]
fn the_same_is_made_once_until_the_avatar_is_another() {
    let nginx = Setup::new().filmed("log").reuse("size=64m age=1h").start();
    let made = |nginx: &Nginx| {
        let before = batches(nginx).len();
        let id = speak(nginx, TEXT);
        assert_eq!(nginx.finished(&id)["status"], "ready");
        nginx.whole_playlist(&id);
        batches(nginx).len() > before
    };
    assert!(made(&nginx));
    until("what was made before", || (!made(&nginx)).then_some(()));
    for (file, bytes) in prepared("Vera the second") {
        fs::write(nginx.prefix().join("avatars/vera").join(file), bytes).unwrap();
    }
    assert!(made(&nginx));
}

#[test]
fn networks_at_work_hold_up_no_stop() {
    let mut nginx = Setup::new().workers(2).filmed("slow=30000 log").start();
    until("the networks at work", || {
        (!batches(&nginx).is_empty()).then_some(())
    });
    nginx.signal("stop");
    nginx.wait();
    let log = nginx.error_log();
    assert!(!log.contains("exited on signal"), "{log}");
}

#[test]
fn real_networks_draw_however_narrow_they_are() {
    let weights = tempfile::tempdir().unwrap();
    narrow_weights(weights.path());
    let files = fs::read_dir(weights.path()).unwrap().map(|file| {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        (name, fs::read(file.path()).unwrap())
    });
    let setup = Setup::new()
        .workers(2)
        .filmed_by(&real_library(), "")
        .file("avatars/vera/latents.safetensors", latents());
    let nginx = files
        .fold(setup, |setup, (name, bytes)| {
            setup.file(&format!("weights/{name}"), bytes)
        })
        .start();
    let footage = footage(&nginx, &speak(&nginx, "Yes."));
    let (_, top, side) = FACE;
    let frames = 0..footage.frames.len();
    let drawn = frames.filter(|frame| {
        assert!(footage.pixel(*frame, 150, 20)[1].abs_diff(ground(150, 20)) < 14);
        // What such networks draw is noise.
        let row = top + side * 3 / 4;
        let left = Footage::face_left(*frame);
        let off = (left + 8..left + side - 8).filter(|x| {
            let pixel = footage.pixel(*frame, *x, row);
            let own = ground(*x, row);
            pixel.iter().any(|value| value.abs_diff(own) > 20)
        });
        off.count() > side / 4
    });
    // A busy machine may be too slow for those that are silent.
    let drawn = drawn.count();
    assert!(drawn * 2 > footage.frames.len(), "{drawn} faces");
}
