//! The drawn presenter: a portrait of our own whose lips, eyes and head move.
//!
//! A portrait is painted once for each size, in layers: the room, the body, the head. A frame costs what changed:
//! mouth and eyes are painted anew on the head when they move, and the layers are put together, each moved by a field
//! of small displacements, where one of them moved. Frames are made in the planes that encoders take.

mod body;
mod canvas;
mod colour;
mod eyes;
mod hair;
mod head;
mod lips;
mod painted;
mod patch;
mod planes;
mod portrait;
mod room;
mod row;
mod shape;
mod stage;
mod stance;
mod warp;

use avatar_codec::Picture;
use thiserror::Error;

use self::portrait::{MIDDLE, PORTRAITS};
use self::stage::{Scene, Stage};
use super::mouth::Mouth;
use super::performance::{LOOKAHEAD, Moment, Performance};
use super::{Face, FaceError};
use crate::speech::Mark;
use crate::time::{FrameRate, Samples};

/// The sizes a presenter can be painted at, in pixels, each way.
pub const SIZES: std::ops::RangeInclusive<usize> = 64..=1920;

/// How far the chin goes down with the jaw, in units.
const CHIN: f32 = 5.5;

/// Someone who can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Avatar {
    /// What clients ask for.
    pub id: &'static str,
    /// What people read.
    pub name: &'static str,
}

/// Every presenter; the first is the default.
pub fn avatars() -> &'static [Avatar] {
    const fn avatar(n: usize) -> Avatar {
        #[allow(clippy::indexing_slicing, reason = "evaluated when compiled")]
        let portrait = &PORTRAITS[n];
        Avatar {
            id: portrait.id,
            name: portrait.name,
        }
    }
    static AVATARS: [Avatar; PORTRAITS.len()] = [avatar(0), avatar(1)];
    &AVATARS
}

/// Why there is no such presenter.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PresenterError {
    /// Nobody has this id.
    #[error("there is no avatar \"{0}\"")]
    UnknownAvatar(String),
    /// Sizes are even and within [`SIZES`].
    #[error("a picture of {0} × {1} pixels: width and height must be even, from 64 to 1920")]
    Size(usize, usize),
}

/// A rectangle of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// From the left edge.
    pub x: usize,
    /// From the top edge.
    pub y: usize,
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
}

/// A drawn presenter in one session.
#[derive(Debug)]
pub struct Presenter {
    size: (usize, usize),
    performance: Performance,
    stage: Stage,
    region: Region,
}

impl Presenter {
    /// The presenter `avatar` in pictures of `width` by `height` pixels. What it does by itself depends on `seed` alone.
    ///
    /// The first presenter of its kind and size in a process is painted, which takes tens of milliseconds at 512 × 512;
    /// the others share that.
    ///
    /// # Errors
    ///
    /// [`PresenterError`].
    pub fn new(
        avatar: &str,
        width: usize,
        height: usize,
        rate: FrameRate,
        seed: u64,
    ) -> Result<Self, PresenterError> {
        let portrait = PORTRAITS
            .iter()
            .find(|portrait| portrait.id == avatar)
            .ok_or_else(|| PresenterError::UnknownAvatar(avatar.to_owned()))?;
        let fits = |size: usize| SIZES.contains(&size) && size.is_multiple_of(2);
        if !fits(width) || !fits(height) {
            return Err(PresenterError::Size(width, height));
        }
        let stage = Stage::new(portrait, width, height);
        let (aside, up, down) = lips::REACH;
        let y = portrait.lips.line_y;
        let (left, top) = stage.pixel((MIDDLE - aside, y - up));
        let (right, bottom) = stage.pixel((MIDDLE + aside, y + down));
        Ok(Self {
            size: (width, height),
            performance: Performance::new(seed, rate),
            stage,
            region: Region {
                x: left as usize,
                y: top as usize,
                width: (right - left).ceil() as usize,
                height: (bottom - top).ceil() as usize,
            },
        })
    }

    /// Where the mouth is, however it moves: what lies between the lips is the only part of it that is dark.
    pub fn mouth_region(&self) -> Region {
        self.region
    }

    /// The mouth of the frame painted last.
    pub fn mouth(&self) -> Mouth {
        self.performance.mouth()
    }

    /// Everything that is seen in the next frame.
    fn next(&mut self) -> Scene {
        let Moment {
            mouth,
            mut pose,
            look,
        } = self.performance.next();
        pose.jaw = CHIN * mouth.jaw;
        Scene { mouth, look, pose }
    }
}

impl Face for Presenter {
    fn lookahead(&self) -> Samples {
        LOOKAHEAD
    }

    fn least_lookahead(&self) -> Samples {
        Samples::ZERO
    }

    fn hear(&mut self, pcm: &[f32], marks: &[Mark]) {
        self.performance.hear(pcm, marks);
    }

    fn paint(&mut self, picture: &mut Picture) -> Result<(), FaceError> {
        let (width, height) = self.size;
        if (picture.width, picture.height) != self.size {
            return Err(FaceError::Failed(format!(
                "a presenter of {width} × {height} pixels was asked for a picture of {} × {}",
                picture.width, picture.height
            )));
        }
        let scene = self.next();
        self.stage.show(scene, picture);
        Ok(())
    }
}

#[cfg(test)]
mod contact;
#[cfg(test)]
mod tests;
