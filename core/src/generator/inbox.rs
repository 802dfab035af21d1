//! Speech on its way to the painter of a session.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::speech::Speech;
use crate::time::Samples;

/// What becomes of an utterance.
#[derive(Debug)]
pub(crate) enum Heard {
    Speech(Speech),
    /// It is over; it may have been silent.
    End,
}

/// Speech that its painter has not yet fetched. A painter asks for a sentence only when it is short of
/// speech, so of a text this holds one sentence at the most; of what is fed, [`MOST`].
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    fetched: Condvar,
}

#[derive(Debug, Default)]
struct State {
    heard: VecDeque<Heard>,
    stock: Samples,
    closed: bool,
}

/// How much of what is fed waits here: more than a client may be ahead by.
const MOST: Samples = Samples::from_millis(75_000);

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, heard: Heard) {
        let mut state = self.lock();
        if let Heard::Speech(speech) = &heard {
            state.stock += Samples(speech.pcm.len() as u64);
        }
        state.heard.push_back(heard);
    }

    pub(crate) fn pop(&self) -> Option<Heard> {
        let mut state = self.lock();
        let heard = state.heard.pop_front()?;
        if let Heard::Speech(speech) = &heard {
            state.stock = state.stock.saturating_sub(Samples(speech.pcm.len() as u64));
        }
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
