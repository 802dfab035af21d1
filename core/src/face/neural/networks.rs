//! What the neural face asks of the networks that draw it, whoever has them.

use std::any::Any;
use std::path::Path;

use thiserror::Error;

use crate::time::{FrameRate, Samples};

/// What is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The side of a face, in pixels.
    pub face_side: usize,
    /// How many floats the tokens of one frame are.
    pub tokens: usize,
    /// The rate of the speech that is heard, in samples a second.
    pub sample_rate: u32,
    /// How many faces can be asked for at once.
    pub max_batch: usize,
    /// How much speech after a frame's beginning must be known before its tokens are.
    pub lookahead: Samples,
}

/// Why the networks did not do what they were asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// Memory ran out. The same in smaller pieces may succeed.
    #[error("{0}")]
    Memory(String),
    /// The device is broken for this process.
    #[error("{0}")]
    Device(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// One face of a batch.
pub struct Request<'a> {
    /// Of whom.
    pub portrait: &'a dyn Portrait,
    /// Which of its frames.
    pub index: usize,
    /// What is said: [`Description::tokens`] floats.
    pub tokens: &'a [f32],
    /// Where the face goes: rows of [`Description::face_side`] pixels of red, green and blue, as many rows.
    pub face: &'a mut [u8],
}

/// Loaded networks. Only one call of [`Networks::faces`] is made at a time.
pub trait Networks: Send + Sync {
    /// What is loaded.
    fn description(&self) -> Description;

    /// An ear for one session, whose pictures come at `rate`.
    ///
    /// # Errors
    ///
    /// [`NetworkError`]
    fn listener(&self, rate: FrameRate) -> Result<Box<dyn Listener>, NetworkError>;

    /// Loads an avatar's latents.
    ///
    /// # Errors
    ///
    /// [`NetworkError`]
    fn portrait(&self, latents: &Path) -> Result<Box<dyn Portrait>, NetworkError>;

    /// Draws faces, of any sessions and avatars together, at most [`Description::max_batch`].
    ///
    /// # Errors
    ///
    /// [`NetworkError`]; then no face is drawn.
    fn faces(&self, batch: &mut [Request<'_>]) -> Result<(), NetworkError>;
}

/// One session's ear.
pub trait Listener: Send {
    /// Hears more speech, mono, at [`Description::sample_rate`], appends to `tokens` those of the frames that have become known, and
    /// returns how many frames these are. Frames come in order, and none twice. With `last` all the rest becomes known.
    ///
    /// # Errors
    ///
    /// [`NetworkError`]
    fn hear(
        &mut self,
        pcm: &[f32],
        last: bool,
        tokens: &mut Vec<f32>,
    ) -> Result<usize, NetworkError>;
}

/// One avatar's latents, where the networks can use them.
pub trait Portrait: Any + Send + Sync {
    /// How many frames it has.
    fn frames(&self) -> usize;
}
