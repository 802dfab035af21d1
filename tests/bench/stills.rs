//! Streams of still pictures: how soon they begin, and how many go on at once.

use std::thread;
use std::time::Instant;

use avatar_tests::{Download, Nginx, Setup};
use serde_json::json;

use crate::{median, report, text};

const PATH: &str = "/api/stream_mjpeg";

/// From before the `POST` to the first bytes of the first picture.
pub(crate) fn latency() {
    let nginx = Setup::new().workers(2).start();
    let once = |low_latency: bool| {
        let before = Instant::now();
        let body = json!({ "text": text::SENTENCE, "language": "en", "low_latency": low_latency });
        drop(Download::begin(&nginx, PATH, &body));
        before.elapsed().as_secs_f64() * 1000.0
    };
    for (low_latency, what) in [
        (true, "POST to the first picture, low latency"),
        (false, "POST to the first picture"),
    ] {
        let runs = (0..21).map(|_| once(low_latency)).collect();
        report(what, format!("{:.1} ms", median(runs)));
    }
}

/// How many streams go on at once, each of which gets its 25 pictures a second.
pub(crate) fn capacity() {
    let nginx = Setup::new()
        .workers(2)
        .connections(2048)
        .http("avatar_max_sessions 1000; avatar_max_text 100000;")
        .start();
    let mut most = 0;
    for streams in [20, 40, 60, 80, 100] {
        let rates = rates(&nginx, streams);
        let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
        println!(
            "    {streams} streams: {least:.1} to {:.1} pictures a second",
            median(rates)
        );
        // One in fifty may be missed.
        if least < 24.5 {
            break;
        }
        most = streams;
    }
    report("streams of pictures at once", most);
}

/// The pictures a second that each of so many clients got.
fn rates(nginx: &Nginx, streams: usize) -> Vec<f64> {
    let body = json!({ "text": text::SENTENCE.repeat(3), "language": "en" });
    let watch = || {
        let download = Download::begin(nginx, PATH, &body);
        let began = Instant::now();
        let (stream, _) = download.finish();
        let pictures = stream
            .windows(14)
            .filter(|bytes| bytes == b"Content-Length")
            .count();
        pictures as f64 / began.elapsed().as_secs_f64()
    };
    thread::scope(|scope| {
        let watchers: Vec<_> = (0..streams).map(|_| scope.spawn(watch)).collect();
        let rates = watchers.into_iter().map(|watcher| watcher.join().unwrap());
        rates.collect()
    })
}
