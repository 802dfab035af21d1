//! An avatar's prepared latents.

use std::ffi::c_char;

use avatar_models_abi::{Networks, Portrait};

/// Loads an avatar's prepared latents: a file of safetensors with one tensor, `latents`. `*frames` is how many frames it has.
///
/// On success `*portrait` is the caller's, to be closed with avatar_models_portrait_close.
///
/// # Safety
///
/// `networks` is open; `latents_file` ends with a NUL; `portrait` and `frames` are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_portrait_open(
    networks: *mut Networks,
    latents_file: *const c_char,
    portrait: *mut *mut Portrait,
    frames: *mut usize,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    crate::call::todo(message, capacity)
}

/// Forgets an avatar.
///
/// # Safety
///
/// `portrait` is null or from avatar_models_portrait_open, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_portrait_close(portrait: *mut Portrait) {}
