//! A photo as networks take it.

use super::bitmap::Bitmap;
use super::decode;
use super::error::PhotoError;
use super::portrait::{self, Note, Options};
use super::view::{self, MARGIN};

/// The side of the pictures that networks are shown, in pixels.
pub const SIDE: usize = 512;

/// A photo's pixels, upright.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Still {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Rows of red, green and blue.
    pub rgb: Vec<u8>,
}

impl Still {
    /// Reads a file, as [`Photo::read`](super::Photo::read) does, and looks for nothing in it.
    ///
    /// # Errors
    ///
    /// [`PhotoError`]
    pub fn read(bytes: &[u8]) -> Result<Self, PhotoError> {
        Ok(decode::decode(bytes)?.into())
    }

    /// Reads a file and cuts it to what `options` say is shown of it, around the face that is found in it.
    ///
    /// # Errors
    ///
    /// [`PhotoError`], as for [`Photo::read`](super::Photo::read).
    pub fn framed(bytes: &[u8], options: &Options) -> Result<(Self, Vec<Note>), PhotoError> {
        let found = portrait::find(bytes, options)?;
        let part = view::part(&found.photo, &found.frame, options.crop, options.size);
        let seen = view::seen(&found.photo, &found.frame, part, options.size)?;
        Ok((within(&seen.bitmap).into(), found.notes))
    }

    /// A picture of nothing.
    pub fn black(side: u32) -> Self {
        Self {
            width: side,
            height: side,
            rgb: vec![0; side as usize * side as usize * 3],
        }
    }
}

impl From<Bitmap> for Still {
    fn from(bitmap: Bitmap) -> Self {
        Self {
            width: bitmap.width,
            height: bitmap.height,
            rgb: bitmap.bytes,
        }
    }
}

/// A picture without its margin.
fn within(bitmap: &Bitmap) -> Bitmap {
    let margin = MARGIN as u32;
    let (width, height) = (bitmap.width - 2 * margin, bitmap.height - 2 * margin);
    let row = bitmap.width as usize * 3;
    let rows = bitmap.bytes.chunks_exact(row).skip(MARGIN);
    let inner = rows
        .take(height as usize)
        .filter_map(|line| line.get(MARGIN * 3..row - MARGIN * 3));
    Bitmap {
        width,
        height,
        bytes: inner.flatten().copied().collect(),
    }
}
