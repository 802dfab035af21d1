//! Sessions outlive configurations, and orderly ends.

use std::fs;
use std::process::Command;
use std::thread;

use avatar_tests::spoken::said;
use avatar_tests::{FormBody, Setup, until};
use serde_json::{Value, json};

const LONG: &str = "This sentence is said many times. ";

#[test]
fn a_reload_loses_no_session() {
    let nginx = Setup::new().workers(2).start();
    let ids: Vec<_> = (0..10).map(|_| nginx.speak(&LONG.repeat(8))).collect();
    nginx.reload();
    let after = nginx.speak("Said after the reload.");
    for id in ids.iter().chain([&after]) {
        let status = nginx.finished(id);
        assert_eq!(status["status"], "ready", "{status}");
        let playlist = nginx
            .request("GET", &format!("/stream/{id}/playlist.m3u8"))
            .send();
        assert!(playlist.text().ends_with("#EXT-X-ENDLIST\n"));
    }
    until("the old workers' end", || {
        (nginx.workers().len() == 2).then_some(())
    });
}

#[test]
fn held_requests_outlive_a_reload() {
    let nginx = Setup::new()
        .http("avatar_max_sessions 1; avatar_hold_timeout 100s;")
        .start();
    let first = nginx.speak(&LONG.repeat(30));
    let waiting = nginx.speak("One.");
    thread::scope(|scope| {
        let held = [
            format!("/stream/{waiting}/playlist.m3u8"),
            format!("/api/stream/events/{waiting}"),
            format!("/hls/{first}/output.mp4"),
        ]
        .map(|path| {
            let mut connection = nginx.connect();
            connection.get(&path);
            scope.spawn(move || connection.read_all())
        });
        nginx.reload();
        for held in held {
            assert!(held.join().unwrap().starts_with("HTTP/1.1 200"));
        }
    });
}

#[test]
fn quit_does_not_wait_for_what_nobody_can_hand_in_any_more() {
    let mut nginx = Setup::new().workers(2).start();
    let fed = nginx.begin_driven(FormBody::default().field("avatar", "anna"));
    let speech = said("Papa and Mama go far.", "en-us", &["-f", "wav"]);
    assert_eq!(nginx.feed(&fed, &speech, false).status, 200);
    let open = json!({ "text": "One moment. Two", "language": "en", "final": false });
    let open = nginx.start_session(&open)["session_id"].clone();
    nginx.quit();
    for id in [&*fed, open.as_str().unwrap()] {
        let kept = fs::read(nginx.session(id).join("session.json")).unwrap();
        let kept: Value = serde_json::from_slice(&kept).unwrap();
        assert_eq!(kept["state"], "ready", "{kept}");
        assert!(nginx.session(id).join("output.mp4").exists());
    }
}

#[test]
fn quit_finishes_what_was_begun() {
    let mut nginx = Setup::new().workers(2).start();
    let ids: Vec<_> = (0..3).map(|_| nginx.speak(&LONG.repeat(5))).collect();
    nginx.quit();
    for id in &ids {
        let kept = fs::read(nginx.session(id).join("session.json")).unwrap();
        let kept: Value = serde_json::from_slice(&kept).unwrap();
        assert_eq!(kept["state"], "ready");
        assert!(nginx.session(id).join("output.mp4").exists());
    }
    nginx.launch();
    for id in &ids {
        assert_eq!(nginx.status(id)["status"], "ready");
        assert_eq!(
            nginx
                .request("GET", &format!("/hls/{id}/output.mp4"))
                .send()
                .status,
            200
        );
    }
    let sockets = fs::read_dir(nginx.prefix().join("avatar/hints"))
        .unwrap()
        .count();
    assert_eq!(sockets, 2, "sockets of processes that are gone are left");
}

#[test]
fn a_restart_reports_what_it_cut_short() {
    let mut nginx = Setup::new().start();
    let done = nginx.speak("One.");
    nginx.finished(&done);
    let cut = nginx.speak(&LONG.repeat(140));
    nginx.begun(&cut);
    nginx.signal("stop");
    nginx.wait();
    nginx.launch();
    assert_eq!(nginx.status(&done)["status"], "ready");
    let status = nginx.finished(&cut);
    assert_eq!(status["status"], "failed");
    assert!(status["error"].as_str().unwrap().contains("restart"));
    let playlist = nginx.whole_playlist(&cut);
    assert!(
        playlist.contains("segment_000."),
        "what was listed can still be watched"
    );
    assert_eq!(
        nginx
            .request("GET", &format!("/hls/{cut}/output.mp4"))
            .send()
            .status,
        404
    );
}

#[test]
fn a_killed_generator_is_replaced_and_its_sessions_are_reported() {
    let mut nginx = Setup::new().workers(2).start();
    nginx.expect_in_log("exited on signal 9");
    let cut = nginx.speak(&LONG.repeat(140));
    nginx.begun(&cut);
    let pid = nginx.generator().to_string();
    let killed = Command::new("kill").args(["-KILL", &pid]).status();
    assert!(killed.unwrap().success());
    let status = nginx.finished(&cut);
    assert_eq!(status["status"], "failed");
    assert_eq!(status["error_code"], "interrupted");
    let next = nginx.speak("One.");
    assert_eq!(nginx.finished(&next)["status"], "ready");
    let sockets = fs::read_dir(nginx.prefix().join("avatar/hints"))
        .unwrap()
        .count();
    assert_eq!(sockets, 2, "the socket of the killed process is left");
}

#[test]
fn sessions_outlive_a_reload_that_takes_the_module_away() {
    let nginx = Setup::new().start();
    let id = nginx.speak(&LONG.repeat(20));
    nginx.begun(&id);
    nginx.reload_with(&Setup::new().off());
    assert_eq!(nginx.request("GET", "/api/voices").send().status, 404);
    until("the old generator's end", || {
        (nginx.workers().len() == 1).then_some(())
    });
    nginx.reload_with(&Setup::new());
    assert_eq!(nginx.finished(&id)["status"], "ready");
}
