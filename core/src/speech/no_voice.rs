//! What stands for the built-in voices in a build without them.

use std::ops::ControlFlow;

use super::{Cancel, Engine, Speech, SpeechError, Utterance};

/// Speaks nothing, and says why. It is asked where a part of a text is in a language that no configured voice speaks.
pub(crate) struct NoVoice;

impl Engine for NoVoice {
    fn speak(
        &self,
        utterance: &Utterance,
        _cancel: &Cancel,
        _hand_on: &mut dyn FnMut(Speech) -> ControlFlow<()>,
    ) -> Result<(), SpeechError> {
        let language = utterance.language.code();
        Err(SpeechError::Failed(format!(
            "no configured voice speaks \"{language}\", and this build has none of its own"
        )))
    }
}
