//! What the desk is told, and by which way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// Another process takes what is new.
    Retire,
    Stop,
}

/// The way to the desk.
#[derive(Debug, Clone)]
pub(crate) struct Notices {
    sender: Sender<Notice>,
    /// Known before all that was sent earlier is read: nginx kills who takes more than a second to go.
    stopped: Arc<AtomicBool>,
}

impl Notices {
    pub(crate) fn channel() -> (Self, Receiver<Notice>) {
        let (sender, receiver) = channel();
        let stopped = Arc::default();
        (Self { sender, stopped }, receiver)
    }

    // A desk that is gone has no use for notices.
    fn send(&self, notice: Notice) {
        let _ = self.sender.send(notice);
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

    pub(crate) fn retire(&self) {
        self.send(Notice::Retire);
    }

    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.send(Notice::Stop);
    }

    /// Whether the desk is to stop, whatever else it was told.
    pub(crate) fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}
