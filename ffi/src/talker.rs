//! The networks that make photos talk.

use std::ffi::c_char;

use avatar_models::import::IMTALKER;
use avatar_models::imtalker;
use avatar_models_abi::{Options, PictureRequest, Talker, TalkerDescription};

use crate::call::{self, Failure, number};
use crate::{networks, photo, pointer};

/// Loads the networks that make photos talk and runs them once, which may take minutes on a new device.
///
/// On success `*talker` is the caller's, to be closed with avatar_models_talker_close. `max_batch` counts pictures here.
///
/// # Safety
///
/// `options` and `talker` are valid; the texts in `options` end with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_talker_open(
    options: *const Options,
    talker: *mut *mut Talker,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::opening((talker, "talker"), message, capacity, || {
            let options = networks::options_of(options, IMTALKER)?;
            Ok(imtalker::Networks::open(&options)?)
        })
    }
}

/// Unloads them. Their performances and photos must have been closed before.
///
/// # Safety
///
/// `talker` is null or from avatar_models_talker_open, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_talker_close(talker: *mut Talker) {
    // SAFETY: the caller's promises; `avatar_models_talker_open` has made it.
    unsafe { call::close(talker.cast::<imtalker::Networks>()) }
}

/// Tells what has been loaded. `description->size` says how much room there is, and then how much was filled.
///
/// # Safety
///
/// `talker` is open; `description` is valid for as many bytes as it says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_talker_describe(
    talker: *const Talker,
    description: *mut TalkerDescription,
) -> i32 {
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::describing(description, |size| {
            let imtalker::Description {
                version,
                side,
                motion,
                sample_rate,
                frame_rate,
                max_batch,
                window,
                look_ahead_ms,
                finds_faces,
            } = open(talker)?.description();
            Ok(TalkerDescription {
                size,
                version: u8::from(version).into(),
                side: number(side),
                motion: number(motion),
                sample_rate: number(sample_rate),
                frame_rate: number(frame_rate),
                max_batch: number(max_batch),
                window: number(window),
                lookahead_ms: look_ahead_ms,
                finds_faces: finds_faces.into(),
            })
        })
    }
}

/// Draws pictures: of any photos and sessions together, `count` of them, at most `max_batch`.
///
/// One call at a time. Where AVATAR_MODELS_STATUS_MEMORY comes back, the same in smaller batches may succeed; after
/// AVATAR_MODELS_STATUS_DEVICE nothing will in this process.
///
/// # Safety
///
/// `talker` is open and the photos are from it; each request's `motion` and `picture` are valid for what the description says, and no
/// two pictures overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_pictures(
    talker: *mut Talker,
    requests: *const PictureRequest,
    count: usize,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::run(message, capacity, || {
            let talker = open(talker)?;
            let requests = pointer::elements(requests, count, "requests")?
                .iter()
                .map(|request| self::request(talker, request))
                .collect::<Result<Vec<_>, _>>();
            talker.pictures(&mut requests?)?;
            Ok(())
        })
    }
}

/// A talker that is open.
///
/// # Safety
///
/// `talker` is null or open.
pub(crate) unsafe fn open<'a>(talker: *const Talker) -> Result<&'a imtalker::Networks, Failure> {
    // They are used from several threads.
    const fn shared<T: Send + Sync>() {}
    const { shared::<imtalker::Networks>() };
    // SAFETY: `avatar_models_talker_open` has made it of this type, and it is only ever read.
    unsafe { pointer::shared(talker.cast(), "talker") }
}

/// # Safety
///
/// As for [`avatar_models_pictures`].
unsafe fn request<'a>(
    talker: &imtalker::Networks,
    request: &PictureRequest,
) -> Result<imtalker::Request<'a>, Failure> {
    let imtalker::Description { side, motion, .. } = talker.description();
    // SAFETY: as the caller says.
    unsafe {
        Ok(imtalker::Request {
            photo: photo::open(request.photo)?,
            motion: pointer::elements(request.motion, motion, "motion")?,
            picture: pointer::room(request.picture, side * side * 3, "picture")?,
        })
    }
}
