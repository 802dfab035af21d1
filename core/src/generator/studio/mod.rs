//! The studio: where the networks draw the faces of filmed avatars, or of those on photos, of all sessions together.
//!
//! One thread, the *easel*, owns the networks and has faces drawn in batches; another, the *ear*, turns speech into what
//! they are drawn from. A session's face ([`Sitting`]) hands its sound in, and wakes its painter when faces come back; what
//! they share is a [`Seat`]. Nobody polls, and all that lies between is bounded by how far ahead of the picture it may run.

mod ear;
mod easel;
mod portraits;
mod schedule;
mod seat;
mod shared;
mod sitter;
mod sitting;
mod tempo;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use self::shared::{Loaded, Shared};
pub(crate) use self::sitter::Snapshot;
pub(crate) use self::sitting::Look;
use self::sitting::Sitting;
use super::painter::Links;
use crate::config::Config;
use crate::face::Face;
use crate::face::neural::{Manner, NetworkError, Networks};
use crate::session::Failure;

/// Opens the networks. It may take minutes, and is called in a thread of its own.
pub type Opener = dyn Fn() -> Result<Arc<dyn Networks>, NetworkError> + Send + Sync;

/// Sessions that are let in before the networks are loaded, to wait for that.
const WAITING_ROOM: u32 = 8;

/// How long the threads may take to end: as long as a batch does on a device that is fast enough.
const FAREWELL: Duration = Duration::from_millis(700);

/// What the studio tells the rest of the generator.
pub(crate) struct Outlook {
    /// How many sessions are held in real time; `None` when nobody knows.
    pub(crate) sessions: Box<dyn Fn(Option<u32>) + Send + Sync>,
    /// The device is broken for this process.
    pub(crate) broken: Box<dyn Fn() + Send + Sync>,
}

/// The way to the studio.
#[derive(Clone)]
pub(crate) struct Studio(Arc<Shared>);

/// Its threads.
pub(crate) struct Staff {
    shared: Arc<Shared>,
    /// Each thread has the other end until it is over.
    working: Receiver<()>,
}

impl Studio {
    /// Starts the threads, the first of which opens the networks: for the avatars in the directory `avatars`, or for photos.
    pub(crate) fn start(
        config: &Config,
        avatars: Option<&Path>,
        opener: Arc<Opener>,
        outlook: Outlook,
    ) -> std::io::Result<(Self, Staff)> {
        let shared = Arc::new(Shared::new(config, avatars, outlook));
        (shared.outlook.sessions)(Some(WAITING_ROOM));
        let (presence, working) = channel();
        let hire = |name: &str, presence: Sender<()>, work: Box<dyn FnOnce(&Shared) + Send>| {
            let shared = Arc::clone(&shared);
            let thread = move || {
                work(&shared);
                drop(shared);
                drop(presence);
            };
            thread::Builder::new().name(name.to_owned()).spawn(thread)
        };
        hire(
            "avatar-easel",
            presence.clone(),
            Box::new(move |shared| easel::work(shared, &*opener)),
        )?;
        hire("avatar-ear", presence, Box::new(ear::listen))?;
        let staff = Staff {
            shared: Arc::clone(&shared),
            working,
        };
        Ok((Self(shared), staff))
    }

    /// The face of `avatar` for the session of `links`.
    ///
    /// # Errors
    ///
    /// A [`Failure`] where there is no such avatar, or no faces are drawn.
    pub(crate) fn sit(&self, links: &Links, avatar: &str) -> Result<Box<dyn Face>, Failure> {
        let sitter = self.0.sitter(avatar)?;
        let seat = self.0.seat_for(links, None)?;
        Ok(Box::new(Sitting::filmed(seat, sitter, Arc::clone(&self.0))))
    }

    /// The face of whoever is on the photo that `look` finds, for the session of `links`.
    ///
    /// # Errors
    ///
    /// A [`Failure`] where no faces are drawn.
    pub(crate) fn pose(
        &self,
        links: &Links,
        manner: Manner,
        look: Box<Look>,
    ) -> Result<Box<dyn Face>, Failure> {
        let seat = self.0.seat_for(links, Some(manner))?;
        Ok(Box::new(Sitting::posing(seat, look, Arc::clone(&self.0))))
    }
}

impl std::fmt::Debug for Staff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staff").finish_non_exhaustive()
    }
}

impl Staff {
    /// Ends the threads. False when the process must not clean up after the networks' library: one of the threads is still
    /// in the midst of something, or the device is broken.
    pub(crate) fn stop(&self) -> bool {
        self.shared.stop();
        let ended = self.working.recv_timeout(FAREWELL);
        ended == Err(RecvTimeoutError::Disconnected) && !self.shared.is_broken()
    }
}

#[cfg(test)]
mod tests;
