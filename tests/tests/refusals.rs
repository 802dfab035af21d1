//! Whatever is wrong with a request, its client is told which and in words.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use avatar_tests::{Nginx, Setup};
use serde_json::{Value, json};

const UNKNOWN: &str = "01936b5e-0000-7000-8000-000000000001";

fn refused(nginx: &Nginx, body: &[u8], status: u16, code: &str) {
    let headers = [("Content-Type", "application/json")];
    let answer = nginx.send("POST", "/api/stream/start", &headers, body);
    let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
    assert_eq!(answer.status, status, "{shown}: {}", answer.text());
    let answer = answer.json();
    assert_eq!(answer["code"], code, "{shown}");
    assert!(answer["error"].as_str().unwrap().len() > 5, "{shown}");
}

#[test]
fn bad_starts_have_their_codes() {
    let nginx = Setup::default().workers(2).start();
    let start = |body: Value, code| refused(&nginx, body.to_string().as_bytes(), 400, code);
    refused(&nginx, b"", 400, "bad_json");
    refused(&nginx, b"{\"text\":", 400, "bad_json");
    refused(&nginx, b"[1,2]", 400, "bad_json");
    refused(&nginx, b"{\"text\":\"\xff\xfe\"}", 400, "bad_json");
    start(json!({}), "empty_text");
    start(json!({"text": " \n\t "}), "empty_text");
    start(json!({"text": "...!?"}), "empty_text");
    start(json!({"text": ["a"]}), "bad_parameter");
    start(json!({"text": "a".repeat(5001)}), "text_too_long");
    start(json!({"text": "a".repeat(900_000)}), "text_too_long");
    start(
        json!({"text": "Hi", "language": "fr"}),
        "unsupported_language",
    );
    start(json!({"text": "Hi", "lang": "xx"}), "unsupported_language");
    start(json!({"text": "Hi", "mode": "static"}), "unsupported_mode");
    start(json!({"text": "Hi", "voice": "nobody"}), "unknown_voice");
    start(
        json!({"text": "Hi", "avatar": "../../etc"}),
        "unknown_avatar",
    );
    start(json!({"text": "Hi", "pace": 3}), "bad_parameter");
    start(
        json!({"text": "Hi", "webhook": "http://127.0.0.1/"}),
        "bad_parameter",
    );
}

#[test]
fn bodies_that_are_too_large_or_no_json_are_refused() {
    let nginx = Setup::default().start();
    let headers = [("Content-Type", "application/json")];
    let large = json!({"text": "a".repeat(2_000_000)}).to_string();
    let answer = nginx.send("POST", "/api/stream/start", &headers, large.as_bytes());
    assert_eq!(answer.status, 413);
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = nginx.send("POST", "/api/stream/start", &headers, b"text=Hi");
    assert_eq!(answer.status, 415);
    assert_eq!(answer.json()["code"], "unsupported_media_type");
    // Without a type it is taken for JSON.
    let answer = nginx.send("POST", "/api/stream/start", &[], br#"{"text":"Hi"}"#);
    assert_eq!(answer.status, 200);
}

#[test]
fn unknown_sessions_and_tricks_with_paths_are_not_found() {
    let nginx = Setup::default().workers(2).start();
    let known = nginx.start(&json!({"text": "Hello."}));
    nginx.finish(&known);
    for path in [
        format!("/api/stream/status/{UNKNOWN}"),
        format!("/api/stream/events/{UNKNOWN}"),
        format!("/stream/{UNKNOWN}/playlist.m3u8"),
        format!("/stream/{UNKNOWN}/init.mp4"),
        "/api/stream/status/20241121-123045-abc123".to_owned(),
        format!("/api/stream/status/{}", known.to_uppercase()),
        format!("/stream/{known}/session.json"),
        format!("/stream/{known}/job.json"),
        format!("/stream/{known}/segment_0.m4s"),
        format!("/stream/{known}/segment_000.m4s.part"),
        format!("/stream/{known}/segment_999.m4s"),
        format!("/stream/{known}/..%2fjob.json"),
        format!("/stream/{known}/%2e%2e/{known}/job.json"),
        "/stream/..%2f..%2fnginx.conf".to_owned(),
        "/hls/".to_owned(),
    ] {
        let answer = nginx.get(&path);
        assert!(
            matches!(answer.status, 400 | 404),
            "{path}: {}",
            answer.status
        );
        assert!(!answer.text().contains("Hello"), "{path}");
        if answer.status == 404 {
            assert_eq!(answer.json()["code"], "unknown_session", "{path}");
        }
    }
    for call in ["/api/cleanup", "/api/stream/interrupt"] {
        for (body, status) in [
            (json!({"session_id": UNKNOWN}), 404),
            (json!({"session_id": "../.."}), 404),
            (json!({"session_id": 5}), 400),
            (json!({}), 400),
        ] {
            assert_eq!(nginx.post(call, &body).status, status, "{call} {body}");
        }
    }
}

#[test]
fn wrong_methods_are_told_the_right_ones() {
    let nginx = Setup::default().start();
    for (method, path, allow) in [
        ("GET", "/api/stream/start", "POST, OPTIONS"),
        ("DELETE", "/api/cleanup", "POST, OPTIONS"),
        ("POST", "/api/voices", "GET, HEAD, OPTIONS"),
        (
            "PUT",
            "/stream/01936b5e-0000-7000-8000-000000000001/init.mp4",
            "GET, HEAD, OPTIONS",
        ),
    ] {
        let answer = nginx.send(method, path, &[], b"");
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allow));
        assert_eq!(answer.json()["code"], "method_not_allowed");
    }
    let head = nginx.send("HEAD", "/api/voices", &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn more_than_is_allowed_is_asked_to_come_back() {
    let nginx = Setup::default()
        .workers(2)
        .http("avatar_max_sessions 1; avatar_max_queue 1;")
        .start();
    let long = json!({"text": "It takes its time. ".repeat(150), "pace": "live"});
    let ids = [nginx.start(&long), nginx.start(&long)];
    let answer = nginx.post("/api/stream/start", &long);
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["code"], "busy");
    assert!(
        answer
            .header("retry-after")
            .unwrap()
            .parse::<u32>()
            .unwrap()
            > 0
    );
    for id in &ids {
        nginx.post("/api/cleanup", &json!({"session_id": id}));
    }
    let id = nginx.start(&json!({"text": "Room again."}));
    assert_eq!(nginx.finish(&id)["status"], "ready");
}

#[test]
fn both_vocabularies_are_spoken() {
    let nginx = Setup::default().start();
    for (field, word) in [("language", "failed"), ("lang", "error")] {
        let text = "It takes its time. ".repeat(150);
        let id = nginx.start(&json!({"text": text, field: "en", "pace": "live"}));
        nginx.until(&id, |status| status["playlist_ready"] == true);
        let answer = nginx.post("/api/stream/interrupt", &json!({"session_id": id}));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let status = nginx.finish(&id);
        assert_eq!(status["status"], word, "{status}");
        assert_eq!(status["error_code"], "interrupted");
        assert!(status["error"].is_string());
        let playlist = nginx.get(&format!("/stream/{id}/playlist.m3u8")).text();
        assert!(playlist.ends_with("#EXT-X-ENDLIST\n"), "{playlist}");
    }
}
