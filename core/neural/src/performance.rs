//! Speech, turned into motion while it arrives.

use std::ptr::NonNull;

use avatar_models_abi as abi;

use crate::{NeuralError, Photo, Talker, call, message};

/// How somebody speaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Manner {
    /// Moments from noise to motion, both ends counted (nfe).
    pub moments: u32,
    /// What decides the noise that motion begins as.
    pub seed: u64,
    /// How many times as far as speech draws it motion goes (cfg_scale), above 0.
    pub guidance: f32,
    /// How much of the photo's own motion is mixed in: 0 for none, 1 for no movement at all.
    pub calm: f32,
    /// Frames that motion is made for at least, while speech arrives; 0 is as the library likes.
    pub step: u32,
    /// Pitch, yaw and roll of the head in every frame, about radians; else as the network likes.
    pub pose: Option<[f32; 3]>,
    /// Where the eyes look in every frame; else as the network likes.
    pub gaze: Option<[f32; 2]>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            moments: 10,
            seed: 42,
            guidance: 2.0,
            calm: 0.0,
            step: 0,
            pose: None,
            gaze: None,
        }
    }
}

/// One session's speech.
pub struct Performance {
    talker: Talker,
    handle: NonNull<abi::Performance>,
}

// SAFETY: the interface lets a performance move between threads. It is not `Sync` and need not be: it is used through `&mut`.
unsafe impl Send for Performance {}

impl Talker {
    /// Begins a speech of one session, by whoever is on `photo`, which may go before it.
    ///
    /// # Errors
    ///
    /// [`NeuralError`]; [`NeuralError::Argument`] for a manner that cannot be.
    pub fn performance(&self, photo: &Photo, manner: &Manner) -> Result<Performance, NeuralError> {
        photo.expect_of(self)?;
        let manner = abi::Manner {
            size: message::size::<abi::Manner>(),
            moments: manner.moments,
            seed: manner.seed,
            guidance: manner.guidance,
            calm: manner.calm,
            step: manner.step,
            has_pose: manner.pose.is_some().into(),
            pose: manner.pose.unwrap_or_default(),
            has_gaze: manner.gaze.is_some().into(),
            gaze: manner.gaze.unwrap_or_default(),
        };
        let handle = call::opened(|handle, message, capacity| {
            // SAFETY: the talker is open and the photo is its; everything pointed to lives until the call is over.
            unsafe {
                (self.0.functions.performance_open)(
                    self.0.handle.as_ptr(),
                    photo.handle.as_ptr(),
                    &raw const manner,
                    handle,
                    message,
                    capacity,
                )
            }
        })?;
        Ok(Performance {
            talker: self.clone(),
            handle,
        })
    }
}

impl Performance {
    /// Hears more samples (mono, −1 to 1, at the description's rate), appends to `motions` those of the frames for which motion has been
    /// made, and returns how many frames these are. With `last` the speech ends here and motion is made for all the rest: as many
    /// frames as have begun.
    ///
    /// # Errors
    ///
    /// [`NeuralError`]. `motions` then has those of the frames made before.
    pub fn hear(
        &mut self,
        samples: &[f32],
        last: bool,
        motions: &mut Vec<f32>,
    ) -> Result<usize, NeuralError> {
        let width = self.talker.description().motion;
        let function = self.talker.0.functions.performance_hear;
        // SAFETY: the performance is open, and `self` is borrowed for this one call.
        unsafe { call::hear(function, self.handle, width, (samples, last), motions) }
    }
}

impl Drop for Performance {
    fn drop(&mut self) {
        // SAFETY: it is open, and this is its last use. Its talker is still open: it is held here.
        unsafe { (self.talker.0.functions.performance_close)(self.handle.as_ptr()) }
    }
}

impl std::fmt::Debug for Performance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Performance")
            .finish_non_exhaustive()
    }
}
