//! Speech for tests.

use std::ops::ControlFlow;

use super::{Cancel, Engine, Espeak, Speech, Utterance};
use crate::language::Language;
use crate::text::Manner;

/// The sound of an English text, mono at 48 kHz.
pub(crate) fn spoken(text: &str) -> Vec<f32> {
    let utterance = Utterance {
        text: text.to_owned(),
        language: Language::En,
        voice: "en-us-female".to_owned(),
        keeping: None,
        manner: Manner::default(),
    };
    let mut pcm = Vec::new();
    let mut take = |speech: Speech| {
        pcm.extend(speech.pcm);
        ControlFlow::Continue(())
    };
    let said = Espeak::new()
        .unwrap()
        .speak(&utterance, &Cancel::default(), &mut take);
    said.unwrap();
    pcm
}
