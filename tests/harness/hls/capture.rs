//! What was said between a session and its players.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{MediaPlaylist, Multivariant};

/// Why something was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A low-latency player's next playlist.
    Follow,
    /// The playlist of a player that knows nothing of parts, or of another rendition.
    Poll,
    /// A segment, part or map that a playlist listed before it was asked for.
    Listed,
    /// What a preload hint announced.
    Hinted,
    /// A part that was listed once and is no longer.
    Departed,
    /// What must be refused.
    Wrong,
    /// Anything once a playlist with `EXT-X-ENDLIST` had been answered.
    Ended,
}

/// A request and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Why it was sent.
    pub reason: Reason,
    /// When it was sent, in seconds since the recording began.
    pub asked: f64,
    /// When all of the answer was there.
    pub answered: f64,
    /// The name of the file in the session's directory.
    pub name: String,
    /// The query, without its question mark.
    pub query: String,
    /// The status.
    pub status: u16,
    /// The headers, with names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Exchange {
    /// The value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|pair| pair.0 == name)
            .map(|pair| pair.1)
            .next()
    }

    /// A query parameter that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.parameter(name)?.parse().ok()
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value)
    }

    /// The body without its content encoding.
    pub fn content(&self) -> Vec<u8> {
        match self.header("content-encoding") {
            "gzip" => gunzip(&self.body),
            _ => self.body.clone(),
        }
    }

    /// What it was, for complaints.
    pub fn title(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        let Self {
            name,
            query,
            asked,
            answered,
            ..
        } = self;
        format!("{name}{mark}{query} ({asked:.3} to {answered:.3} s)")
    }
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut child = Command::new("gzip")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Playlists are far smaller than a pipe's buffer.
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "not in gzip's format");
    output.stdout
}

/// A packet of a session's media, as ffprobe sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet {
    /// The part or segment it lies in.
    pub uri: String,
    /// Whether it is of the video, or of the sound where that is all there is.
    pub leading: bool,
    /// Whether it is a key frame.
    pub key: bool,
    /// When it is shown or heard, in seconds.
    pub at: f64,
}

/// A playlist among what was said.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The exchange it was in.
    pub exchange: Exchange,
    /// What it says.
    pub playlist: MediaPlaylist,
}

/// All that was said about one session, in the order of the answers.
#[derive(Debug, Clone)]
pub struct Capture {
    /// What kind of session it was.
    pub name: String,
    /// Every exchange.
    pub exchanges: Vec<Exchange>,
    /// What lies in the media.
    pub packets: Vec<Packet>,
    media: Vec<Reading>,
    captions: Vec<Reading>,
    master: Option<(Exchange, Multivariant)>,
}

impl Capture {
    /// Reads what was recorded.
    pub fn new(name: &str, mut exchanges: Vec<Exchange>, packets: Vec<Packet>) -> Self {
        exchanges.sort_by(|a, b| a.answered.total_cmp(&b.answered));
        let read = |names: &[&str]| {
            let good = |exchange: &&Exchange| {
                exchange.status == 200 && names.contains(&exchange.name.as_str())
            };
            let readings = exchanges.iter().filter(good).map(|exchange| Reading {
                exchange: exchange.clone(),
                playlist: MediaPlaylist::read(&exchange.content()),
            });
            readings.collect()
        };
        let media = read(&["playlist.m3u8", "index.m3u8", "audio.m3u8"]);
        let captions = read(&["captions.m3u8"]);
        let master = exchanges
            .iter()
            .find(|exchange| exchange.status == 200 && exchange.name == "master.m3u8")
            .map(|exchange| (exchange.clone(), Multivariant::read(&exchange.content())));
        let name = name.to_owned();
        Self {
            name,
            exchanges,
            packets,
            media,
            captions,
            master,
        }
    }

    /// The same with other exchanges.
    pub fn with(&self, exchanges: Vec<Exchange>) -> Self {
        Self::new(&self.name, exchanges, self.packets.clone())
    }

    /// Every media playlist of the video and the sound, in any form.
    pub fn media(&self) -> impl Iterator<Item = &Reading> {
        self.media.iter()
    }

    /// Whether there are no pictures.
    pub fn is_sound_alone(&self) -> bool {
        let mut media = self.media.iter();
        media.all(|reading| reading.exchange.name == "audio.m3u8")
    }

    /// How many seconds a picture lasts, or where there are none a frame of sound.
    pub fn frame(&self) -> f64 {
        match self.is_sound_alone() {
            true => 1024.0 / 48_000.0,
            false => 0.04,
        }
    }

    /// Those of the low-latency form.
    pub fn low_latency(&self) -> impl Iterator<Item = &Reading> {
        let plain = |reading: &&Reading| reading.exchange.parameter("_HLS_legacy").is_none();
        self.media.iter().filter(plain)
    }

    /// Those of the low-latency form with nothing skipped.
    pub fn full(&self) -> impl Iterator<Item = &Reading> {
        self.low_latency()
            .filter(|reading| reading.playlist.skipped.is_none())
    }

    /// Those of the plain form.
    pub fn legacy(&self) -> impl Iterator<Item = &Reading> {
        let legacy = |reading: &&Reading| reading.exchange.parameter("_HLS_legacy").is_some();
        self.media.iter().filter(legacy)
    }

    /// The playlists of the captions.
    pub fn captions(&self) -> impl Iterator<Item = &Reading> {
        self.captions.iter()
    }

    /// Every media playlist of every rendition.
    pub fn all(&self) -> impl Iterator<Item = &Reading> {
        self.media.iter().chain(&self.captions)
    }

    /// The multivariant playlist.
    pub fn master(&self) -> Option<&Multivariant> {
        self.master.as_ref().map(|(_, master)| master)
    }

    /// Every whole answer to a request for a file that is no playlist.
    pub fn files(&self) -> impl Iterator<Item = &Exchange> {
        let file = |exchange: &&Exchange| !exchange.name.ends_with(".m3u8");
        self.exchanges.iter().filter(file)
    }

    /// The bytes of a file.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        let found = self
            .files()
            .find(|file| file.name == name && file.status == 200);
        found.map(|file| file.body.as_slice())
    }
}
