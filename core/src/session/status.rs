//! Who has a place in shared memory and how far its session is: one word, which changes as a whole.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Record, State};

/// The status of a [`Slot`](super::Slot). The words of all slots lie side by side, so that looking through all of them is
/// reading a few pages: eight bytes a session.
///
/// Everything that decides whose a slot is lies in it. So no two processes can believe that they have taken the same slot, and
/// whoever looked a session up changes its word only if that is still that session's: each time a slot changes hands its
/// generation is another.
#[repr(transparent)]
#[derive(Debug, Default)]
pub struct SlotStatus(AtomicU64);

/// What such a word says. Zero is a free slot.
///
/// | Bits | |
/// |---|---|
/// | 0–3 | nobody's, taken but not filled, or the session's [`State`] |
/// | 4–9 | what is wished of the session |
/// | 10–11 | what face it has |
/// | 12–43 | the process that works on it or is filling it, or zero |
/// | 44–63 | the generation |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Status(u64);

/// What is wished of a session; one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wish(u64);

impl Wish {
    pub(super) const REMOVE: Self = Self(1 << WISHES);
    pub(super) const INTERRUPT: Self = Self(2 << WISHES);
    pub(super) const WATCH: Self = Self(4 << WISHES);
    /// Somebody watched since this was looked at last.
    pub(super) const SEEN: Self = Self(8 << WISHES);
    /// Somebody looked at still pictures since this was looked at last.
    pub(super) const LOOKED: Self = Self(16 << WISHES);
    /// A peer wants to be connected, or let go.
    pub(super) const CALLED: Self = Self(32 << WISHES);
}

const FREE: u64 = 0;
const TAKEN: u64 = 1;
const FIRST_STATE: u64 = 2;

const PHASE: u64 = (1 << WISHES) - 1;
const WISHES: u32 = 4;
const ALL_WISHES: u64 = 0x3f << WISHES;
const FILMED: u64 = 1 << 10;
const PHOTO: u64 = 1 << 11;
const OWNER: u32 = 12;
const ALL_OWNER: u64 = 0xffff_ffff << OWNER;
const GENERATION: u32 = 44;
/// The bits below the generation.
const CONTENT: u64 = (1 << GENERATION) - 1;

impl SlotStatus {
    pub(super) fn load(&self) -> Status {
        Status(self.0.load(Ordering::Acquire))
    }

    /// Makes it what `change` makes of it, which is asked again when somebody else was faster; `None` leaves it as it is.
    /// Returns what it was before it was changed.
    pub(super) fn update(&self, change: impl Fn(Status) -> Option<Status>) -> Option<Status> {
        let changed = |word| change(Status(word)).map(|status| status.0);
        let updated = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, changed);
        updated.ok().map(Status)
    }
}

impl Status {
    pub(super) fn is_free(self) -> bool {
        self.0 & PHASE == FREE
    }

    /// Whether somebody has taken it who has not filled it yet.
    pub(super) fn is_taken(self) -> bool {
        self.0 & PHASE == TAKEN
    }

    /// The state of its session; `None` for a free slot or one being filled.
    pub(super) fn state(self) -> Option<State> {
        let number = (self.0 & PHASE).checked_sub(FIRST_STATE)?;
        State::from_number(u8::try_from(number).ok()?)
    }

    /// Process id of who works on it or fills it, or zero.
    pub(super) fn owner(self) -> u32 {
        (self.0 >> OWNER) as u32
    }

    pub(super) fn generation(self) -> u64 {
        self.0 >> GENERATION
    }

    /// Whether any of `wish` is wished.
    pub(super) fn has(self, wish: Wish) -> bool {
        self.0 & wish.0 != 0
    }

    pub(super) fn is_filmed(self) -> bool {
        self.0 & FILMED != 0
    }

    pub(super) fn has_photo(self) -> bool {
        self.0 & PHOTO != 0
    }

    /// The same with `wish`; `None` where that was wished before.
    pub(super) fn with(self, wish: Wish) -> Option<Self> {
        (!self.has(wish)).then_some(Self(self.0 | wish.0))
    }

    /// The same without `wish`; `None` where that was not wished.
    pub(super) fn without(self, wish: Wish) -> Option<Self> {
        self.has(wish).then_some(Self(self.0 & !wish.0))
    }

    /// Taken by process `pid`, to be filled or given back.
    pub(super) fn taken_by(self, pid: u32) -> Self {
        Self(self.0 & !CONTENT | TAKEN).owned_by(pid)
    }

    /// Worked on by process `pid`, or by nobody.
    pub(super) fn owned_by(self, pid: u32) -> Self {
        Self(self.0 & !ALL_OWNER | u64::from(pid) << OWNER)
    }

    /// With the session of `record` in it.
    pub(super) fn filled_with(self, record: &Record) -> Self {
        let state = FIRST_STATE + u64::from(record.state.number());
        let filmed = if record.filmed { FILMED } else { 0 };
        let photo = if record.photo { PHOTO } else { 0 };
        Self(self.0 & !(PHASE | FILMED | PHOTO) | state | filmed | photo)
    }

    /// As it is once its session is forgotten: nothing that was found before is true of it any more.
    pub(super) fn forgotten(self) -> Self {
        Self(self.0.wrapping_add(1 << GENERATION) & !ALL_WISHES)
    }

    /// Nobody's, and of another generation.
    pub(super) fn freed(self) -> Self {
        Self(self.forgotten().0 & !CONTENT)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::record::tests::record;

    proptest! {
        #[test]
        fn what_is_put_in_a_word_comes_out_and_touches_nothing_else(
            state in prop::sample::select(State::ALL),
            pid in any::<u32>(),
            filmed in any::<bool>(),
            photo in any::<bool>(),
            generation in 0_u64..1 << 20,
        ) {
            let record = Record { state, filmed, photo, ..record("") };
            let free = Status(generation << GENERATION);
            prop_assert!(free.is_free() && free.state().is_none() && free.owner() == 0);
            let taken = free.taken_by(pid);
            prop_assert!(taken.is_taken() && taken.state().is_none() && taken.owner() == pid);
            let mut filled = taken.filled_with(&record);
            for wish in [Wish::REMOVE, Wish::CALLED, Wish::LOOKED] {
                filled = filled.with(wish).unwrap();
                prop_assert_eq!(filled.with(wish), None);
            }
            prop_assert_eq!(filled.state(), Some(state));
            prop_assert_eq!(filled.owner(), pid);
            prop_assert_eq!((filled.is_filmed(), filled.has_photo()), (filmed, photo));
            prop_assert_eq!(filled.generation(), generation);
            prop_assert!(filled.has(Wish::CALLED) && !filled.has(Wish::INTERRUPT));
            let rest = filled.without(Wish::CALLED).unwrap();
            prop_assert!(!rest.has(Wish::CALLED) && rest.has(Wish::REMOVE));
            prop_assert_eq!(rest.without(Wish::CALLED), None);
            let freed = filled.freed();
            prop_assert!(freed.is_free() && freed.owner() == 0 && !freed.has(Wish::REMOVE));
            prop_assert_eq!(freed.generation(), (generation + 1) % (1 << 20));
        }
    }
}
