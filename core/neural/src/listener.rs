//! Speech, turned into tokens while it arrives.

use std::ptr::NonNull;

use avatar_models_abi as abi;

use crate::{Networks, NeuralError, call};

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
        let handle = call::opened(|handle, message, capacity| {
            // SAFETY: the networks are open, and everything pointed to lives until the call is over.
            unsafe {
                (self.0.library.0.listener_open)(
                    self.0.handle.as_ptr(),
                    frame_rate,
                    handle,
                    message,
                    capacity,
                )
            }
        })?;
        Ok(Listener {
            networks: self.clone(),
            handle,
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
        let function = self.networks.0.library.0.listener_hear;
        // SAFETY: the listener is open, and `self` is borrowed for this one call.
        unsafe { call::hear(function, self.handle, width, (samples, last), tokens) }
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
