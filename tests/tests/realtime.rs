//! Text in, a stream out, with any worker answering for any session.

use std::collections::BTreeSet;
use std::process::Command;

use avatar_tests::{Setup, until};
use serde_json::json;

#[test]
fn a_sentence_becomes_a_stream_and_a_file() {
    let nginx = Setup::new().workers(4).start();
    let started = nginx.start_session(&json!({
        "text": "Hello there. This is a test of the presenter.",
        "language": "en",
        "mode": "dynamic",
    }));
    let id = started["session_id"].as_str().unwrap();
    assert_eq!(started["status"], "processing");
    assert_eq!(
        started["playlist_url"],
        format!("/stream/{id}/playlist.m3u8")
    );

    // Asked for at once, it is held until there is something to list.
    let playlist = nginx
        .request("GET", started["playlist_url"].as_str().unwrap())
        .send();
    assert_eq!(playlist.status, 200);
    assert_eq!(
        playlist.header("Content-Type"),
        "application/vnd.apple.mpegurl"
    );
    assert!(playlist.text().contains("segment_000.0.m4s"));

    let status = nginx.finished(id);
    assert_eq!(status["status"], "ready");
    assert_eq!(status["progress"], 100);
    assert_eq!(status["stage"], "done");
    assert_eq!(status["playlist_ready"], true);
    let segments = status["segments"].as_u64().unwrap();

    nginx.whole_playlist(id);
    let playlist = nginx
        .request("GET", &format!("/hls/{id}/index.m3u8"))
        .send()
        .text();
    assert!(playlist.ends_with("#EXT-X-ENDLIST\n"));
    let listed: Vec<_> = playlist
        .lines()
        .filter(|line| line.ends_with(".m4s"))
        .collect();
    assert_eq!(listed.len() as u64, segments);

    let mut workers = BTreeSet::new();
    for name in ["init.mp4", "master.m3u8"].iter().chain(&listed) {
        let file = nginx.request("GET", &format!("/stream/{id}/{name}")).send();
        assert_eq!(file.status, 200, "{name}");
        assert!(!file.body.is_empty());
        workers.insert(file.header("X-Worker").to_owned());
    }
    until("an answer of every worker", || {
        let answer = nginx
            .request("GET", &format!("/api/stream/status/{id}/"))
            .send();
        assert_eq!(answer.value()["status"], "ready");
        workers.insert(answer.header("X-Worker").to_owned());
        (workers.len() == 4).then_some(())
    });

    let duration = status["duration"].as_f64().unwrap();
    for url in [
        nginx.url(status["mp4_url"].as_str().unwrap()),
        nginx.url(&format!("/stream/{id}/playlist.m3u8")),
    ] {
        let output = Command::new("ffprobe")
            .args(["-v", "warning", "-of", "csv=p=0", "-show_entries"])
            .args(["format=duration", &url])
            .output()
            .unwrap();
        let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && warnings.is_empty(), "{warnings}");
        let found = String::from_utf8(output.stdout).unwrap();
        let found: f64 = found.trim().parse().unwrap();
        assert!((found - duration).abs() < 0.05, "{url}: {found} s");
    }
}

#[test]
fn all_languages_speak() {
    let nginx = Setup::new().start();
    for (language, text) in [
        ("ru", "Привет! Это проверка."),
        ("kk", "Сәлем! Бұл тексеру."),
        ("en", "Hello! This is a test."),
    ] {
        let started = nginx.start_session(&json!({ "text": text, "lang": language }));
        let id = started["session_id"].as_str().unwrap();
        assert_eq!(nginx.finished(id)["status"], "ready");
    }
}

#[test]
fn what_is_cleaned_up_is_unknown_to_everybody() {
    let nginx = Setup::new().workers(2).start();
    let id = nginx.speak("Soon to be forgotten.");
    nginx.finished(&id);
    let body = json!({ "session_id": id });
    let answer = nginx.request("POST", "/api/cleanup").json(&body).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    for path in [
        format!("/api/stream/status/{id}"),
        format!("/api/stream/events/{id}"),
        format!("/stream/{id}/playlist.m3u8"),
        format!("/stream/{id}/segment_000.m4s"),
        format!("/hls/{id}/output.mp4"),
    ] {
        let answer = nginx.request("GET", &path).send();
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "unknown_session")
        );
    }
    until("the directory's end", || {
        (!nginx.session(&id).exists()).then_some(())
    });
    let again = nginx.request("POST", "/api/cleanup/").json(&body).send();
    assert_eq!(
        (again.status, again.code().as_str()),
        (404, "unknown_session")
    );
}

#[test]
fn an_interrupted_session_ends_where_it_stands() {
    let nginx = Setup::new().start();
    let id = nginx.speak(&"This sentence is said many times. ".repeat(60));
    nginx.begun(&id);
    let body = json!({ "session_id": id });
    let answer = nginx
        .request("POST", "/api/stream/interrupt")
        .json(&body)
        .send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let status = nginx.finished(&id);
    assert_eq!(status["status"], "failed");
    assert_eq!(status["error_code"], "interrupted");
    let playlist = nginx
        .request("GET", &format!("/stream/{id}/playlist.m3u8"))
        .send();
    assert_eq!(playlist.status, 200);
    assert!(playlist.text().ends_with("#EXT-X-ENDLIST\n"));
}

#[test]
fn what_can_be_asked_for_is_listed() {
    let nginx = Setup::new().http("avatar_language ru;").start();
    let voices = nginx.request("GET", "/api/voices").send().value();
    let avatars = nginx.request("GET", "/api/avatars/").send().value();
    for voice in voices["voices"].as_array().unwrap() {
        let body = json!({ "text": "1", "voice": voice["id"] });
        nginx.start_session(&body);
    }
    for avatar in avatars["avatars"].as_array().unwrap() {
        let body = json!({ "text": "1", "avatar": avatar["id"] });
        nginx.start_session(&body);
    }
}
