//! Speech, turned into tokens while it arrives.

use std::ffi::c_char;

use avatar_models::speech;
use avatar_models_abi::{Listener, Networks};

use crate::call::{self, Hearing};
use crate::{networks, pointer};

/// Opens an ear for one session, whose pictures follow each other at `frame_rate` a second.
///
/// On success `*listener` is the caller's, to be closed with avatar_models_listener_close.
///
/// # Safety
///
/// `networks` is open; `listener` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_listener_open(
    networks: *mut Networks,
    frame_rate: u32,
    listener: *mut *mut Listener,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::opening((listener, "listener"), message, capacity, || {
            Ok(networks::open(networks)?.listener(frame_rate)?)
        })
    }
}

/// Closes an ear.
///
/// # Safety
///
/// `listener` is null or from avatar_models_listener_open, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_listener_close(listener: *mut Listener) {
    // SAFETY: the caller's promises; `avatar_models_listener_open` has made it.
    unsafe { call::close(listener.cast::<speech::Listener>()) }
}

/// Hears `count` more samples and writes the tokens of the frames that have become known.
///
/// Samples are mono, from -1 to 1, at the description's rate. Where `final` is not 0 the speech ends with them, and the tokens of all
/// the rest become known: as many frames as have begun. Frames come in order and none twice. Where `*frames` comes back as
/// `frames_capacity`, more may be ready: call again with `count` 0 and the same `final`. `pcm` may be null where `count` is 0.
///
/// # Safety
///
/// `listener` is open; `pcm` is valid for `count` floats, `tokens` for `frames_capacity` times what the description says; `frames` is
/// valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_listener_hear(
    listener: *mut Listener,
    pcm: *const f32,
    count: usize,
    r#final: u32,
    tokens: *mut f32,
    frames_capacity: usize,
    frames: *mut usize,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::run(message, capacity, || {
            let listener = pointer::exclusive(listener.cast::<speech::Listener>(), "listener")?;
            let hearing = Hearing {
                pcm,
                count,
                last: r#final != 0,
                room: tokens,
                what: "tokens",
                frames_capacity,
                frames,
            };
            hearing.heard(listener.size(), |pcm, last, tokens| {
                listener.hear(pcm, last, tokens)
            })
        })
    }
}
