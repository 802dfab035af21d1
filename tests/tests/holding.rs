//! Requests for what is not there yet.

use std::thread;

use avatar_tests::{Nginx, Setup, until};
use serde_json::json;

/// An nginx that makes one session at a time and is busy with a long one; and a session that waits.
fn busy(http: &str) -> (Nginx, String, String) {
    let nginx = Setup::new()
        .workers(2)
        .http("avatar_max_sessions 1; avatar_max_queue 10;")
        .http(http)
        .start();
    let long = nginx.speak(&"This sentence is said many times. ".repeat(140));
    nginx.begun(&long);
    let waiting = nginx.speak("One.");
    (nginx, long, waiting)
}

fn clean_up(nginx: &Nginx, id: &str) {
    let body = json!({ "session_id": id });
    let answer = nginx.request("POST", "/api/cleanup").json(&body).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn a_request_is_held_until_its_file_is_there() {
    let (nginx, long, waiting) = busy("avatar_hold_timeout 100s;");
    thread::scope(|scope| {
        let held: Vec<_> = ["playlist.m3u8", "init.mp4", "segment_000.m4s", "output.mp4"]
            .into_iter()
            .map(|name| {
                let request = nginx.request("GET", &format!("/stream/{waiting}/{name}"));
                scope.spawn(move || request.send())
            })
            .collect();
        clean_up(&nginx, &long);
        for held in held {
            assert_eq!(held.join().unwrap().status, 200);
        }
    });
}

#[test]
fn holding_ends_with_a_word_of_when_to_come_again() {
    let (nginx, _, waiting) = busy("avatar_hold_timeout 300ms;");
    let answer = nginx
        .request("GET", &format!("/stream/{waiting}/playlist.m3u8"))
        .send();
    assert_eq!((answer.status, answer.code().as_str()), (503, "busy"));
    assert!(!answer.header("Retry-After").is_empty());
}

#[test]
fn a_session_that_goes_releases_everybody() {
    let (nginx, _, waiting) = busy("avatar_hold_timeout 100s;");
    thread::scope(|scope| {
        let request = nginx.request("GET", &format!("/stream/{waiting}/playlist.m3u8"));
        let held = scope.spawn(move || request.send());
        clean_up(&nginx, &waiting);
        let answer = held.join().unwrap();
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "unknown_session")
        );
    });
}

#[test]
fn clients_that_go_are_noticed_while_they_are_held() {
    let (nginx, _, waiting) = busy("avatar_hold_timeout 100s;");
    let mut connection = nginx.connect();
    connection.get(&format!("/stream/{waiting}/playlist.m3u8"));
    drop(connection);
    until("the client's going", || {
        nginx
            .access_log()
            .lines()
            .find_map(|line| line.strip_prefix("499 ").map(|_| ()))
    });
}

#[test]
fn clients_that_go_are_noticed_after_they_were_woken_in_vain() {
    let nginx = Setup::new().http("avatar_hold_timeout 100s;").start();
    let id = nginx.speak(&"This sentence is said many times. ".repeat(60));
    let mut connection = nginx.connect();
    connection.get(&format!("/hls/{id}/output.mp4"));
    nginx.begun(&id);
    drop(connection);
    until("the client's going", || {
        let log = nginx.access_log();
        log.lines()
            .find_map(|line| line.strip_prefix("499 ").map(|_| ()))
    });
    assert_eq!(nginx.finished(&id)["status"], "ready");
}
