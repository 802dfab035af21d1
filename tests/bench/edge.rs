//! What many players behind one edge cost the origin, and what the edge costs them.

use std::thread;

use avatar_tests::{Crowd, Got, Nginx, Setup};
use serde_json::json;

use crate::{report, text};

const PLAYERS: usize = 500;

/// Parts that are followed.
const PARTS: u32 = 25;

/// Says how often the origin was asked for any one of `paths`, at most.
fn report_requests(origin: &Nginx, what: &str, paths: &[String]) {
    let log = origin.access_log();
    let asked = |path: &String| log.matches(&format!("GET {path} HTTP/1")).count();
    let most = paths.iter().map(asked).max().unwrap();
    report(
        &format!("origin requests for one {what}, {PLAYERS} players"),
        most,
    );
}

/// Milliseconds from when somebody at the origin had an answer until each player behind the edge had it.
fn lateness(players: &[Vec<Got>], reference: &[Got]) -> Vec<f64> {
    let late = players.iter().flat_map(|player| {
        let pairs = player.iter().zip(reference);
        pairs.map(|(got, first)| got.at.saturating_duration_since(first.at))
    });
    let mut late: Vec<f64> = late.map(|late| late.as_secs_f64() * 1000.0).collect();
    late.sort_by(f64::total_cmp);
    late
}

/// All players, and one directly at the origin, ask for what is made next, and next, and next.
fn follow(
    origin: &Nginx,
    crowd: &mut Crowd,
    id: &str,
    what: &str,
    file: impl Fn(u32, u32) -> String,
) {
    let made = origin.status(id)["segments"].as_u64().unwrap();
    let first = u32::try_from(made).unwrap() + 1;
    let names: Vec<String> = (0..PARTS)
        .map(|part| file(first + part / 5, part % 5))
        .collect();
    let under = |place: &str| -> Vec<String> {
        let paths = names.iter().map(|name| format!("/{place}/{id}/{name}"));
        paths.collect()
    };
    let paths = under("stream");
    // Another spelling, so that the origin's log tells the two apart.
    let directly = under("hls");
    let mut alone = Crowd::new(origin, 1);
    let (players, reference) = thread::scope(|scope| {
        let reference = scope.spawn(|| alone.follow(&directly).remove(0));
        (crowd.follow(&paths), reference.join().unwrap())
    });
    report_requests(origin, what, &paths);
    let late = lateness(&players, &reference);
    for (name, share) in [("median", 0.5), ("99 of 100", 0.99)] {
        let millis = late[(late.len() as f64 * share) as usize];
        report(
            &format!("the same, late by, {name}"),
            format!("{millis:.0} ms"),
        );
    }
}

pub(crate) fn measure() {
    let origin = Setup::new().workers(2).start();
    let edge = Setup::edge(&origin).start();
    let body = json!({"text": text::long(1500), "language": "en", "pace": "live"});
    let started = origin.start_session(&body);
    let id = started["session_id"].as_str().unwrap();
    origin.begun(id);
    let mut crowd = Crowd::new(&edge, PLAYERS);
    follow(&origin, &mut crowd, id, "reload", |segment, part| {
        // Media sequence numbers begin with one, names of files with zero.
        format!("playlist.m3u8?_HLS_msn={}&_HLS_part={part}", segment + 1)
    });
    follow(&origin, &mut crowd, id, "hinted part", |segment, part| {
        format!("segment_{segment:03}.{part}.m4s")
    });
    for name in ["init.mp4", "segment_000.m4s"] {
        let path = format!("/stream/{id}/{name}");
        let got = crowd.ask(&path);
        assert!(got.iter().all(|got| got.status == 200));
        report_requests(&origin, name, &[path]);
    }
}
