//! Server-sent events.

use avatar_tests::{Setup, until};
use serde_json::json;

#[test]
fn every_change_is_told_and_then_the_stream_ends() {
    let nginx = Setup::new().workers(2).start();
    let id = nginx.speak("One. Two. Three. Four. Five.");
    let stream = nginx
        .request("GET", &format!("/api/stream/events/{id}"))
        .send();
    assert_eq!(stream.status, 200);
    assert_eq!(stream.header("Content-Type"), "text/event-stream");
    assert_eq!(stream.header("X-Accel-Buffering"), "no");
    let events = stream.events();
    assert!(events.is_sorted_by(|(one, _), (next, _)| one < next));
    assert!(events.is_sorted_by_key(|(_, status)| status["progress"].as_u64()));
    let (version, last) = events.last().unwrap();
    assert_eq!(last["status"], "ready");
    assert_eq!(*last, nginx.status(&id));

    // Asked again, it says the last once more, and to those who know that, nothing.
    let path = format!("/api/stream/events/{id}");
    assert_eq!(nginx.request("GET", &path).send().events().len(), 1);
    let known = nginx
        .request("GET", &path)
        .header("Last-Event-ID", &version.to_string())
        .send();
    assert_eq!((known.status, known.body.len()), (204, 0));
}

#[test]
fn a_session_that_goes_ends_its_streams() {
    let nginx = Setup::new().workers(2).start();
    let id = nginx.speak(&"This sentence is said many times. ".repeat(100));
    let mut stream = nginx.connect();
    stream.get(&format!("/api/stream/events/{id}"));
    assert!(!stream.read(1).is_empty());
    let body = json!({ "session_id": id });
    assert_eq!(
        nginx
            .request("POST", "/api/cleanup")
            .json(&body)
            .send()
            .status,
        200
    );
    let rest = stream.read_all();
    assert!(rest.ends_with("0\r\n\r\n"), "{rest}");
}

#[test]
fn clients_that_go_are_forgotten() {
    let nginx = Setup::new().http("avatar_max_sessions 1;").start();
    let long = nginx.speak(&"This sentence is said many times. ".repeat(140));
    nginx.begun(&long);
    let waiting = nginx.speak("One.");
    let path = format!("/api/stream/events/{waiting}");
    for _ in 0..20 {
        let mut stream = nginx.connect();
        stream.get(&path);
        assert!(!stream.read(1).is_empty());
    }
    until("twenty ends", || {
        let log = nginx.access_log();
        (log.matches(&path).count() >= 20).then_some(())
    });
    assert!(nginx.status(&waiting)["finished_at"].is_null());
}
