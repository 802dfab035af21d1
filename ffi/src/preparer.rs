//! The networks that prepare avatars.

use std::ffi::c_char;

use avatar_models_abi::{Box, Preparation, Preparer};

/// Loads the networks that prepare avatars.
///
/// On success `*preparer` is the caller's, to be closed with avatar_models_preparer_close.
///
/// # Safety
///
/// `preparation` and `preparer` are valid; the texts in `preparation` end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_preparer_open(
    preparation: *const Preparation,
    preparer: *mut *mut Preparer,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    todo!()
}

/// Unloads them.
///
/// # Safety
///
/// `preparer` is null or from avatar_models_preparer_open, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_preparer_close(preparer: *mut Preparer) {}

/// Looks for the face to animate in a picture of `height` rows of `width` pixels of red, green and blue.
///
/// `*found` is 1 where there is one, and then `*face` is its box; else 0.
///
/// # Safety
///
/// `preparer` is open; `rgb` is valid for the picture; `found` and `face` are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_preparer_find(
    preparer: *mut Preparer,
    rgb: *const u8,
    width: u32,
    height: u32,
    found: *mut u32,
    face: *mut Box,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    todo!()
}

/// Prepares one picture for a face at `face`.
///
/// `*crop` is the square that the mask covers, no more than twice as wide as the longer side of the face; it may leave the picture. `mask`
/// gets its rows, one byte for each pixel: how much of the new face shows. `latents` gets 8 x 32 x 32 floats. Where
/// a capacity, in bytes and floats, is too small, the call fails with AVATAR_MODELS_STATUS_ARGUMENT.
///
/// # Safety
///
/// `preparer` is open; `rgb` is valid for the picture, `mask` and `latents` for their capacities; `face` and `crop` are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_preparer_prepare(
    preparer: *mut Preparer,
    rgb: *const u8,
    width: u32,
    height: u32,
    face: *const Box,
    crop: *mut Box,
    mask: *mut u8,
    mask_capacity: usize,
    latents: *mut f32,
    latents_capacity: usize,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    todo!()
}
