//! Accepting work.

use std::io::ErrorKind;

use super::{Board, Hint, Job, Record, SessionId, State, Timestamp};
use crate::api::{Addition, Code, Refusal};
use crate::config::Limits;
use crate::session::{Failure, FailureCode};
use crate::store::{DraftError, Store};

/// Where workers hand in jobs and look sessions up.
#[derive(Debug, Clone)]
pub struct Intake {
    board: Board,
    store: Store,
    limits: Limits,
}

impl Intake {
    /// An intake in front of `board` and `store`.
    pub fn new(board: Board, store: Store, limits: Limits) -> Self {
        Self {
            board,
            store,
            limits,
        }
    }

    /// Takes a job on: once this returns, it will be done or reported as failed. The generator may be
    /// given a hint now.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: busy, or no room on the disk.
    pub fn accept(&self, job: &Job) -> Result<(), Refusal> {
        let busy = || {
            Refusal::new(
                Code::Busy,
                "too many sessions are running; try again shortly",
            )
        };
        let taken = self.board.count(State::Created) + self.board.count(State::Processing);
        if taken >= self.limits.sessions + self.limits.queue {
            return Err(busy());
        }
        // A device that holds nobody's real time may be used by one session all the same.
        let filmed = self
            .board
            .header()
            .filmed()
            .map(|most| most.max(1) as usize);
        if job.filmed && filmed.is_some_and(|most| self.board.count_filmed() >= most) {
            return Err(Refusal::new(
                Code::Busy,
                "as many filmed avatars speak as can in real time; try again shortly",
            ));
        }
        self.store.accept(job).map_err(|error| {
            tracing::error!(session = %job.id, %error, "the job was not written");
            unwritten(&error)
        })?;
        let record = Record::of(job);
        self.board.open(&record).map_err(|_| {
            self.store.remove(job.id);
            busy()
        })
    }

    /// How session `id` stands, from shared memory or, where that has forgotten it, from disk.
    pub fn find(&self, id: SessionId) -> Option<Record> {
        if let Some(record) = self.board.find(id) {
            return Some(record);
        }
        if self.board.holds(id) {
            return None;
        }
        let mut record = self.store.record(id)?;
        if !record.finished() {
            record.fail(lost());
            // Its playlists, if there are any, are still to be ended.
            record.ended = !record.playable();
        }
        Some(record)
    }

    /// Adds to the text of a session that was begun with the promise of more. The hint, for a process, may be sent now.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: there is no such session, it is over, its text is complete or would be too long, or there is no room
    /// on the disk.
    pub fn append(&self, addition: &Addition) -> Result<Option<(u32, Hint)>, Refusal> {
        let &Addition { id, ref text, last } = addition;
        let record = self.find(id).ok_or_else(Refusal::unknown_session)?;
        if record.finished() {
            return Err(Refusal::new(Code::BadParameter, "the session is over"));
        }
        let most = self.limits.whole_text.max(self.limits.text);
        let appended = self.store.draft(id).append(text, last, most);
        appended.map_err(|error| match error {
            DraftError::NotOpen | DraftError::Complete => {
                Refusal::new(Code::BadParameter, "the text of this session is complete")
            }
            DraftError::TooLong => Refusal::new(
                Code::TextTooLong,
                format!("the text of the session would be longer than {most} characters"),
            ),
            DraftError::Write(error) => {
                tracing::error!(session = %id, %error, "the text was not written");
                unwritten(&error)
            }
        })?;
        let pid = self.board.responsible_for(id);
        Ok(pid.map(|pid| (pid, Hint::wanted(id))))
    }

    /// Ends and frees session `id`. The hints, each for a process, may be sent now.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: there is no such session.
    pub fn clean_up(&self, id: SessionId) -> Result<Vec<(u32, Hint)>, Refusal> {
        self.find(id).ok_or_else(Refusal::unknown_session)?;
        Ok(match self.board.wish_removed(id) {
            Some((owner, watchers)) => owner
                .into_iter()
                .map(|pid| (pid, Hint::wanted(id)))
                .chain(watchers.into_iter().map(|pid| (pid, Hint::changed(id))))
                .collect(),
            None => {
                self.store.remove(id);
                Vec::new()
            }
        })
    }

    /// Ends session `id` where it stands. The hint, for a process, may be sent now.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: there is no such session.
    pub fn interrupt(&self, id: SessionId) -> Result<Option<(u32, Hint)>, Refusal> {
        let record = self.find(id).ok_or_else(Refusal::unknown_session)?;
        if record.finished() {
            return Ok(None);
        }
        let owner = self.board.wish_interrupted(id).flatten();
        Ok(owner.map(|pid| (pid, Hint::wanted(id))))
    }

    /// The board.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

/// What is said when something could not be written.
fn unwritten(error: &std::io::Error) -> Refusal {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Refusal::new(Code::Internal, "there is no room left on the server's disk")
        }
        _ => Refusal::internal(),
    }
}

/// What is said of sessions whose generator is no more.
pub(crate) fn lost() -> Failure {
    Failure {
        code: FailureCode::Interrupted,
        text: "the server was restarted before the session was finished".to_owned(),
    }
}

/// Whether a session that only the disk knows is beyond hope: made before this board was.
pub(crate) fn orphaned(id: SessionId, board: &Board, now: Timestamp) -> bool {
    const ACCEPTING: std::time::Duration = std::time::Duration::from_secs(10);
    !board.holds(id) && (id.made_at() < board.header().since() || id.made_at().age(now) > ACCEPTING)
}
