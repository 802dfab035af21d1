//! What surrounds every call: no panic leaves it, and an error becomes a status and a text.

use std::any::Any;
use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use avatar_models::error::ModelsError;
use avatar_models::import::ImportError;
use avatar_models_abi::Status;

use crate::pointer;

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

    /// Weights are of something else.
    pub(crate) fn weights(text: String) -> Self {
        Self {
            status: Status::Weights,
            text,
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

/// Runs `body`, whose result becomes the caller's, in `*handle`; where there is none, that is null.
///
/// # Safety
///
/// `handle` is null or valid, and so is `message` for `capacity` bytes.
pub(crate) unsafe fn opening<H, T>(
    (handle, what): (*mut *mut H, &str),
    message: *mut c_char,
    capacity: usize,
    body: impl FnOnce() -> Result<T, Failure>,
) -> i32 {
    // SAFETY: the caller's promises, word by word.
    unsafe {
        run(message, capacity, || {
            let handle = pointer::exclusive(handle, what)?;
            *handle = ptr::null_mut();
            *handle = Box::into_raw(Box::new(body()?)).cast();
            Ok(())
        })
    }
}

/// Runs `body`, which describes something, and writes as much of that as there is room for.
///
/// # Safety
///
/// `description` is null or valid for as many bytes as it says.
pub(crate) unsafe fn describing<D>(
    description: *mut D,
    body: impl FnOnce(u32) -> Result<D, Failure>,
) -> i32 {
    // SAFETY: the caller's promises, word by word.
    unsafe {
        run(ptr::null_mut(), 0, || {
            let bytes = pointer::size(description, "description")?;
            let described = body(number(bytes))?;
            description
                .cast::<u8>()
                .copy_from_nonoverlapping((&raw const described).cast(), bytes);
            Ok(())
        })
    }
}

/// What is counted in 32 bits here.
pub(crate) fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Speech that is heard, and room for what is made of it.
pub(crate) struct Hearing {
    pub(crate) pcm: *const f32,
    pub(crate) count: usize,
    pub(crate) last: bool,
    pub(crate) room: *mut f32,
    /// What the room is for: "tokens".
    pub(crate) what: &'static str,
    /// For how many frames.
    pub(crate) frames_capacity: usize,
    pub(crate) frames: *mut usize,
}

impl Hearing {
    /// Has `hear` hear the speech and fill the room; it returns how many frames, of `size` floats each, it has written.
    ///
    /// # Safety
    ///
    /// `pcm` is null or valid for `count` floats, `room` for `frames_capacity` frames, `frames` is null or valid.
    pub(crate) unsafe fn heard<E: Into<Failure>>(
        self,
        size: usize,
        hear: impl FnOnce(&[f32], bool, &mut [f32]) -> Result<usize, E>,
    ) -> Result<(), Failure> {
        // SAFETY: the caller's promises, word by word.
        unsafe {
            let frames = pointer::exclusive(self.frames, "frames")?;
            *frames = 0;
            let pcm = pointer::elements(self.pcm, self.count, "pcm")?;
            let length = self
                .frames_capacity
                .checked_mul(size)
                .ok_or_else(|| Failure::argument("there cannot be room for so many frames"))?;
            let room = pointer::room(self.room, length, self.what)?;
            *frames = hear(pcm, self.last, room).map_err(Into::into)?;
            Ok(())
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What `body` ends with, and what it says in so much room.
    fn told(capacity: usize, body: impl FnOnce() -> Result<(), Failure>) -> (i32, String) {
        let mut message = vec![b'?'; capacity];
        // SAFETY: there is so much room.
        let status = unsafe { run(message.as_mut_ptr().cast(), capacity, body) };
        let text = message.split(|byte| *byte == 0).next().unwrap();
        (status, String::from_utf8(text.to_vec()).unwrap())
    }

    #[test]
    fn a_panic_becomes_a_status() {
        let (status, text) = told(99, || panic!("{} is not what was thought", 7));
        assert_eq!(status, Status::Internal as i32);
        assert_eq!(text, "a fault of the library: 7 is not what was thought");
        let (_, text) = told(99, || std::panic::panic_any(7));
        assert_eq!(text, "a fault of the library: it says nothing");
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        let fail = || Err(Failure::argument("aé"));
        for (capacity, expected) in [(1, ""), (2, "a"), (3, "a"), (4, "aé"), (9, "aé")] {
            let (status, text) = told(capacity, fail);
            assert_eq!((status, text.as_str()), (Status::Argument as i32, expected));
        }
        // SAFETY: there is no room.
        assert_eq!(unsafe { run(std::ptr::null_mut(), 9, fail) }, 1);
    }

    #[test]
    fn a_handle_that_panics_when_it_is_dropped_is_gone() {
        struct Fault;
        impl Drop for Fault {
            fn drop(&mut self) {
                panic!("not even this");
            }
        }
        // SAFETY: it is from a box.
        unsafe { close(Box::into_raw(Box::new(Fault))) };
        // SAFETY: it is null.
        unsafe { close(std::ptr::null_mut::<Fault>()) };
    }
}
