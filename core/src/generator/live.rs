//! A session that is being generated: what its tasks share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::notices::Notices;
use crate::hls::Part;
use crate::session::{Bell, Board, Failure, Hint, Job, Record, SessionId, Stage, State};
use crate::speech::Cancel;
use crate::store::Store;

/// Where records are posted.
#[derive(Clone)]
pub(crate) struct Publication {
    pub(crate) board: Board,
    pub(crate) store: Store,
    pub(crate) bell: Arc<dyn Bell>,
}

impl Publication {
    /// Makes `record` known to everybody.
    pub(crate) fn post(&self, record: &Record) {
        let hint = Hint::changed(record.id);
        for pid in self.board.post(record) {
            if !self.bell.ring(pid, hint) {
                // It has more to read than it can, and looks for itself when it has; it may have done so just now.
                self.board.header().leave_untold(pid);
                self.bell.ring(pid, hint);
            }
        }
    }

    /// Ends session `id`, on which nobody works, as failed.
    pub(crate) fn fail(&self, id: SessionId, failure: Failure) {
        if let Some(record) = self.board.find(id) {
            self.fail_record(record, failure);
        }
    }

    /// Ends the playlists of the session of `record`, which was ready before they had come to their end, and on which
    /// nobody works.
    pub(crate) fn end_record(&self, mut record: Record) {
        record.ended = true;
        self.close_record(record);
    }

    /// Makes known that the session of `record`, on which nobody works, failed.
    pub(crate) fn fail_record(&self, mut record: Record, failure: Failure) {
        tracing::error!(session = %record.id, code = failure.code.word(), "{}", failure.text);
        record.fail(failure);
        self.close_record(record);
    }

    fn close_record(&self, mut record: Record) {
        self.store.end_playlists(record.id);
        record.version += 1;
        if let Err(error) = self.store.save(&record) {
            tracing::warn!(session = %record.id, %error, "the record was not kept on disk");
        }
        self.post(&record);
        self.board.release(record.id);
    }
}

/// One session and its record, of which this is the only writer.
pub(crate) struct Live {
    pub(crate) job: Job,
    pub(crate) started: Instant,
    pub(crate) cancel: Cancel,
    publication: Publication,
    notices: Notices,
    record: Mutex<Record>,
    failure: Mutex<Option<Failure>>,
    faltered: AtomicBool,
    /// Held while media are written: whoever has it after `cancel` was raised is the last to have had it.
    pen: Mutex<()>,
}

impl Live {
    pub(crate) fn new(job: Job, publication: Publication, notices: Notices) -> Self {
        let record = Record::of(&job);
        Self {
            job,
            started: Instant::now(),
            cancel: Cancel::default(),
            publication,
            notices,
            record: Mutex::new(record),
            failure: Mutex::new(None),
            faltered: AtomicBool::new(false),
            pen: Mutex::default(),
        }
    }

    pub(crate) fn id(&self) -> SessionId {
        self.job.id
    }

    pub(crate) fn store(&self) -> &Store {
        &self.publication.store
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the record and tells those who wait for it.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Record)) {
        let mut record = self.lock();
        let known = (record.state, record.listed, record.ended);
        change(&mut record);
        record.version += 1;
        // The disk learns of it before anybody else: what was once answered stays true after a restart.
        if (record.state, record.listed, record.ended) != known
            && let Err(error) = self.publication.store.save(&record)
            && !self.cancel.raised()
        {
            tracing::warn!(session = %record.id, %error, "the record was not kept on disk");
        }
        self.publication.post(&record);
    }

    /// A copy of the record.
    pub(crate) fn record(&self) -> Record {
        self.lock().clone()
    }

    /// Says what is being done now.
    pub(crate) fn enter(&self, stage: Stage) {
        tracing::info!(
            session = %self.id(),
            stage = ?stage,
            after_ms = self.started.elapsed().as_millis() as u64,
            "stage"
        );
        self.update(|record| {
            record.state = State::Processing;
            record.stage = stage;
        });
    }

    /// Ends the session's work. The first failure is the one that counts.
    pub(crate) fn fail(&self, failure: Failure) {
        let mut first = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if self.cancel.raised() {
            return;
        }
        self.note(&mut first, failure);
        drop(first);
        self.cancel.raise();
        self.notices.failed(self.id());
    }

    /// Says that nothing more will be said: the session ends with `failure`, once what was said is made.
    pub(crate) fn end_with(&self, failure: Failure) {
        let mut first = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.cancel.raised() {
            self.note(&mut first, failure);
        }
    }

    fn note(&self, first: &mut Option<Failure>, failure: Failure) {
        if first.is_none() {
            tracing::error!(session = %self.id(), code = failure.code.word(), "{}", failure.text);
            *first = Some(failure);
        }
    }

    /// Why the session's work ended early, or is about to.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Says that there is silence in it which nobody asked for.
    pub(crate) fn falter(&self) {
        self.faltered.store(true, Ordering::Relaxed);
    }

    /// Whether it is not as it would be at another time.
    pub(crate) fn faltered(&self) -> bool {
        self.faltered.load(Ordering::Relaxed)
    }

    /// The right to write media; nobody has it once the session's work is ended.
    pub(crate) fn pen(&self) -> Option<MutexGuard<'_, ()>> {
        let pen = self.pen.lock().unwrap_or_else(PoisonError::into_inner);
        (!self.cancel.raised()).then_some(pen)
    }

    /// Ends the session's work: when this returns, nobody writes its media any more.
    pub(crate) fn put_down(&self) {
        self.cancel.raise();
        drop(self.pen.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A part is on disk, and with a segment's last part the segment and its captions.
    pub(crate) fn part_written(&self, part: Part) {
        self.notices.part(self.id(), part);
    }

    /// Whether anybody looked at still pictures of it since this was asked last.
    pub(crate) fn take_looked(&self) -> bool {
        self.publication.board.take_looked(self.id())
    }

    /// Everything is on disk.
    pub(crate) fn generated(&self) {
        self.notices.generated(self.id());
    }
}
