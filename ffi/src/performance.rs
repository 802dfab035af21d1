//! Speech, turned into motion while it arrives.

use std::ffi::c_char;

use avatar_models::imtalker;
use avatar_models::motion::Guidance;
use avatar_models_abi::{Manner, Performance, Photo, Talker};

use crate::call::{self, Hearing};
use crate::{photo, pointer, talker};

/// Begins a speech of one session, by whoever is on `photo`. `manner` may be null: then all of it is as the library likes.
///
/// On success `*performance` is the caller's, to be closed with avatar_models_performance_close. The photo may be closed before it.
///
/// # Safety
///
/// `talker` is open and `photo` is from it; `manner` is null or valid for as many bytes as it says; `performance` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_performance_open(
    talker: *mut Talker,
    photo: *const Photo,
    manner: *const Manner,
    performance: *mut *mut Performance,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::opening((performance, "performance"), message, capacity, || {
            let talker = talker::open(talker)?;
            let manner = if manner.is_null() {
                imtalker::Manner::default()
            } else {
                manner_of(pointer::sized(manner, "manner")?)
            };
            Ok(talker.performance(photo::open(photo)?, &manner)?)
        })
    }
}

/// Ends it.
///
/// # Safety
///
/// `performance` is null or from avatar_models_performance_open, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_performance_close(performance: *mut Performance) {
    // SAFETY: the caller's promises; `avatar_models_performance_open` has made it.
    unsafe { call::close(performance.cast::<imtalker::Performance>()) }
}

/// Hears `count` more samples and writes the motion of the frames for which it has been made.
///
/// Samples are mono, from -1 to 1, at the description's rate. Where `final` is not 0 the speech ends with them, and motion is made for all
/// the rest: as many frames as have begun. Frames come in order and none twice. Where `*frames` comes back as `frames_capacity`, more may
/// be ready: call again with `count` 0 and the same `final`. `pcm` may be null where `count` is 0.
///
/// # Safety
///
/// `performance` is open; `pcm` is valid for `count` floats, `motions` for `frames_capacity` times what the description says; `frames` is
/// valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_performance_hear(
    performance: *mut Performance,
    pcm: *const f32,
    count: usize,
    r#final: u32,
    motions: *mut f32,
    frames_capacity: usize,
    frames: *mut usize,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::run(message, capacity, || {
            let performance =
                pointer::exclusive(performance.cast::<imtalker::Performance>(), "performance")?;
            let hearing = Hearing {
                pcm,
                count,
                last: r#final != 0,
                room: motions,
                what: "motions",
                frames_capacity,
                frames,
            };
            hearing.heard(performance.size(), |pcm, last, motions| {
                performance.hear(pcm, last, motions)
            })
        })
    }
}

/// What is not said is as usual.
fn manner_of(manner: Manner) -> imtalker::Manner {
    let usual = Guidance::default();
    imtalker::Manner {
        seed: manner.seed,
        guidance: Guidance {
            moments: match manner.moments {
                0 => usual.moments,
                moments => moments,
            },
            scale: if manner.guidance == 0.0 {
                usual.scale
            } else {
                manner.guidance.into()
            },
        },
        pose: (manner.has_pose != 0).then_some(manner.pose),
        gaze: (manner.has_gaze != 0).then_some(manner.gaze),
        calm: manner.calm,
        step: manner.step as usize,
    }
}
