//! Sessions of sound alone: how soon, how fast, how many, and what each costs.

use std::time::Instant;

use avatar_tests::{Nginx, Setup, until};
use serde_json::json;

use crate::capacity::{each_further, memory_of, most_at_once};
use crate::latency::Latency;
use crate::speed::of_sessions;
use crate::{report, text};

fn setup() -> Setup {
    Setup::new()
        .workers(2)
        .connections(2048)
        .http("avatar_max_sessions 2000; avatar_max_text 200000;")
}

fn once(nginx: &Nginx, prompt: &str) -> Latency {
    let play = |id: &str| {
        let playlist = nginx
            .request("GET", &format!("/media/hls/{id}/audio.m3u8"))
            .send()
            .text();
        assert!(playlist.contains("audio_000.0.m4s"), "{playlist}");
        for name in ["init.mp4", "audio_000.0.m4s"] {
            let path = format!("/media/hls/{id}/{name}");
            assert_eq!(nginx.request("GET", &path).send().status, 200);
        }
    };
    Latency::of(nginx, || nginx.read_out(prompt), play)
}

pub(crate) fn latency() {
    let nginx = setup().start();
    once(&nginx, text::SENTENCE);
    for (what, prompt) in [
        ("one sentence", text::SENTENCE.to_owned()),
        ("100,000 characters", text::long(100_000)),
    ] {
        Latency::report(
            || once(&nginx, &prompt),
            &format!("audio: POST to first part on disk, {what}"),
            &format!("audio: POST to first part fetched, {what}"),
        );
    }
}

pub(crate) fn speed() {
    let nginx = setup().start();
    let speed = of_sessions(&nginx, || nginx.read_out(&text::long(20_000)));
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

pub(crate) fn sessions_at_once() {
    let begin = |count| {
        let nginx = setup().start();
        let ids = start(&nginx, count, 500);
        (nginx, ids)
    };
    most_at_once((200..=1000).step_by(100), begin, "audio: ");
}

/// What a further active session costs.
pub(crate) fn memory() {
    let nginx = setup().start();
    let each = each_further(&nginx, (10, 110), |count| start(&nginx, count, 1500));
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
