//! Tones for now.
use std::ops::ControlFlow;

use super::{Cancel, Engine, Mark, MarkKind, Speech, SpeechError, Utterance, Voice};
use crate::language::Language;
use crate::time::Samples;

/// Tones.
#[derive(Debug)]
pub struct Espeak;

impl Espeak {
    /// Starts.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn start() -> Result<Self, SpeechError> {
        Ok(Self)
    }
}

/// Voices.
pub fn voices() -> Vec<Voice> {
    Language::ALL
        .into_iter()
        .map(|language| Voice {
            id: language.code().to_owned(),
            name: language.code().to_owned(),
            language,
        })
        .collect()
}

impl Engine for Espeak {
    fn voices(&self) -> &[Voice] {
        &[]
    }
    fn speak(
        &self,
        utterance: &Utterance,
        _cancel: &Cancel,
        hand_on: &mut dyn FnMut(Speech) -> ControlFlow<()>,
    ) -> Result<(), SpeechError> {
        for word in utterance.text.split_whitespace() {
            let speech = Speech {
                pcm: (0..word.len() * 4000)
                    .map(|n| (n as f32 * 0.05).sin() * 0.3)
                    .collect(),
                marks: vec![Mark {
                    at: Samples(0),
                    kind: MarkKind::Word(word.to_owned()),
                }],
            };
            if hand_on(speech).is_break() {
                return Err(SpeechError::Cancelled);
            }
        }
        Ok(())
    }
}
