//! What surrounds every call: no panic leaves it, and an error becomes a status and a text.

use std::any::Any;
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

use avatar_models::error::ModelsError;
use avatar_models::import::ImportError;
use avatar_models_abi::Status;

/// Why a call failed.
pub(crate) struct Failure {
    status: Status,
    text: String,
}

impl Failure {
    /// The caller passed what cannot be.
    pub(crate) fn argument(text: impl Into<String>) -> Self {
        Self {
            status: Status::Argument,
            text: text.into(),
        }
    }
}

impl From<ModelsError> for Failure {
    fn from(error: ModelsError) -> Self {
        let status = match error {
            ModelsError::Weights(_) => Status::Weights,
            ModelsError::Memory(_) => Status::Memory,
            ModelsError::Device(_) => Status::Device,
            ModelsError::Io { .. } => Status::Io,
            ModelsError::Argument(_) => Status::Argument,
            ModelsError::Library(_) => Status::Internal,
        };
        let text = error.to_string();
        Self { status, text }
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        let status = match error {
            ImportError::Missing { .. } | ImportError::Io { .. } => Status::Io,
            ImportError::Model { .. }
            | ImportError::Malformed { .. }
            | ImportError::Misfit { .. } => Status::Weights,
            ImportError::Exists(_) => Status::Argument,
            ImportError::Cancelled => Status::Cancelled,
        };
        let text = error.to_string();
        Self { status, text }
    }
}

/// Runs `body` and tells how it ended.
///
/// # Safety
///
/// `message` is null or valid for `capacity` bytes.
pub(crate) unsafe fn run(
    message: *mut c_char,
    capacity: usize,
    body: impl FnOnce() -> Result<(), Failure>,
) -> i32 {
    // What a panic leaves half done are handles: networks lock what they change and take over what was locked, and the others
    // are the caller's, who can still close them.
    let Failure { status, text } = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return Status::Ok as i32,
        Ok(Err(failure)) => failure,
        Err(panic) => Failure {
            status: Status::Internal,
            text: format!("a fault of the library: {}", words(panic.as_ref())),
        },
    };
    // SAFETY: as the caller says.
    unsafe { say(&text, message, capacity) };
    status as i32
}

/// Drops a handle.
///
/// # Safety
///
/// `handle` is null or from `Box<T>`, and is not used after.
pub(crate) unsafe fn close<T>(handle: *mut T) {
    if handle.is_null() {
        return;
    }
    // SAFETY: as the caller says.
    let handle = unsafe { Box::from_raw(handle) };
    // There is nobody to tell.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(handle)));
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let words = panic.downcast_ref::<&str>().copied();
    words
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it says nothing")
}

/// Writes as much of `text` as there is room for, whole characters and a NUL.
///
/// # Safety
///
/// `message` is null or valid for `capacity` bytes.
unsafe fn say(text: &str, message: *mut c_char, capacity: usize) {
    let Some(room) = capacity.checked_sub(1).filter(|_| !message.is_null()) else {
        return;
    };
    let text = text.split('\0').next().unwrap_or_default();
    let text = text
        .get(..text.floor_char_boundary(room))
        .unwrap_or_default();
    // SAFETY: as the caller says; the text and the NUL are at most `capacity` bytes, and of our own memory.
    unsafe {
        message.copy_from_nonoverlapping(text.as_ptr().cast(), text.len());
        message.add(text.len()).write(0);
    }
}
