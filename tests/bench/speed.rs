//! How fast one session is made.

use avatar_tests::Setup;
use serde_json::json;

use crate::{log, median, report, text};

pub(crate) fn measure() {
    let nginx = Setup::default().start();
    let runs = (0..5).map(|_| {
        let id = nginx.start(&json!({"text": text::long(2500), "language": "en"}));
        nginx.finish(&id);
        let seconds = log::number(&nginx, &id, "ready", "seconds").unwrap();
        let took = log::number(&nginx, &id, "ready", "took_ms").unwrap();
        seconds * 1000.0 / took
    });
    let speed = median(runs.collect());
    report("generation speed of one session", format!("{speed:.1} ×"));
}
