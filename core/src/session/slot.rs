//! One session's place in shared memory.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::packed::{Packed, WORDS};
use super::status::{SlotStatus, Status};
use super::{Record, SessionId};

/// Room for one session: valid when all zero, and made of nothing but atomics, so that any process may
/// die at any instruction without harm.
///
/// The record is kept twice and `turn` says which copy is current. The one writer fills the other copy
/// and then turns; a reader copies and then checks that the turn is still the same.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Slot {
    /// The two halves of the id; zero while there is no record.
    key: [AtomicU64; 2],
    turn: AtomicU64,
    /// One bit for each worker that holds requests for this session. One that is left over from another session, or is lost
    /// with it, costs its worker a look too many, or a moment.
    watchers: AtomicU64,
    copies: [[AtomicU64; WORDS]; 2],
}

/// A slot and its status.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) status: &'static SlotStatus,
    pub(super) slot: &'static Slot,
}

impl Place {
    /// Takes the slot for process `pid` if it is free.
    pub(super) fn claim(self, pid: u32) -> bool {
        let free = |status: Status| status.is_free().then(|| status.taken_by(pid));
        self.status.update(free).is_some()
    }

    /// Takes the slot for process `pid` from a session that is finished and on which nobody works, losing its record.
    pub(super) fn seize(self, pid: u32) -> bool {
        let idle = |status: Status| {
            let finished = status.state().is_some_and(|state| state.is_final());
            (finished && status.owner() == 0).then(|| status.taken_by(pid))
        };
        let seized = self.status.update(idle).is_some();
        if seized {
            self.slot.forget();
            // What anybody wished of the old session from a look at its key goes with it.
            self.status.update(|status| Some(status.forgotten()));
        }
        seized
    }

    /// Puts a session into a slot that the caller has taken. Nobody works on it yet.
    pub(super) fn fill(self, record: &Record) {
        self.slot.write(record);
        self.status
            .update(|status| Some(status.filled_with(record).owned_by(0)));
    }

    /// Makes `record` the current one of its session. Only the one writer calls this.
    pub(super) fn write(self, record: &Record) {
        self.slot.write(record);
        self.change(record.id, |status| {
            status.state().map(|_| status.filled_with(record))
        });
    }

    /// Gives back the slot of session `id`, through process `pid`.
    pub(super) fn free(self, id: SessionId, pid: u32) {
        let filled = |status: Status| status.state().map(|_| status.taken_by(pid));
        if self.change(id, filled).is_some() {
            self.vacate();
        }
    }

    /// Gives back a slot that was taken by a process which is not `alive` any more and has not filled it.
    pub(super) fn reclaim(self, pid: u32, alive: fn(u32) -> bool) {
        let lost = |status: Status| {
            let lost = status.is_taken() && status.owner() != pid && !alive(status.owner());
            lost.then(|| status.taken_by(pid))
        };
        if self.status.update(lost).is_some() {
            self.vacate();
        }
    }

    fn vacate(self) {
        self.slot.forget();
        self.status.update(|status| Some(status.freed()));
    }

    /// Makes process `pid` the owner of session `id` if `may` allows it to follow the one there is, or zero.
    pub(super) fn own(self, id: SessionId, pid: u32, may: impl Fn(u32) -> bool) -> bool {
        let owned = |status: Status| {
            let free = status.state().is_some() && may(status.owner());
            free.then(|| status.owned_by(pid))
        };
        self.change(id, owned).is_some()
    }

    /// Leaves session `id` without an owner.
    pub(super) fn release(self, id: SessionId) {
        self.change(id, |status| status.state().map(|_| status.owned_by(0)));
    }

    /// The status of session `id`, unless the slot is not its any more.
    pub(super) fn status_of(self, id: SessionId) -> Option<Status> {
        loop {
            let before = self.status.load();
            if !self.slot.belongs_to(id) {
                return None;
            }
            fence(Ordering::Acquire);
            let status = self.status.load();
            if status.generation() == before.generation() {
                return Some(status);
            }
        }
    }

    /// Changes the status of session `id`, unless the slot is not its any more; otherwise as
    /// [`update`](SlotStatus::update).
    ///
    /// The key is looked at after the status, and a session's key goes before its generation ends. So where the key is that of
    /// `id`, the status is of its generation or of an earlier one, and in that case nothing is changed for it.
    pub(super) fn change(
        self,
        id: SessionId,
        change: impl Fn(Status) -> Option<Status>,
    ) -> Option<Status> {
        self.status.update(|status| {
            let ours = self.slot.belongs_to(id);
            ours.then(|| change(status)).flatten()
        })
    }
}

impl Slot {
    fn forget(&self) {
        for half in &self.key {
            half.store(0, Ordering::Relaxed);
        }
        self.turn.fetch_add(2, Ordering::Release);
        self.watchers.store(0, Ordering::Relaxed);
    }

    fn write(&self, record: &Record) {
        let next = self.turn.load(Ordering::Relaxed).wrapping_add(1);
        // A reader that sees any word below must also see that the turn it began with is over.
        fence(Ordering::Release);
        let [even, odd] = &self.copies;
        let copy = if next.is_multiple_of(2) { even } else { odd };
        for (to, word) in copy.iter().zip(Packed::from(record).to_words()) {
            to.store(word, Ordering::Relaxed);
        }
        for (to, half) in self.key.iter().zip(record.id.to_words()) {
            to.store(half, Ordering::Relaxed);
        }
        self.turn.store(next, Ordering::Release);
    }

    /// The current record, if it is that of `id`.
    pub(super) fn read(&self, id: SessionId) -> Option<Record> {
        loop {
            let turn = self.turn.load(Ordering::Acquire);
            if !self.belongs_to(id) {
                return None;
            }
            let [even, odd] = &self.copies;
            let copy = if turn.is_multiple_of(2) { even } else { odd };
            let mut words = [0; WORDS];
            for (word, from) in words.iter_mut().zip(copy) {
                *word = from.load(Ordering::Relaxed);
            }
            fence(Ordering::Acquire);
            if self.turn.load(Ordering::Relaxed) == turn {
                let record = Packed::from_words(words).unpack()?;
                return (record.id == id).then_some(record);
            }
            std::hint::spin_loop();
        }
    }

    pub(super) fn belongs_to(&self, id: SessionId) -> bool {
        let [high, low] = &self.key;
        [high.load(Ordering::Relaxed), low.load(Ordering::Relaxed)] == id.to_words()
    }

    /// Whose it is, if anyone's.
    pub(super) fn id(&self) -> Option<SessionId> {
        let [high, low] = &self.key;
        let words = [high.load(Ordering::Relaxed), low.load(Ordering::Relaxed)];
        (words != [0, 0]).then(|| SessionId::from_words(words))
    }

    /// Enters a watcher. The record is to be read after this.
    pub(super) fn watch(&self, worker: u64) {
        self.watchers.fetch_or(worker, Ordering::SeqCst);
        // With the one in `take_watchers`: either the watcher reads the new record, or whoever wrote it sees the watcher.
        fence(Ordering::SeqCst);
    }

    /// The workers watching, who must now be told of what was written before this; they watch no more until they ask again.
    pub(super) fn take_watchers(&self) -> u64 {
        // Without it the record may still be on its way to the others' eyes when this looks whether there are any: each would
        // then have looked before the other had written, and the watcher would wait for the next change.
        fence(Ordering::SeqCst);
        if self.watchers.load(Ordering::Relaxed) == 0 {
            return 0;
        }
        self.watchers.swap(0, Ordering::SeqCst)
    }
}
