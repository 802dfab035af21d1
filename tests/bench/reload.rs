//! How soon those who wait are answered.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use avatar_tests::{Crowd, Got, Nginx, Setup};
use serde_json::json;

use crate::{capacity, report};

const SESSIONS: usize = 20;
const WAITERS: usize = 10;
/// Segments that are followed part by part.
const SEGMENTS: u64 = 8;
const PARTS: u64 = 5;

/// When a part was listed, in microseconds since the epoch, by the module's own log.
fn listed(log: &str, id: &str, segments: u64, parts: u64) -> Option<u64> {
    let edge = format!("segments: {segments}, parts: {parts}, at_us: ");
    let line = log
        .lines()
        .find(|line| line.contains(id) && line.contains(&edge))?;
    let at = line.split(&edge).nth(1)?;
    at.split([',', ' ']).next()?.parse().ok()
}

/// Follows a session with several players; says when each answer was there and what it was about.
fn follow(nginx: &Nginx, id: &str) -> Vec<(u64, u64, Got)> {
    nginx.grown(id, 1);
    let edges = (2..2 + SEGMENTS).flat_map(|msn| (0..PARTS).map(move |part| (msn, part)));
    let edges: Vec<_> = edges.collect();
    let path = |&(msn, part): &(u64, u64)| {
        format!("/stream/{id}/playlist.m3u8?_HLS_msn={msn}&_HLS_part={part}")
    };
    let paths: Vec<_> = edges.iter().map(path).collect();
    let players = Crowd::new(nginx, WAITERS).follow(&paths);
    let answers = players
        .into_iter()
        .flat_map(|got| edges.clone().into_iter().zip(got));
    answers.map(|((msn, part), got)| (msn, part, got)).collect()
}

pub(crate) fn measure() {
    let nginx = Setup::new().workers(2).connections(1024).start();
    let ids = capacity::start(&nginx, SESSIONS, 500);
    let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = Instant::now();
    let answers: Vec<_> = thread::scope(|scope| {
        let nginx = &nginx;
        let players: Vec<_> = ids
            .iter()
            .map(|id| scope.spawn(move || follow(nginx, id)))
            .collect();
        players
            .into_iter()
            .map(|player| player.join().unwrap())
            .collect()
    });
    let log = nginx.error_log();
    let mut late = Vec::new();
    for (id, answers) in ids.iter().zip(&answers) {
        for (msn, part, got) in answers {
            assert_eq!(got.status, 200);
            let (segments, parts) = match part + 1 {
                PARTS => (*msn, 0),
                parts => (msn - 1, parts),
            };
            let at = (epoch + got.at.duration_since(now)).as_micros() as u64;
            if let Some(listed) = listed(&log, id, segments, parts) {
                late.push(at.saturating_sub(listed) as f64 / 1000.0);
            }
        }
    }
    late.sort_by(f64::total_cmp);
    let waiters = SESSIONS * WAITERS;
    for (name, share) in [("median", 0.5), ("99 of 100", 0.99)] {
        let millis = late[(late.len() as f64 * share) as usize];
        report(
            &format!("held reload answered after listing, {waiters} wait, {name}"),
            format!("{millis:.2} ms"),
        );
    }
}

/// From the call until a player that waits for the next part is told of the end.
pub(crate) fn interrupt() {
    let nginx = Setup::new().workers(2).start();
    let runs = (0..11).map(|_| {
        let id = capacity::start(&nginx, 1, 500).remove(0);
        nginx.grown(&id, 2);
        let path = format!("/stream/{id}/playlist.m3u8?_HLS_msn=4");
        let told = thread::scope(|scope| {
            let told = scope.spawn(|| {
                let answer = nginx.request("GET", &path).send();
                assert!(
                    answer.text().ends_with("#EXT-X-ENDLIST\n"),
                    "{}",
                    answer.text()
                );
                Instant::now()
            });
            // It is being held by now.
            thread::sleep(Duration::from_millis(100));
            let called = Instant::now();
            let body = json!({ "session_id": id });
            nginx
                .request("POST", "/api/stream/interrupt")
                .json(&body)
                .send();
            told.join().unwrap().duration_since(called)
        });
        told.as_secs_f64() * 1000.0
    });
    let millis = crate::median(runs.collect());
    report(
        "interrupt to the end of the playlist, at a player",
        format!("{millis:.1} ms"),
    );
}
