//! Speech engines: a sentence in, a stream of sound and marks out.

mod cancel;
mod engine;
#[cfg(feature = "espeak")]
pub mod espeak;

pub use cancel::Cancel;
pub use engine::{Engine, Mark, MarkKind, Speech, SpeechError, Utterance, Voice};

/// The voices that are built in.
pub fn voices() -> Vec<Voice> {
    #[cfg(feature = "espeak")]
    return espeak::voices();
    #[cfg(not(feature = "espeak"))]
    Vec::new()
}
