//! nginx's other modules on our locations.

use std::process::Command;

use avatar_tests::{Nginx, Setup, until};
use serde_json::Value;

#[test]
fn access_is_whatever_the_location_says() {
    let nginx = Setup::new()
        .location("auth_request /gate;")
        .server(
            "location = /gate { internal; if ($http_x_user = anna) { return 204; } return 401; }",
        )
        .start();
    let stranger = nginx.request("GET", "/api/voices").send();
    assert_eq!(
        (stranger.status, stranger.code().as_str()),
        (401, "unauthorized")
    );
    let known = |path: &str| nginx.request("GET", path).header("X-User", "anna").send();
    assert_eq!(known("/api/voices").status, 200);
    assert_eq!(
        known("/stream/01936b5e-0000-7000-8000-000000000001/init.mp4").status,
        404
    );
}

#[test]
fn an_error_page_of_the_operator_s_is_respected() {
    let nginx = Setup::new()
        .file("html/sorry.html", "sorry")
        .location("error_page 413 /sorry.html; client_max_body_size 10;")
        .start();
    let answer = nginx
        .request("POST", "/api/stream/start")
        .body("0123456789a")
        .send();
    assert_eq!((answer.status, answer.text().as_str()), (413, "sorry"));
}

fn curl(nginx: &Nginx, arguments: &[&str], path: &str) -> String {
    let output = Command::new("curl")
        .args(["-sS", "--http2-prior-knowledge", "--noproxy", "*"])
        .args(arguments)
        .arg(nginx.url(path))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn everything_goes_over_http_2_as_well() {
    let nginx = Setup::new().http2().location("avatar_origins *;").start();
    let json = [
        "-H",
        "Content-Type: application/json",
        "-d",
        r#"{"text":"One. Two. Three."}"#,
    ];
    let started: Value = serde_json::from_str(&curl(&nginx, &json, "/api/stream/start")).unwrap();
    let id = started["session_id"].as_str().unwrap();
    let events = curl(&nginx, &["-N"], &format!("/api/stream/events/{id}"));
    assert!(events.contains("\"status\":\"ready\""), "{events}");
    let playlist = curl(&nginx, &["-i"], &format!("/stream/{id}/playlist.m3u8"));
    assert!(playlist.starts_with("HTTP/2 200"), "{playlist}");
    assert!(
        playlist.contains("access-control-allow-origin: *"),
        "{playlist}"
    );
    assert!(playlist.contains("#EXT-X-ENDLIST"), "{playlist}");
    let held = curl(&nginx, &json, "/api/stream/start");
    let held: Value = serde_json::from_str(&held).unwrap();
    let path = format!("/hls/{}/output.mp4", held["session_id"].as_str().unwrap());
    let head = curl(&nginx, &["-o", "/dev/null", "-w", "%{http_code}"], &path);
    assert_eq!(head, "200");
    let wrong = curl(&nginx, &["-i"], "/api/stream/start");
    assert!(wrong.starts_with("HTTP/2 405"), "{wrong}");
}

#[test]
fn a_cache_in_front_keeps_what_may_be_kept() {
    let nginx = Setup::new()
        .http("proxy_cache_path cache keys_zone=edge:1m; upstream origin { server unix:origin.sock; }")
        .off()
        .location(
            "proxy_pass http://origin; proxy_cache edge; proxy_cache_lock on;
             add_header X-Cache $upstream_cache_status always;",
        )
        .origin("avatar on;")
        .start();
    let id = nginx.speak(&"This sentence is said many times. ".repeat(20));
    let cache = |path: &str| {
        let answer = nginx.request("GET", path).send();
        assert_eq!(answer.status, 200);
        answer.header("X-Cache").to_owned()
    };
    let playlist = format!("/stream/{id}/playlist.m3u8");
    assert_eq!(cache(&playlist), "MISS");
    assert_eq!(cache(&playlist), "MISS");
    let segment = format!("/stream/{id}/segment_000.m4s");
    assert_eq!(cache(&segment), "MISS");
    assert_eq!(cache(&segment), "HIT");
    let status = format!("/api/stream/status/{id}");
    assert_eq!(cache(&status), "MISS");
    assert_eq!(cache(&status), "MISS");
    nginx.whole_playlist(&id);
    until("a playlist that may be kept", || {
        (cache(&playlist) == "HIT").then_some(())
    });
}
