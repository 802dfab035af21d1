//! One session's place in shared memory.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::packed::{Packed, WORDS};
use super::{Record, SessionId, State};

/// Room for one session: valid when all zero, and made of nothing but atomics, so that any process may
/// die at any instruction without harm.
///
/// The record is kept twice and `turn` says which copy is current. The one writer fills the other copy
/// and then turns; a reader copies and then checks that the turn is still the same.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Slot {
    /// [`FREE`], [`TAKEN`], or [`TAKEN`] + 1 + the [`State`].
    claim: AtomicU64,
    /// The two halves of the id; zero while there is no record.
    key: [AtomicU64; 2],
    turn: AtomicU64,
    /// Process id of the generator working on it, or zero.
    owner: AtomicU64,
    wishes: AtomicU64,
    /// One bit for each worker that holds requests for this session.
    watchers: AtomicU64,
    copies: [[AtomicU64; WORDS]; 2],
}

const FREE: u64 = 0;
const TAKEN: u64 = 1;

const REMOVE: u64 = 1;
const INTERRUPT: u64 = 2;
const WATCH: u64 = 4;
/// Somebody watched since this was looked at last.
const SEEN: u64 = 8;
/// Somebody looked at still pictures since this was looked at last.
const LOOKED: u64 = 16;
/// A peer wants to be connected, or let go.
const CALLED: u64 = 32;

impl Slot {
    /// Takes the slot if it is free.
    pub(super) fn claim(&self) -> bool {
        let taken = self
            .claim
            .compare_exchange(FREE, TAKEN, Ordering::AcqRel, Ordering::Relaxed);
        if taken.is_ok() {
            self.owner.store(0, Ordering::Relaxed);
            self.wishes.store(0, Ordering::Relaxed);
            self.watchers.store(0, Ordering::Relaxed);
        }
        taken.is_ok()
    }

    /// Takes the slot from a session in `state` on which nobody works, losing that session's record.
    pub(super) fn seize(&self, state: State) -> bool {
        if self.owner() != 0 {
            return false;
        }
        let seized = self.claim.compare_exchange(
            claim_of(state),
            TAKEN,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        if seized.is_ok() {
            self.forget();
        }
        seized.is_ok()
    }

    /// Gives the slot back.
    pub(super) fn free(&self) {
        self.forget();
        self.claim.store(FREE, Ordering::Release);
    }

    fn forget(&self) {
        for half in &self.key {
            half.store(0, Ordering::Relaxed);
        }
        self.turn.fetch_add(2, Ordering::Release);
        self.owner.store(0, Ordering::Relaxed);
        self.wishes.store(0, Ordering::Relaxed);
        self.watchers.store(0, Ordering::Relaxed);
    }

    /// What `claim` says: `None` for a free slot or one being filled.
    pub(super) fn state(&self) -> Option<State> {
        let claim = self.claim.load(Ordering::Acquire);
        [
            State::Created,
            State::Processing,
            State::Ready,
            State::Error,
        ]
        .into_iter()
        .find(|&state| claim == claim_of(state))
    }

    /// Makes `record` the current one. Only the one writer calls this.
    pub(super) fn write(&self, record: &Record) {
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
        self.claim.store(claim_of(record.state), Ordering::Release);
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

    /// Makes process `pid` the owner, if there is none.
    pub(super) fn own(&self, pid: u32) -> bool {
        self.owner
            .compare_exchange(0, u64::from(pid), Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// Leaves the slot without an owner.
    pub(super) fn release(&self) {
        self.owner.store(0, Ordering::Release);
    }

    /// Process id of the owner, or zero.
    pub(super) fn owner(&self) -> u32 {
        self.owner.load(Ordering::Acquire) as u32
    }

    pub(super) fn wish_removed(&self) {
        self.wishes.fetch_or(REMOVE, Ordering::AcqRel);
    }

    pub(super) fn wish_interrupted(&self) {
        self.wishes.fetch_or(INTERRUPT, Ordering::AcqRel);
    }

    /// Whether nobody had said so before.
    pub(super) fn say_watched(&self) -> bool {
        const BOTH: u64 = WATCH | SEEN;
        self.wishes.load(Ordering::Acquire) & BOTH != BOTH
            && self.wishes.fetch_or(BOTH, Ordering::AcqRel) & WATCH == 0
    }

    /// Whether anybody watched since this was asked last.
    pub(super) fn take_seen(&self) -> bool {
        self.wishes.fetch_and(!SEEN, Ordering::AcqRel) & SEEN != 0
    }

    pub(super) fn say_looked(&self) {
        if self.wishes.load(Ordering::Acquire) & LOOKED == 0 {
            self.wishes.fetch_or(LOOKED, Ordering::AcqRel);
        }
    }

    /// Whether anybody looked at still pictures since this was asked last.
    pub(super) fn take_looked(&self) -> bool {
        self.wishes.load(Ordering::Acquire) & LOOKED != 0
            && self.wishes.fetch_and(!LOOKED, Ordering::AcqRel) & LOOKED != 0
    }

    pub(super) fn wish_called(&self) {
        self.wishes.fetch_or(CALLED, Ordering::AcqRel);
    }

    /// Whether anybody called.
    pub(super) fn called(&self) -> bool {
        self.wishes.load(Ordering::Acquire) & CALLED != 0
    }

    /// Whether anybody called since this was asked last.
    pub(super) fn take_called(&self) -> bool {
        self.called() && self.wishes.fetch_and(!CALLED, Ordering::AcqRel) & CALLED != 0
    }

    pub(super) fn watched(&self) -> bool {
        self.wishes.load(Ordering::Acquire) & WATCH != 0
    }

    pub(super) fn removed(&self) -> bool {
        self.wishes.load(Ordering::Acquire) & REMOVE != 0
    }

    pub(super) fn interrupted(&self) -> bool {
        self.wishes.load(Ordering::Acquire) & INTERRUPT != 0
    }

    pub(super) fn watch(&self, worker: u64) {
        self.watchers.fetch_or(worker, Ordering::SeqCst);
    }

    /// The workers watching, who must now be told; they watch no more until they ask again.
    pub(super) fn take_watchers(&self) -> u64 {
        if self.watchers.load(Ordering::SeqCst) == 0 {
            return 0;
        }
        self.watchers.swap(0, Ordering::SeqCst)
    }
}

fn claim_of(state: State) -> u64 {
    TAKEN + 1 + state as u64
}
