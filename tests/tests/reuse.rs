//! The same asked for again is answered with what was made before.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use avatar_tests::{Nginx, Setup, until};
use serde_json::{Value, json};

const GREETING: &str = "Good morning. How can I help you?";

fn setup() -> Setup {
    Setup::new().reuse("size=64m age=1h")
}

/// The directories of what is kept.
fn kept(nginx: &Nginx) -> Vec<PathBuf> {
    let found = fs::read_dir(nginx.prefix().join("avatar/reuse"));
    let found = found.into_iter().flatten().map(|entry| entry.unwrap());
    let paths = found.map(|entry| entry.path());
    paths
        .filter(|path| path.join("made.json").exists())
        .collect()
}

fn size(entry: &PathBuf) -> u64 {
    let files = fs::read_dir(entry).unwrap();
    let files = files.map(|file| file.unwrap());
    let media = files.filter(|file| file.file_name() != "made.json");
    media.map(|file| file.metadata().unwrap().len()).sum()
}

/// Has something made or repeated, and returns its id.
fn ask(nginx: &Nginx, body: &Value) -> String {
    let started = nginx.start_session(body);
    let id = started["session_id"].as_str().unwrap().to_owned();
    let status = nginx.finished(&id);
    assert_eq!(status["status"], "ready", "{status}");
    id
}

fn say(nginx: &Nginx, text: &str) -> String {
    ask(nginx, &json!({ "text": text, "language": "en" }))
}

/// Has something made until it is kept: what stalled on a busy machine is not.
fn learn(nginx: &Nginx, text: &str) -> String {
    let before = kept(nginx).len();
    loop {
        let id = say(nginx, text);
        let learnt = until("something kept", || {
            let stalled = lines(nginx, &id).contains("speech is late");
            let learnt = kept(nginx).len() > before;
            (learnt || stalled).then_some(learnt)
        });
        if learnt {
            return id;
        }
    }
}

/// What the log says of a session.
fn lines(nginx: &Nginx, id: &str) -> String {
    let log = nginx.error_log();
    let lines = log.lines().filter(|line| line.contains(id));
    lines.collect::<Vec<_>>().join("\n")
}

fn repeated(nginx: &Nginx, id: &str) -> bool {
    until("a word on how it was made", || {
        let lines = lines(nginx, id);
        let repeated = lines.contains("it was made before");
        let made = lines.contains("avatar: stage");
        assert!(!(repeated && made), "{lines}");
        (repeated || made).then_some(repeated)
    })
}

fn clean_up(nginx: &Nginx, id: &str) {
    let body = json!({ "session_id": id });
    let answer = nginx.request("POST", "/api/cleanup").json(&body).send();
    assert_eq!(answer.status, 200);
    until("the session's end", || {
        (!nginx.session(id).exists()).then_some(())
    });
}

fn get(nginx: &Nginx, id: &str, name: &str) -> Vec<u8> {
    let answer = nginx.request("GET", &format!("/stream/{id}/{name}")).send();
    assert_eq!(answer.status, 200, "{name}");
    answer.body
}

/// Everything that players fetch.
fn media(nginx: &Nginx, id: &str) -> BTreeMap<String, Vec<u8>> {
    let mut names = vec!["output.mp4".to_owned()];
    for playlist in [
        "master.m3u8",
        "playlist.m3u8",
        "playlist.m3u8?_HLS_legacy=YES",
        "captions.m3u8",
    ] {
        let text = String::from_utf8(get(nginx, id, playlist)).unwrap();
        if playlist != "master.m3u8" {
            assert!(text.ends_with("#EXT-X-ENDLIST\n"), "{text}");
        }
        let listed = text
            .lines()
            .filter_map(|line| match line.split_once("URI=\"") {
                Some((_, uri)) => uri.split('"').next(),
                None => Some(line).filter(|line| !line.starts_with('#')),
            });
        names.push(playlist.to_owned());
        names.extend(listed.map(str::to_owned));
    }
    let fetch = |name: String| (name.clone(), get(nginx, id, &name));
    names.into_iter().map(fetch).collect()
}

#[test]
fn the_same_text_is_answered_at_once_with_the_same_media_by_any_worker() {
    let nginx = setup().workers(4).start();
    let first = learn(&nginx, GREETING);
    assert!(!repeated(&nginx, &first));
    let media_of_first = media(&nginx, &first);
    for body in [
        json!({ "text": GREETING, "language": "en" }),
        json!({ "text": GREETING, "lang": "en", "reuse": true }),
        json!({ "text": GREETING, "language": "en", "mode": "dynamic", "reuse": null }),
    ] {
        let id = ask(&nginx, &body);
        assert_ne!(id, first);
        assert!(repeated(&nginx, &id));
        assert!(media(&nginx, &id) == media_of_first, "the media differ");
        let (before, now) = (nginx.status(&first), nginx.status(&id));
        for field in [
            "segments",
            "duration",
            "progress",
            "stage",
            "playlist_ready",
        ] {
            assert_eq!(before[field], now[field], "{field}");
        }
        assert_ne!(before["created_at"], now["created_at"]);
    }
    assert_eq!(kept(&nginx).len(), 1);
}

#[test]
fn whoever_opts_out_is_neither_answered_so_nor_kept() {
    let nginx = setup().start();
    let out = json!({ "text": GREETING, "language": "en", "reuse": false });
    ask(&nginx, &out);
    let after = learn(&nginx, GREETING);
    assert!(!repeated(&nginx, &after));
    assert_eq!(kept(&nginx).len(), 1);
    let id = ask(&nginx, &out);
    assert!(!repeated(&nginx, &id));

    let wrong = json!({ "text": GREETING, "reuse": "no" });
    let answer = nginx
        .request("POST", "/api/stream/start")
        .json(&wrong)
        .send();
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "bad_parameter")
    );
}

#[test]
fn what_differs_in_anything_is_made_anew() {
    let nginx = setup().start();
    learn(&nginx, GREETING);
    let voices = nginx.request("GET", "/api/voices").send().value();
    let other = |kind: &str, list: &Value| {
        let mut all = list[kind].as_array().unwrap().iter();
        let fits = |one: &&Value| {
            one["default"] != true && one["language"] != "ru" && one["language"] != "kk"
        };
        all.find(fits).unwrap()["id"].clone()
    };
    let avatars = nginx.request("GET", "/api/avatars").send().value();
    for body in [
        json!({ "text": GREETING, "voice": other("voices", &voices) }),
        json!({ "text": GREETING, "avatar": other("avatars", &avatars) }),
        json!({ "text": GREETING.to_lowercase(), "language": "en" }),
        // It could not be interrupted otherwise.
        json!({ "text": GREETING, "language": "en", "pace": "live" }),
    ] {
        let id = ask(&nginx, &body);
        assert!(!repeated(&nginx, &id), "{body}");
    }
}

#[test]
fn what_is_kept_outlives_sessions_and_processes() {
    let mut nginx = setup().workers(2).start();
    let first = learn(&nginx, GREETING);
    let media_of_first = media(&nginx, &first);
    clean_up(&nginx, &first);
    let second = say(&nginx, GREETING);
    assert!(repeated(&nginx, &second));
    assert!(media(&nginx, &second) == media_of_first);
    clean_up(&nginx, &second);
    nginx.reload();
    let third = say(&nginx, GREETING);
    assert!(repeated(&nginx, &third));
    nginx.quit();
    nginx.launch();
    assert!(media(&nginx, &third) == media_of_first);
    let fourth = say(&nginx, GREETING);
    assert!(repeated(&nginx, &fourth));
    assert!(media(&nginx, &fourth) == media_of_first);
}

#[test]
fn what_is_damaged_is_made_anew() {
    let nginx = setup().start();
    learn(&nginx, GREETING);
    for damaged in ["segment_001.m4s", "made.json"] {
        let entry = kept(&nginx).pop().unwrap();
        fs::remove_file(entry.join(damaged)).unwrap();
        let id = say(&nginx, GREETING);
        assert!(!repeated(&nginx, &id));
        media(&nginx, &id);
        until("a whole entry", || {
            let id = say(&nginx, GREETING);
            repeated(&nginx, &id).then_some(())
        });
    }
}

#[test]
fn what_was_not_asked_for_longest_goes_when_there_is_no_room() {
    const SMALL: &str = "avatar_video 128x128;";
    let nginx = setup().http(SMALL).start();
    learn(&nginx, "Number one.");
    let most = 5 * size(&kept(&nginx)[0]);
    let nginx = setup().http(SMALL).reuse(&format!("size={most}")).start();
    learn(&nginx, "Number one.");
    for number in ["two", "three", "four", "five", "six", "seven"] {
        let text = format!("Number {number}.");
        say(&nginx, &text);
        until("what was said last", || {
            let id = say(&nginx, &text);
            repeated(&nginx, &id).then_some(())
        });
        assert!(kept(&nginx).iter().map(size).sum::<u64>() <= most);
    }
    let id = say(&nginx, "Number one.");
    assert!(!repeated(&nginx, &id));
}

#[test]
fn what_is_old_goes() {
    let nginx = setup().reuse("age=1s").start();
    learn(&nginx, GREETING);
    until("an empty shelf", || kept(&nginx).is_empty().then_some(()));
    let id = say(&nginx, GREETING);
    assert!(!repeated(&nginx, &id));
}

#[test]
fn switched_off_it_keeps_nothing() {
    let nginx = setup().start();
    learn(&nginx, GREETING);
    nginx.reload_with(&Setup::new());
    let ids = [say(&nginx, GREETING), say(&nginx, GREETING)];
    assert!(ids.iter().all(|id| !repeated(&nginx, id)));
    assert!(!nginx.prefix().join("avatar/reuse").exists());
}
