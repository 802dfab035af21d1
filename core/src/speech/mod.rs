//! Speech engines: a sentence in, a stream of sound and marks out.

mod activity;
#[cfg(feature = "piper")]
mod alignment;
mod cancel;
mod delivery;
mod ear;
mod engine;
mod ensemble;
#[cfg(feature = "espeak")]
mod espeak;
mod hearing;
pub mod http;
mod keeping;
mod level;
#[cfg(not(feature = "espeak"))]
mod no_voice;
pub mod pause;
#[cfg(feature = "piper")]
pub mod piper;
mod settings;
#[cfg(feature = "espeak")]
mod shape;
#[cfg(test)]
#[cfg(feature = "espeak")]
mod spoken;
#[cfg(feature = "espeak")]
mod stream;
mod tempo;
mod trim;
mod words;

pub(crate) use activity::Activity;
pub use cancel::Cancel;
#[cfg(test)]
#[cfg(feature = "espeak")]
pub(crate) use ear::{Ear, Timbre};
pub use engine::{Engine, Mark, MarkKind, Speech, SpeechError, Utterance, Voice};
pub use ensemble::{Ensemble, EnsembleError};
#[cfg(feature = "espeak")]
pub use espeak::{Espeak, EspeakError};
pub(crate) use hearing::Hearing;
pub use keeping::Keeping;
#[cfg(not(feature = "espeak"))]
pub(crate) use no_voice::NoVoice;
pub use settings::{EngineSettings, Means, Settings, VoiceSettings};
#[cfg(test)]
#[cfg(feature = "espeak")]
pub(crate) use spoken::spoken;
pub use tempo::Tempo;

/// The voices that are built in.
pub fn voices() -> Vec<Voice> {
    #[cfg(feature = "espeak")]
    return espeak::voices();
    #[cfg(not(feature = "espeak"))]
    Vec::new()
}
