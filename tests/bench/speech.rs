//! How soon a recording is heard.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use avatar_tests::{Nginx, Setup};
use serde_json::json;

use crate::{median, report, text};

/// Bytes of the answer that hold its header, the header of the file and some sound.
const SOUND: usize = 1500;

/// Milliseconds from before the `POST` until the first byte of the answer, until the first sound, and until all of it.
fn once(nginx: &Nginx, text: &str, format: &str) -> (f64, f64, f64) {
    let body =
        json!({"model": "tts-1", "voice": "alloy", "input": text, "response_format": format});
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
    (first, sound, since())
}

pub(crate) fn measure() {
    let nginx = Setup::new().workers(2).start();
    for format in ["mp3", "opus", "aac", "flac", "wav", "pcm"] {
        once(&nginx, text::SENTENCE, format);
        let runs: Vec<_> = (0..21)
            .map(|_| once(&nginx, text::SENTENCE, format))
            .collect();
        let first = median(runs.iter().map(|run| run.0).collect());
        let sound = median(runs.iter().map(|run| run.1).collect());
        report(
            &format!("speech, {format}: first byte; first sound"),
            format!("{first:.1}; {sound:.1} ms"),
        );
    }
    for format in ["mp3", "pcm"] {
        let runs: Vec<_> = (0..5)
            .map(|_| once(&nginx, &text::long(5000), format))
            .collect();
        let first = median(runs.iter().map(|run| run.0).collect());
        let all = median(runs.iter().map(|run| run.2).collect());
        report(
            &format!("speech of 5,000 characters, {format}: first byte; all"),
            format!("{first:.1}; {all:.0} ms"),
        );
    }
}
