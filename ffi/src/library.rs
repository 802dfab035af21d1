//! What the library is.

use std::ffi::c_char;

use avatar_models_abi::VERSION;

/// The version of the interface this library has: AVATAR_MODELS_VERSION. To be called first, and safe to call whatever it is.
#[unsafe(no_mangle)]
pub extern "C" fn avatar_models_abi() -> u32 {
    VERSION
}

/// What computes here, for people, such as "libtorch 2.11.0". The text lives as long as the library.
#[unsafe(no_mangle)]
pub extern "C" fn avatar_models_title() -> *const c_char {
    c"libtorch".as_ptr()
}
