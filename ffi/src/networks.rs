//! The networks of a running server.

use std::ffi::c_char;

use avatar_models_abi::{Description, Networks, Options, Request};

/// Loads networks and warms them, which may take minutes on a new device.
///
/// On success `*networks` is theirs, to be closed with avatar_models_close.
///
/// # Safety
///
/// `options` and `networks` are valid; the texts in `options` end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_open(
    options: *const Options,
    networks: *mut *mut Networks,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    crate::call::todo(message, capacity)
}

/// Unloads networks. Their listeners and portraits must have been closed before.
///
/// # Safety
///
/// `networks` is null or from avatar_models_open, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_close(networks: *mut Networks) {}

/// Tells what has been loaded. `description->size` says how much room there is, and then how much was filled.
///
/// # Safety
///
/// `networks` is open; `description` is valid for as many bytes as it says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_describe(
    networks: *const Networks,
    description: *mut Description,
) -> i32 {
    0
}

/// Makes faces: of any portraits and sessions together, `count` of them, at most `max_batch`.
///
/// One call at a time. Where AVATAR_MODELS_STATUS_MEMORY comes back, the same in smaller batches may succeed; after
/// AVATAR_MODELS_STATUS_DEVICE nothing will in this process.
///
/// # Safety
///
/// `networks` is open and the portraits are from it; each request's `tokens` and `face` are valid for what the description says, and no
/// two faces overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_faces(
    networks: *mut Networks,
    requests: *const Request,
    count: usize,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    crate::call::todo(message, capacity)
}
