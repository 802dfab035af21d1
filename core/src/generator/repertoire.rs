//! What was made before and can be given again at once.

use crate::config::{Config, Video};
use crate::session::{Board, Job, Pace, Record, Timestamp};
use crate::speech;
use crate::store::{Address, Shelf};

use super::live::Live;

/// What finished sessions left for those who ask for the same. Only the generator that takes new work has it in
/// hand: one that is about to go keeps nothing.
#[derive(Debug)]
pub(crate) struct Repertoire {
    shelf: Shelf,
    video: Video,
    renditions: Vec<u16>,
    speech: speech::Settings,
    board: Board,
    pid: u32,
}

impl Repertoire {
    pub(crate) fn new(config: &Config, board: Board, pid: u32) -> Self {
        Self {
            shelf: Shelf::new(&config.data, config.reuse),
            video: config.video,
            renditions: config.renditions.clone(),
            speech: config.speech.clone(),
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
        let repeatable = job.reuse && job.pace == Pace::Fast;
        let ours = self.board.header().generator() == Some(self.pid);
        (repeatable && ours).then(|| {
            let fingerprint = self.speech.fingerprint(&job.voice);
            Address::of(job, &self.video, &self.renditions, &fingerprint)
        })
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
                vocabulary: record.vocabulary,
                version: record.version,
                created_at: record.created_at,
                finished_at: Some(Timestamp::now()),
                ..made
            };
        });
        true
    }

    /// Keeps what was made for `live`, which is ready.
    pub(crate) fn learn(&mut self, live: &Live) {
        if live.faltered() {
            return;
        }
        if let Some(address) = self.address(&live.job) {
            let directory = live.store().directory(live.id());
            self.shelf.keep(address, &directory, &live.record());
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
