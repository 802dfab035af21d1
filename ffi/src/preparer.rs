//! The networks that prepare avatars.

use std::ffi::c_char;

use avatar_models::import::MUSETALK;
use avatar_models::prepare::{self, Bounds, FaceGeometry, MaskMode, MaskShape, Raster};
use avatar_models_abi::{Mode, Preparation, Preparer, Rectangle};

use crate::call::{self, Failure};
use crate::networks::{device, known};
use crate::pointer;

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
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::opening((preparer, "preparer"), message, capacity, || {
            Ok(prepare::Preparer::open(&options_of(preparation)?)?)
        })
    }
}

/// Unloads them.
///
/// # Safety
///
/// `preparer` is null or from avatar_models_preparer_open, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_preparer_close(preparer: *mut Preparer) {
    // SAFETY: the caller's promises; `avatar_models_preparer_open` has made it.
    unsafe { call::close(preparer.cast::<prepare::Preparer>()) }
}

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
    face: *mut Rectangle,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::run(message, capacity, || {
            let preparer = open(preparer)?;
            let found = pointer::exclusive(found, "found")?;
            let face = pointer::exclusive(face, "face")?;
            *found = 0;
            if let Some(bounds) = preparer.find(&picture(rgb, width, height)?)? {
                *face = rectangle(bounds);
                *found = 1;
            }
            Ok(())
        })
    }
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
    face: *const Rectangle,
    crop: *mut Rectangle,
    mask: *mut u8,
    mask_capacity: usize,
    latents: *mut f32,
    latents_capacity: usize,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::run(message, capacity, || {
            let preparer = open(preparer)?;
            let Rectangle { x0, y0, x1, y1 } = *pointer::shared(face, "face")?;
            let crop = pointer::exclusive(crop, "crop")?;
            let mask = pointer::room(mask, mask_capacity, "mask")?;
            let latents = pointer::room(latents, latents_capacity, "latents")?;
            let face = Bounds { x0, y0, x1, y1 };
            let prepared = preparer.prepare(&picture(rgb, width, height)?, face)?;
            fill(mask, prepared.mask.data(), "mask")?;
            fill(latents, &prepared.latents, "latents")?;
            *crop = rectangle(prepared.crop);
            Ok(())
        })
    }
}

/// What is loaded, and how frames are prepared.
///
/// # Safety
///
/// As for [`avatar_models_preparer_open`].
unsafe fn options_of(preparation: *const Preparation) -> Result<prepare::PreparerOptions, Failure> {
    // SAFETY: as the caller says. It is numbers and pointers, all of which may be zero.
    let preparation = unsafe { pointer::sized(preparation, "preparation") }?;
    // SAFETY: as the caller says.
    let weights = unsafe { pointer::path(preparation.weights, "weights") }?;
    known(weights, MUSETALK)?;
    // SAFETY: as the caller says.
    let device = unsafe { device(preparation.device) }?;
    Ok(prepare::PreparerOptions {
        weights: weights.to_owned(),
        device: device.to_owned(),
        threads: preparation.threads as usize,
        geometry: FaceGeometry {
            extra_margin: preparation.extra_margin,
            bbox_shift: preparation.bbox_shift,
        },
        mask: MaskShape {
            mode: mode(preparation.mode)?,
            left_cheek: preparation.left_cheek,
            right_cheek: preparation.right_cheek,
            ..MaskShape::default()
        },
    })
}

fn mode(mode: u32) -> Result<MaskMode, Failure> {
    const JAW: u32 = Mode::Jaw as u32;
    const RAW: u32 = Mode::Raw as u32;
    const NECK: u32 = Mode::Neck as u32;
    match mode {
        JAW => Ok(MaskMode::Jaw),
        RAW => Ok(MaskMode::Raw),
        NECK => Ok(MaskMode::Neck),
        other => Err(Failure::argument(format!("there is no mode {other}"))),
    }
}

/// A preparer that is open.
///
/// # Safety
///
/// `preparer` is null or open, and used by nobody else meanwhile.
unsafe fn open<'a>(preparer: *mut Preparer) -> Result<&'a prepare::Preparer, Failure> {
    const fn moves<T: Send>() {}
    const { moves::<prepare::Preparer>() };
    // SAFETY: `avatar_models_preparer_open` has made it of this type.
    unsafe { pointer::shared(preparer.cast(), "preparer") }
}

/// The picture, copied.
///
/// # Safety
///
/// `rgb` is null or valid for the picture.
pub(crate) unsafe fn picture(rgb: *const u8, width: u32, height: u32) -> Result<Raster, Failure> {
    let wrong = || Failure::argument(format!("a picture cannot be {width} by {height}"));
    let (width, height) = (width as usize, height as usize);
    let bytes = width
        .checked_mul(height)
        .and_then(|area| area.checked_mul(3));
    let bytes = bytes.filter(|bytes| *bytes > 0).ok_or_else(wrong)?;
    // SAFETY: as the caller says.
    let rgb = unsafe { pointer::elements(rgb, bytes, "rgb") }?;
    Raster::new(width, height, 3, rgb.to_vec()).ok_or_else(wrong)
}

pub(crate) fn rectangle(bounds: Bounds) -> Rectangle {
    let Bounds { x0, y0, x1, y1 } = bounds;
    Rectangle { x0, y0, x1, y1 }
}

fn fill<T: Copy>(room: &mut [T], from: &[T], what: &str) -> Result<(), Failure> {
    let capacity = room.len();
    let room = room.get_mut(..from.len()).ok_or_else(|| {
        Failure::argument(format!(
            "there is room for {capacity} elements of {what}, which are {}",
            from.len()
        ))
    })?;
    room.copy_from_slice(from);
    Ok(())
}
