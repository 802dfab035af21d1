//! What the module costs where nginx only serves files.

use std::process::Command;

use avatar_tests::Setup;

use crate::{median, report, text};

/// Requests a second that wrk gets of `url`.
fn requests(url: &str) -> f64 {
    let output = Command::new("wrk")
        .args(["-t1", "-c32", "-d1s", url])
        .output()
        .expect("wrk (Debian package wrk) is installed");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!said.contains("Non-2xx"), "{said}");
    let line = said.lines().find(|line| line.starts_with("Requests/sec:"));
    line.unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}

pub(crate) fn measure() {
    let with = Setup::new().workers(2).start();
    let id = with.speak(text::SENTENCE);
    with.finished(&id);
    let sessions = with.prefix().join("avatar/sessions");
    let without = Setup::new().workers(2).without_module(&sessions).start();
    let with = with.url(&format!("/stream/{id}/segment_001.m4s"));
    let without = without.url(&format!("/stream/{id}/segment_001.m4s"));
    requests(&with);
    // Each before the other in turn: whoever comes second would find a warmer or a busier machine.
    let pairs: Vec<(f64, f64)> = (0..30)
        .map(|round| match round % 2 {
            0 => (requests(&with), requests(&without)),
            _ => {
                let without = requests(&without);
                (requests(&with), without)
            }
        })
        .collect();
    let ratio = median(pairs.iter().map(|(with, without)| with / without).collect());
    let rate = median(pairs.iter().map(|pair| pair.0).collect());
    report("segments a second with the module", format!("{rate:.0}"));
    report("the same against nginx without it", format!("{ratio:.3}"));
}
