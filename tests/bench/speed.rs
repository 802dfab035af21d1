//! How fast one session is made.

use avatar_tests::{Nginx, Setup, until};

use crate::{log, median, report, text};

/// How many times faster than real time what `start` begins is made: the median of several.
pub(crate) fn of_sessions(nginx: &Nginx, start: impl Fn() -> String) -> f64 {
    let runs = (0..5).map(|_| {
        let id = start();
        nginx.finished(&id);
        let seconds = until("the end", || log::number(nginx, &id, "ready", "seconds"));
        let took = log::number(nginx, &id, "ready", "took_ms").unwrap();
        seconds * 1000.0 / took
    });
    median(runs.collect())
}

pub(crate) fn measure() {
    let nginx = Setup::new().start();
    let speed = of_sessions(&nginx, || nginx.speak(&text::long(2500)));
    report("generation speed of one session", format!("{speed:.1} ×"));
}
