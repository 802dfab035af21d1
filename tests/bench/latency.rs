//! How soon there is something to play.

use std::time::{SystemTime, UNIX_EPOCH};

use avatar_tests::{Nginx, Setup, until};
use serde_json::json;

use crate::{log, median, report, text};

pub(crate) fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs_f64() * 1000.0
}

/// Milliseconds from before the `POST` until the first part was on disk, and until the first playlist
/// had been answered.
fn once(nginx: &Nginx, text: &str) -> (f64, f64) {
    let before = now();
    let id = nginx.speak(text);
    let accepted = now();
    let path = format!("/stream/{id}/playlist.m3u8");
    let playlist = nginx.request("GET", &path).send();
    assert_eq!(playlist.status, 200);
    let playable = now() - before;
    let part = until("the first part", || {
        log::number(nginx, &id, "first part", "after_us")
    });
    let part = part / 1000.0;
    let body = json!({"session_id": id});
    nginx.request("POST", "/api/cleanup").json(&body).send();
    // Acceptance lies somewhere between the two clock readings; the later bound is reported.
    (accepted - before + part, playable)
}

pub(crate) fn measure() {
    let nginx = Setup::new().workers(2).start();
    once(&nginx, text::SENTENCE);
    for (what, text) in [
        ("one sentence", text::SENTENCE.to_owned()),
        ("5,000 characters", text::long(5000)),
    ] {
        let runs: Vec<(f64, f64)> = (0..21).map(|_| once(&nginx, &text)).collect();
        let part = median(runs.iter().map(|run| run.0).collect());
        let playlist = median(runs.iter().map(|run| run.1).collect());
        report(
            &format!("POST to first part on disk, {what}"),
            format!("{part:.1} ms"),
        );
        report(
            &format!("POST to first playlist answered, {what}"),
            format!("{playlist:.1} ms"),
        );
    }
}
