//! A session's frames for its peers, and what these are told of them.

use std::sync::Arc;

use serde_json::json;

use super::audience::Viewer;
use super::reel::Frame;
use crate::rtc::{Broadcast, Broadcaster, Switchboard};

/// Frames of silence after which nobody speaks any more: sentences have shorter ones between them.
const PAUSE: u32 = 15;

/// What is no louder is silence.
const SILENCE: f32 = 1e-3;

/// Shows frames to all peers of a session.
pub(crate) struct Relay {
    caster: Broadcaster,
    board: Arc<Switchboard>,
    broadcast: Arc<Broadcast>,
    speaking: bool,
    /// Frames since something was heard.
    silent: u32,
    /// Of the last frame.
    epoch: u64,
    failed: bool,
}

impl Relay {
    pub(super) fn new(
        caster: Broadcaster,
        board: Arc<Switchboard>,
        broadcast: Arc<Broadcast>,
    ) -> Self {
        Self {
            caster,
            board,
            broadcast,
            speaking: false,
            silent: 0,
            epoch: 0,
            failed: false,
        }
    }

    /// Tells peers when speech begins and when it has ended.
    fn tell(&mut self, frame: &Frame) {
        let interrupted = frame.epoch != std::mem::replace(&mut self.epoch, frame.epoch);
        if frame.pcm.iter().any(|sample| sample.abs() > SILENCE) {
            self.silent = 0;
        } else if interrupted {
            self.silent = PAUSE;
        } else {
            self.silent = self.silent.saturating_add(1);
        }
        let speaking = self.silent == 0 || self.speaking && self.silent < PAUSE;
        if speaking != self.speaking {
            self.speaking = speaking;
            let event = json!({ "type": if speaking { "speaking" } else { "silent" } });
            self.board.tell(&self.broadcast, event.to_string());
        }
    }
}

impl Viewer for Relay {
    fn show(&mut self, frame: &Frame) -> bool {
        self.tell(frame);
        let Frame {
            picture,
            pcm,
            due,
            epoch,
            ..
        } = frame;
        match self.caster.show(picture.as_ref(), pcm, *due, *epoch) {
            // Somebody may come again.
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "peers see nothing");
                self.failed = true;
            }
        }
        !self.failed
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.caster.end();
    }
}
