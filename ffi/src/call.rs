//! What surrounds every call.

use avatar_models_abi::Status;
use std::ffi::c_char;

pub(crate) fn todo(_: *mut c_char, _: usize) -> i32 {
    Status::Internal as i32
}
