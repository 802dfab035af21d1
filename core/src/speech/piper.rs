//! Voices of Piper: small networks (VITS) in ONNX's format, which read what espeak-ng makes of a text.
//!
//! A voice is two files, `NAME.onnx` and `NAME.onnx.json`. ONNX Runtime is a library of 30 MB, and a network takes more than its
//! file's 60 MB and half a second to open: so both are left alone before the voice is prepared, or the first sentence comes.

mod library;
mod model;
mod network;
mod networks;
mod phonemes;
mod profile;
mod timing;

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::{Mutex, OnceLock, PoisonError};

pub use self::library::NO_TELEMETRY;
pub(super) use self::model::language_of;
pub use self::model::{Model, ModelError, Outline};

use self::model::file_name;
use self::network::Network;
use self::networks::Networks;
use self::profile::{PhonemeType, Profile};
use self::timing::Said;
use super::espeak::{Reader, Reading};
use super::level::VoiceLevel;
use super::shape::Shaped;
use super::stream::Stream;
use super::{Cancel, Engine, Speech, SpeechError, Utterance, pause};
use crate::audio::Loudness;
use crate::text::Manner;

/// One of Piper's voices. What an utterance calls a voice is one of its speakers, by name or number.
#[derive(Debug)]
pub struct Piper {
    model: Model,
    profile: OnceLock<Profile>,
    reader: OnceLock<Reader>,
    networks: Networks,
    /// Symbols that were said to be unknown.
    unknown: Mutex<HashSet<String>>,
    /// How loud each speaker is.
    levels: Mutex<HashMap<i64, VoiceLevel>>,
}

impl Piper {
    /// The voice of `model`, which is not touched yet, with at most so many networks: sentences that it speaks at once.
    pub fn new(model: Model, networks: usize) -> Self {
        Self {
            networks: Networks::new(model.clone(), networks),
            model,
            profile: OnceLock::new(),
            reader: OnceLock::new(),
            unknown: Mutex::default(),
            levels: Mutex::default(),
        }
    }

    fn profile(&self) -> Result<&Profile, SpeechError> {
        if let Some(profile) = self.profile.get() {
            return Ok(profile);
        }
        let path = &self.model.profile;
        let profile = Profile::read(path);
        let profile = profile
            .map_err(|reason| SpeechError::Failed(format!("{}: {reason}", file_name(path))))?;
        Ok(self.profile.get_or_init(|| profile))
    }

    fn reader(&self) -> Result<&Reader, SpeechError> {
        if let Some(reader) = self.reader.get() {
            return Ok(reader);
        }
        let reader = Reader::open().map_err(|error| SpeechError::Failed(error.to_string()))?;
        Ok(self.reader.get_or_init(|| reader))
    }

    /// What is not known is said once, not for every sentence.
    fn miss(&self, symbol: &str) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.insert(symbol.to_owned()) {
            let voice = self.model.network.display();
            tracing::warn!(%voice, symbol, "the voice does not know this phoneme");
        }
    }

    /// What brings a speaker to the loudness of all: what was learned from the sentences before, and only of the first one from
    /// itself. So what is said softly is heard softly.
    fn gain(&self, speaker: i64, sound: &[f32], rate: u32) -> f32 {
        let mut loudness = Loudness::at(rate);
        loudness.hear(sound);
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let level = levels.entry(speaker).or_default();
        let known = level.gain();
        if let Some(lufs) = loudness.finish() {
            level.learn(lufs, loudness.seconds());
        }
        let decibels = known.or_else(|| level.gain()).unwrap_or_default();
        10_f64.powf(decibels / 20.0) as f32
    }

    fn speak_with(
        &self,
        network: &mut Network,
        utterance: &Utterance,
        cancel: &Cancel,
        hand_on: &mut dyn FnMut(Speech) -> ControlFlow<()>,
    ) -> Result<(), SpeechError> {
        let profile = self.profile()?;
        let speaker = profile.speaker(&utterance.voice);
        // The file of a voice that reads letters need not say in which language.
        let accent = match profile.voice() {
            "" => utterance.language.code(),
            accent => accent,
        };
        let mut stream = Stream::new(cancel, hand_on);
        for (sentence, manner) in utterance.sentences() {
            let said = self.say(&sentence, accent, speaker, manner, network, cancel)?;
            if let Some(shaped) = said {
                stream.give(&shaped)?;
            }
        }
        stream.end()
    }

    /// The sound of one sentence, or `None` where there is none.
    fn say(
        &self,
        sentence: &str,
        accent: &str,
        speaker: i64,
        manner: Manner,
        network: &mut Network,
        cancel: &Cancel,
    ) -> Result<Option<Shaped>, SpeechError> {
        let profile = self.profile()?;
        let how = profile.inference.at(manner.rate);
        let reading = self.reader()?.read(sentence, accent, cancel)?;
        let mut said = Said::new(profile.rate(), profile.hop_length);
        for symbols in symbols(sentence, &reading, &profile.phoneme_type) {
            for run in phonemes::runs(&symbols, profile, &mut |symbol| self.miss(symbol)) {
                if cancel.raised() {
                    return Err(SpeechError::Cancelled);
                }
                tracing::trace!(ids = ?run.ids, "a voice is asked");
                let heard = network
                    .say(&run, how, speaker)
                    .map_err(SpeechError::Failed)?;
                said.add(&run, heard);
            }
        }
        let marks = said.marks(&reading);
        Ok(Shaped::new(
            &said.sound,
            profile.rate(),
            marks,
            self.gain(speaker, &said.sound, profile.rate()),
            pause::at_end(sentence, manner),
        ))
    }
}

fn symbols(sentence: &str, reading: &Reading, kind: &PhonemeType) -> Vec<Vec<String>> {
    match kind {
        PhonemeType::Espeak => phonemes::spoken(&reading.clauses),
        PhonemeType::Text => vec![phonemes::written(sentence)],
        PhonemeType::Other(_) => Vec::new(),
    }
}

impl Engine for Piper {
    fn prepare(&self) {
        self.networks.prepare();
    }

    fn speak(
        &self,
        utterance: &Utterance,
        cancel: &Cancel,
        hand_on: &mut dyn FnMut(Speech) -> ControlFlow<()>,
    ) -> Result<(), SpeechError> {
        let mut network = self.networks.take().map_err(SpeechError::Failed)?;
        let spoken = self.speak_with(&mut network, utterance, cancel, hand_on);
        // Whatever went wrong, it can be asked again.
        self.networks.give_back(network);
        spoken
    }
}
