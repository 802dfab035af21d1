//! The espeak-ng library (1.51 or later), safely.
//!
//! espeak-ng keeps everything in global variables: one voice, one utterance, one callback for the whole
//! process. A [`Synthesizer`] is the permission to touch them. At most one exists at a time, it stays on
//! the thread that made it, and it only speaks through `&mut self`, so the library is never entered twice.
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! let mut synthesizer = avatar_espeak::Synthesizer::new()?;
//! synthesizer.set_voice(&avatar_espeak::Voice::new("en-us"))?;
//! let mut samples = 0;
//! synthesizer.speak("Good morning.", &mut |sound, _events| {
//!     samples += sound.len();
//!     ControlFlow::Continue(())
//! })?;
//! assert!(samples > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod alphabet;
mod callback;
mod clause;
mod event;
mod prepared;
mod synthesizer;
mod voice;

pub use callback::Sink;
pub use clause::{Clause, Stop};
pub use event::{Event, EventKind};
pub use synthesizer::{SpeakError, Spoken, StartError, Synthesizer, VoiceError};
pub use voice::Voice;
