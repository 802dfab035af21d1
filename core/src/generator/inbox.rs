//! Speech on its way to the painter of a session.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::reserve::Reserve;
use crate::speech::{Hearing, Speech};
use crate::time::Samples;

/// What becomes of an utterance.
#[derive(Debug)]
pub(crate) enum Heard {
    Speech(Speech),
    /// Not of an utterance: what somebody says themselves. Its marks are counted from its own beginning.
    Voice(Speech),
    /// It is over; it may have been silent.
    End,
}

impl Heard {
    fn length(&self) -> Samples {
        match self {
            Self::Speech(speech) | Self::Voice(speech) => Samples(speech.pcm.len() as u64),
            Self::End => Samples::ZERO,
        }
    }
}

/// Speech that its painter has not yet fetched. A painter asks for a sentence only when it is short of
/// speech, so of a text this holds one sentence at the most; of what is fed, [`MOST`].
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    fetched: Condvar,
    /// Whoever listens to what is fed, and keeps the last of it until more comes. It is locked before the state.
    hearing: Mutex<Option<Hearing>>,
}

#[derive(Debug, Default)]
struct State {
    heard: VecDeque<Heard>,
    stock: Samples,
    closed: bool,
    /// What of it is kept back.
    reserve: Reserve,
    /// Counts interruptions: what was asked for before one is not wanted after it.
    epoch: u64,
    /// Whether the painter has still to heed the last one.
    hushed: bool,
}

/// How much of what is fed waits here: more than a client may be ahead by.
const MOST: Samples = Samples::from_millis(75_000);

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what was asked for in some `epoch`; false when that is over.
    pub(crate) fn push(&self, heard: Heard, epoch: u64) -> bool {
        let mut state = self.lock();
        if state.epoch != epoch {
            return false;
        }
        state.stock += heard.length();
        state.heard.push_back(heard);
        true
    }

    /// Takes in sound that is fed, mono at 48 kHz; true when there is something for the painter. Of a recorder's stream, `piece`
    /// is the number of the piece it was in.
    pub(crate) fn hear(&self, pcm: &[f32], piece: Option<u64>) -> bool {
        let length = Samples(pcm.len() as u64);
        let mut state = self.lock();
        match piece {
            Some(piece) => state.reserve.arrive(Instant::now(), length, piece),
            None => state.reserve.end(),
        }
        drop(state);
        let mut hearing = self.hearing();
        let heard = hearing.get_or_insert_default().hear(pcm);
        heard.is_some_and(|speech| self.add(Heard::Speech(speech)))
    }

    /// Nothing more is fed.
    pub(crate) fn end(&self) {
        self.lock().reserve.end();
        let mut hearing = self.hearing();
        let rest = hearing.take().unwrap_or_default().finish();
        self.add(Heard::Speech(rest));
        self.add(Heard::End);
    }

    /// What was fed and waits to be heard on with what follows, for a painter who has fetched all else and can wait no longer.
    pub(crate) fn rest(&self) -> Option<Speech> {
        let mut hearing = self.hearing();
        let mut state = self.lock();
        let fetched = state.heard.is_empty() && !state.reserve.keeps(Instant::now());
        drop(state);
        hearing.as_mut().filter(|_| fetched)?.rest()
    }

    fn hearing(&self) -> MutexGuard<'_, Option<Hearing>> {
        self.hearing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody interrupts what is fed.
    fn add(&self, heard: Heard) -> bool {
        self.push(heard, self.epoch())
    }

    /// What is asked for now is wanted as long as this does not change.
    pub(crate) fn epoch(&self) -> u64 {
        self.lock().epoch
    }

    /// Forgets what waits, and what was asked for and has not come. Returns the epoch that begins with it.
    pub(crate) fn hush(&self) -> u64 {
        let mut state = self.lock();
        state.heard.clear();
        state.stock = Samples::ZERO;
        state.epoch += 1;
        state.hushed = true;
        let epoch = state.epoch;
        drop(state);
        self.fetched.notify_all();
        epoch
    }

    /// The epoch, if [`hush`](Self::hush) was called since this was asked last.
    pub(crate) fn take_hushed(&self) -> Option<u64> {
        let mut state = self.lock();
        std::mem::take(&mut state.hushed).then_some(state.epoch)
    }

    /// The painter has nothing to say of what is fed, and goes on in silence.
    pub(crate) fn run_dry(&self) {
        self.lock().reserve.run_dry(Instant::now());
    }

    pub(crate) fn pop(&self) -> Option<Heard> {
        let mut state = self.lock();
        if state.reserve.keeps(Instant::now()) {
            return None;
        }
        let heard = state.heard.pop_front()?;
        state.stock = state.stock.saturating_sub(heard.length());
        drop(state);
        self.fetched.notify_all();
        Some(heard)
    }

    /// Waits until there is room for more; false when nobody will fetch it.
    pub(crate) fn await_room(&self) -> bool {
        let full = |state: &mut State| state.stock >= MOST && !state.closed;
        let state = self.fetched.wait_while(self.lock(), full);
        !state.unwrap_or_else(PoisonError::into_inner).closed
    }

    /// How much waits.
    pub(crate) fn stock(&self) -> Samples {
        self.lock().stock
    }

    /// Nobody fetches anything any more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.fetched.notify_all();
    }
}
