//! Those who are shown a session's frames as they are made, beside whatever is kept of them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::reel::Frame;

/// Somebody who is shown frames. Nothing more comes when it is dropped.
pub(crate) trait Viewer: Send {
    /// Shows one frame. False when there is nobody any more.
    fn show(&mut self, frame: &Frame) -> bool;
}

/// The door of a session: viewers come in at any time, and are seated before the next frame.
#[derive(Default)]
pub(crate) struct Audience {
    door: Mutex<Door>,
}

#[derive(Default)]
struct Door {
    newcomers: Vec<Box<dyn Viewer>>,
    closed: bool,
}

impl Audience {
    fn lock(&self) -> MutexGuard<'_, Door> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets somebody in, unless all was shown.
    pub(crate) fn admit(&self, viewer: Box<dyn Viewer>) {
        let mut door = self.lock();
        if !door.closed {
            door.newcomers.push(viewer);
        }
    }

    /// Those who came in since this was called last.
    pub(super) fn newcomers(&self) -> Vec<Box<dyn Viewer>> {
        std::mem::take(&mut self.lock().newcomers)
    }

    /// All was shown.
    pub(super) fn close(&self) {
        let mut door = self.lock();
        door.closed = true;
        door.newcomers.clear();
    }
}

impl std::fmt::Debug for Audience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audience").finish_non_exhaustive()
    }
}
