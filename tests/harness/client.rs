//! A plain HTTP client.

use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::Agent;
use ureq::http::{Method, Request};

/// Talks to one server; every request is a connection of its own, so that any worker may get it.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    origin: String,
}

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Name and value of each header, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("the body is UTF-8")
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// The value of header `name`, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Client {
    pub(crate) fn new(origin: String) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(90)))
            .max_idle_connections(0)
            .max_redirects(0)
            .build()
            .into();
        Self { agent, origin }
    }

    /// The whole URL of `path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Sends a request with a body.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).unwrap();
        let configured = self
            .agent
            .configure_request(request)
            .allow_non_standard_methods(true)
            .build();
        let mut response = self
            .agent
            .run(configured)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let headers = response.headers().iter();
        Answer {
            status: response.status().as_u16(),
            headers: headers
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    (name.as_str().to_owned(), value)
                })
                .collect(),
            body: response
                .body_mut()
                .with_config()
                .limit(1 << 30)
                .read_to_vec()
                .unwrap_or_else(|error| panic!("{method} {path}: {error}")),
        }
    }

    /// `GET`
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    /// `POST` of JSON
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let headers = [("Content-Type", "application/json")];
        self.send("POST", path, &headers, body.to_string().as_bytes())
    }

    /// Starts a session; returns its id.
    pub fn start(&self, body: &Value) -> String {
        let answer = self.post("/api/stream/start", body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["session_id"].as_str().unwrap().to_owned()
    }

    /// How session `id` stands.
    pub fn status(&self, id: &str) -> Value {
        let answer = self.get(&format!("/api/stream/status/{id}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Waits until `wanted` holds of the status of session `id`.
    pub fn until(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            let status = self.status(id);
            if wanted(&status) {
                return status;
            }
            assert!(Instant::now() < deadline, "waited too long: {status}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until session `id` is finished.
    pub fn finish(&self, id: &str) -> Value {
        self.until(id, |status| !status["finished_at"].is_null())
    }
}
