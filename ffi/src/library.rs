//! What the library is.

use std::ffi::{CStr, c_char};

use avatar_models_abi::VERSION;

const TITLE: &CStr =
    match CStr::from_bytes_with_nul(concat!("libtorch", env!("LIBTORCH_VERSION"), "\0").as_bytes())
    {
        Ok(title) => title,
        Err(_) => c"libtorch",
    };

/// The version of the interface this library has: AVATAR_MODELS_VERSION. To be called first, and safe to call whatever it is.
#[unsafe(no_mangle)]
pub extern "C" fn avatar_models_abi() -> u32 {
    VERSION
}

/// What computes here, for people, such as "libtorch 2.11.0". The text lives as long as the library.
#[unsafe(no_mangle)]
pub extern "C" fn avatar_models_title() -> *const c_char {
    TITLE.as_ptr()
}
