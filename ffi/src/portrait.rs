//! An avatar's prepared latents.

use std::ffi::c_char;

use avatar_models::musetalk;
use avatar_models_abi::{Networks, Portrait};

use crate::call::{self, Failure};
use crate::{networks, pointer};

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
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::opening((portrait, "portrait"), message, capacity, || {
            let frames = pointer::exclusive(frames, "frames")?;
            let file = pointer::path(latents_file, "latents_file")?;
            let opened = networks::open(networks)?.portrait(file)?;
            *frames = opened.frames();
            Ok(opened)
        })
    }
}

/// Forgets an avatar.
///
/// # Safety
///
/// `portrait` is null or from avatar_models_portrait_open, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_portrait_close(portrait: *mut Portrait) {
    // SAFETY: the caller's promises; `avatar_models_portrait_open` has made it.
    unsafe { call::close(portrait.cast::<musetalk::Portrait>()) }
}

/// A portrait that is open.
///
/// # Safety
///
/// `portrait` is null or open.
pub(crate) unsafe fn open<'a>(
    portrait: *const Portrait,
) -> Result<&'a musetalk::Portrait, Failure> {
    const fn shared<T: Send + Sync>() {}
    const { shared::<musetalk::Portrait>() };
    // SAFETY: `avatar_models_portrait_open` has made it of this type, and it is only ever read.
    unsafe { pointer::shared(portrait.cast(), "portrait") }
}
