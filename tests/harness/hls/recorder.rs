//! Follows a session as players do and keeps every word.
//!
//! A low-latency player blocks for part after part, two in three times asking for what has changed alone. Beside it
//! a plain one polls in all forms there are, somebody fetches whatever is listed or hinted, and comes back for parts
//! when they have been off the playlist for as long as they must stay; and somebody asks for what must be refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::capture::{Capture, Exchange, Reason};
use super::{MediaPlaylist, packets};
use crate::Nginx;

/// What is to become of a session.
#[derive(Debug, Clone)]
pub struct Script {
    /// What to call it.
    pub name: &'static str,
    /// What `/api/stream/start` is told, or `/audiostream/start/` where there is a `prompt`.
    pub start: Value,
    /// Interrupt it once this many seconds are listed.
    pub interrupt_at: Option<f64>,
    /// A file that cannot be written, so that the session fails there; it is never there itself.
    pub obstacle: Option<&'static str>,
}

struct Recorder<'a> {
    nginx: &'a Nginx,
    id: String,
    /// Its media playlist.
    playlist: &'static str,
    began: Instant,
    log: Mutex<Vec<Exchange>>,
    /// What the low-latency player saw last.
    latest: Mutex<MediaPlaylist>,
    over: AtomicBool,
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How often a player tries again when it is told that the server is busy.
const TRIES: usize = 5;

/// Starts a session, follows it to its end and beyond, and says what was said.
pub fn record(nginx: &Nginx, script: &Script) -> Capture {
    let began = Instant::now();
    let (started, playlist) = match script.start["prompt"].is_null() {
        true => (nginx.start_session(&script.start), "playlist.m3u8"),
        false => (nginx.start_audio(&script.start), "audio.m3u8"),
    };
    let id = started["session_id"].as_str().unwrap().to_owned();
    if let Some(name) = script.obstacle {
        fs::create_dir(nginx.session(&id).join(format!("{name}.part"))).unwrap();
    }
    let recorder = Recorder {
        nginx,
        id,
        playlist,
        began,
        log: Mutex::default(),
        latest: Mutex::default(),
        over: AtomicBool::new(false),
    };
    thread::scope(|scope| {
        let (listings, listed) = channel();
        let fetcher = scope.spawn(|| recorder.fetch(listed));
        let poller = scope.spawn(|| recorder.poll());
        let errant = scope.spawn(|| recorder.err());
        if let Some(at) = script.interrupt_at {
            let recorder = &recorder;
            scope.spawn(move || recorder.interrupt(at));
        }
        recorder.follow(listings);
        poller.join().unwrap();
        errant.join().unwrap();
        recorder.look_back();
        fetcher.join().unwrap();
    });
    let exchanges = recorder.log.into_inner().unwrap();
    let packets = packets::probe(&exchanges, nginx.prefix());
    Capture::new(script.name, exchanges, packets)
}

impl Recorder<'_> {
    fn now(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    fn over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn latest(&self) -> MediaPlaylist {
        self.latest.lock().unwrap().clone()
    }

    fn ask(&self, reason: Reason, name: &str, query: &str) -> Exchange {
        self.ask_with(reason, name, query, &[])
    }

    fn ask_with(
        &self,
        reason: Reason,
        name: &str,
        query: &str,
        headers: &[(&str, &str)],
    ) -> Exchange {
        let mark = if query.is_empty() { "" } else { "?" };
        let path = format!("/stream/{}/{name}{mark}{query}", self.id);
        let request = self.nginx.request("GET", &path);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        let asked = self.now();
        let answer = request.send();
        let exchange = Exchange {
            reason,
            asked,
            answered: self.now(),
            name: name.to_owned(),
            query: query.to_owned(),
            status: answer.status,
            headers: answer
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: answer.body,
        };
        self.log.lock().unwrap().push(exchange.clone());
        exchange
    }

    /// The low-latency player.
    fn follow(&self, listings: Sender<(f64, MediaPlaylist)>) {
        // However this ends, the others must not go on without it.
        let _over = Over(&self.over);
        let mut query = String::new();
        let mut tries = 0;
        for turn in 0.. {
            let answer = self.ask(Reason::Follow, self.playlist, &query);
            if answer.status != 200 {
                tries += 1;
                assert!(
                    tries < TRIES,
                    "{} answers {}",
                    answer.title(),
                    answer.status
                );
                continue;
            }
            let playlist = MediaPlaylist::read(&answer.content());
            *self.latest.lock().unwrap() = playlist.clone();
            let (sequence, part) = playlist.edge();
            let ended = playlist.ended;
            listings.send((answer.asked, playlist)).unwrap();
            if ended {
                return;
            }
            let skip = if turn % 3 == 0 { "" } else { "&_HLS_skip=YES" };
            query = format!("_HLS_msn={sequence}&_HLS_part={part}{skip}");
        }
    }

    /// Players that know less, or want something else, until the session is over.
    fn poll(&self) {
        let gzip = [("Accept-Encoding", "gzip")];
        self.ask(Reason::Poll, "master.m3u8", "");
        for turn in 0.. {
            if self.over() {
                return;
            }
            let sequence = self.latest().in_progress();
            match turn % 10 {
                0 => self.ask(Reason::Poll, self.playlist, ""),
                1 => self.ask(Reason::Poll, "captions.m3u8", ""),
                2 => self.ask(Reason::Poll, self.playlist, "_HLS_legacy=YES"),
                3 => self.ask_with(Reason::Poll, self.playlist, "", &gzip),
                4 => self.ask(Reason::Poll, self.playlist, &format!("_HLS_msn={sequence}")),
                5 => self.ask(Reason::Poll, self.playlist, "_HLS_skip=YES"),
                6 => self.ask(Reason::Poll, self.playlist, "_HLS_msn=1&_HLS_part=0"),
                7 => self.ask(
                    Reason::Poll,
                    "captions.m3u8",
                    &format!("_HLS_msn={sequence}"),
                ),
                8 => self.ask(Reason::Poll, "captions.m3u8", "_HLS_skip=YES"),
                // More parts than a segment has: the first part of the next is meant.
                _ => self.ask(
                    Reason::Poll,
                    self.playlist,
                    &format!("_HLS_msn={sequence}&_HLS_part=7"),
                ),
            };
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Somebody who asks for what must be refused.
    fn err(&self) {
        for turn in 0.. {
            if self.over() {
                return;
            }
            let latest = self.latest();
            if !latest.segments.is_empty() {
                let (sequence, parts) = latest.edge();
                let query = match turn % 5 {
                    0 => "_HLS_part=0".to_owned(),
                    1 => "_HLS_msn=next".to_owned(),
                    // The last segment is `sequence - 1`; another may have come since.
                    2 => format!("_HLS_msn={}", sequence + 8),
                    3 => format!("_HLS_msn={sequence}&_HLS_part=-1"),
                    // Of the segment after the one being made: that may be whole by now, and such a part of it the first of the next.
                    _ => format!("_HLS_msn={}&_HLS_part={}", sequence + 1, parts + 40),
                };
                self.ask(Reason::Wrong, self.playlist, &query);
            }
            thread::sleep(Duration::from_millis(250));
        }
    }

    fn interrupt(&self, at: f64) {
        let listed = |playlist: &MediaPlaylist| {
            let skipped = playlist.skipped.unwrap_or_default() as f64;
            skipped + playlist.duration()
        };
        while listed(&self.latest()) < at {
            assert!(!self.over(), "the session ended before it was interrupted");
            thread::sleep(Duration::from_millis(10));
        }
        let answer = self
            .nginx
            .request("POST", "/api/stream/interrupt")
            .json(&json!({ "session_id": self.id }))
            .send();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Fetches what is listed, what is hinted, and what is no longer listed.
    fn fetch(&self, listings: Receiver<(f64, MediaPlaylist)>) {
        let mut fetched = BTreeSet::new();
        let mut hinted = BTreeSet::new();
        // When each part was last known to be listed, and when those that have left are fetched again.
        let mut parts: BTreeMap<String, f64> = BTreeMap::new();
        let mut due: Vec<(f64, String)> = Vec::new();
        let mut open = true;
        thread::scope(|scope| {
            while open || !due.is_empty() {
                let wait = Duration::from_millis(if open { 20 } else { 0 });
                match listings.recv_timeout(wait) {
                    Ok((asked, playlist)) => {
                        for hint in playlist.hints.iter().map(|hint| hint.uri.clone()) {
                            if hinted.insert(hint.clone()) {
                                scope.spawn(move || self.ask(Reason::Hinted, &hint, ""));
                            }
                        }
                        for name in playlist.resources() {
                            if fetched.insert(name.clone()) {
                                self.ask(Reason::Listed, &name, "");
                            }
                        }
                        let listed: BTreeMap<String, f64> = playlist
                            .parts()
                            .map(|part| (part.uri.clone(), asked))
                            .collect();
                        for (name, seen) in &parts {
                            if !listed.contains_key(name) {
                                let held = 3.0 * playlist.target as f64 - 0.3;
                                due.push((seen + held, name.clone()));
                            }
                        }
                        parts = listed;
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => {
                        open = false;
                        thread::sleep(Duration::from_millis(20));
                    }
                }
                let now = self.now();
                let (ripe, later) = due.into_iter().partition(|(at, _)| *at <= now);
                due = later;
                for (_, name) in ripe {
                    self.ask(Reason::Departed, &name, "");
                }
            }
        });
    }

    /// What there is once the session has ended, twice.
    fn look_back(&self) {
        let sequence = self.latest().in_progress();
        for pause in [0, 1000] {
            thread::sleep(Duration::from_millis(pause));
            self.ask_with(
                Reason::Ended,
                self.playlist,
                "",
                &[("Accept-Encoding", "gzip")],
            );
            for query in [
                String::new(),
                "_HLS_skip=YES".to_owned(),
                format!("_HLS_msn={sequence}&_HLS_part=0"),
                format!("_HLS_msn={}", sequence + 100),
                "_HLS_legacy=YES".to_owned(),
            ] {
                self.ask(Reason::Ended, self.playlist, &query);
            }
            self.ask(Reason::Ended, "captions.m3u8", "");
            self.ask(Reason::Ended, "master.m3u8", "");
        }
        let captions = self.ask(Reason::Ended, "captions.m3u8", "");
        for segment in MediaPlaylist::read(&captions.content()).segments {
            self.ask(Reason::Listed, &segment.uri, "");
        }
    }
}
