//! What a peer says to its session.

use std::sync::Arc;

use serde_json::json;

use super::conversation::Conversation;
use super::live::Live;
use super::voice::Voice;
use crate::api::{Urls, status};
use crate::config::Limits;
use crate::rtc::{Broadcast, Message, Partner};
use crate::store::Microphone;

/// One peer's way to speak to a session. It is used in the switchboard's thread.
pub(crate) struct Caller {
    live: Arc<Live>,
    conversation: Conversation,
    broadcast: Arc<Broadcast>,
    microphone: Microphone,
    voice: Option<Voice>,
    limits: Limits,
    /// Characters it may still have said.
    left: usize,
}

impl Caller {
    pub(super) fn new(
        live: Arc<Live>,
        conversation: Conversation,
        broadcast: Arc<Broadcast>,
        microphone: Microphone,
        limits: Limits,
    ) -> Self {
        Self {
            live,
            conversation,
            broadcast,
            microphone,
            voice: None,
            limits,
            left: limits.whole_text,
        }
    }

    /// Has the face fall silent.
    fn interrupt(&self) {
        let epoch = self.conversation.interrupt();
        self.broadcast.hush(epoch);
    }

    /// Adds to what is to be said, if it may.
    fn say(&mut self, text: &str) -> Result<(), &'static str> {
        if !self.live.job.is_conversation() {
            return Err("bad_parameter");
        }
        let length = text.chars().count();
        if length > self.limits.text || length > self.left {
            return Err("text_too_long");
        }
        self.left -= length;
        self.conversation.say(text);
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
    fn hears(&self) -> bool {
        self.microphone != Microphone::Off
    }

    fn hear(&mut self, pcm: &[f32]) {
        if self.microphone == Microphone::Off || !self.live.job.is_conversation() {
            return;
        }
        let voice = match self.voice.take() {
            Some(voice) => Ok(voice),
            None => Voice::new(),
        };
        let said = voice.and_then(|voice| self.voice.insert(voice).hear(pcm));
        let said = match said {
            Ok(said) => said,
            Err(error) => {
                tracing::warn!(session = %self.live.id(), %error, "a microphone is not heard");
                self.microphone = Microphone::Off;
                return;
            }
        };
        if said.begins {
            self.interrupt();
        }
        if self.microphone == Microphone::Drive {
            for speech in said.speech {
                self.conversation.repeat(speech);
            }
        }
    }

    fn take(&mut self, message: Message) -> Vec<String> {
        match message {
            Message::Speak { text } => Self::answer(self.say(&(text + END)), "speak"),
            Message::Append { text, last } => {
                let end = if last { END } else { "" };
                Self::answer(self.say(&(text + end)), "append")
            }
            Message::Interrupt if self.live.job.is_conversation() => {
                self.interrupt();
                Self::answer(Ok(()), "interrupt")
            }
            Message::Interrupt => Self::answer(Err("bad_parameter"), "interrupt"),
            Message::Status => {
                let status = status(
                    &self.live.record(),
                    &Urls {
                        base: self.live.job.base.clone(),
                    },
                );
                let status: serde_json::Value = serde_json::from_str(&status).unwrap_or_default();
                vec![json!({ "type": "status", "status": status }).to_string()]
            }
        }
    }
}
