//! What it costs to hold a request.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use avatar_tests::{Nginx, Setup, until};
use serde_json::json;

use crate::capacity::memory_of;
use crate::{report, text};

const REQUESTS: usize = 10_000;
/// Connections that may wait until nginx takes them.
const BACKLOG: usize = 250;

/// An nginx that is busy with one session, and a session that waits for its turn.
fn busy() -> (Nginx, String) {
    let nginx = Setup::new()
        .connections(REQUESTS * 6 / 5)
        .http("avatar_max_sessions 1; avatar_hold_timeout 100s; client_header_timeout 100s;")
        .start();
    let long = json!({"text": text::long(5000), "language": "en", "pace": "live"});
    let long = nginx.start_session(&long);
    // Its own memory does not grow any more by then.
    nginx.grown(long["session_id"].as_str().unwrap(), 1);
    std::thread::sleep(std::time::Duration::from_secs(5));
    let waiting = nginx.speak("One.");
    (nginx, waiting)
}

/// Kilobytes that so many requests cost, each begun with `head`; and their connections.
fn cost(nginx: &Nginx, head: &str) -> (f64, Vec<TcpStream>) {
    let before = memory_of(nginx);
    let streams = (0..REQUESTS).map(|number| {
        if number % BACKLOG == 0 {
            // All before it have been taken by then; the queue of those nobody has taken yet is short.
            nginx.request("GET", "/api/voices").send();
        }
        let mut stream = TcpStream::connect(("127.0.0.1", nginx.port())).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    });
    let streams: Vec<_> = streams.collect();
    // The last has been read when one more is answered.
    until("nginx's attention", || {
        let answer = nginx.request("GET", "/api/voices").send();
        (answer.status == 200).then_some(())
    });
    (memory_of(nginx) - before, streams)
}

pub(crate) fn measure() {
    let (nginx, waiting) = busy();
    let head = format!("GET /stream/{waiting}/playlist.m3u8 HTTP/1.1\r\nHost: x\r\n");
    let (own, streams) = cost(&nginx, &head);
    drop((streams, nginx));
    let (nginx, waiting) = busy();
    let head = format!("GET /stream/{waiting}/playlist.m3u8 HTTP/1.1\r\nHost: x\r\n\r\n");
    let (held, streams) = cost(&nginx, &head);
    let each = (held - own) / REQUESTS as f64;
    report(
        "memory of a held request, beyond nginx's own",
        format!("{each:.2} KB"),
    );
    report(
        "memory of a request nginx itself waits for",
        format!("{:.2} KB", own / REQUESTS as f64),
    );
    let body = json!({ "session_id": waiting });
    nginx.request("POST", "/api/cleanup").json(&body).send();
    let mut statuses: BTreeMap<String, usize> = BTreeMap::new();
    for mut stream in streams {
        let mut status = [0; 12];
        let read = stream.read_exact(&mut status);
        let status = read.map(|()| String::from_utf8_lossy(&status).into_owned());
        let status = status.unwrap_or_else(|error| error.to_string());
        *statuses.entry(status).or_default() += 1;
    }
    for (status, count) in statuses {
        report(
            &format!("held at once, and answered {status} at the end"),
            count,
        );
    }
}
