//! What is added to the time that a speech engine over HTTP takes.

use std::time::Instant;

use avatar_tests::engine::{Manner, SpeechServer};
use avatar_tests::spoken::said;
use avatar_tests::{Setup, until};

use crate::{log, median, report, text};

pub(crate) fn measure() {
    let audio = said(text::SENTENCE, "en", &["-f", "wav"]);
    let server = SpeechServer::answering(Manner {
        pieces: usize::MAX,
        ..Manner::good("audio/wav", audio)
    });
    let nginx = Setup::new()
        .workers(2)
        .http(&format!(
            "avatar_speech_engine net openai url={};
             avatar_speech_voice nova engine=net lang=en;",
            server.url("/v1")
        ))
        .start();
    let runs: Vec<(f64, f64)> = (0..22)
        .map(|run| {
            let before = Instant::now();
            let id = nginx.speak(text::SENTENCE);
            let asked = until("the engine's notice", || server.asked().get(run).cloned());
            let reached = asked.at.duration_since(before);
            let part = until("the first part", || {
                log::number(&nginx, &id, "first part", "after_us")
            });
            nginx.finished(&id);
            (reached.as_secs_f64() * 1000.0, part / 1000.0)
        })
        // The first makes the connection, and gets to know the voice.
        .skip(1)
        .collect();
    let reached = median(runs.iter().map(|run| run.0).collect());
    let part = median(runs.iter().map(|run| run.1).collect());
    report(
        "POST to the request at an HTTP engine",
        format!("{reached:.1} ms"),
    );
    report(
        "accepted to first part, engine answers at once",
        format!("{part:.1} ms"),
    );
    assert!(server.connections() <= 2, "connections are used again");
}
