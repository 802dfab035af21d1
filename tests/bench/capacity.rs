//! How many sessions there can be, and what each costs.

use std::fs;

use avatar_tests::{Nginx, Setup, until};
use serde_json::json;

use crate::{report, text};

/// Starts `count` sessions that are made in real time.
pub(crate) fn start(nginx: &Nginx, count: usize, characters: usize) -> Vec<String> {
    let body = json!({"text": text::long(characters), "language": "en", "pace": "live"});
    let ids = (0..count).map(|_| nginx.start_session(&body)["session_id"].clone());
    ids.map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// The most of `counts` sessions, begun by `start` and made in real time, of which no part was late.
pub(crate) fn most_at_once(
    counts: impl Iterator<Item = usize>,
    start: impl Fn(usize) -> (Nginx, Vec<String>),
    kind: &str,
) {
    let mut most = 0;
    for count in counts {
        let (nginx, ids) = start(count);
        for id in &ids {
            assert_eq!(nginx.finished(id)["status"], "ready");
        }
        let late = nginx.error_log().matches("parts were late").count();
        if late > 0 {
            report(
                &format!("{kind}of {count} sessions at once in real time"),
                format!("{late} late"),
            );
            break;
        }
        most = count;
    }
    report(&format!("{kind}sessions in real time, no part late"), most);
}

pub(crate) fn sessions_at_once() {
    let begin = |count| {
        let nginx = Setup::new().workers(2).start();
        let ids = start(&nginx, count, 500);
        (nginx, ids)
    };
    most_at_once((20..=60).step_by(10), begin, "");
}

/// Kilobytes of memory that only the generating process uses.
pub(crate) fn memory_of(nginx: &Nginx) -> f64 {
    let sizes = nginx.workers().into_iter().map(|pid| {
        let map = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
        // Pages of files are its own or not by whether another nginx happens to run.
        let line = map.lines().find(|line| line.starts_with("Anonymous:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
        kilobytes.unwrap().parse::<f64>().unwrap()
    });
    sizes.fold(0.0, f64::max)
}

/// Megabytes that each session after the first `few` costs, up to `many`, while they are made.
pub(crate) fn each_further(
    nginx: &Nginx,
    (few, many): (usize, usize),
    start: impl Fn(usize) -> Vec<String>,
) -> f64 {
    let settled = |ids: &[String]| {
        for id in ids {
            until("some segments", || {
                (nginx.status(id)["segments"].as_u64() > Some(4)).then_some(())
            });
        }
        memory_of(nginx)
    };
    let mut ids = start(few);
    let before = settled(&ids);
    ids.extend(start(many - few));
    (settled(&ids) - before) / (many - few) as f64 / 1024.0
}

/// What a further active session costs.
pub(crate) fn memory() {
    let nginx = Setup::new().workers(2).start();
    let each = each_further(&nginx, (2, 22), |count| start(&nginx, count, 1500));
    report(
        "memory of each further active session",
        format!("{each:.1} MB"),
    );
}
