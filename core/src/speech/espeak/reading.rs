//! How espeak-ng reads a sentence, for engines that read phonemes or do not say when they say what.

use avatar_espeak::{Clause, Voice};

use super::EspeakError;
use super::desk::{Desk, Order};
use super::marks::Line;
use super::said::Said;
use crate::speech::piper::language_of;
use crate::speech::{Cancel, MarkKind, SpeechError};

/// Reads sentences in any of espeak-ng's languages, on the one thread that owns the library.
#[derive(Debug)]
pub(in crate::speech) struct Reader {
    desk: Desk,
}

/// A sentence read plainly.
#[derive(Debug)]
pub(in crate::speech) struct Reading {
    /// Its phonemes.
    pub(in crate::speech) clauses: Vec<Clause>,
    /// Samples a second.
    pub(in crate::speech) rate: u32,
    pub(in crate::speech) sound: Vec<f32>,
    /// Its words and phonemes, each with the sample it begins at.
    pub(in crate::speech) marks: Vec<(u64, MarkKind)>,
}

impl Reader {
    /// Starts the thread, unless it runs.
    pub(in crate::speech) fn open() -> Result<Self, EspeakError> {
        Ok(Self {
            desk: Desk::open()?,
        })
    }

    /// Reads `sentence` by what espeak-ng calls `voice`, such as `ru` or `en-us`.
    pub(in crate::speech) fn read(
        &self,
        sentence: &str,
        voice: &str,
        cancel: &Cancel,
    ) -> Result<Reading, SpeechError> {
        let language = language_of(voice);
        let said = Said::new(sentence, language);
        let rendering = self.desk.order(Order {
            text: said.text().to_owned(),
            voice: Voice::new(voice),
            clauses: true,
            cancel: cancel.clone(),
        })?;
        let marks = Line::new(sentence, &said, &rendering)
            .into_marks()
            .collect();
        Ok(Reading {
            rate: rendering.rate,
            sound: rendering.samples(),
            marks,
            clauses: rendering.clauses,
        })
    }
}
