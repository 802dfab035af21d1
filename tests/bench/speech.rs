//! How soon a recording is heard.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use avatar_tests::piper::runtime;
use avatar_tests::{Nginx, Setup};
use serde_json::json;

use crate::{median, report, text};

/// Bytes of the answer that hold its header, the header of the file and some sound.
const SOUND: usize = 1500;

/// How one answer came.
struct Run {
    /// Milliseconds from before the `POST` until the first byte of the answer, until the first sound, and until all of it.
    first: f64,
    sound: f64,
    all: f64,
    bytes: usize,
}

fn once(nginx: &Nginx, text: &str, voice: &str, format: &str) -> Run {
    let body = json!({"model": "tts-1", "voice": voice, "input": text, "response_format": format});
    let body = body.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", nginx.port())).unwrap();
    stream.set_nodelay(true).unwrap();
    let before = Instant::now();
    let since = || before.elapsed().as_secs_f64() * 1000.0;
    write!(
        stream,
        "POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut buffer = [0; 1 << 16];
    let (mut length, mut first, mut sound) = (0, 0.0, 0.0);
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => break,
            read => {
                if length == 0 {
                    first = since();
                    assert!(buffer.starts_with(b"HTTP/1.1 200"));
                }
                length += read;
                if sound == 0.0 && length >= SOUND {
                    sound = since();
                }
            }
        }
    }
    assert!(length > SOUND);
    Run {
        first,
        sound,
        all: since(),
        bytes: length,
    }
}

/// Medians of so many runs.
fn runs(times: usize, nginx: &Nginx, text: &str, voice: &str, format: &str) -> Run {
    let runs: Vec<_> = (0..times)
        .map(|_| once(nginx, text, voice, format))
        .collect();
    let middle = |of: fn(&Run) -> f64| median(runs.iter().map(of).collect());
    Run {
        first: middle(|run| run.first),
        sound: middle(|run| run.sound),
        all: middle(|run| run.all),
        bytes: middle(|run| run.bytes as f64) as usize,
    }
}

pub(crate) fn measure() {
    let nginx = Setup::new().workers(2).start();
    for format in ["mp3", "opus", "aac", "flac", "wav", "pcm"] {
        once(&nginx, text::SENTENCE, "alloy", format);
        let Run { first, sound, .. } = runs(21, &nginx, text::SENTENCE, "alloy", format);
        report(
            &format!("speech, {format}: first byte; first sound"),
            format!("{first:.1}; {sound:.1} ms"),
        );
    }
    for format in ["mp3", "pcm"] {
        let Run { first, all, .. } = runs(5, &nginx, &text::long(5000), "alloy", format);
        report(
            &format!("speech of 5,000 characters, {format}: first byte; all"),
            format!("{first:.1}; {all:.0} ms"),
        );
    }
    piper();
}

/// What a voice of Piper's costs beside its network: this one's computes next to nothing.
fn piper() {
    let library = runtime();
    let nginx = Setup::new()
        .workers(2)
        .humming("hum", "en-us")
        .http(&format!(
            "avatar_speech_engine own piper voices=voices library={};",
            library.display()
        ))
        .start();
    let opened = once(&nginx, text::SENTENCE, "hum", "pcm");
    report(
        "speech, a voice of Piper's that is opened first: first byte",
        format!("{:.1} ms", opened.first),
    );
    let run = runs(21, &nginx, text::SENTENCE, "hum", "pcm");
    report(
        "speech, a voice of Piper's that is open: first byte",
        format!("{:.1} ms", run.first),
    );
    let run = runs(5, &nginx, &text::long(5000), "hum", "pcm");
    let seconds = run.bytes as f64 / 48_000.0;
    report(
        "speech, a voice of Piper's without its network's work",
        format!("{:.0} × real time", seconds * 1000.0 / run.all),
    );
}
