//! The thread that deletes files, and looks for those that can be deleted: it takes as long as the disk does, and nobody waits for it.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::live::Publication;
use crate::api::MediaFile;
use crate::hls::RenditionName;
use crate::session::{Record, SessionId, State, Timestamp, lost, orphaned};

/// Tasks that wait at most. Who has more asks again a moment later.
const WAITING: usize = 4;

#[derive(Debug)]
enum Task {
    /// Delete the directories that were put away.
    Empty,
    /// Look through all sessions on the disk.
    LookThrough,
    /// Delete these files.
    Discard(Vec<(SessionId, Gone)>),
}

/// What goes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    /// A file.
    File(MediaFile),
    /// The parts of a segment of a rendition.
    Parts(RenditionName, u32),
}

/// The way to the thread.
#[derive(Debug)]
pub(crate) struct Files(SyncSender<Task>);

impl Files {
    /// The thread ends once this is dropped. `pid` is this process; finished sessions are kept for `ttl`.
    pub(crate) fn start(
        publication: Publication,
        pid: u32,
        ttl: Duration,
        alive: fn(u32) -> bool,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (sender, tasks) = sync_channel(WAITING);
        let round = Round {
            publication,
            pid,
            ttl,
            alive,
        };
        let thread = thread::Builder::new().name("avatar-files".to_owned());
        let thread = thread.spawn(move || round.work(&tasks))?;
        Ok((Self(sender), thread))
    }

    /// Has what was put away deleted. While the thread is at other work that is done later, when this is asked again.
    pub(crate) fn empty(&self) {
        self.send(Task::Empty);
    }

    /// Has the disk looked through for sessions that are over, and for those on which nobody works any more. False where there
    /// is other work before.
    pub(crate) fn look_through(&self) -> bool {
        self.send(Task::LookThrough).is_none()
    }

    /// Has files deleted. Returns them where there is other work before.
    pub(crate) fn discard(&self, files: Vec<(SessionId, Gone)>) -> Vec<(SessionId, Gone)> {
        if files.is_empty() {
            return files;
        }
        match self.send(Task::Discard(files)) {
            Some(Task::Discard(files)) => files,
            _ => Vec::new(),
        }
    }

    /// The task, where it was not taken.
    fn send(&self, task: Task) -> Option<Task> {
        match self.0.try_send(task) {
            Ok(()) => None,
            Err(TrySendError::Full(task) | TrySendError::Disconnected(task)) => Some(task),
        }
    }
}

struct Round {
    publication: Publication,
    pid: u32,
    ttl: Duration,
    alive: fn(u32) -> bool,
}

impl Round {
    fn work(&self, tasks: &Receiver<Task>) {
        let store = &self.publication.store;
        for task in tasks {
            match task {
                Task::Empty => store.empty(),
                Task::LookThrough => self.look_through(),
                Task::Discard(files) => {
                    for (id, gone) in files {
                        match gone {
                            Gone::File(file) => store.discard(id, file),
                            Gone::Parts(rendition, segment) => {
                                store.discard_parts(id, rendition, segment, 0)
                            }
                        };
                    }
                }
            }
        }
    }

    fn look_through(&self) {
        let now = Timestamp::now();
        let Publication { board, store, .. } = &self.publication;
        for id in store.sessions() {
            let record = || board.find(id).or_else(|| store.record(id));
            match record() {
                // Whoever lists it ends it.
                Some(found) if is_listed(&found) && !self.takes_over(id) => {}
                // It may have been ended, and let go, since it was looked at.
                Some(found) if is_listed(&found) => match record() {
                    Some(found) if is_listed(&found) => self.publication.end_record(found),
                    _ => board.release(id),
                },
                Some(found) if found.finished() => {
                    let finished = found.finished_at.unwrap_or(found.created_at);
                    if finished.age(now) > self.ttl {
                        store.remove(id);
                        board.remove(id);
                    }
                }
                Some(found) if orphaned(id, board, now) => {
                    self.publication.fail_record(found, lost());
                }
                None if orphaned(id, board, now) => store.remove(id),
                _ => {}
            }
        }
    }

    /// Whether nobody works on session `id` who still lives, so that its record is this one's to write.
    fn takes_over(&self, id: SessionId) -> bool {
        let board = &self.publication.board;
        !board.holds(id) || board.inherit(id, self.pid, self.alive)
    }
}

/// Whether all of it is made, and its playlists have not come to their end.
fn is_listed(record: &Record) -> bool {
    record.state == State::Ready && !record.ended
}
