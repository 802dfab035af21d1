//! Why a photo is of no use.

use std::path::PathBuf;

use thiserror::Error;

/// Why a photo is of no use. The texts are for whoever sent it, but for those of [`PhotoError::Cascade`].
#[derive(Debug, Error)]
pub enum PhotoError {
    /// None of the kinds that are read; what it seems to be.
    #[error("the picture must be a JPEG, PNG, WebP, HEIC or AVIF{}", seeming(.0))]
    NotAnImage(Option<&'static str>),
    /// A picture by its first bytes, and then not, or of a kind that is not read. Completes "the picture …".
    #[error("the picture {0}")]
    Damaged(String),
    /// More pixels than are looked at.
    #[error(
        "the picture is too large: {width}×{height} pixels, where {} million are the most",
        most / 1_000_000
    )]
    TooLarge {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Pixels in all that would be looked at.
        most: u64,
    },
    /// Fewer pixels than a face can be found in.
    #[error(
        "the picture is too small: {width}×{height} pixels, where it must be {least}×{least} at least"
    )]
    TooSmall {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Pixels each way that it must have.
        least: u32,
    },
    /// Nobody looks out of the picture.
    #[error(
        "no face was found in the picture: it must show one from the front with eyes and mouth, not too small, and turned by no more than 40° to a side"
    )]
    NoFace,
    /// Pictures cannot be made of this size.
    #[error("a picture of {0} × {1} pixels: width and height must be even, from 64 to 1920")]
    Size(usize, usize),
    /// What faces are found by cannot be read; this is the server's fault.
    #[error(
        "{}: {reason}; faces in photos are found by the data of Debian's package opencv-data",
        file.display()
    )]
    Cascade {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The picture could not be scaled.
    #[error("the picture could not be scaled: {0}")]
    Scale(String),
}

fn seeming(what: &Option<&str>) -> String {
    what.map_or_else(String::new, |what| format!("; this seems to be {what}"))
}
