//! Room for what a library has to say.

use std::ffi::{CString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use avatar_models_abi::Status;

use crate::NeuralError;

/// Enough for a tensor's name, two shapes and a path.
const CAPACITY: usize = 2048;

/// Room for what a library has to say about a call.
pub(crate) struct Message([u8; CAPACITY]);

impl Message {
    /// Calls `function` with room for a text, and takes it where the call fails.
    pub(crate) fn of(function: impl FnOnce(*mut c_char, usize) -> i32) -> Result<(), NeuralError> {
        let mut message = Self([0; CAPACITY]);
        let status = function(message.0.as_mut_ptr().cast(), CAPACITY);
        if status == Status::Ok as i32 {
            return Ok(());
        }
        Err(NeuralError::new(status, message.text()))
    }

    fn text(&self) -> String {
        let text = self.0.split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }
}

/// `text` as C has it.
pub(crate) fn text(text: &str) -> Result<CString, NeuralError> {
    CString::new(text).map_err(|_| NeuralError::Argument(format!("there is a NUL in {text:?}")))
}

/// `path` as C has it.
pub(crate) fn path(path: &Path) -> Result<CString, NeuralError> {
    CString::new(path.as_os_str().as_bytes())
        .map_err(|_| NeuralError::Argument(format!("there is a NUL in {path:?}")))
}

/// The size of a structure, as it is told.
pub(crate) const fn size<T>() -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "structures of some dozen bytes"
    )]
    let size = size_of::<T>() as u32;
    size
}
