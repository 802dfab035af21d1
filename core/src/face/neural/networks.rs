//! What neural faces ask of the networks that draw them, whoever has them.

use std::any::Any;
use std::path::Path;

use thiserror::Error;

use crate::face::photo::Still;
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
    /// Whether faces are found in photos.
    pub finds_faces: bool,
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
    /// Nobody looks out of a photo.
    #[error("{0}")]
    NoFace(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

/// Of whom faces are drawn.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// Somebody who was filmed: a file of prepared latents.
    Filmed(&'a Path),
    /// Somebody on a photo.
    Photo {
        /// The photo.
        still: &'a Still,
        /// Whether it is cut to the face that is found in it, or drawn as it is.
        find: bool,
    },
}

/// How somebody on a photo speaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Manner {
    /// What chance is drawn from.
    pub seed: u64,
    /// Moments from noise to motion, both ends counted.
    pub moments: u32,
    /// How closely motion keeps to the speech: how many times as far as that draws it, it goes.
    pub guidance: f32,
    /// Pitch, yaw and roll of the head, in radians; else as the network likes.
    pub pose: Option<[f32; 3]>,
    /// Where the eyes look; else as the network likes.
    pub gaze: Option<[f32; 2]>,
    /// Frames, as many as 40 ms each, that motion is made for at once.
    pub step: u32,
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

    /// An ear for one session of `portrait`, whose pictures come at `rate`. Whoever was filmed has no manner.
    ///
    /// # Errors
    ///
    /// [`NetworkError`]
    fn listener(
        &self,
        portrait: &dyn Portrait,
        manner: Option<&Manner>,
        rate: FrameRate,
    ) -> Result<Box<dyn Listener>, NetworkError>;

    /// Loads somebody's latents, or looks at a photo.
    ///
    /// # Errors
    ///
    /// [`NetworkError`]; [`NetworkError::NoFace`] where one was to be found.
    fn portrait(&self, subject: Subject<'_>) -> Result<Box<dyn Portrait>, NetworkError>;

    /// Draws faces, of any sessions and portraits together, at most [`Description::max_batch`].
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

/// Somebody's latents, where the networks can use them.
pub trait Portrait: Any + Send + Sync {
    /// How many frames it has.
    fn frames(&self) -> usize;
}

/// What `portrait` is to those who made it, a `T`.
///
/// # Errors
///
/// [`NetworkError::Failed`] where it is not.
pub(super) fn own<T: Any>(portrait: &dyn Portrait) -> Result<&T, NetworkError> {
    let portrait: &dyn Any = portrait;
    portrait
        .downcast_ref()
        .ok_or_else(|| NetworkError::Failed("a portrait is of another library".to_owned()))
}
