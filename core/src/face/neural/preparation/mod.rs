//! From a film of somebody to a prepared avatar.
//!
//! In two rounds: first each frame is kept and looked at for a face; then, since a frame without one takes its
//! neighbours', each is made ready. Whatever is done is done once: a preparation that was interrupted goes on where it
//! was.

mod gaps;
mod ledger;
mod png;
mod preparer;

use std::path::{Path, PathBuf};

use avatar_codec::{ClipError, ClipReader, ClipSettings};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::manifest::{Bounds, FrameBounds, Manifest, MaskMode};
use super::raster::{Raster, RasterError};
use ledger::Ledger;
pub use preparer::{PreparedFrame, Preparer};

/// Why an avatar was not prepared.
#[derive(Debug, Error)]
pub enum PreparationError {
    /// The film cannot be read.
    #[error(transparent)]
    Clip(#[from] ClipError),
    /// Nothing moves in the film.
    #[error("{}: there are no pictures in it", film.display())]
    Empty {
        /// Which.
        film: PathBuf,
    },
    /// There is nobody in the film.
    #[error("{}: there is no face in any of its {frames} frames", film.display())]
    NoFace {
        /// Which.
        film: PathBuf,
        /// How many frames were looked at.
        frames: usize,
    },
    /// There is one of that name.
    #[error("{}: there is an avatar already, which is replaced only if that is asked for", directory.display())]
    Exists {
        /// Where it lies.
        directory: PathBuf,
    },
    /// Somebody else is at it.
    #[error("{}: this avatar is being prepared at the moment", directory.display())]
    Busy {
        /// Where it would lie.
        directory: PathBuf,
    },
    /// The networks failed in the middle.
    #[error("frame {frame}: {reason}")]
    Networks {
        /// At which frame of the clip.
        frame: usize,
        /// Their words.
        reason: String,
    },
    /// The networks could not be loaded.
    #[error(transparent)]
    Library(#[from] avatar_neural::NeuralError),
    /// A file cannot be read or written.
    #[error("{}: {reason}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A frame that was kept is of no use any more.
    #[error(transparent)]
    Raster(#[from] RasterError),
}

impl PreparationError {
    /// For the errors of the calls that `file` is given to.
    fn of<E: std::fmt::Display>(file: &Path) -> impl FnOnce(E) -> Self {
        let file = file.to_owned();
        move |reason| Self::File {
            file,
            reason: reason.to_string(),
        }
    }
}

/// Which part of a face is redrawn, and how it is blended in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// How masks are made.
    pub mode: MaskMode,
    /// Columns left of the middle, of 512, that are cheek.
    pub left_cheek: u32,
    /// Columns right of the middle, of 512, that are cheek.
    pub right_cheek: u32,
    /// Rows added to the face below the chin.
    pub extra_margin: u32,
    /// Rows by which the middle of the face is moved down.
    pub bbox_shift: i32,
}

impl Default for Shape {
    /// MuseTalk 1.5's.
    fn default() -> Self {
        Self {
            mode: MaskMode::Jaw,
            left_cheek: 90,
            right_cheek: 90,
            extra_margin: 10,
            bbox_shift: 0,
        }
    }
}

/// What is to be prepared.
#[derive(Debug, Clone)]
pub struct Preparation {
    /// The film: any that FFmpeg reads.
    pub film: PathBuf,
    /// Where the avatar is to lie. The name of this directory is what clients call it.
    pub directory: PathBuf,
    /// What people call it.
    pub title: String,
    /// How the film is read.
    pub clip: ClipSettings,
    /// How the networks were told to work.
    pub shape: Shape,
    /// Tells the networks' parameters from any others. An unfinished preparation by others is begun anew.
    pub weights: String,
    /// Whether an avatar that lies there already is replaced.
    pub replace: bool,
}

/// How far a preparation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Frames are looked at.
    Finding {
        /// How many have been.
        done: usize,
        /// About how many there are, where the film tells.
        expected: Option<u64>,
    },
    /// Frames are made ready.
    Preparing {
        /// How many are.
        done: usize,
        /// How many there are.
        frames: usize,
    },
}

/// What was prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Frames of the clip.
    pub frames: usize,
    /// How many of them had no face of their own.
    pub faceless: usize,
}

/// Prepares an avatar, or goes on with what was interrupted.
///
/// `networks` opens the networks, which may take long: it is called once nothing speaks against the preparation.
///
/// # Errors
///
/// [`PreparationError`]; what has been done until then is kept for the next time.
pub fn prepare<P: Preparer>(
    preparation: &Preparation,
    networks: impl FnOnce() -> Result<P, PreparationError>,
    mut progress: impl FnMut(Progress),
) -> Result<Outcome, PreparationError> {
    let directory = &preparation.directory;
    if !preparation.replace && directory.join(Manifest::FILE).exists() {
        return Err(PreparationError::Exists {
            directory: directory.clone(),
        });
    }
    let mut ledger = Ledger::open(preparation)?;
    let mut networks = networks()?;
    if !ledger.all_found() {
        find(preparation, &mut ledger, &mut networks, &mut progress)?;
    }
    let frames = ledger.faces().len();
    if frames == 0 {
        ledger.discard()?;
        return Err(PreparationError::Empty {
            film: preparation.film.clone(),
        });
    }
    let Some(faces) = gaps::filled(ledger.faces()) else {
        ledger.discard()?;
        return Err(PreparationError::NoFace {
            film: preparation.film.clone(),
            frames,
        });
    };
    let faceless = ledger.faces().iter().filter(|face| face.is_none()).count();
    let (width, height) = ready(&faces, &mut ledger, &mut networks, &mut progress)?;
    let bounds = faces.iter().zip(ledger.crops());
    let shape = preparation.shape;
    let manifest = Manifest {
        format: Manifest::FORMAT,
        name: preparation.title.clone(),
        model: Manifest::MODEL.to_owned(),
        frame_rate: preparation.clip.frame_rate,
        width,
        height,
        mode: shape.mode,
        left_cheek: shape.left_cheek,
        right_cheek: shape.right_cheek,
        extra_margin: shape.extra_margin,
        bbox_shift: shape.bbox_shift,
        frames: bounds
            .map(|(face, crop)| FrameBounds {
                face: *face,
                crop: *crop,
            })
            .collect(),
    };
    ledger.finish(directory, &manifest)?;
    Ok(Outcome { frames, faceless })
}

/// The first round.
fn find(
    preparation: &Preparation,
    ledger: &mut Ledger,
    networks: &mut impl Preparer,
    progress: &mut impl FnMut(Progress),
) -> Result<(), PreparationError> {
    let mut film = ClipReader::open(&preparation.film, preparation.clip)?;
    let expected = film.expected();
    let mut done = ledger.faces().len();
    for _ in 0..done {
        film.skip()?;
    }
    progress(Progress::Finding { done, expected });
    while let Some(picture) = film.read()? {
        ledger.keep_frame(done, &picture)?;
        let face = networks
            .find(&picture.data, picture.width, picture.height)
            .map_err(|reason| PreparationError::Networks {
                frame: done,
                reason,
            })?;
        ledger.found(face)?;
        done += 1;
        progress(Progress::Finding { done, expected });
    }
    ledger.all_are_found()
}

/// The second round. The size of the frames.
fn ready(
    faces: &[Bounds],
    ledger: &mut Ledger,
    networks: &mut impl Preparer,
    progress: &mut impl FnMut(Progress),
) -> Result<(u32, u32), PreparationError> {
    let frames = faces.len();
    let done = ledger.crops().len();
    progress(Progress::Preparing { done, frames });
    for (index, face) in faces.iter().enumerate().skip(done) {
        let frame = Raster::<3>::read(&ledger.frame_file(index))?;
        let prepared = networks
            .prepare(&frame.bytes, frame.width, frame.height, *face)
            .map_err(|reason| PreparationError::Networks {
                frame: index,
                reason,
            })?;
        ledger.prepared(&prepared)?;
        progress(Progress::Preparing {
            done: index + 1,
            frames,
        });
    }
    let first = Raster::<3>::read(&ledger.frame_file(0))?;
    Ok((first.width, first.height))
}
