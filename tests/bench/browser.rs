//! How soon what is said can be played in a real player.

use std::path::Path;
use std::process::{Command, Stdio};

use avatar_tests::Setup;
use serde_json::Value;

use crate::report;

/// Measures one session of a minute in hls.js's low-latency mode; `tests/browser/latency.js` says by which clocks.
pub(crate) fn measure() {
    let nginx = Setup::new().workers(2).start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/run.sh");
    let output = Command::new(script)
        .arg("latency")
        .env("BASE", nginx.url(""))
        .env("SESSIONS", nginx.prefix().join("avatar/sessions"))
        .stderr(Stdio::inherit())
        .output()
        .expect("bash is installed");
    assert!(output.status.success(), "the player failed");
    let measured: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (what, name) in [
        ("part listed to playable in Chromium", "listed"),
        ("part written to playable in Chromium", "made"),
        ("player behind the end of the list", "behind"),
    ] {
        for of in ["median", "p99", "worst"] {
            let value = measured[name][of].as_f64().unwrap();
            report(&format!("{what}, {of}"), format!("{value:.0} ms"));
        }
    }
}
