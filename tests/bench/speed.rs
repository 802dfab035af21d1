//! How fast one session is made.

use avatar_tests::{Setup, until};

use crate::{log, median, report, text};

pub(crate) fn measure() {
    let nginx = Setup::new().start();
    let runs = (0..5).map(|_| {
        let id = nginx.speak(&text::long(2500));
        nginx.finished(&id);
        let seconds = until("the end", || log::number(&nginx, &id, "ready", "seconds"));
        let took = log::number(&nginx, &id, "ready", "took_ms").unwrap();
        seconds * 1000.0 / took
    });
    let speed = median(runs.collect());
    report("generation speed of one session", format!("{speed:.1} ×"));
}
