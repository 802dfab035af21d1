//! A session's file that is sent while it is written.

use std::cell::{Cell, OnceCell};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use avatar_core::api::{Code as Word, MediaFile, Refusal};
use avatar_core::session::{Condition, SessionId, Verdict};

use crate::alarm;
use crate::stream::{NEVER, Next};
use crate::worker::Worker;

/// Follows one file, as far as its session's record says it goes.
pub(crate) struct Growing {
    session: SessionId,
    file: MediaFile,
    /// Once there is something in it. It stays readable when its session goes.
    open: OnceCell<File>,
    sent: Cell<u64>,
    /// Until when the first byte is waited for, on the loop's clock.
    deadline: usize,
}

impl Growing {
    /// Follows `file` of `session` from its beginning, which must be there before `deadline`.
    pub(crate) fn new(session: SessionId, file: MediaFile, deadline: usize) -> Self {
        Self {
            session,
            file,
            open: OnceCell::new(),
            sent: Cell::new(0),
            deadline,
        }
    }

    /// For a `file` that is complete.
    pub(crate) fn whole(session: SessionId, file: MediaFile) -> Self {
        Self::new(session, file, NEVER)
    }

    /// Reads on into `room` in a file that is complete.
    pub(crate) fn read_whole(&self, worker: &Worker, room: &mut [u8]) -> Next {
        match self.read_into(worker, room) {
            Ok(0) => Next::End,
            Ok(length) => {
                self.sent.set(self.sent.get() + length as u64);
                Next::Bytes(length)
            }
            Err(error) => {
                tracing::error!(session = %self.session, %error, "a file was not read");
                Next::Never(Refusal::internal())
            }
        }
    }

    /// The session it is a file of.
    pub(crate) fn session(&self) -> SessionId {
        self.session
    }

    /// What to wait for, until the moment `until` on the loop's clock at most, if more than the beginning is to be there
    /// before anything is sent. Nothing where all of it is there, or none.
    pub(crate) fn await_whole(&self, worker: &Worker, until: usize) -> Option<Next> {
        if self.sent.get() > 0 || alarm::now() >= until {
            return None;
        }
        let record = worker.watch(self.session)?;
        let grows = record.bytes > 0 && !record.finished();
        grows.then_some(Next::Wait {
            seen: record.version,
            due: until,
        })
    }

    /// How long the file is, once it is complete.
    pub(crate) fn length(&self, worker: &Worker) -> Option<usize> {
        let record = worker.watch(self.session)?;
        let complete = Condition::Ready.check(Some(&record)) == Verdict::Now;
        complete.then_some(usize::try_from(record.bytes).ok()?)
    }

    /// Reads on into `room`.
    pub(crate) fn read(&self, worker: &Worker, room: &mut [u8]) -> Next {
        let sent = self.sent.get();
        let record = worker.watch(self.session);
        let verdict = Condition::Grown(sent).check(record.as_ref());
        match (verdict, record) {
            (Verdict::Now, Some(record)) => {
                let left = record.bytes.saturating_sub(sent);
                self.copy(worker, left, room)
            }
            (Verdict::Wait, Some(record)) if sent > 0 => Next::Wait {
                seen: record.version,
                due: NEVER,
            },
            (Verdict::Wait, Some(record)) if alarm::now() < self.deadline => Next::Wait {
                seen: record.version,
                due: self.deadline,
            },
            (Verdict::Wait, _) => Next::Never(Refusal::new(
                Word::Busy,
                "it is not there yet; try again shortly",
            )),
            (Verdict::Never(refusal), _) => Next::Never(refusal),
            (Verdict::Now, None) => Next::Never(Refusal::unknown_session()),
        }
    }

    /// Reads at most `left` bytes.
    fn copy(&self, worker: &Worker, left: u64, room: &mut [u8]) -> Next {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(room.len());
        let read = match (room.get_mut(..most), left) {
            (_, 0) => return Next::End,
            (Some(room), _) => self.read_into(worker, room),
            (None, _) => Ok(0),
        };
        match read {
            Ok(length) if length > 0 => {
                self.sent.set(self.sent.get() + length as u64);
                Next::Bytes(length)
            }
            Ok(_) => Next::Never(Refusal::internal()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Next::Never(Refusal::unknown_session())
            }
            Err(error) => {
                tracing::error!(session = %self.session, %error, "a file that grows was not read");
                Next::Never(Refusal::internal())
            }
        }
    }

    fn read_into(&self, worker: &Worker, room: &mut [u8]) -> io::Result<usize> {
        let file = match self.open.get() {
            Some(file) => file,
            None => {
                let path = worker.intake().store().path(self.session, self.file);
                let file = File::open(path)?;
                self.open.get_or_init(|| file)
            }
        };
        file.read_at(room, self.sent.get())
    }
}
