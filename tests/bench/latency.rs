//! How soon there is something to play.

use std::time::{SystemTime, UNIX_EPOCH};

use avatar_tests::{Nginx, Setup};
use serde_json::json;

use crate::{log, median, report, text};

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs_f64() * 1000.0
}

/// Milliseconds from before the `POST` until the first part was on disk, and until the first playlist
/// had been answered.
fn once(nginx: &Nginx, text: &str) -> (f64, f64) {
    let before = now();
    let id = nginx.start(&json!({"text": text, "language": "en"}));
    let accepted = now();
    let playlist = nginx.get(&format!("/stream/{id}/playlist.m3u8"));
    assert_eq!(playlist.status, 200);
    let playable = now() - before;
    nginx.until(&id, |_| {
        log::number(nginx, &id, "first part", "after_us").is_some()
    });
    let part = log::number(nginx, &id, "first part", "after_us").unwrap() / 1000.0;
    nginx.post("/api/cleanup", &json!({"session_id": id}));
    // Acceptance lies somewhere between the two clock readings; the later bound is reported.
    (accepted - before + part, playable)
}

pub(crate) fn measure() {
    let nginx = Setup::default().workers(2).start();
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
