//! What time does to sessions: the old are deleted, and those whose generator died are reported as lost.

use std::time::{Duration, Instant};

use super::files::Files;
use super::live::Publication;
use super::repertoire::Repertoire;
use crate::session::{State, lost};

/// How often the disk is looked through.
const ROUND: Duration = Duration::from_secs(15);

/// Goes round in the generator that takes new work.
#[derive(Debug)]
pub(crate) struct Caretaker {
    pid: u32,
    alive: fn(u32) -> bool,
    next: Option<Instant>,
}

impl Caretaker {
    pub(crate) fn new(pid: u32, alive: fn(u32) -> bool) -> Self {
        Self {
            pid,
            alive,
            next: None,
        }
    }

    /// Looks after the board and what is kept for reuse, and now and then after the disk.
    pub(crate) fn look_around(
        &mut self,
        publication: &Publication,
        files: &Files,
        repertoire: &mut Repertoire,
    ) {
        repertoire.forget_old();
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
                publication.store.put_away(id);
                board.remove(id);
            }
        }
        // Workers put away as well.
        files.empty();
        let now = Instant::now();
        if self.next.is_none_or(|next| now >= next) && files.look_through() {
            self.next = Some(now + ROUND);
        }
    }
}
