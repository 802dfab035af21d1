//! What is said when: the words of a session, for captions, and how much of the text they cover.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::hls::Segment;
use crate::media::{Captions, Word};
use crate::speech::{Mark, MarkKind};
use crate::time::Samples;

/// Words as the painter hears them, read by the assembler.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    captions: Captions,
    word: Option<(String, Samples)>,
    /// Characters of the text as far as it is known.
    characters: usize,
    /// Characters whose sound is known or being made.
    asked: usize,
    known: Samples,
    ended: bool,
}

impl Transcript {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many more characters are to be said.
    pub(crate) fn expect(&self, characters: usize) {
        self.lock().characters += characters;
    }

    /// A sentence of so many characters is about to be heard.
    pub(crate) fn sentence(&self, characters: usize) {
        self.lock().asked += characters;
    }

    /// Takes in marks; all before `known` have been given.
    pub(crate) fn hear(&self, marks: &[Mark], known: Samples) {
        let mut state = self.lock();
        for mark in marks {
            let word = match &mark.kind {
                MarkKind::Phoneme(_) => continue,
                MarkKind::Word(word) => Some((word.clone(), mark.at)),
                MarkKind::End => None,
            };
            if let Some((text, start)) = std::mem::replace(&mut state.word, word) {
                let end = mark.at;
                state.captions.word(Word { text, start, end });
            }
        }
        state.known = known;
    }

    /// Nothing more will be said.
    pub(crate) fn end(&self, known: Samples) {
        let mut state = self.lock();
        state.known = known;
        state.ended = true;
    }

    /// The captions of a segment whose frames have been painted.
    pub(crate) fn captions_of(&self, segment: &Segment) -> String {
        let mut state = self.lock();
        // A frame is painted only once its sound is known, so what is known reaches this far.
        let known = state.known.max(segment.end());
        let captions = state.captions.segment(segment.start, segment.end(), known);
        captions.unwrap_or_default()
    }

    /// How far the media up to `done` has come, of 100.
    pub(crate) fn progress(&self, done: Samples) -> u8 {
        let state = self.lock();
        let covered = if state.ended {
            1.0
        } else {
            (state.asked as f64 / state.characters.max(1) as f64).clamp(0.01, 1.0)
        };
        let expected = state.known.seconds() / covered;
        let percent = 100.0 * done.seconds() / expected.max(0.001);
        percent.clamp(0.0, 99.0) as u8
    }
}
