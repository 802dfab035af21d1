//! Whatever is wrong with a request is said clearly.

use avatar_tests::{Answer, Nginx, Setup};
use serde_json::{Value, json};

fn start(nginx: &Nginx, body: impl AsRef<[u8]>) -> Answer {
    nginx
        .request("POST", "/api/stream/start")
        .header("Content-Type", "application/json; charset=utf-8")
        .body(body)
        .send()
}

fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code));
    assert_eq!(answer.header("Cache-Control"), "no-store");
}

#[test]
fn what_cannot_be_started_is_refused_with_a_word() {
    let nginx = Setup::new().http("avatar_max_text 50;").start();
    let long = json!({ "text": "a".repeat(51) }).to_string();
    for (body, code) in [
        (r#"{"text":""}"#, "empty_text"),
        (r#"{"language":"en"}"#, "empty_text"),
        (long.as_str(), "text_too_long"),
        (r#"{"text":"a","language":"fr"}"#, "unsupported_language"),
        (r#"{"text":"a","mode":"static"}"#, "unsupported_mode"),
        (r#"{"text":"a","voice":"nobody"}"#, "unknown_voice"),
        (r#"{"text":"a","avatar":"nobody"}"#, "unknown_avatar"),
        (r#"{"text":7}"#, "bad_parameter"),
        (r#"{"text":"#, "bad_json"),
        ("", "bad_json"),
        ("\u{feff}{}", "bad_json"),
        ("[]", "bad_json"),
    ] {
        refused(&start(&nginx, body), 400, code);
    }
    refused(&start(&nginx, b"{\"text\":\"\xff\"}"), 400, "bad_json");
    refused(&start(&nginx, "[".repeat(200_000)), 400, "bad_json");
}

#[test]
fn a_megabyte_of_text_is_refused() {
    let nginx = Setup::new().start();
    let megabyte = |size: usize| json!({ "text": "а".repeat(size / 2) }).to_string();
    refused(&start(&nginx, megabyte(1_000_000)), 400, "text_too_long");
    refused(&start(&nginx, megabyte(2_000_000)), 413, "too_large");
    // The same without saying beforehand how much it is.
    let mut connection = nginx.connect();
    connection.write(
        "POST /api/stream/start HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    let chunk = format!("{:x}\r\n{}\r\n", 600_000, " ".repeat(600_000));
    connection.write(&chunk);
    connection.write(&chunk);
    let answer = connection.read_all();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("\"too_large\""), "{answer}");
}

#[test]
fn a_body_on_disk_is_read_like_one_in_memory() {
    let nginx = Setup::new().location("client_body_buffer_size 1k;").start();
    let padding = " ".repeat(5000);
    let answer = start(&nginx, format!("{{\"text\":{padding}\"One.\"}}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let only_on_disk = Setup::new()
        .location("client_body_in_file_only clean;")
        .start();
    let answer = start(&only_on_disk, r#"{"text":"One."}"#);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn methods_and_types_are_checked() {
    let nginx = Setup::new().start();
    for (method, path, allow) in [
        ("GET", "/api/stream/start", "POST, OPTIONS"),
        ("DELETE", "/api/cleanup/", "POST, OPTIONS"),
        ("POST", "/api/voices", "GET, HEAD, OPTIONS"),
        (
            "PUT",
            "/stream/01936b5e-0000-7000-8000-000000000001/init.mp4",
            "GET, HEAD, OPTIONS",
        ),
        ("BREW", "/api/avatars", "GET, HEAD, OPTIONS"),
    ] {
        let answer = nginx.request(method, path).send();
        refused(&answer, 405, "method_not_allowed");
        assert_eq!(answer.header("Allow"), allow);
    }
    let typed = |kind: &str| {
        nginx
            .request("POST", "/api/stream/start")
            .header("Content-Type", kind)
            .body(r#"{"text":"One."}"#)
            .send()
    };
    refused(&typed("text/plain"), 415, "unsupported_media_type");
    refused(
        &typed("application/x-www-form-urlencoded"),
        415,
        "unsupported_media_type",
    );
    assert_eq!(typed("Application/JSON").status, 200);
    let mut untyped = nginx.connect();
    untyped.write(
        "POST /api/stream/start/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
         Content-Length: 15\r\n\r\n{\"text\":\"One.\"}",
    );
    assert!(untyped.read_all().starts_with("HTTP/1.1 200"));
}

#[test]
fn unknown_sessions_and_odd_paths_are_not_found() {
    let nginx = Setup::new().start();
    let id = nginx.speak("One.");
    nginx.finished(&id);
    let stranger = "01936b5e-0000-7000-8000-000000000001";
    for path in [
        format!("/api/stream/status/{stranger}"),
        format!("/api/stream/events/{stranger}"),
        format!("/stream/{stranger}/playlist.m3u8"),
        format!("/hls/{stranger}/output.mp4"),
        "/api/stream/status/".to_owned() + "not-a-session",
        format!("/api/stream/status/{}", id.to_uppercase()),
        format!("/stream/{id}/segment_999.m4s"),
        format!("/stream/{id}/segment_0.m4s"),
        format!("/stream/{id}/job.json"),
        format!("/stream/{id}/session.json"),
        format!("/stream/{id}/playlist.m3u8.part"),
        format!("/stream/{id}/"),
        format!("/stream/{id}"),
        format!("/stream/{id}/%2e%2e/{id}/job.json"),
        format!("/stream/{id}/..%2f{id}%2fjob.json"),
        format!("/stream/{id}/init.mp4%00"),
        "/stream/..%2f..%2fnginx.conf".to_owned(),
        "/hls/%2fetc%2fpasswd".to_owned(),
        format!("/stream/{id}/\u{fffd}%ff%fe"),
    ] {
        let answer = nginx.request("GET", &path.replace('\u{fffd}', "")).send();
        assert!(
            [400, 404].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
        assert!(!answer.text().contains("created_at"), "{path}");
    }
    refused(
        &nginx
            .request("GET", &format!("/api/stream/status/{stranger}"))
            .send(),
        404,
        "unknown_session",
    );
    for body in [
        json!({ "session_id": stranger }),
        json!({ "session_id": "../.." }),
    ] {
        for path in ["/api/cleanup", "/api/stream/interrupt"] {
            let answer = nginx.request("POST", path).json(&body).send();
            refused(&answer, 404, "unknown_session");
        }
    }
    let nameless = nginx
        .request("POST", "/api/cleanup")
        .json(&json!({}))
        .send();
    refused(&nameless, 400, "bad_parameter");
    assert_eq!(
        nginx
            .request("GET", "/elsewhere")
            .send()
            .header("Content-Type"),
        "text/html"
    );
}

#[test]
fn odd_texts_are_spoken_or_refused_but_never_break_anything() {
    let nginx = Setup::new().start();
    for text in [
        "😀",
        "Hello 😀 world",
        "<speak>Hi <break time=\"1s\"/> there</speak>",
        "12345 67,8 №9",
        "שלום עולם",
        "مرحبا بالعالم",
        "\u{202e}abc\u{0000}\u{fffd}",
        "a",
        "...",
        "Привет hello сәлем",
    ] {
        let answer = start(
            &nginx,
            json!({ "text": text, "language": "ru" }).to_string(),
        );
        if answer.status == 200 {
            let value: Value = answer.value();
            let status = nginx.finished(value["session_id"].as_str().unwrap());
            let good = status["status"] == "ready" || status["error"].as_str().is_some();
            assert!(good, "{text}: {status}");
        } else {
            let foreign = ["שלום עולם", "مرحبا بالعالم"].contains(&text);
            let code = match foreign {
                true => "unsupported_language",
                false => "empty_text",
            };
            refused(&answer, 400, code);
        }
    }
}

#[test]
fn nginx_s_own_refusals_are_in_the_same_words() {
    let nginx = Setup::new()
        .http("limit_req_zone $server_addr zone=calls:1m rate=1r/m;")
        .location("limit_req zone=calls; limit_req_status 429;")
        .start();
    assert_eq!(nginx.request("GET", "/api/voices").send().status, 200);
    let answer = nginx.request("GET", "/api/voices").send();
    refused(&answer, 429, "busy");
    assert!(!answer.header("Retry-After").is_empty());
    let head = nginx.request("HEAD", "/api/voices").send();
    assert_eq!((head.status, head.body.len()), (429, 0));
}

#[test]
fn too_much_work_is_refused_for_now() {
    let nginx = Setup::new()
        .http("avatar_max_sessions 1; avatar_max_queue 1;")
        .start();
    let long = "This sentence is said many times. ".repeat(100);
    let first = nginx.speak(&long);
    let second = nginx.speak(&long);
    let answer = start(&nginx, r#"{"text":"One."}"#);
    refused(&answer, 503, "busy");
    assert!(!answer.header("Retry-After").is_empty());
    for id in [first, second] {
        let body = json!({ "session_id": id });
        assert_eq!(
            nginx
                .request("POST", "/api/cleanup")
                .json(&body)
                .send()
                .status,
            200
        );
    }
}
