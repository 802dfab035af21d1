//! What time does to sessions: the old are deleted, and those whose generator died are reported as lost.

use std::time::{Duration, Instant};

use super::live::Publication;
use super::repertoire::Repertoire;
use crate::session::{SessionId, State, Timestamp, lost, orphaned};

/// How often the disk is looked through.
const ROUND: Duration = Duration::from_secs(15);

/// Goes round in the generator that takes new work.
#[derive(Debug)]
pub(crate) struct Caretaker {
    pid: u32,
    ttl: Duration,
    alive: fn(u32) -> bool,
    next: Option<Instant>,
}

impl Caretaker {
    pub(crate) fn new(pid: u32, ttl: Duration, alive: fn(u32) -> bool) -> Self {
        Self {
            pid,
            ttl,
            alive,
            next: None,
        }
    }

    /// Looks after the board and what is kept for reuse, and now and then after the disk.
    pub(crate) fn look_around(&mut self, publication: &Publication, repertoire: &mut Repertoire) {
        repertoire.forget_old();
        publication.store.empty();
        let board = &publication.board;
        for state in [State::Created, State::Processing] {
            for (id, owner) in board.sessions(state) {
                if owner != 0
                    && owner != self.pid
                    && !(self.alive)(owner)
                    && board.inherit(id, self.pid, self.alive)
                {
                    publication.fail(id, lost());
                }
            }
        }
        board.reclaim(self.alive);
        for (id, owner) in board.unwanted() {
            if owner == 0 || !(self.alive)(owner) {
                publication.store.remove(id);
                board.remove(id);
            }
        }
        let now = Instant::now();
        if self.next.is_none_or(|next| now >= next) {
            self.next = Some(now + ROUND);
            self.look_through(publication);
        }
    }

    /// Whether nobody works on session `id` who still lives, so that its record is this one's to write.
    fn takes_over(&self, publication: &Publication, id: SessionId) -> bool {
        let board = &publication.board;
        !board.holds(id) || board.inherit(id, self.pid, self.alive)
    }

    fn look_through(&self, publication: &Publication) {
        let now = Timestamp::now();
        for id in publication.store.sessions() {
            let board = &publication.board;
            let record = board.find(id).or_else(|| publication.store.record(id));
            match record {
                Some(record)
                    if record.state == State::Ready
                        && !record.ended
                        && self.takes_over(publication, id) =>
                {
                    publication.end_record(record);
                }
                Some(record) if record.finished() => {
                    let finished = record.finished_at.unwrap_or(record.created_at);
                    if finished.age(now) > self.ttl {
                        publication.store.remove(id);
                        board.remove(id);
                    }
                }
                Some(record) if orphaned(id, board, now) => publication.fail_record(record, lost()),
                None if orphaned(id, board, now) => publication.store.remove(id),
                _ => {}
            }
        }
    }
}
