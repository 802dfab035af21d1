//! What the desk is told, and by which way.

use std::sync::mpsc::{Receiver, Sender, channel};

use crate::hls::Part;
use crate::session::{Hint, SessionId};

/// Something the desk should look at.
#[derive(Debug)]
pub(crate) enum Notice {
    Hint(Hint),
    Part(SessionId, Box<Part>),
    Generated(SessionId),
    Failed(SessionId),
    /// This process is of no use any more.
    Broken,
    Stop,
}

/// The way to the desk.
#[derive(Debug, Clone)]
pub(crate) struct Notices(Sender<Notice>);

impl Notices {
    pub(crate) fn channel() -> (Self, Receiver<Notice>) {
        let (sender, receiver) = channel();
        (Self(sender), receiver)
    }

    // A desk that is gone has no use for notices.
    fn send(&self, notice: Notice) {
        let _ = self.0.send(notice);
    }

    pub(crate) fn hint(&self, hint: Hint) {
        self.send(Notice::Hint(hint));
    }

    pub(crate) fn part(&self, id: SessionId, part: Part) {
        self.send(Notice::Part(id, Box::new(part)));
    }

    pub(crate) fn generated(&self, id: SessionId) {
        self.send(Notice::Generated(id));
    }

    pub(crate) fn failed(&self, id: SessionId) {
        self.send(Notice::Failed(id));
    }

    pub(crate) fn broken(&self) {
        self.send(Notice::Broken);
    }

    pub(crate) fn stop(&self) {
        self.send(Notice::Stop);
    }
}
