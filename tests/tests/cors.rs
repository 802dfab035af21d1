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

/// What a preflight is answered, as its page asks for a method and headers.
fn preflight(nginx: &Nginx, origin: &str, path: &str, method: &str) -> Answer {
    nginx
        .request("OPTIONS", path)
        .header("Origin", origin)
        .header("Access-Control-Request-Method", method)
        .header(
            "Access-Control-Request-Headers",
            "x-stainless-lang,content-type",
        )
        .send()
}

#[test]
fn cookies_are_for_those_who_are_listed_with_them() {
    let nginx = Setup::new()
        .location(
            "avatar_origins https://app.example https://App.example:8443 credentials=on;
             avatar_origins https://other.example; avatar_origins *;",
        )
        .start();
    for (origin, allowed, credentials) in [
        ("https://app.example", "https://app.example", "true"),
        (
            "https://app.example:8443",
            "https://app.example:8443",
            "true",
        ),
        ("https://other.example", "https://other.example", ""),
        ("https://anyone.example", "*", ""),
        ("null", "*", ""),
    ] {
        for answer in [
            from(&nginx, origin, "GET", "/api/voices"),
            // Those that nginx or the module refuses can be read as well.
            from(&nginx, origin, "PUT", "/api/voices"),
            from(&nginx, origin, "GET", "/hls/1/init.mp4"),
            preflight(&nginx, origin, "/v1/audio/speech", "POST"),
        ] {
            let header = |name| answer.header(name);
            assert_eq!(
                (
                    header("Access-Control-Allow-Origin"),
                    header("Access-Control-Allow-Credentials"),
                    header("Vary"),
                ),
                (allowed, credentials, "Origin"),
                "{origin}"
            );
            assert!(answer.count("Access-Control-Allow-Credentials") <= 1);
        }
        let headers = preflight(&nginx, origin, "/v1/audio/speech", "POST");
        let headers = headers.header("Access-Control-Allow-Headers").to_owned();
        // With credentials, the star is not taken for all.
        let named = headers.contains("x-stainless-lang");
        assert_eq!(named, credentials == "true", "{headers}");
        assert!(headers.contains("Authorization"), "{headers}");
    }
    // Nothing that could be anything else than the names of headers comes back.
    let odd = nginx
        .request("OPTIONS", "/api/voices")
        .header("Origin", "https://app.example")
        .header("Access-Control-Request-Headers", "a;b=\"c\"")
        .send();
    assert!(!odd.header("Access-Control-Allow-Headers").contains("a;b"));
}

#[test]
fn preflights_name_what_a_path_takes_and_what_clients_of_whep_try() {
    const ID: &str = "01936b5e-0000-7000-8000-000000000001";
    let nginx = Setup::new().location("avatar_origins *;").start();
    for (path, allow, pages, body) in [
        (
            format!("/whep/{ID}"),
            "GET, HEAD, POST, OPTIONS",
            "GET, HEAD, POST, PATCH, OPTIONS",
            "application/sdp",
        ),
        (
            format!("/whep/{ID}/{ID}"),
            "GET, HEAD, DELETE, OPTIONS",
            "GET, HEAD, DELETE, PATCH, OPTIONS",
            "",
        ),
        (
            "/api/stream/start".to_owned(),
            "POST, OPTIONS",
            "POST, OPTIONS",
            "",
        ),
        (
            format!("/api/audio-driven/chunked/session/{ID}"),
            "DELETE, OPTIONS",
            "DELETE, OPTIONS",
            "",
        ),
        (
            "/api/stream_mjpeg".to_owned(),
            "GET, HEAD, POST, OPTIONS",
            "GET, HEAD, POST, OPTIONS",
            "",
        ),
    ] {
        let answer = preflight(&nginx, "https://example.org", &path, "PATCH");
        assert_eq!(
            (
                answer.status,
                answer.header("Allow"),
                answer.header("Access-Control-Allow-Methods"),
                answer.header("Accept-Post"),
            ),
            (204, allow, pages, body),
            "{path}"
        );
        // What is tried is then refused, in words that the page can read.
        let refused = from(&nginx, "https://example.org", "PATCH", &path);
        assert_eq!((refused.status, refused.header("Allow")), (405, allow));
        assert_eq!(refused.code(), "method_not_allowed");
        assert_eq!(refused.header("Accept-Post"), body);
        let exposed = refused.header("Access-Control-Expose-Headers");
        for header in ["Allow", "Accept-Post", "Location", "Retry-After"] {
            assert!(exposed.contains(header), "{exposed}");
        }
        // Nothing is promised that is not taken.
        assert_eq!(refused.header("Accept-Patch"), "");
    }
    let text = nginx
        .request("POST", &format!("/whep/{ID}"))
        .header("Content-Type", "text/plain")
        .body("v=0")
        .send();
    assert_eq!(
        (text.status, text.header("Accept-Post")),
        (415, "application/sdp")
    );
}

#[test]
fn pages_of_the_internet_may_reach_a_private_server_that_allows_them() {
    let nginx = Setup::new()
        .location("avatar_origins https://example.org;")
        .start();
    let ask = |origin: &str, wanted: &str| {
        let answer = nginx
            .request("OPTIONS", "/api/stream/start")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Private-Network", wanted)
            .send();
        assert_eq!(answer.status, 204);
        answer
            .header("Access-Control-Allow-Private-Network")
            .to_owned()
    };
    assert_eq!(ask("https://example.org", "true"), "true");
    assert_eq!(ask("https://example.org", "false"), "");
    assert_eq!(ask("https://example.com", "true"), "");
    let unasked = preflight(&nginx, "https://example.org", "/api/voices", "GET");
    assert_eq!(unasked.header("Access-Control-Allow-Private-Network"), "");
}
