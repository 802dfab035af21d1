//! What operators put in front, and what it can take: proxies that ask in HTTP/1.0, where nothing but the end of the connection
//! ends an answer, and as many clients at once as the configurations here are for.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;

use avatar_tests::{Crowd, Download, Nginx, Setup};
use serde_json::{Value, json};

const PATH: &str = "/v1/audio/speech";

/// More than can be on its way at once, so that there is something left to break off.
fn long() -> Value {
    let text = "This sentence is said many times. ".repeat(2_600);
    json!({ "input": text, "response_format": "pcm" })
}

fn setup() -> Setup {
    Setup::new().http("avatar_max_text 100000;")
}

fn clean_up(nginx: &Nginx, session: &str) {
    let body = json!({ "session_id": session });
    let answer = nginx.request("POST", "/api/cleanup").json(&body).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// Posts to [`PATH`] in HTTP/1.0; the connection, and the head of its answer with what was read of the rest.
fn ask(nginx: &Nginx, body: &Value) -> (TcpStream, String) {
    let mut connection = TcpStream::connect(("127.0.0.1", nginx.port())).unwrap();
    let body = body.to_string();
    let length = body.len();
    write!(
        connection,
        "POST {PATH} HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut read = Vec::new();
    while !read.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut bytes = [0; 1024];
        let length = connection.read(&mut bytes).unwrap();
        assert!(length > 0);
        read.extend(&bytes[..length]);
    }
    (connection, String::from_utf8_lossy(&read).into_owned())
}

#[test]
fn an_answer_in_http_1_0_that_breaks_off_is_reset() {
    let nginx = setup().start();
    let (mut connection, head) = ask(&nginx, &long());
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    for framing in ["Transfer-Encoding", "Content-Length"] {
        assert!(!head.contains(framing), "{head}");
    }
    let mut lines = head.lines();
    let session = lines.find_map(|line| line.strip_prefix("X-Avatar-Session: "));
    clean_up(&nginx, session.unwrap());
    let error = connection.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    // One that comes to its end is ended like any other.
    let short = json!({ "input": "Hello.", "response_format": "pcm" });
    let (mut connection, _) = ask(&nginx, &short);
    assert!(connection.read_to_end(&mut Vec::new()).is_ok());
}

#[test]
fn a_proxy_passes_on_that_an_answer_broke_off() {
    let origin = setup().start();
    for version in ["1.0", "1.1"] {
        for buffering in ["off", "on"] {
            let proxy = Setup::new()
                .server(&format!(
                    "location /proxied/ {{
                         proxy_pass http://127.0.0.1:{}/; proxy_http_version {version};
                         proxy_buffering {buffering}; client_body_buffer_size 256k;
                     }}",
                    origin.port()
                ))
                .start();
            let path = format!("/proxied{PATH}");
            let download = Download::begin(&proxy, &path, &long());
            clean_up(&origin, download.session());
            let (_, whole) = download.finish();
            assert!(!whole, "HTTP/{version}, buffering {buffering}");
            let short = json!({ "input": "Hello.", "response_format": "pcm" });
            let (sound, whole) = Download::begin(&proxy, &path, &short).finish();
            assert!(whole && sound.len() > 10_000, "HTTP/{version}");
        }
    }
}

/// What `worker_connections` says in one of the configurations here.
fn connections(configuration: &str) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conf");
    let text = fs::read_to_string(path.join(configuration)).unwrap();
    let (_, after) = text.split_once("worker_connections ").unwrap();
    after.split(';').next().unwrap().parse().unwrap()
}

#[test]
fn a_thousand_who_come_at_once_are_all_answered() {
    // An eighth of the clients and of the connections, so that this process may have as many.
    const SHARE: usize = 8;
    let connections = connections("demo.conf");
    assert_eq!(connections, self::connections("edge.conf"));
    let nginx = Setup::new().connections(connections / SHARE).start();
    // All are there before the first asks: nginx closes those that have not asked when its connections run out.
    let answers = Crowd::new(&nginx, 1000 / SHARE).ask("/api/voices");
    assert_eq!(answers.len(), 1000 / SHARE);
    assert!(answers.iter().all(|got| got.status == 200));
    assert!(!nginx.error_log().contains("reusing connections"));
}
