//! Speech, turned into tokens while it arrives.

use std::ptr::{self, NonNull};

use avatar_models_abi as abi;

use crate::message::Message;
use crate::networks::open;
use crate::{Networks, NeuralError};

/// How many frames are asked for at once.
const FRAMES: usize = 32;

/// One session's ear.
pub struct Listener {
    networks: Networks,
    handle: NonNull<abi::Listener>,
}

// SAFETY: the interface lets a listener move between threads. It is not `Sync` and need not be: it is used through `&mut`.
unsafe impl Send for Listener {}

impl Networks {
    /// Opens an ear for one session with `frame_rate` pictures a second.
    ///
    /// # Errors
    ///
    /// [`NeuralError`]
    pub fn listener(&self, frame_rate: u32) -> Result<Listener, NeuralError> {
        let mut handle = ptr::null_mut();
        Message::of(|message, capacity| {
            // SAFETY: the networks are open, and everything pointed to lives until the call is over.
            unsafe {
                (self.0.library.0.listener_open)(
                    self.0.handle.as_ptr(),
                    frame_rate,
                    &raw mut handle,
                    message,
                    capacity,
                )
            }
        })?;
        Ok(Listener {
            networks: self.clone(),
            handle: open(handle)?,
        })
    }
}

impl Listener {
    /// Hears more samples (mono, −1 to 1, at the description's rate), appends to `tokens` those of the frames that have become
    /// known, and returns how many frames these are. With `last` the speech ends here and the rest become known.
    ///
    /// # Errors
    ///
    /// [`NeuralError`]. `tokens` then has those of the frames known before.
    pub fn hear(
        &mut self,
        samples: &[f32],
        last: bool,
        tokens: &mut Vec<f32>,
    ) -> Result<usize, NeuralError> {
        let width = self.networks.description().tokens;
        let mut known = 0;
        let mut samples = samples;
        loop {
            let begin = tokens.len();
            tokens.resize(begin + FRAMES * width, 0.0);
            let room = tokens.get_mut(begin..).unwrap_or_default();
            let heard = self.call(samples, last, room);
            tokens.truncate(begin + heard.as_ref().map_or(0, |frames| frames * width));
            let heard = heard?;
            known += heard;
            if heard < FRAMES {
                return Ok(known);
            }
            samples = &[];
        }
    }

    /// Fills `room` as far as frames are known.
    fn call(
        &mut self,
        samples: &[f32],
        last: bool,
        room: &mut [f32],
    ) -> Result<usize, NeuralError> {
        let mut frames = 0;
        Message::of(|message, capacity| {
            // SAFETY: the listener is open and `self` is borrowed for this one call; the samples are as many as is said, and
            // the room is for `FRAMES` frames, which is how `hear` has made it.
            unsafe {
                (self.networks.0.library.0.listener_hear)(
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

impl Drop for Listener {
    fn drop(&mut self) {
        // SAFETY: it is open, and this is its last use. Its networks are still open: they are held here.
        unsafe { (self.networks.0.library.0.listener_close)(self.handle.as_ptr()) }
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Listener").finish_non_exhaustive()
    }
}
