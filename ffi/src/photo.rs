//! Photos of whom pictures are drawn.

use std::ffi::c_char;

use avatar_models::imtalker;
use avatar_models_abi::{Framing, Photo, Rectangle, Talker};

use crate::call::{self, Failure};
use crate::preparer::{picture, rectangle};
use crate::{pointer, talker};

/// Looks at a photo of `height` rows of `width` pixels of red, green and blue, of which the part that `framing`, an avatar_models_framing,
/// says is drawn.
///
/// On success `*photo` is the caller's, to be closed with avatar_models_photo_close. `*found` is 1 where a face was found, and then `*face`
/// is its box, which may leave the photo; else 0. `*crop` is the part that is drawn: whoever wants the whole photo to go on moving lays
/// pictures over it there. Each of the three may be null.
///
/// # Safety
///
/// `talker` is open; `rgb` is valid for the photo; `photo` is valid; `found`, `face` and `crop` are null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_photo_open(
    talker: *mut Talker,
    rgb: *const u8,
    width: u32,
    height: u32,
    framing: u32,
    photo: *mut *mut Photo,
    found: *mut u32,
    face: *mut Rectangle,
    crop: *mut Rectangle,
    message: *mut c_char,
    capacity: usize,
) -> i32 {
    // SAFETY: the caller's promises, word by word.
    unsafe {
        call::opening((photo, "photo"), message, capacity, || {
            let talker = talker::open(talker)?;
            let looked = talker.photo(&picture(rgb, width, height)?, self::framing(framing)?)?;
            if !found.is_null() {
                *pointer::exclusive(found, "found")? = looked.face().is_some().into();
            }
            if let (Some(bounds), false) = (looked.face(), face.is_null()) {
                *pointer::exclusive(face, "face")? = rectangle(bounds);
            }
            if !crop.is_null() {
                *pointer::exclusive(crop, "crop")? = rectangle(looked.crop());
            }
            Ok(looked)
        })
    }
}

/// Forgets a photo.
///
/// # Safety
///
/// `photo` is null or from avatar_models_photo_open, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn avatar_models_photo_close(photo: *mut Photo) {
    // SAFETY: the caller's promises; `avatar_models_photo_open` has made it.
    unsafe { call::close(photo.cast::<imtalker::Photo>()) }
}

fn framing(framing: u32) -> Result<imtalker::Framing, Failure> {
    const FACE: u32 = Framing::Face as u32;
    const WHOLE: u32 = Framing::Whole as u32;
    match framing {
        FACE => Ok(imtalker::Framing::Face),
        WHOLE => Ok(imtalker::Framing::Whole),
        other => Err(Failure::argument(format!("there is no framing {other}"))),
    }
}

/// A photo that is open.
///
/// # Safety
///
/// `photo` is null or open.
pub(crate) unsafe fn open<'a>(photo: *const Photo) -> Result<&'a imtalker::Photo, Failure> {
    const fn shared<T: Send + Sync>() {}
    const { shared::<imtalker::Photo>() };
    // SAFETY: `avatar_models_photo_open` has made it of this type, and it is only ever read.
    unsafe { pointer::shared(photo.cast(), "photo") }
}
