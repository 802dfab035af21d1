//! An avatar's prepared latents.

use std::path::Path;
use std::ptr::NonNull;

use avatar_models_abi as abi;

use crate::{Networks, NeuralError, call, message};

/// An avatar's prepared latents, loaded.
pub struct Portrait {
    pub(crate) networks: Networks,
    pub(crate) handle: NonNull<abi::Portrait>,
    frames: usize,
}

// SAFETY: the interface lets a portrait be used by any thread.
unsafe impl Send for Portrait {}
// SAFETY: and by several at once; it is closed when nobody borrows it.
unsafe impl Sync for Portrait {}

impl Networks {
    /// Loads the prepared latents in `file`.
    ///
    /// # Errors
    ///
    /// [`NeuralError`], most likely about the file.
    pub fn portrait(&self, file: &Path) -> Result<Portrait, NeuralError> {
        let file = message::path(file)?;
        let mut frames = 0;
        let handle = call::opened(|handle, message, capacity| {
            // SAFETY: the networks are open, and everything pointed to lives until the call is over.
            unsafe {
                (self.0.library.0.portrait_open)(
                    self.0.handle.as_ptr(),
                    file.as_ptr(),
                    handle,
                    &raw mut frames,
                    message,
                    capacity,
                )
            }
        })?;
        Ok(Portrait {
            networks: self.clone(),
            handle,
            frames,
        })
    }
}

impl Portrait {
    /// How many frames there are.
    pub fn frames(&self) -> usize {
        self.frames
    }
}

impl Drop for Portrait {
    fn drop(&mut self) {
        // SAFETY: it is open, and this is its last use. Its networks are still open: they are held here.
        unsafe { (self.networks.0.library.0.portrait_close)(self.handle.as_ptr()) }
    }
}

impl std::fmt::Debug for Portrait {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Portrait")
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}
