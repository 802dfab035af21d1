//! A running nginx.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Connection, Request};
use crate::setup::{Setup, command, free_port};

/// How long anything may take before a test gives up. No test is about how long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running nginx, stopped and looked over when it goes.
#[derive(Debug)]
pub struct Nginx {
    prefix: TempDir,
    port: u16,
    child: Option<Child>,
    expected: Vec<String>,
}

/// What an error log must not hold.
const BAD: [&str; 4] = ["[alert]", "[crit]", "[emerg]", "panicked"];

/// Asks again and again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

impl Nginx {
    pub(crate) fn start(setup: &Setup) -> Self {
        let port = free_port();
        let prefix = setup.lay_out(port);
        let mut nginx = Self {
            prefix,
            port,
            child: None,
            expected: Vec::new(),
        };
        nginx.launch();
        nginx
    }

    /// Starts it again in the same place.
    pub fn launch(&mut self) {
        assert!(self.child.is_none(), "nginx runs already");
        let child = command(&self.prefix)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let begun = Instant::now();
        while Connection::open(self.port).is_none() {
            let gone = self
                .child
                .as_mut()
                .and_then(|child| child.try_wait().unwrap());
            assert!(gone.is_none(), "nginx did not start:\n{}", self.error_log());
            assert!(begun.elapsed() < PATIENCE, "nginx does not listen");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A whole URL.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// A request to it, on a connection of its own.
    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.port, method, path)
    }

    /// A connection to it.
    pub fn connect(&self) -> Connection {
        Connection::open(self.port).unwrap()
    }

    /// Its directory.
    pub fn prefix(&self) -> &Path {
        self.prefix.path()
    }

    /// The directory of a session.
    pub fn session(&self, id: &str) -> PathBuf {
        self.prefix().join("avatar/sessions").join(id)
    }

    /// Starts a session in English and returns its id.
    pub fn speak(&self, text: &str) -> String {
        let answer = self.start_session(&json!({ "text": text, "language": "en" }));
        answer["session_id"].as_str().unwrap().to_owned()
    }

    /// Starts a session; the answer must be a good one.
    pub fn start_session(&self, body: &Value) -> Value {
        let answer = self.request("POST", "/api/stream/start").json(body).send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.value()
    }

    /// Starts a session of sound alone; the answer must be a good one.
    pub fn start_audio(&self, body: &Value) -> Value {
        let answer = self
            .request("POST", "/audiostream/start/")
            .json(body)
            .send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.value()
    }

    /// Has a prompt read out in English and returns the session's id.
    pub fn read_out(&self, prompt: &str) -> String {
        let answer = self.start_audio(&json!({ "prompt": prompt }));
        answer["session_id"].as_str().unwrap().to_owned()
    }

    /// Adds to the text of a session; the answer must be a good one.
    pub fn append(&self, id: &str, text: &str, last: bool) {
        let body = json!({ "session_id": id, "text": text, "final": last });
        let answer = self
            .request("POST", "/api/stream/append")
            .json(&body)
            .send();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// How a session stands.
    pub fn status(&self, id: &str) -> Value {
        let answer = self
            .request("GET", &format!("/api/stream/status/{id}"))
            .send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.value()
    }

    /// Waits until a session has something to watch.
    pub fn begun(&self, id: &str) {
        until("the session's beginning", || {
            self.status(id)["playlist_ready"].as_bool()?.then_some(())
        });
    }

    /// Waits until a session lists so many whole segments.
    pub fn grown(&self, id: &str, segments: usize) {
        let path = format!("/stream/{id}/playlist.m3u8?_HLS_msn={segments}");
        let answer = self.request("GET", &path).send();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// How a session stands once it is finished.
    pub fn finished(&self, id: &str) -> Value {
        until("the session's end", || {
            let status = self.status(id);
            (!status["finished_at"].is_null()).then_some(status)
        })
    }

    /// The playlist of a session once it has come to its end, which is a moment after the session is finished.
    pub fn whole_playlist(&self, id: &str) -> String {
        until("the playlist's end", || {
            let path = format!("/stream/{id}/playlist.m3u8");
            let text = self.request("GET", &path).send().text();
            text.ends_with("#EXT-X-ENDLIST\n").then_some(text)
        })
    }

    /// The words in the captions of a finished session.
    pub fn said(&self, id: &str) -> String {
        self.whole_playlist(id);
        let file = |name: &str| {
            let path = format!("/stream/{id}/{name}");
            self.request("GET", &path).send().text()
        };
        let playlist = file("captions.m3u8");
        let mut cues: Vec<String> = Vec::new();
        for name in playlist.lines().filter(|line| line.ends_with(".vtt")) {
            for cue in file(name).split("\n\n").skip(1) {
                // One that reaches into several segments stands in each of them.
                let cue = cue.trim().to_owned();
                if !cues.contains(&cue) {
                    cues.push(cue);
                }
            }
        }
        let lines = cues.iter().flat_map(|cue| cue.lines().skip(1));
        let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
        words.join(" ")
    }

    /// The process ids of the workers that exist now.
    pub fn workers(&self) -> BTreeSet<u32> {
        let master = self.child.as_ref().unwrap().id();
        let children = fs::read_to_string(format!("/proc/{master}/task/{master}/children"));
        children
            .unwrap()
            .split_whitespace()
            .map(|pid| pid.parse().unwrap())
            .collect()
    }

    /// The process id of the worker that makes sessions, once it has made one.
    pub fn generator(&self) -> u32 {
        until("a session in the log", || {
            let log = self.error_log();
            let line = log.lines().rfind(|line| line.contains("avatar: stage"))?;
            let word = line.split_whitespace().find(|word| word.contains('#'))?;
            word.split('#').next()?.parse().ok()
        })
    }

    /// Has it read a configuration anew, and waits until only new workers take connections.
    pub fn reload(&self) {
        let before = self.workers();
        self.signal("reload");
        until("the old workers' leave", || {
            let log = self.error_log();
            before
                .iter()
                .all(|pid| log.contains(&format!("{pid}#{pid}: gracefully shutting down")))
                .then_some(())
        });
    }

    /// The same with another configuration.
    pub fn reload_with(&self, setup: &Setup) {
        let text = setup.text(self.port);
        fs::write(self.prefix().join("nginx.conf"), text).unwrap();
        self.reload();
    }

    /// Sends a signal by nginx's own name for it.
    pub fn signal(&self, name: &str) {
        let output = command(&self.prefix).args(["-s", name]).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Waits until all of it is gone.
    pub fn wait(&mut self) {
        let Some(mut child) = self.child.take() else {
            return;
        };
        let status = until("nginx's end", || child.try_wait().unwrap());
        assert!(status.success(), "nginx ended with {status}");
    }

    /// Stops it gracefully and waits until it is gone.
    pub fn quit(&mut self) {
        self.signal("quit");
        self.wait();
    }

    /// What its error log holds.
    pub fn error_log(&self) -> String {
        fs::read_to_string(self.prefix().join("error.log")).unwrap_or_default()
    }

    /// The first line of its error log that holds all of `words`, once there is one. The core's words come
    /// there by way of the event loop, a moment after what they are about is done.
    pub fn told(&self, words: &[&str]) -> String {
        until(&format!("{words:?} in the log"), || {
            let log = self.error_log();
            let mut lines = log.lines();
            let line = lines.find(|line| words.iter().all(|word| line.contains(word)));
            line.map(str::to_owned)
        })
    }

    /// What its access log holds.
    pub fn access_log(&self) -> String {
        fs::read_to_string(self.prefix().join("access.log")).unwrap_or_default()
    }

    /// Says that the error log will hold a line like this, which would fail the test otherwise.
    pub fn expect_in_log(&mut self, text: &str) {
        self.expected.push(text.to_owned());
    }

    fn faults(&self) -> Vec<String> {
        let log = self.error_log();
        let bad = |line: &&str| BAD.iter().any(|bad| line.contains(bad));
        let unexpected = |line: &&str| !self.expected.iter().any(|text| line.contains(text));
        let lines = log.lines().filter(bad).filter(unexpected);
        lines.map(str::to_owned).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = command(&self.prefix).args(["-s", "stop"]).output();
            let begun = Instant::now();
            while child.try_wait().is_ok_and(|status| status.is_none()) {
                if begun.elapsed() > PATIENCE {
                    let _ = child.kill();
                }
                thread::sleep(Duration::from_millis(5));
            }
        }
        let faults = self.faults();
        if thread::panicking() {
            eprintln!("nginx's error log:\n{}", self.error_log());
        } else {
            assert!(
                faults.is_empty(),
                "nginx complained:\n{}",
                faults.join("\n")
            );
        }
    }
}
