//! The networks of a running server.

use std::ffi::c_char;
use std::path::Path;

use avatar_models::import::{MUSETALK, Manifest};
use avatar_models::musetalk;
use avatar_models_abi::{Description, Networks, Options, Precision, Request};

use crate::call::{self, Failure, number};
use crate::pointer;
use crate::portrait;

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
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::opening((networks, "networks"), message, capacity, || {
            Ok(musetalk::Networks::open(&options_of(options, MUSETALK)?)?)
        })
    }
}

/// Unloads networks. Their listeners and portraits must have been closed before.
///
/// # Safety
///
/// `networks` is null or from avatar_models_open, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_close(networks: *mut Networks) {
    // SAFETY: the caller's promises; `avatar_models_open` has made it.
    unsafe { call::close(networks.cast::<musetalk::Networks>()) }
}

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
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::describing(description, |size| {
            let musetalk::Description {
                face_side,
                tokens,
                sample_rate,
                max_batch,
                look_ahead_ms,
            } = open(networks)?.description();
            Ok(Description {
                size,
                face_side: number(face_side),
                tokens: number(tokens),
                sample_rate: number(sample_rate),
                max_batch: number(max_batch),
                lookahead_ms: look_ahead_ms,
            })
        })
    }
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
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::run(message, capacity, || {
            let networks = open(networks)?;
            let requests = pointer::elements(requests, count, "requests")?
                .iter()
                .map(|request| self::request(networks, request))
                .collect::<Result<Vec<_>, _>>();
            networks.faces(&mut requests?)?;
            Ok(())
        })
    }
}

/// How many faces are made at once where the caller does not say: what keeps a device busy.
const MAX_BATCH: usize = 16;

/// What is loaded, and how.
///
/// # Safety
///
/// As for [`avatar_models_open`].
pub(crate) unsafe fn options_of(
    options: *const Options,
    model: &str,
) -> Result<musetalk::Options, Failure> {
    // SAFETY: as the caller says. It is numbers and pointers, all of which may be zero.
    let options = unsafe { pointer::sized(options, "options") }?;
    // SAFETY: as the caller says.
    let weights = unsafe { pointer::path(options.weights, "weights") }?;
    // SAFETY: as the caller says.
    let device = unsafe { device(options.device) }?;
    known(weights, model)?;
    Ok(musetalk::Options {
        weights: weights.to_owned(),
        device: device.to_owned(),
        precision: precision(options.precision)?,
        threads: options.threads as usize,
        max_batch: match options.max_batch {
            0 => MAX_BATCH,
            most => most as usize,
        },
    })
}

/// Whether a directory of weights holds `model`. One that says nothing of itself is tried.
pub(crate) fn known(weights: &Path, model: &str) -> Result<(), Failure> {
    if !weights.join(Manifest::NAME).exists() {
        return Ok(());
    }
    let manifest = Manifest::read(weights)?;
    if manifest.holds(model) {
        return Ok(());
    }
    Err(Failure::weights(format!(
        "{} holds {}, not {model}",
        weights.display(),
        manifest.model
    )))
}

/// The device of this name.
///
/// # Safety
///
/// `device` is null or ends with a NUL.
pub(crate) unsafe fn device<'a>(device: *const c_char) -> Result<&'a str, Failure> {
    if device.is_null() {
        return Ok("auto");
    }
    // SAFETY: as the caller says.
    unsafe { pointer::text(device, "device") }
}

fn precision(precision: u32) -> Result<musetalk::Precision, Failure> {
    const AUTO: u32 = Precision::Auto as u32;
    const SINGLE: u32 = Precision::Single as u32;
    const HALF: u32 = Precision::Half as u32;
    const BRAIN: u32 = Precision::Brain as u32;
    match precision {
        AUTO => Ok(musetalk::Precision::Native),
        SINGLE => Ok(musetalk::Precision::F32),
        HALF => Ok(musetalk::Precision::F16),
        BRAIN => Ok(musetalk::Precision::Bf16),
        other => Err(Failure::argument(format!("there is no precision {other}"))),
    }
}

/// Networks that are open.
///
/// # Safety
///
/// `networks` is null or open.
pub(crate) unsafe fn open<'a>(
    networks: *const Networks,
) -> Result<&'a musetalk::Networks, Failure> {
    // They are used from several threads.
    const fn shared<T: Send + Sync>() {}
    const { shared::<musetalk::Networks>() };
    // SAFETY: `avatar_models_open` has made it of this type, and it is only ever read.
    unsafe { pointer::shared(networks.cast(), "networks") }
}

/// # Safety
///
/// As for [`avatar_models_faces`].
unsafe fn request<'a>(
    networks: &musetalk::Networks,
    request: &Request,
) -> Result<musetalk::Request<'a>, Failure> {
    let musetalk::Description {
        face_side, tokens, ..
    } = networks.description();
    // SAFETY: as the caller says.
    unsafe {
        Ok(musetalk::Request {
            portrait: portrait::open(request.portrait)?,
            index: request.index as usize,
            tokens: pointer::elements(request.tokens, tokens, "tokens")?,
            face: pointer::room(request.face, face_side * face_side * 3, "face")?,
        })
    }
}
