//! One generator goes and another comes, or none does.

use std::time::{Duration, Instant};

use super::{Desk, Supplies};

/// How long a process that is asked to go waits for the one that comes next, if any does.
const SUCCESSION: Duration = Duration::from_secs(10);

impl Desk {
    /// This process is asked to go when its sessions are finished.
    pub(super) fn retire(&mut self, now: Instant) {
        self.retiring.get_or_insert(now + SUCCESSION);
        self.pass_on(now);
    }

    /// Leaves the port of calls to the generator that comes next. Until that is there, sessions come here, and are called here.
    pub(super) fn pass_on(&mut self, now: Instant) {
        let Supplies {
            publication,
            telephone,
            pid,
            ..
        } = &mut self.supplies;
        let Some(latest) = self.retiring else {
            return;
        };
        if now >= latest || publication.board.header().generator() != Some(*pid) {
            telephone.retire();
        }
    }

    /// Whether this process was asked to go and no other came: nobody can hand anything in any more.
    pub(super) fn is_last(&self, now: Instant) -> bool {
        let header = self.supplies.publication.board.header();
        self.retiring.is_some_and(|latest| now >= latest)
            && header.generator() == Some(self.supplies.pid)
    }
}
