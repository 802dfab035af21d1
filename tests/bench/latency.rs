//! How soon there is something to play.

use std::time::{SystemTime, UNIX_EPOCH};

use avatar_tests::{Nginx, Setup, until};
use serde_json::json;

use crate::{log, median, report, text};

pub(crate) fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs_f64() * 1000.0
}

/// How soon there is something to play.
pub(crate) struct Latency {
    /// Milliseconds from before the `POST` until the first part was on disk.
    pub(crate) part: f64,
    /// And until a player had been given what it needs.
    pub(crate) playable: f64,
}

impl Latency {
    /// Of one session that `start` begins and `play` watches.
    pub(crate) fn of(nginx: &Nginx, start: impl Fn() -> String, play: impl Fn(&str)) -> Self {
        let before = now();
        let id = start();
        let accepted = now();
        play(&id);
        let playable = now() - before;
        let part = until("the first part", || {
            log::number(nginx, &id, "first part", "after_us")
        });
        let body = json!({"session_id": id});
        nginx.request("POST", "/api/cleanup").json(&body).send();
        Self {
            // Acceptance lies somewhere between the two clock readings; the later bound is taken.
            part: accepted - before + part / 1000.0,
            playable,
        }
    }

    /// Medians of many, reported under two names.
    pub(crate) fn report(once: impl Fn() -> Self, part: &str, playable: &str) {
        let runs: Vec<Self> = (0..21).map(|_| once()).collect();
        for (what, of) in [
            (part, runs.iter().map(|run| run.part).collect()),
            (playable, runs.iter().map(|run| run.playable).collect()),
        ] {
            report(what, format!("{:.1} ms", median(of)));
        }
    }
}

fn once(nginx: &Nginx, text: &str) -> Latency {
    let play = |id: &str| {
        let path = format!("/stream/{id}/playlist.m3u8");
        assert_eq!(nginx.request("GET", &path).send().status, 200);
    };
    Latency::of(nginx, || nginx.speak(text), play)
}

pub(crate) fn measure() {
    let nginx = Setup::new().workers(2).start();
    once(&nginx, text::SENTENCE);
    for (what, text) in [
        ("one sentence", text::SENTENCE.to_owned()),
        ("5,000 characters", text::long(5000)),
    ] {
        Latency::report(
            || once(&nginx, &text),
            &format!("POST to first part on disk, {what}"),
            &format!("POST to first playlist answered, {what}"),
        );
    }
}
