//! The sound of one utterance on its way to whoever wants it, from engines that make whole sentences.

use std::ops::ControlFlow;

use super::shape::Shaped;
use super::{Cancel, Mark, MarkKind, Speech, SpeechError};
use crate::audio::{ResampleError, Resampler};
use crate::time::Samples;

/// How much sound is handed on at once.
const STRETCH: Samples = Samples::from_millis(200);

/// The sound of one utterance on its way to whoever wants it.
pub(super) struct Stream<'a> {
    cancel: &'a Cancel,
    hand_on: &'a mut dyn FnMut(Speech) -> ControlFlow<()>,
    resampler: Option<(u32, Resampler)>,
    /// What was given out: where the next stretch begins.
    given: Samples,
}

impl<'a> Stream<'a> {
    pub(super) fn new(
        cancel: &'a Cancel,
        hand_on: &'a mut dyn FnMut(Speech) -> ControlFlow<()>,
    ) -> Self {
        Self {
            cancel,
            hand_on,
            resampler: None,
            given: Samples::ZERO,
        }
    }

    /// Hands on one sentence.
    pub(super) fn give(&mut self, sentence: &Shaped) -> Result<(), SpeechError> {
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
    pub(super) fn end(mut self) -> Result<(), SpeechError> {
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
