//! The text of a session as it becomes known, and the sentences of it as they are spoken.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::pool::Waker;
use super::transcript::Transcript;
use crate::language::Language;
use crate::text::{Piece, Pieces, Sentence, SsmlError};
use crate::time::Samples;

/// What there is to be said next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Sentence(Sentence),
    /// Nothing for a while, and then more.
    Pause(Samples),
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
    pieces: Pieces,
    finished: bool,
    /// Since when there has been nothing to say.
    dry: Option<Instant>,
}

impl Manuscript {
    /// Sentences that are `mixed` are cut where their language changes from that one.
    pub(crate) fn new(
        transcript: Arc<Transcript>,
        painter: Waker,
        mixed: Option<Language>,
    ) -> Self {
        Self {
            state: Mutex::new(State {
                pieces: mixed.map_or_else(Pieces::default, Pieces::mixed),
                ..State::default()
            }),
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
        state.pieces.push(text);
        state.dry = None;
        drop(state);
        self.painter.wake();
    }

    /// Takes in a document of SSML, before any other text.
    pub(crate) fn push_ssml(&self, document: &str) -> Result<(), SsmlError> {
        let characters = self.lock().pieces.push_ssml(document)?;
        self.transcript.expect(characters);
        self.painter.wake();
        Ok(())
    }

    /// There is no more text.
    pub(crate) fn finish(&self) {
        let mut state = self.lock();
        state.finished = true;
        state.pieces.finish();
        state.dry = None;
        drop(state);
        self.painter.wake();
    }

    /// What is to be said next.
    pub(crate) fn next(&self) -> Next {
        let mut state = self.lock();
        match state.pieces.next() {
            Some(Piece::Sentence(sentence)) => Next::Sentence(sentence),
            Some(Piece::Pause(length)) => Next::Pause(length),
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
