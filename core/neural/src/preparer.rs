//! The networks that prepare avatars.

use std::path::{Path, PathBuf};
use std::ptr::NonNull;

use avatar_models_abi as abi;

use crate::message::Message;
use crate::{Library, Mode, NeuralError, Rectangle, call, message};

/// How many floats the latents of one picture are: 8 maps of 32×32.
pub const LATENTS: usize = 8 * 32 * 32;

/// How avatars are prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preparation {
    /// The directory of imported weights.
    pub weights: PathBuf,
    /// "auto", "cpu", "cuda" or "cuda:N".
    pub device: String,
    /// Threads that compute on the processor; 0 is one for each core.
    pub threads: u32,
    /// Which part of a face is replaced.
    pub mode: Mode,
    /// How far from the middle the left cheek begins, in pixels of 512 across the crop.
    pub left_cheek: u32,
    /// The right cheek likewise.
    pub right_cheek: u32,
    /// How many pixels are added below the face.
    pub extra_margin: u32,
    /// How many pixels the upper edge of the face moves with.
    pub bbox_shift: i32,
}

impl Preparation {
    /// The usual, with what is in the directory `weights`.
    pub fn new(weights: &Path) -> Self {
        Self {
            weights: weights.to_owned(),
            device: "auto".to_owned(),
            threads: 0,
            mode: Mode::Jaw,
            left_cheek: 90,
            right_cheek: 90,
            extra_margin: 10,
            bbox_shift: 0,
        }
    }
}

/// The networks that prepare avatars, loaded.
pub struct Preparer {
    library: Library,
    handle: NonNull<abi::Preparer>,
}

// SAFETY: the interface lets a preparer move between threads. It is not `Sync` and need not be: it is used through `&mut`.
unsafe impl Send for Preparer {}

/// What one picture has become.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The square that the mask covers; it may leave the picture.
    pub crop: Rectangle,
    /// How much of the new face shows, row by row.
    pub mask: Vec<u8>,
    /// What the face is made from, [`LATENTS`] in all.
    pub latents: Vec<f32>,
}

impl Library {
    /// Loads the networks that prepare avatars.
    ///
    /// # Errors
    ///
    /// [`NeuralError`], most likely about weights.
    pub fn preparer(&self, preparation: &Preparation) -> Result<Preparer, NeuralError> {
        let weights = message::path(&preparation.weights)?;
        let device = message::text(&preparation.device)?;
        let preparation = abi::Preparation {
            size: message::size::<abi::Preparation>(),
            weights: weights.as_ptr(),
            device: device.as_ptr(),
            threads: preparation.threads,
            mode: preparation.mode as u32,
            left_cheek: preparation.left_cheek,
            right_cheek: preparation.right_cheek,
            extra_margin: preparation.extra_margin,
            bbox_shift: preparation.bbox_shift,
        };
        let handle = call::opened(|handle, message, capacity| {
            // SAFETY: everything pointed to lives until the call is over.
            unsafe { (self.0.preparer_open)(&raw const preparation, handle, message, capacity) }
        })?;
        Ok(Preparer {
            library: self.clone(),
            handle,
        })
    }
}

impl Preparer {
    /// Looks for the face to animate in a picture: rows of red, green and blue.
    ///
    /// # Errors
    ///
    /// [`NeuralError`]
    pub fn find(
        &mut self,
        picture: &[u8],
        width: u32,
        height: u32,
    ) -> Result<Option<Rectangle>, NeuralError> {
        check(picture, width, height)?;
        let mut found = 0;
        let mut face = Rectangle::default();
        Message::of(|message, capacity| {
            // SAFETY: the preparer is open and `self` is borrowed for this one call; the picture is as large as is said.
            unsafe {
                (self.library.0.preparer_find)(
                    self.handle.as_ptr(),
                    picture.as_ptr(),
                    width,
                    height,
                    &raw mut found,
                    &raw mut face,
                    message,
                    capacity,
                )
            }
        })?;
        Ok((found != 0).then_some(face))
    }

    /// Prepares a picture, rows of red, green and blue, for a face at `face`.
    ///
    /// # Errors
    ///
    /// [`NeuralError`]
    pub fn prepare(
        &mut self,
        picture: &[u8],
        width: u32,
        height: u32,
        face: Rectangle,
    ) -> Result<Prepared, NeuralError> {
        check(picture, width, height)?;
        let mut crop = Rectangle::default();
        let mut mask = vec![0; largest_mask(face)?];
        let mut latents = vec![0.0; LATENTS];
        Message::of(|message, capacity| {
            // SAFETY: the preparer is open and `self` is borrowed for this one call; the picture is as large as is said, mask
            // and latents have the room that is said.
            unsafe {
                (self.library.0.preparer_prepare)(
                    self.handle.as_ptr(),
                    picture.as_ptr(),
                    width,
                    height,
                    &raw const face,
                    &raw mut crop,
                    mask.as_mut_ptr(),
                    mask.len(),
                    latents.as_mut_ptr(),
                    latents.len(),
                    message,
                    capacity,
                )
            }
        })?;
        match area(crop) {
            Some(area) if area <= mask.len() => mask.truncate(area),
            _ => {
                return Err(NeuralError::Internal(format!(
                    "the library says that it wrote a mask for {crop:?} where there is room for {} bytes",
                    mask.len()
                )));
            }
        }
        Ok(Prepared {
            crop,
            mask,
            latents,
        })
    }
}

impl Drop for Preparer {
    fn drop(&mut self) {
        // SAFETY: it is open, and this is its last use.
        unsafe { (self.library.0.preparer_close)(self.handle.as_ptr()) }
    }
}

impl std::fmt::Debug for Preparer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Preparer").finish_non_exhaustive()
    }
}

pub(crate) fn check(picture: &[u8], width: u32, height: u32) -> Result<(), NeuralError> {
    if picture.is_empty() || picture.len() as u64 != u64::from(width) * u64::from(height) * 3 {
        return Err(NeuralError::Argument(format!(
            "a picture of {width}×{height} cannot be {} bytes",
            picture.len()
        )));
    }
    Ok(())
}

/// The pixels of a rectangle.
fn area(rectangle: Rectangle) -> Option<usize> {
    let width = rectangle.x1.checked_sub(rectangle.x0)?;
    let height = rectangle.y1.checked_sub(rectangle.y0)?;
    usize::try_from(width)
        .ok()?
        .checked_mul(usize::try_from(height).ok()?)
}

/// The pixels of the largest crop that goes with a face: a square, twice its longer side.
fn largest_mask(face: Rectangle) -> Result<usize, NeuralError> {
    let wrong = || NeuralError::Argument(format!("there can be no face at {face:?}"));
    if area(face).is_none_or(|area| area == 0) {
        return Err(wrong());
    }
    let side = (face.x1 - face.x0).max(face.y1 - face.y0);
    // Far beyond any picture, and far below what overflows.
    let side = usize::try_from(side).ok().filter(|side| *side <= 1 << 15);
    side.map(|side| 4 * side * side).ok_or_else(wrong)
}
