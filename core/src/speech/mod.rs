//! Speech engines: a sentence in, a stream of sound and marks out.

mod cancel;
mod engine;
#[cfg(feature = "espeak")]
mod espeak;
pub mod pause;

pub use cancel::Cancel;
pub use engine::{Engine, Mark, MarkKind, Speech, SpeechError, Utterance, Voice};
#[cfg(feature = "espeak")]
pub use espeak::{Espeak, EspeakError};
