//! Speech, turned into motion while it arrives.

use std::ptr::{self, NonNull};
use std::sync::Arc;

use avatar_models_abi as abi;

use crate::message::{self, Message};
use crate::networks::open;
use crate::{NeuralError, Photo, Talker};

/// How many frames are asked for at once.
const FRAMES: usize = 32;

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
        if !Arc::ptr_eq(&self.0, &photo.talker.0) {
            return Err(NeuralError::Argument(
                "a photo is of another talker".to_owned(),
            ));
        }
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
        let mut handle = ptr::null_mut();
        Message::of(|message, capacity| {
            // SAFETY: the talker is open and the photo is its; everything pointed to lives until the call is over.
            unsafe {
                (self.0.functions.performance_open)(
                    self.0.handle.as_ptr(),
                    photo.handle.as_ptr(),
                    &raw const manner,
                    &raw mut handle,
                    message,
                    capacity,
                )
            }
        })?;
        Ok(Performance {
            talker: self.clone(),
            handle: open(handle)?,
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
        let mut made = 0;
        let mut samples = samples;
        loop {
            let begin = motions.len();
            motions.resize(begin + FRAMES * width, 0.0);
            let room = motions.get_mut(begin..).unwrap_or_default();
            let heard = self.call(samples, last, room);
            motions.truncate(begin + heard.as_ref().map_or(0, |frames| frames * width));
            let heard = heard?;
            made += heard;
            if heard < FRAMES {
                return Ok(made);
            }
            samples = &[];
        }
    }

    /// Fills `room` as far as motion is made.
    fn call(
        &mut self,
        samples: &[f32],
        last: bool,
        room: &mut [f32],
    ) -> Result<usize, NeuralError> {
        let mut frames = 0;
        Message::of(|message, capacity| {
            // SAFETY: the performance is open and `self` is borrowed for this one call; the samples are as many as is said, and
            // the room is for `FRAMES` frames, which is how `hear` has made it.
            unsafe {
                (self.talker.0.functions.performance_hear)(
                    self.handle.as_ptr(),
                    samples.as_ptr(),
                    samples.len(),
                    u32::from(last),
                    room.as_mut_ptr(),
                    FRAMES,
                    &raw mut frames,
                    message,
                    capacity,
                )
            }
        })?;
        if frames > FRAMES {
            return Err(NeuralError::Internal(format!(
                "the library says that it wrote {frames} frames where there is room for {FRAMES}"
            )));
        }
        Ok(frames)
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
