//! Sessions of sound alone: how soon, how fast, how many, and what each costs.

use std::time::Instant;

use avatar_tests::{Nginx, Setup, until};
use serde_json::json;

use crate::capacity::memory_of;
use crate::latency::now;
use crate::{log, median, report, text};

fn setup() -> Setup {
    Setup::new()
        .workers(2)
        .connections(2048)
        .http("avatar_max_sessions 2000; avatar_max_text 200000;")
}

/// Milliseconds from before the `POST` until the first part was on disk, and until a player had it.
fn once(nginx: &Nginx, prompt: &str) -> (f64, f64) {
    let before = now();
    let id = nginx.read_out(prompt);
    let accepted = now();
    let playlist = nginx
        .request("GET", &format!("/media/hls/{id}/audio.m3u8"))
        .send()
        .text();
    assert!(playlist.contains("audio_000.0.m4s"), "{playlist}");
    for name in ["init.mp4", "audio_000.0.m4s"] {
        let path = format!("/media/hls/{id}/{name}");
        assert_eq!(nginx.request("GET", &path).send().status, 200);
    }
    let playable = now() - before;
    let part = until("the first part", || {
        log::number(nginx, &id, "first part", "after_us")
    });
    let body = json!({"session_id": id});
    nginx.request("POST", "/api/cleanup").json(&body).send();
    // Acceptance lies somewhere between the two clock readings; the later bound is reported.
    (accepted - before + part / 1000.0, playable)
}

pub(crate) fn latency() {
    let nginx = setup().start();
    once(&nginx, text::SENTENCE);
    for (what, prompt) in [
        ("one sentence", text::SENTENCE.to_owned()),
        ("100,000 characters", text::long(100_000)),
    ] {
        let runs: Vec<(f64, f64)> = (0..21).map(|_| once(&nginx, &prompt)).collect();
        let part = median(runs.iter().map(|run| run.0).collect());
        let playable = median(runs.iter().map(|run| run.1).collect());
        report(
            &format!("audio: POST to first part on disk, {what}"),
            format!("{part:.1} ms"),
        );
        report(
            &format!("audio: POST to first part fetched, {what}"),
            format!("{playable:.1} ms"),
        );
    }
}

pub(crate) fn speed() {
    let nginx = setup().start();
    let runs = (0..5).map(|_| {
        let id = nginx.read_out(&text::long(20_000));
        nginx.finished(&id);
        let seconds = until("the end", || log::number(&nginx, &id, "ready", "seconds"));
        let took = log::number(&nginx, &id, "ready", "took_ms").unwrap();
        seconds * 1000.0 / took
    });
    let speed = median(runs.collect());
    report(
        "audio: generation speed of one session",
        format!("{speed:.0} ×"),
    );
}

/// Starts `count` sessions that are made in real time.
fn start(nginx: &Nginx, count: usize, characters: usize) -> Vec<String> {
    let body = json!({"prompt": text::long(characters), "lang": "en", "pace": "live"});
    let ids = (0..count).map(|_| nginx.start_audio(&body)["session_id"].clone());
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// The most sessions in real time of which no part was late, in steps of a hundred.
pub(crate) fn sessions_at_once() {
    let mut most = 0;
    for count in (200..=1000).step_by(100) {
        let nginx = setup().start();
        let ids = start(&nginx, count, 500);
        for id in &ids {
            assert_eq!(nginx.finished(id)["status"], "ready");
        }
        let late = nginx.error_log().matches("parts were late").count();
        if late > 0 {
            report(
                &format!("audio: of {count} sessions at once in real time"),
                format!("{late} late"),
            );
            break;
        }
        most = count;
    }
    report("audio: sessions in real time, no part late", most);
}

/// What a further active session costs.
pub(crate) fn memory() {
    const FEW: usize = 10;
    const MANY: usize = 110;
    let nginx = setup().start();
    let mut ids = start(&nginx, FEW, 1500);
    let settle = |ids: &[String]| {
        for id in ids {
            until("some segments", || {
                (nginx.status(id)["segments"].as_u64() > Some(4)).then_some(())
            });
        }
        memory_of(&nginx)
    };
    let few = settle(&ids);
    ids.extend(start(&nginx, MANY - FEW, 1500));
    let many = settle(&ids);
    let each = (many - few) / (MANY - FEW) as f64 / 1024.0;
    report(
        "audio: memory of each further active session",
        format!("{each:.2} MB"),
    );
}

/// What the length of a text costs: a chapter of a book, with and without a face.
pub(crate) fn chapter() {
    const CHARACTERS: usize = 100_000;
    let nginx = setup().start();
    // What the first session leaves is not the chapter's.
    nginx.finished(&nginx.read_out(&text::long(2_000)));
    let before = memory_of(&nginx);
    let begun = Instant::now();
    let id = nginx.read_out(&text::long(CHARACTERS));
    let path = format!("/media/hls/{id}/audio.m3u8");
    assert_eq!(nginx.request("GET", &path).send().status, 200);
    let first = begun.elapsed().as_secs_f64() * 1000.0;
    let mut most: f64 = 0.0;
    let mut early = None;
    let status = until("the chapter's end", || {
        let status = nginx.status(&id);
        let memory = memory_of(&nginx);
        most = most.max(memory);
        if status["duration"].as_f64() > Some(60.0) {
            early.get_or_insert(memory);
        }
        (!status["finished_at"].is_null()).then_some(status)
    });
    let minutes = status["duration"].as_f64().unwrap() / 60.0;
    report(
        &format!("audio: {CHARACTERS} characters, first playlist"),
        format!("{first:.1} ms"),
    );
    report(
        &format!("audio: {minutes:.0} minutes of sound took"),
        format!("{:.1} s", begun.elapsed().as_secs_f64()),
    );
    let early = early.unwrap_or(most);
    report(
        "audio: memory after the first minute of it",
        format!("{:.1} MB", (early - before) / 1024.0),
    );
    report(
        "audio: memory at most",
        format!("{:.1} MB", (most - before) / 1024.0),
    );
}
