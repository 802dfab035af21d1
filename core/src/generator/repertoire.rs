//! What was made before and can be given again at once.

use std::fs;
use std::sync::Arc;

use crate::config::Config;
use crate::face::neural::Gallery;
use crate::session::{Board, Job, Pace, Record, Timestamp};
use crate::store::{Address, Shelf};

use super::live::Live;

/// What finished sessions left for those who ask for the same. Only the generator that takes new work has it in
/// hand: one that is about to go keeps nothing.
#[derive(Debug)]
pub(crate) struct Repertoire {
    shelf: Shelf,
    config: Arc<Config>,
    /// The filmed avatars, and what their networks' weights say of themselves.
    filmed: Option<(Gallery, Vec<u8>)>,
    board: Board,
    pid: u32,
}

impl Repertoire {
    pub(crate) fn new(config: &Arc<Config>, board: Board, pid: u32) -> Self {
        Self {
            shelf: Shelf::new(&config.data, config.reuse),
            config: Arc::clone(config),
            filmed: config.neural.as_ref().and_then(|neural| {
                let gallery = Gallery::new(neural.avatars.as_ref()?);
                let weights = fs::read(neural.weights.join("manifest.json"));
                Some((gallery, weights.unwrap_or_default()))
            }),
            board,
            pid,
        }
    }

    /// Takes over what earlier processes kept.
    pub(crate) fn open(&mut self) {
        self.shelf.open();
    }

    /// Where the media of `job` are or would be kept, if they may be.
    fn address(&self, job: &Job) -> Option<Address> {
        // One that can be interrupted must not be finished before it is heard.
        let changing = job.open || job.expand || job.is_fed();
        // Whose picture it is, no address says.
        let own = job.portrait.is_some();
        let repeatable = job.reuse && job.pace == Pace::Fast && !changing && !own;
        let ours = self.board.header().generator() == Some(self.pid);
        if !repeatable || !ours {
            return None;
        }
        let look = self.look(job)?;
        let sound = self.config.speech.fingerprint(&job.voice);
        Some(Address::of(job, &self.config, &look, &sound))
    }

    /// What stands for the face of `job` beside its name: a drawn one is told by that alone.
    fn look(&self, job: &Job) -> Option<Vec<u8>> {
        if !job.filmed {
            return Some(Vec::new());
        }
        let (gallery, weights) = self.filmed.as_ref()?;
        let mut look = gallery.find(&job.avatar)?.fingerprint.to_vec();
        look.extend(weights);
        Some(look)
    }

    /// Whether there is nothing yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.shelf.is_empty()
    }

    /// Whether `job` was done before.
    pub(crate) fn knows(&self, job: &Job) -> bool {
        self.address(job)
            .is_some_and(|address| self.shelf.has(address))
    }

    /// Finishes `live` with what was made before. False when there is nothing: then it is left as it was.
    pub(crate) fn repeat(&mut self, live: &Live) -> bool {
        let Some(address) = self.address(&live.job) else {
            return false;
        };
        let directory = live.store().directory(live.id());
        let Some(made) = self.shelf.take(address, &directory) else {
            return false;
        };
        live.update(|record| {
            *record = Record {
                id: record.id,
                filmed: record.filmed,
                photo: record.photo,
                vocabulary: record.vocabulary,
                version: record.version,
                created_at: record.created_at,
                finished_at: Some(Timestamp::now()),
                ..made
            };
        });
        true
    }

    /// Keeps what was made for `live`, which is ready, as `record` says.
    pub(crate) fn learn(&mut self, live: &Live, record: &Record) {
        if live.faltered() {
            return;
        }
        if let Some(address) = self.address(&live.job) {
            let directory = live.store().directory(live.id());
            self.shelf.keep(address, &directory, record);
        }
    }

    /// Forgets what is older than it may be.
    pub(crate) fn forget_old(&mut self) {
        self.shelf.forget_old();
    }

    /// Gives the disk back to those who need it more.
    pub(crate) fn clear(&mut self) {
        self.shelf.clear();
    }
}
