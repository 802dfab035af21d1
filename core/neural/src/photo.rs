//! Photos of whom pictures are drawn.

use std::ptr::NonNull;
use std::sync::Arc;

use avatar_models_abi as abi;

use crate::preparer::check;
use crate::{Framing, NeuralError, Rectangle, Talker, call};

/// A photo, looked at.
pub struct Photo {
    pub(crate) talker: Talker,
    pub(crate) handle: NonNull<abi::Photo>,
    face: Option<Rectangle>,
    crop: Rectangle,
}

// SAFETY: the interface lets a photo be used by any thread.
unsafe impl Send for Photo {}
// SAFETY: and by several at once; it is closed when nobody borrows it.
unsafe impl Sync for Photo {}

impl Talker {
    /// Looks at a photo: rows of red, green and blue, of which the part that `framing` says is drawn.
    ///
    /// # Errors
    ///
    /// [`NeuralError`]; [`NeuralError::Argument`] where a face is wanted and the talker finds none in any photo.
    pub fn photo(
        &self,
        picture: &[u8],
        width: u32,
        height: u32,
        framing: Framing,
    ) -> Result<Photo, NeuralError> {
        check(picture, width, height)?;
        let mut found = 0;
        let (mut face, mut crop) = (Rectangle::default(), Rectangle::default());
        let handle = call::opened(|handle, message, capacity| {
            // SAFETY: the talker is open, everything pointed to lives until the call is over, and the photo is as large as is said.
            unsafe {
                (self.0.functions.photo_open)(
                    self.0.handle.as_ptr(),
                    picture.as_ptr(),
                    width,
                    height,
                    framing as u32,
                    handle,
                    &raw mut found,
                    &raw mut face,
                    &raw mut crop,
                    message,
                    capacity,
                )
            }
        })?;
        Ok(Photo {
            talker: self.clone(),
            handle,
            face: (found != 0).then_some(face),
            crop,
        })
    }
}

impl Photo {
    /// That it is `talker`'s.
    pub(crate) fn expect_of(&self, talker: &Talker) -> Result<(), NeuralError> {
        if Arc::ptr_eq(&self.talker.0, &talker.0) {
            return Ok(());
        }
        Err(NeuralError::Argument(
            "a photo is of another talker".to_owned(),
        ))
    }

    /// The surest face in it, if one was looked for and found. It may leave the photo.
    pub fn face(&self) -> Option<Rectangle> {
        self.face
    }

    /// The part of it that is drawn.
    pub fn crop(&self) -> Rectangle {
        self.crop
    }
}

impl Drop for Photo {
    fn drop(&mut self) {
        // SAFETY: it is open, and this is its last use. Its talker is still open: it is held here.
        unsafe { (self.talker.0.functions.photo_close)(self.handle.as_ptr()) }
    }
}

impl std::fmt::Debug for Photo {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Photo")
            .field("face", &self.face)
            .field("crop", &self.crop)
            .finish_non_exhaustive()
    }
}
