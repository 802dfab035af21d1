//! What every speech engine looks like.

use std::iter;
use std::ops::ControlFlow;

use thiserror::Error;

use super::{Cancel, Keeping};
use crate::language::Language;
use crate::text::{Manner, sentences};
use crate::time::Samples;

/// One sentence to be spoken.
#[derive(Debug, Clone)]
pub struct Utterance {
    /// Plain text, at most a few hundred characters.
    pub text: String,
    /// The language it is written in.
    pub language: Language,
    /// What the engine calls one of its voices.
    pub voice: String,
    /// Where the engine's own audio is kept, if it is.
    pub keeping: Option<Keeping>,
    /// How it is said, where the engine can. Its volume is seen to by whoever asked.
    pub manner: Manner,
}

impl Utterance {
    /// Its sentences, each with its manner: only the last is one that goes on, if any is.
    #[cfg_attr(
        not(feature = "espeak"),
        allow(dead_code, reason = "only built-in engines cut what they say")
    )]
    pub(super) fn sentences(&self) -> impl Iterator<Item = (String, Manner)> {
        let mut sentences = sentences(&self.text).into_iter().peekable();
        iter::from_fn(move || {
            let sentence = sentences.next()?;
            let goes_on = self.manner.goes_on && sentences.peek().is_none();
            let manner = Manner {
                goes_on,
                ..self.manner
            };
            Some((sentence.text, manner))
        })
    }
}

/// Something an engine can sound like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// What clients ask for.
    pub id: String,
    /// What people read.
    pub name: String,
    /// What it speaks.
    pub language: Language,
}

/// A stretch of sound, and what is said in it.
#[derive(Debug, Clone, Default)]
pub struct Speech {
    /// Mono, 48 kHz, nominally −1…1; follows the previous stretch without a gap.
    pub pcm: Vec<f32>,
    /// In order of time. Every mark that lies before the end of the sound given so far has been given.
    pub marks: Vec<Mark>,
}

/// Something that happens at a moment of the sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// From the beginning of the utterance.
    pub at: Samples,
    /// What happens.
    pub kind: MarkKind,
}

/// What a [`Mark`] marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkKind {
    /// A phoneme begins, in IPA; empty for a pause.
    Phoneme(String),
    /// A word begins, as it is written, with the punctuation that belongs to it.
    Word(String),
    /// The utterance ends.
    End,
}

/// Why an utterance was not spoken.
#[derive(Debug, Error)]
pub enum SpeechError {
    /// The engine did not answer in time.
    #[error("the speech engine did not answer in time")]
    Timeout,
    /// The engine answered, but without sound.
    #[error("the speech engine returned no sound")]
    Empty,
    /// There is nothing in the text that can be said.
    #[error("there is nothing to say")]
    Nothing,
    /// The engine failed.
    #[error("the speech engine failed: {0}")]
    Failed(String),
    /// Whoever wanted the sound no longer does.
    #[error("cancelled")]
    Cancelled,
}

/// Turns text into speech. One engine serves all sessions.
pub trait Engine: Send + Sync {
    /// Gets ready for sentences that are likely to come, so that the first need not wait. Returns at once.
    fn prepare(&self) {}

    /// Speaks one utterance, handing on sound as it is made.
    ///
    /// Blocks until all is handed on. `hand_on` returning [`ControlFlow::Break`] or `cancel` being raised
    /// stops the engine soon and returns [`SpeechError::Cancelled`].
    ///
    /// # Errors
    ///
    /// [`SpeechError`]; what was handed on before remains valid.
    fn speak(
        &self,
        utterance: &Utterance,
        cancel: &Cancel,
        hand_on: &mut dyn FnMut(Speech) -> ControlFlow<()>,
    ) -> Result<(), SpeechError>;
}
