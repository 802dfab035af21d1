//! Speech engines: a sentence in, a stream of sound and marks out.

mod cancel;
mod engine;

pub use cancel::Cancel;
pub use engine::{Engine, Mark, MarkKind, Speech, SpeechError, Utterance, Voice};
