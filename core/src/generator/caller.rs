//! What a peer says to its session.

use std::sync::Arc;

use serde_json::json;

use super::live::Live;
use super::manuscript::Manuscript;
use crate::api::{Urls, status};
use crate::config::Limits;
use crate::rtc::{Message, Partner};
use crate::session::Kind;

/// One peer's way to speak to a session. It is used in the switchboard's thread.
pub(crate) struct Caller {
    live: Arc<Live>,
    manuscript: Arc<Manuscript>,
    limits: Limits,
    /// Characters it may still have said.
    left: usize,
}

impl Caller {
    pub(super) fn new(live: Arc<Live>, manuscript: Arc<Manuscript>, limits: Limits) -> Self {
        Self {
            live,
            manuscript,
            limits,
            left: limits.whole_text,
        }
    }

    /// Adds to what is to be said, if it may.
    fn say(&mut self, text: &str) -> Result<(), &'static str> {
        let job = &self.live.job;
        if job.kind != Kind::Stream || !job.open {
            return Err("bad_parameter");
        }
        let length = text.chars().count();
        if length > self.limits.text || length > self.left {
            return Err("text_too_long");
        }
        self.left -= length;
        self.manuscript.push(text);
        Ok(())
    }

    fn answer(said: Result<(), &'static str>, kind: &str) -> Vec<String> {
        vec![match said {
            Ok(()) => json!({ "type": "accepted", "of": kind }).to_string(),
            Err(code) => json!({ "type": "error", "of": kind, "code": code }).to_string(),
        }]
    }
}

/// What follows a text that is whole: with a paragraph's end nobody waits for the rest of its last sentence.
const END: &str = "\n\n";

impl Partner for Caller {
    fn hear(&mut self, _: &[f32]) {}

    fn take(&mut self, message: Message) -> Vec<String> {
        match message {
            Message::Speak { text } => Self::answer(self.say(&(text + END)), "speak"),
            Message::Append { text, last } => {
                let end = if last { END } else { "" };
                Self::answer(self.say(&(text + end)), "append")
            }
            Message::Interrupt => Vec::new(),
            Message::Status => {
                let status = status(&self.live.record(), &Urls::default());
                let status: serde_json::Value = serde_json::from_str(&status).unwrap_or_default();
                vec![json!({ "type": "status", "status": status }).to_string()]
            }
        }
    }

    fn gone(&mut self) {}
}
