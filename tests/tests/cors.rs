//! Pages from elsewhere.

use avatar_tests::{Answer, Nginx, Setup};

fn from(nginx: &Nginx, origin: &str, method: &str, path: &str) -> Answer {
    nginx.request(method, path).header("Origin", origin).send()
}

#[test]
fn pages_from_anywhere_may_call_where_all_are_allowed() {
    let nginx = Setup::new()
        .file("keys", "secret")
        .location("avatar_origins *; avatar_keys keys;")
        .start();
    for (method, path) in [
        ("GET", "/api/voices"),
        (
            "GET",
            "/stream/01936b5e-0000-7000-8000-000000000001/init.mp4",
        ),
        ("PUT", "/api/stream/start"),
        ("POST", "/api/stream/start"),
    ] {
        let answer = from(&nginx, "https://example.org", method, path);
        assert!(answer.status >= 400);
        assert_eq!(
            answer.header("Access-Control-Allow-Origin"),
            "*",
            "{method} {path}"
        );
        assert_eq!(answer.count("Access-Control-Allow-Origin"), 1);
        assert_eq!(answer.header("Vary"), "");
    }
}

#[test]
fn preflights_are_answered_before_anybody_asks_who_is_there() {
    let nginx = Setup::new()
        .file("keys", "secret")
        .location("avatar_origins https://example.org; avatar_keys keys; deny all;")
        .start();
    let answer = nginx
        .request("OPTIONS", "/api/stream/start")
        .header("Origin", "https://example.org")
        .header("Access-Control-Request-Method", "POST")
        .header(
            "Access-Control-Request-Headers",
            "content-type, x-avatar-key",
        )
        .send();
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(
        answer.header("Access-Control-Allow-Origin"),
        "https://example.org"
    );
    assert!(
        answer
            .header("Access-Control-Allow-Methods")
            .contains("POST")
    );
    let headers = answer
        .header("Access-Control-Allow-Headers")
        .to_ascii_lowercase();
    for header in ["content-type", "x-avatar-key", "range", "authorization"] {
        assert!(headers.contains(header), "{headers}");
    }
    assert!(
        answer
            .header("Access-Control-Max-Age")
            .parse::<u32>()
            .unwrap()
            > 0
    );
    assert_eq!(answer.header("Vary"), "Origin");

    let stranger = from(
        &nginx,
        "https://example.com",
        "OPTIONS",
        "/api/stream/start",
    );
    assert_eq!(stranger.header("Access-Control-Allow-Origin"), "");
    assert_eq!(stranger.header("Access-Control-Allow-Methods"), "");
    assert_eq!(stranger.header("Vary"), "Origin");
    // Not a preflight of ours.
    assert_eq!(
        from(&nginx, "https://example.org", "OPTIONS", "/elsewhere").status,
        403
    );
}

#[test]
fn answers_that_nginx_makes_carry_the_headers_too() {
    let nginx = Setup::new()
        .location("avatar_origins https://example.org; client_max_body_size 1k;")
        .start();
    let id = nginx.speak("One.");
    nginx.finished(&id);
    let origin = "https://example.org";
    let large = nginx
        .request("POST", "/api/stream/start")
        .header("Origin", origin)
        .body("x".repeat(5000))
        .send();
    let file = from(&nginx, origin, "GET", &format!("/hls/{id}/output.mp4"));
    let range = nginx
        .request("GET", &format!("/hls/{id}/output.mp4"))
        .header("Origin", origin)
        .header("Range", "bytes=99999999-")
        .send();
    for (answer, status) in [(large, 413), (file, 200), (range, 416)] {
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("Access-Control-Allow-Origin"), origin);
        assert_eq!(answer.count("Access-Control-Allow-Origin"), 1);
        assert_eq!(answer.header("Vary"), "Origin");
        assert!(
            answer
                .header("Access-Control-Expose-Headers")
                .contains("Content-Range")
        );
    }
    let elsewhere = from(
        &nginx,
        "https://example.com",
        "GET",
        &format!("/hls/{id}/output.mp4"),
    );
    assert_eq!(elsewhere.header("Access-Control-Allow-Origin"), "");
    assert_eq!(elsewhere.header("Vary"), "Origin");
}

#[test]
fn nothing_is_said_where_nothing_is_configured() {
    let nginx = Setup::new().start();
    let answer = from(&nginx, "https://example.org", "GET", "/api/voices");
    assert_eq!(answer.header("Access-Control-Allow-Origin"), "");
    let options = from(&nginx, "https://example.org", "OPTIONS", "/api/voices");
    assert_eq!(
        (options.status, options.header("Allow")),
        (204, "GET, HEAD, OPTIONS")
    );
    assert_eq!(options.header("Access-Control-Allow-Methods"), "");
}
