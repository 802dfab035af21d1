//! Faces: speech in, pictures out.

mod articulation;
mod chance;
mod loudness;
mod motion;
mod mouth;
pub mod neural;
mod performance;
pub mod photo;
mod presenter;
#[cfg(test)]
mod sheet;
mod viseme;

pub use mouth::Mouth;
pub use presenter::{Avatar, Presenter, PresenterError, Region, SIZES, avatars};

use std::time::Instant;

use avatar_codec::Picture;
use thiserror::Error;

use self::neural::colour;

use crate::speech::Mark;
use crate::time::Samples;

/// Why a picture was not made.
#[derive(Debug, Error)]
pub enum FaceError {
    /// The face failed.
    #[error("the face failed: {0}")]
    Failed(String),
}

/// Paints the frames of one session. Frames are asked for in order, from zero.
pub trait Face: Send {
    /// How much speech beyond the end of a frame must be known before the frame can be painted.
    fn lookahead(&self) -> Samples;

    /// How much of that it cannot do without: with less than the [`lookahead`](Self::lookahead), a frame looks as if silence
    /// followed what is known.
    fn least_lookahead(&self) -> Samples {
        self.lookahead()
    }

    /// Takes in more speech. `marks` count from the beginning of the session, in order of time;
    /// `pcm` (mono, 48 kHz) follows what was heard before. Silence is heard too.
    fn hear(&mut self, pcm: &[f32], marks: &[Mark]);

    /// Up to where what was heard has been made use of: [forgetting](Self::forget) it costs more than not painting it.
    fn settled(&self) -> Samples {
        Samples::ZERO
    }

    /// Forgets what was heard from `from` on: something else follows there. What is [settled](Self::settled) is forgotten only
    /// from where the next frame begins.
    fn forget(&mut self, from: Samples);

    /// Nothing more will be heard.
    fn end(&mut self) {}

    /// Whether the next frame, which is shown at `due`, can be painted now. A face that needs longer for a frame than a turn
    /// may take begins in time, says no, and wakes its painter when there is more. When it is `late`, viewers have nothing
    /// left to see.
    fn ready(&mut self, due: Instant, late: bool) -> bool {
        let _ = (due, late);
        true
    }

    /// Paints the next frame, overwriting `picture`.
    ///
    /// # Errors
    ///
    /// [`FaceError`] when the picture could not be made.
    fn paint(&mut self, picture: &mut Picture) -> Result<(), FaceError>;
}

/// Zero below `low`, one above `high`, smooth between.
fn smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// One at zero, falling smoothly to nothing at ±2.5: close to a Gaussian, and cheap.
fn bell(x: f32) -> f32 {
    let t = (1.0 - x * x / 6.25).max(0.0);
    let cube = t * t * t;
    cube * cube
}
