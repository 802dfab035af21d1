//! Whether sound and pictures begin together and stay together.

use std::process::Command;

use avatar_tests::Setup;

use crate::{report, text};

/// When the first sample of a stream of `url` is shown and when the last ends, in 48,000ths of a second.
fn span(url: &str, stream: &str) -> (i64, i64) {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", stream])
        .args([
            "-show_entries",
            "packet=pts,duration",
            "-of",
            "csv=p=0",
            url,
        ])
        .output()
        .expect("ffprobe (Debian package ffmpeg) is installed");
    let said = String::from_utf8(output.stdout).unwrap();
    let packets: Vec<(i64, i64)> = said
        .lines()
        .filter_map(|line| {
            let (start, length) = line.split_once(',')?;
            Some((
                start.parse().ok()?,
                length.trim_end_matches(',').parse().ok()?,
            ))
        })
        .collect();
    let (first, last) = (packets[0], packets[packets.len() - 1]);
    (first.0, last.0 + last.1)
}

pub(crate) fn measure() {
    let nginx = Setup::new().http("avatar_max_text 20000;").start();
    let id = nginx.speak(&text::long(11_000));
    let minutes = nginx.finished(&id)["duration"].as_f64().unwrap() / 60.0;
    let url = nginx.url(&format!("/hls/{id}/output.mp4"));
    let (video, audio) = (span(&url, "v:0"), span(&url, "a:0"));
    let millis = |samples: i64| samples as f64 / 48.0;
    report(
        "sound begins after pictures by",
        format!("{:.1} ms", millis(audio.0 - video.0)),
    );
    report(
        &format!("drift over {minutes:.1} minutes"),
        format!(
            "{:.1} ms",
            millis((audio.1 - audio.0) - (video.1 - video.0))
        ),
    );
}
