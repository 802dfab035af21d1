//! What those who talk to a session can do with it.

use std::sync::Arc;

use super::inbox::{Heard, Inbox};
use super::manuscript::Manuscript;
use super::pool::Waker;
use crate::speech::Speech;

/// One session as somebody has it who talks to it.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    manuscript: Arc<Manuscript>,
    inbox: Arc<Inbox>,
    painter: Waker,
}

impl Conversation {
    pub(crate) fn new(manuscript: &Arc<Manuscript>, inbox: &Arc<Inbox>, painter: &Waker) -> Self {
        Self {
            manuscript: Arc::clone(manuscript),
            inbox: Arc::clone(inbox),
            painter: painter.clone(),
        }
    }

    /// Has more text said, which may begin and end anywhere.
    pub(crate) fn say(&self, text: &str) {
        self.manuscript.push(text);
    }

    /// Has the face say what somebody says themselves.
    pub(crate) fn repeat(&self, speech: Speech) {
        let epoch = self.inbox.epoch();
        self.inbox.push(Heard::Voice(speech), epoch);
        self.painter.wake();
    }

    /// Has the face fall silent: what was to be said is forgotten. Returns the epoch that begins with it.
    pub(crate) fn interrupt(&self) -> u64 {
        self.manuscript.forget();
        let epoch = self.inbox.hush();
        self.painter.wake();
        epoch
    }
}
