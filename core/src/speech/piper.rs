//! Voices of Piper: small networks (VITS) in ONNX's format, which read what espeak-ng makes of a text.
//!
//! A voice is two files, `NAME.onnx` and `NAME.onnx.json`. Nothing of it is touched before the first sentence it is to say, and
//! then by the engine's own thread only: ONNX Runtime is a library of 30 MB, a network takes as much and more and half a
//! second to open.

mod library;
mod network;
mod phonemes;
mod profile;
mod timing;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use self::network::Network;
use self::profile::{PhonemeType, Profile};
use self::timing::Said;
use super::espeak::{Reader, Reading};
use super::shape::Shaped;
use super::stream::Stream;
use super::{Cancel, Engine, Speech, SpeechError, Utterance, pause};
use crate::text::{Manner, sentences};

/// Where a voice lies, and what it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The network, `NAME.onnx`; `NAME.onnx.json` lies beside it.
    pub network: PathBuf,
    /// ONNX Runtime, 1.17 or later: a path, or a name that the system knows.
    pub runtime: PathBuf,
    /// Threads that work on one sentence.
    pub threads: usize,
}

impl Model {
    /// What ONNX Runtime is called where nobody says: what `ORT_DYLIB_PATH` names, or what the system has.
    pub fn default_runtime() -> PathBuf {
        let named = std::env::var_os("ORT_DYLIB_PATH").filter(|path| !path.is_empty());
        named.map_or_else(|| PathBuf::from("libonnxruntime.so"), PathBuf::from)
    }

    /// Looks whether the files are there, and opens none of them.
    ///
    /// # Errors
    ///
    /// What is not there, for people.
    pub fn check(&self) -> Result<(), String> {
        let profile = self.profile();
        let files = [self.network.as_path(), &profile, &self.runtime];
        // A name without a path is looked for by the system, when it is needed.
        let named = |path: &&Path| path.components().count() > 1;
        match files.into_iter().filter(named).find(|path| !path.is_file()) {
            Some(missing) => Err(format!("there is no file {}", missing.display())),
            None => Ok(()),
        }
    }

    fn profile(&self) -> PathBuf {
        let mut name = self.network.clone().into_os_string();
        name.push(".json");
        name.into()
    }
}

/// One of Piper's voices. What an utterance calls a voice is one of its speakers, by name or number.
#[derive(Debug)]
pub struct Piper {
    model: Model,
    profile: OnceLock<Profile>,
    reader: OnceLock<Reader>,
    /// Networks that nobody is asking. There are as many as there were sentences at once.
    idle: Mutex<Vec<Network>>,
    /// Symbols that were said to be unknown.
    unknown: Mutex<HashSet<String>>,
}

impl Piper {
    /// The voice of `model`, which is not touched yet.
    pub fn new(model: Model) -> Self {
        Self {
            model,
            profile: OnceLock::new(),
            reader: OnceLock::new(),
            idle: Mutex::default(),
            unknown: Mutex::default(),
        }
    }

    fn profile(&self) -> Result<&Profile, SpeechError> {
        if let Some(profile) = self.profile.get() {
            return Ok(profile);
        }
        let profile = Profile::read(&self.model.profile()).map_err(SpeechError::Failed)?;
        Ok(self.profile.get_or_init(|| profile))
    }

    fn reader(&self) -> Result<&Reader, SpeechError> {
        if let Some(reader) = self.reader.get() {
            return Ok(reader);
        }
        let reader = Reader::open().map_err(|error| SpeechError::Failed(error.to_string()))?;
        Ok(self.reader.get_or_init(|| reader))
    }

    fn network(&self) -> Result<Network, SpeechError> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        if let Some(network) = idle {
            return Ok(network);
        }
        let began = std::time::Instant::now();
        let network = library::load(&self.model.runtime)
            .and_then(|()| Network::open(&self.model.network, self.model.threads))
            .map_err(SpeechError::Failed)?;
        tracing::info!(
            voice = %self.model.network.display(),
            milliseconds = began.elapsed().as_millis() as u64,
            "a voice was opened"
        );
        Ok(network)
    }

    fn rest(&self, network: Network) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(network);
    }

    /// What is not known is said once, not for every sentence.
    fn miss(&self, symbol: &str) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.insert(symbol.to_owned()) {
            let voice = self.model.network.display();
            tracing::warn!(%voice, symbol, "the voice does not know this phoneme");
        }
    }

    /// The sound of one sentence, or `None` where there is none.
    fn say(
        &self,
        sentence: &str,
        speaker: i64,
        manner: Manner,
        network: &mut Network,
        cancel: &Cancel,
    ) -> Result<Option<Shaped>, SpeechError> {
        let profile = self.profile()?;
        let how = profile.inference.at(manner.rate);
        let reading = self.reader()?.read(sentence, profile.voice(), cancel)?;
        let mut said = Said::new(profile.rate(), profile.hop_length);
        for symbols in symbols(sentence, &reading, profile.phoneme_type) {
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
            1.0,
            pause::at_end(sentence, manner),
        ))
    }
}

fn symbols(sentence: &str, reading: &Reading, kind: PhonemeType) -> Vec<Vec<String>> {
    match kind {
        PhonemeType::Espeak => phonemes::spoken(&reading.clauses),
        PhonemeType::Text => vec![phonemes::written(sentence)],
    }
}

impl Engine for Piper {
    fn speak(
        &self,
        utterance: &Utterance,
        cancel: &Cancel,
        hand_on: &mut dyn FnMut(Speech) -> ControlFlow<()>,
    ) -> Result<(), SpeechError> {
        let speaker = self.profile()?.speaker(&utterance.voice);
        let mut network = self.network()?;
        let mut stream = Stream::new(cancel, hand_on);
        let mut sentences = sentences(&utterance.text).into_iter().peekable();
        while let Some(sentence) = sentences.next() {
            let manner = Manner {
                goes_on: utterance.manner.goes_on && sentences.peek().is_none(),
                ..utterance.manner
            };
            let said = self.say(&sentence.text, speaker, manner, &mut network, cancel)?;
            if let Some(shaped) = said {
                stream.give(&shaped)?;
            }
        }
        self.rest(network);
        stream.end()
    }
}
