//! The text of a session as it becomes known, and the sentences of it as they are spoken.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::pool::Waker;
use super::transcript::Transcript;
use crate::text::{Sentence, Sentences};

/// What there is to be said next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Sentence(Sentence),
    /// Nothing yet: more text is to come.
    Later,
    /// Nothing more.
    End,
}

/// Text goes in at one end, whoever writes it, and sentences come out at the other. The painter is woken when there may
/// be one.
#[derive(Debug)]
pub(crate) struct Manuscript {
    state: Mutex<State>,
    transcript: Arc<Transcript>,
    painter: Waker,
}

#[derive(Debug, Default)]
struct State {
    sentences: Sentences,
    finished: bool,
    /// Since when there has been nothing to say.
    dry: Option<Instant>,
}

impl Manuscript {
    pub(crate) fn new(transcript: Arc<Transcript>, painter: Waker) -> Self {
        Self {
            state: Mutex::default(),
            transcript,
            painter,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in more text, cut anywhere. After [`finish`](Self::finish), nothing happens.
    pub(crate) fn push(&self, text: &str) {
        let mut state = self.lock();
        if state.finished {
            return;
        }
        self.transcript.expect(text.chars().count());
        state.sentences.push(text);
        state.dry = None;
        drop(state);
        self.painter.wake();
    }

    /// There is no more text.
    pub(crate) fn finish(&self) {
        let mut state = self.lock();
        state.finished = true;
        state.sentences.finish();
        state.dry = None;
        drop(state);
        self.painter.wake();
    }

    /// What is to be said next.
    pub(crate) fn next(&self) -> Next {
        let mut state = self.lock();
        match state.sentences.next() {
            Some(sentence) => Next::Sentence(sentence),
            None if state.finished => Next::End,
            None => {
                state.dry.get_or_insert_with(Instant::now);
                Next::Later
            }
        }
    }

    /// For how long whoever speaks has been waiting for text.
    pub(crate) fn dry_for(&self) -> Duration {
        self.lock().dry.map_or(Duration::ZERO, |dry| dry.elapsed())
    }
}
