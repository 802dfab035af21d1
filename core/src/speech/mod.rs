//! Speech engines: a sentence in, a stream of sound and marks out.

#[cfg(feature = "piper")]
mod alignment;
mod cancel;
mod engine;
#[cfg(feature = "espeak")]
mod espeak;
pub mod pause;
#[cfg(feature = "piper")]
pub mod piper;
#[cfg(feature = "espeak")]
mod shape;
#[cfg(feature = "espeak")]
mod stream;
mod volume;

pub use cancel::Cancel;
pub use engine::{Engine, Mark, MarkKind, Speech, SpeechError, Utterance, Voice};
#[cfg(feature = "espeak")]
pub use espeak::{Espeak, EspeakError};
pub(crate) use volume::amplify;

/// The voices that are built in.
pub fn voices() -> Vec<Voice> {
    #[cfg(feature = "espeak")]
    return espeak::voices();
    #[cfg(not(feature = "espeak"))]
    Vec::new()
}
