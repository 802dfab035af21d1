//! The built-in engine: espeak-ng, one thread for all sessions.

mod desk;
mod marks;
mod said;
mod shape;
mod spelling;
mod voices;

use std::ops::ControlFlow;

use thiserror::Error;

use self::desk::{Desk, Order};
use self::marks::Line;
use self::said::Said;
use self::shape::Shaped;
use self::voices::Tone;
use super::{Cancel, Engine, Mark, MarkKind, Speech, SpeechError, Utterance, Voice, pause};
use crate::audio::{ResampleError, Resampler};
use crate::text::{readable_in, sentences};
use crate::time::Samples;

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

/// How much sound is handed on at once.
const STRETCH: Samples = Samples::from_millis(200);

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
        cancel: &Cancel,
    ) -> Result<Option<Shaped>, SpeechError> {
        let tone = tone.reading(readable_in(sentence, tone.language));
        let said = Said::new(sentence, tone.language);
        let order = Order {
            text: said.text().to_owned(),
            voice: tone.voice(),
            cancel: cancel.clone(),
        };
        let rendering = self.desk.order(order)?;
        let line = Line::new(sentence, &said, &rendering);
        Ok(Shaped::new(
            rendering,
            line,
            tone.gain(),
            pause::after(sentence),
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
        let mut stream = Stream::new(cancel, hand_on);
        for sentence in sentences(&utterance.text) {
            if let Some(shaped) = self.say(&sentence.text, tone, cancel)? {
                stream.give(&shaped)?;
            }
        }
        stream.end()
    }
}

/// The sound of one utterance on its way to whoever wants it.
struct Stream<'a> {
    cancel: &'a Cancel,
    hand_on: &'a mut dyn FnMut(Speech) -> ControlFlow<()>,
    resampler: Option<(u32, Resampler)>,
    /// What was given out: where the next stretch begins.
    given: Samples,
}

impl<'a> Stream<'a> {
    fn new(cancel: &'a Cancel, hand_on: &'a mut dyn FnMut(Speech) -> ControlFlow<()>) -> Self {
        Self {
            cancel,
            hand_on,
            resampler: None,
            given: Samples::ZERO,
        }
    }

    /// Hands on one sentence.
    fn give(&mut self, sentence: &Shaped) -> Result<(), SpeechError> {
        let began = self.given;
        let marks = sentence.marks.iter().map(|mark| Mark {
            at: began + mark.at,
            kind: mark.kind.clone(),
        });
        let mut marks = marks.peekable();
        let mut resampler = match self.resampler.take() {
            Some((rate, resampler)) if rate == sentence.rate => resampler,
            _ => Resampler::new(sentence.rate).map_err(failed)?,
        };
        let stretch = sentence.samples(STRETCH).max(1);
        let mut stretches = sentence.sound.chunks(stretch).peekable();
        while let Some(sound) = stretches.next() {
            let mut pcm = Vec::new();
            resampler.push(sound, &mut pcm).map_err(failed)?;
            let last = stretches.peek().is_none();
            if last {
                resampler.finish(&mut pcm).map_err(failed)?;
            }
            let end = self.given + Samples(pcm.len() as u64);
            let marks =
                std::iter::from_fn(|| marks.next_if(|mark| last || mark.at < end)).collect();
            self.hand_on(Speech { pcm, marks })?;
        }
        self.resampler = Some((sentence.rate, resampler));
        Ok(())
    }

    /// Says that this was all.
    fn end(mut self) -> Result<(), SpeechError> {
        if self.given == Samples::ZERO {
            return Err(SpeechError::Nothing);
        }
        let end = Mark {
            at: self.given,
            kind: MarkKind::End,
        };
        self.hand_on(Speech {
            pcm: Vec::new(),
            marks: vec![end],
        })
    }

    fn hand_on(&mut self, speech: Speech) -> Result<(), SpeechError> {
        self.given += Samples(speech.pcm.len() as u64);
        if self.cancel.raised() || (self.hand_on)(speech).is_break() {
            return Err(SpeechError::Cancelled);
        }
        Ok(())
    }
}

fn failed(error: ResampleError) -> SpeechError {
    SpeechError::Failed(error.to_string())
}
