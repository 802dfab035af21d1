//! The built-in engine: espeak-ng, one thread for all sessions.

mod desk;
mod marks;
mod normalized;
mod numeric;
#[cfg(feature = "piper")]
mod reading;
mod said;
mod spelling;
mod voices;

use std::ops::ControlFlow;

use thiserror::Error;

use self::desk::{Desk, Order};
use self::marks::Line;
#[cfg(feature = "piper")]
pub(super) use self::marks::is_letter;
#[cfg(feature = "piper")]
pub(super) use self::reading::{Reader, Reading};
use self::said::Said;
use self::voices::Tone;
use super::shape::Shaped;
use super::stream::Stream;
use super::{Cancel, Engine, Speech, SpeechError, Utterance, Voice, pause};
use crate::text::{Manner, readable_in};

/// Why there is no engine.
#[derive(Debug, Error)]
pub enum EspeakError {
    /// espeak-ng did not start.
    #[error(transparent)]
    Start(#[from] avatar_espeak::StartError),
    /// Its thread did not start.
    #[error("the speech thread could not be started: {0}")]
    Thread(String),
    /// Not one of the voices is installed.
    #[error("espeak-ng has none of the voices needed")]
    NoVoices,
}

/// espeak-ng's voices for Russian, Kazakh and English.
///
/// Any number of these share the one thread that owns the library. It starts with the first of them, so after the
/// process has forked, and ends with the process.
///
/// A request is a sentence at most, and they are served in order: a long text delays a short one by one sentence,
/// which takes a few milliseconds. The thread makes the whole sentence and never waits for whoever listens.
#[derive(Debug)]
pub struct Espeak {
    desk: Desk,
}

/// The voices it has, whether or not it runs.
pub(super) fn voices() -> Vec<Voice> {
    voices::all()
}

impl Espeak {
    /// The engine, with its thread running.
    ///
    /// # Errors
    ///
    /// [`EspeakError`]; another try may succeed, once the data is installed.
    pub fn new() -> Result<Self, EspeakError> {
        Ok(Self {
            desk: Desk::open()?,
        })
    }

    /// The sound of one sentence, or `None` where there is none.
    fn say(
        &self,
        sentence: &str,
        tone: &'static Tone,
        manner: Manner,
        cancel: &Cancel,
    ) -> Result<Option<Shaped>, SpeechError> {
        let tone = tone.reading(readable_in(sentence, tone.language));
        let said = Said::new(sentence, Some(tone.language));
        let order = Order {
            text: said.text().to_owned(),
            voice: tone.voice(manner),
            clauses: false,
            cancel: cancel.clone(),
        };
        let rendering = self.desk.order(order)?;
        let line = Line::new(sentence, &said, &rendering);
        Ok(Shaped::new(
            &rendering.samples(),
            rendering.rate,
            line.into_marks(),
            tone.gain(),
            pause::at_end(sentence, manner),
        ))
    }
}

impl Engine for Espeak {
    fn speak(
        &self,
        utterance: &Utterance,
        cancel: &Cancel,
        hand_on: &mut dyn FnMut(Speech) -> ControlFlow<()>,
    ) -> Result<(), SpeechError> {
        let tone = voices::find(&utterance.voice, utterance.language).ok_or_else(|| {
            SpeechError::Failed(format!("there is no voice {:?}", utterance.voice))
        })?;
        let tone = tone.reading(utterance.language);
        let mut stream = Stream::new(cancel, hand_on);
        for (sentence, manner) in utterance.sentences() {
            if let Some(shaped) = self.say(&sentence, tone, manner, cancel)? {
                stream.give(&shaped)?;
            }
        }
        stream.end()
    }
}
