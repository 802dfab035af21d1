//! What is said when: the words of a session, for captions, and how much of the text they cover.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::hls::Segment;
use crate::media::Captions;
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
            match &mark.kind {
                MarkKind::Phoneme(_) => {}
                MarkKind::Word(word) => state.captions.begin(word, mark.at),
                MarkKind::End => state.captions.end(mark.at),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_still_being_said_is_in_the_captions() {
        let transcript = Transcript::default();
        let at = Samples::from_millis;
        let mark = |millis, kind| Mark {
            at: at(millis),
            kind,
        };
        let word = MarkKind::Word("12345678901234567890".to_owned());
        transcript.hear(&[mark(100, word)], at(3_000));
        let segment = |number: u32| Segment {
            number,
            start: at(u64::from(number) * 1_000),
            duration: at(1_000),
            bytes: 0,
        };
        for number in 0..3 {
            let captions = transcript.captions_of(&segment(number));
            assert!(captions.contains("\n12345678901234567890\n"), "{captions}");
        }
        transcript.hear(&[mark(3_100, MarkKind::End)], at(4_000));
        transcript.end(at(4_000));
    }
}
