//! What can go wrong.

use std::path::PathBuf;

use avatar_models_abi::{Status, VERSION};
use thiserror::Error;

/// Why there are no faces, in the library's words where it has any.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NeuralError {
    /// The library cannot be opened, or is none.
    #[error("{} cannot be used: {reason}", library.display())]
    Library {
        /// Which.
        library: PathBuf,
        /// As the dynamic linker tells it.
        reason: String,
    },
    /// The library is of another time.
    #[error(
        "{} has version {found} of the interface avatar_models, and this program needs version {VERSION}: both must be built from the same sources",
        library.display()
    )]
    Abi {
        /// Which.
        library: PathBuf,
        /// Its version.
        found: u32,
    },
    /// What was asked for cannot be.
    #[error("{0}")]
    Argument(String),
    /// Weights are missing or do not fit.
    #[error("{0}")]
    Weights(String),
    /// Memory ran out; fewer faces at once may do.
    #[error("{0}")]
    Memory(String),
    /// The device is broken for this process, which must be replaced.
    #[error("{0}")]
    Device(String),
    /// A file could not be read or written.
    #[error("{0}")]
    Io(String),
    /// The caller wished to stop.
    #[error("{0}")]
    Cancelled(String),
    /// A fault of the library.
    #[error("{0}")]
    Internal(String),
}

impl NeuralError {
    /// What `status` says, which is not that all is well.
    pub(crate) fn new(status: i32, text: String) -> Self {
        let text = if text.is_empty() {
            format!("the library failed with status {status} and said nothing")
        } else {
            text
        };
        const ARGUMENT: i32 = Status::Argument as i32;
        const WEIGHTS: i32 = Status::Weights as i32;
        const MEMORY: i32 = Status::Memory as i32;
        const DEVICE: i32 = Status::Device as i32;
        const IO: i32 = Status::Io as i32;
        const CANCELLED: i32 = Status::Cancelled as i32;
        match status {
            ARGUMENT => Self::Argument(text),
            WEIGHTS => Self::Weights(text),
            MEMORY => Self::Memory(text),
            DEVICE => Self::Device(text),
            IO => Self::Io(text),
            CANCELLED => Self::Cancelled(text),
            _ => Self::Internal(text),
        }
    }
}
