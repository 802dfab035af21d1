//! Faces: speech in, pictures out.

use avatar_codec::Picture;
use thiserror::Error;

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

    /// Takes in more speech. `marks` count from the beginning of the session, in order of time;
    /// `pcm` (mono, 48 kHz) follows what was heard before. Silence is heard too.
    fn hear(&mut self, pcm: &[f32], marks: &[Mark]);

    /// Paints the next frame, overwriting `picture`.
    ///
    /// # Errors
    ///
    /// [`FaceError`] when the picture could not be made.
    fn paint(&mut self, picture: &mut Picture) -> Result<(), FaceError>;
}

/// A face there is.
#[derive(Debug)]
pub struct Avatar {
    /// Id.
    pub id: &'static str,
    /// Name.
    pub name: &'static str,
}

/// All faces.
pub fn avatars() -> &'static [Avatar] {
    &[Avatar {
        id: "anna",
        name: "Anna",
    }]
}

/// Grey for now.
#[derive(Debug)]
pub struct Presenter(u64);

impl Presenter {
    /// New.
    pub fn new(_name: &str, _seed: u64) -> Self {
        Self(0)
    }
}

impl Face for Presenter {
    fn lookahead(&self) -> Samples {
        Samples::from_millis(120)
    }
    fn hear(&mut self, _pcm: &[f32], _marks: &[Mark]) {}
    fn paint(&mut self, picture: &mut Picture) -> Result<(), FaceError> {
        self.0 += 1;
        let shade = (self.0 % 200) as u8 + 20;
        picture.y.fill(shade);
        Ok(())
    }
}
