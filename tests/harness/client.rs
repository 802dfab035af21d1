//! Clients: one that is well-behaved, and a bare connection for those that are not.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use ureq::http;

/// A request that is being put together.
#[derive(Debug)]
pub struct Request {
    builder: http::request::Builder,
    body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(port: u16, method: &str, path: &str) -> Self {
        let builder = http::Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:{port}{path}"));
        Self {
            builder,
            body: Vec::new(),
        }
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    /// With a body.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json")
            .body(body.to_string())
    }

    /// Sends it, on a connection of its own so that any worker may take it.
    pub fn send(self) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(120)))
            .build()
            .into();
        let request = self.builder.body(self.body).unwrap();
        let mut response = agent.run(request).unwrap();
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response
                .body_mut()
                .with_config()
                .limit(1 << 30)
                .read_to_vec()
                .unwrap(),
        }
    }
}

impl Answer {
    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// How often a header is there.
    pub fn count(&self, name: &str) -> usize {
        self.headers.get_all(name).iter().count()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The events in a stream of statuses, each with its version.
    pub fn events(&self) -> Vec<(u64, Value)> {
        let text = self.text();
        let events = text.split("\n\n");
        events
            .filter(|event| event.contains("event: status\n"))
            .map(|event| {
                let field = |name| event.lines().find_map(|line| line.strip_prefix(name));
                let version = field("id: ").unwrap().parse().unwrap();
                let data = serde_json::from_str(field("data: ").unwrap()).unwrap();
                (version, data)
            })
            .collect()
    }

    /// The `code` of a refusal, which must be a complete one.
    pub fn code(&self) -> String {
        assert_eq!(self.header("Content-Type"), "application/json");
        let value = self.value();
        let words = value["error"].as_str().unwrap_or_default();
        assert!(!words.is_empty(), "{value}");
        value["code"].as_str().unwrap().to_owned()
    }
}

/// A bare connection.
#[derive(Debug)]
pub struct Connection(TcpStream);

impl Connection {
    /// A connection to `port`, if somebody listens.
    pub fn open(port: u16) -> Option<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_secs(120)))
            .unwrap();
        Some(Self(stream))
    }

    /// Writes bytes as they are.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).unwrap();
    }

    /// Asks for `path`.
    pub fn get(&mut self, path: &str) {
        self.write(format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ));
    }

    /// What comes next, at most so many bytes; nothing when the other side has closed.
    pub fn read(&mut self, most: usize) -> Vec<u8> {
        let mut bytes = vec![0; most];
        let length = self.0.read(&mut bytes).unwrap();
        bytes.truncate(length);
        bytes
    }

    /// Everything up to the end.
    pub fn read_all(&mut self) -> String {
        let mut bytes = Vec::new();
        self.0.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
