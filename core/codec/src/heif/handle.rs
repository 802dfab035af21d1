//! libheif's objects, each freed when it is dropped.

use std::ffi::c_int;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::slice;

use super::bindings::*;

/// Why libheif did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It cannot do such a thing here.
    Unsupported,
    /// Anything else.
    Other,
}

fn checked(error: heif_error) -> Result<(), Refused> {
    const UNSUPPORTED: [heif_error_code; 3] = [
        heif_error_code_heif_error_Unsupported_feature,
        heif_error_code_heif_error_Unsupported_filetype,
        heif_error_code_heif_error_Plugin_loading_error,
    ];
    if error.code == heif_error_code_heif_error_Ok {
        return Ok(());
    }
    let unsupported = UNSUPPORTED.contains(&error.code);
    Err(if unsupported {
        Refused::Unsupported
    } else {
        Refused::Other
    })
}

/// Looks for plugins. For as long as the process lives.
pub(super) fn start() {
    // SAFETY: no parameters are allowed; the library counts its users, and is never left.
    unsafe { heif_init(ptr::null_mut()) };
}

/// A file's boxes. It reads from the file's bytes for as long as it lives.
pub(super) struct Context<'a> {
    context: NonNull<heif_context>,
    file: PhantomData<&'a [u8]>,
}

impl<'a> Context<'a> {
    /// Reads a file.
    pub(super) fn read(file: &'a [u8]) -> Result<Self, Refused> {
        // SAFETY: it takes nothing, and what it gives is ours.
        let context = NonNull::new(unsafe { heif_context_alloc() }).ok_or(Refused::Other)?;
        let read = Self {
            context,
            file: PhantomData,
        };
        // SAFETY: the context is alive; the bytes outlive it, as its type says; no options are allowed.
        checked(unsafe {
            heif_context_read_from_memory_without_copy(
                context.as_ptr(),
                file.as_ptr().cast(),
                file.len(),
                ptr::null(),
            )
        })?;
        Ok(read)
    }
}

impl Drop for Context<'_> {
    fn drop(&mut self) {
        // SAFETY: it is ours, and nothing that was made of it lives longer.
        unsafe { heif_context_free(self.context.as_ptr()) };
    }
}

/// One picture of a file, not yet decoded.
pub(super) struct Handle<'a> {
    handle: NonNull<heif_image_handle>,
    context: PhantomData<&'a Context<'a>>,
}

impl<'a> Handle<'a> {
    /// The picture that a file is about.
    pub(super) fn primary(context: &'a Context<'a>) -> Result<Self, Refused> {
        let mut handle = ptr::null_mut();
        // SAFETY: the context is alive, and there is room for what it gives, which is ours then.
        checked(unsafe {
            heif_context_get_primary_image_handle(context.context.as_ptr(), &raw mut handle)
        })?;
        Ok(Self {
            handle: NonNull::new(handle).ok_or(Refused::Other)?,
            context: PhantomData,
        })
    }

    /// Pixels across and down, turned as it will be.
    pub(super) fn size(&self) -> (u32, u32) {
        // SAFETY: the handle is alive; nothing is changed.
        let (width, height) = unsafe {
            (
                heif_image_handle_get_width(self.handle.as_ptr()),
                heif_image_handle_get_height(self.handle.as_ptr()),
            )
        };
        (
            u32::try_from(width).unwrap_or(0),
            u32::try_from(height).unwrap_or(0),
        )
    }

    pub(super) fn has_alpha(&self) -> bool {
        // SAFETY: the handle is alive; nothing is changed.
        unsafe { heif_image_handle_has_alpha_channel(self.handle.as_ptr()) != 0 }
    }

    /// Its ICC profile.
    pub(super) fn icc(&self) -> Option<Vec<u8>> {
        // SAFETY: the handle is alive; nothing is changed.
        let size = unsafe { heif_image_handle_get_raw_color_profile_size(self.handle.as_ptr()) };
        if size == 0 {
            return None;
        }
        let mut profile = vec![0_u8; size];
        // SAFETY: the handle is alive, and the room is as large as it said that the profile is.
        let given = checked(unsafe {
            heif_image_handle_get_raw_color_profile(
                self.handle.as_ptr(),
                profile.as_mut_ptr().cast(),
            )
        });
        given.is_ok().then_some(profile)
    }

    /// The code points of its colour primaries and its transfer function.
    pub(super) fn code_points(&self) -> Option<(u8, u8)> {
        let mut given: *mut heif_color_profile_nclx = ptr::null_mut();
        // SAFETY: the handle is alive, and there is room for what it gives, which is ours then.
        checked(unsafe {
            heif_image_handle_get_nclx_color_profile(self.handle.as_ptr(), &raw mut given)
        })
        .ok()?;
        let given = NonNull::new(given)?;
        // SAFETY: it was just given, is read before it is freed, and is freed once.
        let (primaries, transfer) = unsafe {
            let profile = given.as_ref();
            let points = (profile.color_primaries, profile.transfer_characteristics);
            heif_nclx_color_profile_free(given.as_ptr());
            points
        };
        Some((u8::try_from(primaries).ok()?, u8::try_from(transfer).ok()?))
    }
}

impl Drop for Handle<'_> {
    fn drop(&mut self) {
        // SAFETY: it is ours.
        unsafe { heif_image_handle_release(self.handle.as_ptr()) };
    }
}

/// A decoded picture of eight bits a channel, its channels side by side.
pub(super) struct Decoded(NonNull<heif_image>);

const CHANNEL: heif_channel = heif_channel_heif_channel_interleaved;

impl Decoded {
    /// Decodes a picture; turns and cuts it as its file asks.
    pub(super) fn new(handle: &Handle<'_>, alpha: bool) -> Result<Self, Refused> {
        let chroma = if alpha {
            heif_chroma_heif_chroma_interleaved_RGBA
        } else {
            heif_chroma_heif_chroma_interleaved_RGB
        };
        let mut image = ptr::null_mut();
        // SAFETY: the options are libheif's own with its defaults, of which one that its first releases had already is changed, and are
        // freed after they were used; the handle is alive, and there is room for what it gives, which is ours then.
        let decoded = unsafe {
            let options = NonNull::new(heif_decoding_options_alloc()).ok_or(Refused::Other)?;
            (*options.as_ptr()).convert_hdr_to_8bit = 1;
            let decoded = heif_decode_image(
                handle.handle.as_ptr(),
                &raw mut image,
                heif_colorspace_heif_colorspace_RGB,
                chroma,
                options.as_ptr(),
            );
            heif_decoding_options_free(options.as_ptr());
            decoded
        };
        checked(decoded)?;
        Ok(Self(NonNull::new(image).ok_or(Refused::Other)?))
    }

    /// Pixels across and down.
    pub(super) fn size(&self) -> (u32, u32) {
        // SAFETY: the picture is alive; nothing is changed.
        let (width, height) = unsafe {
            (
                heif_image_get_width(self.0.as_ptr(), CHANNEL),
                heif_image_get_height(self.0.as_ptr(), CHANNEL),
            )
        };
        (
            u32::try_from(width).unwrap_or(0),
            u32::try_from(height).unwrap_or(0),
        )
    }

    /// Its pixels of so many `channels`, without what lies between rows.
    pub(super) fn pixels(&self, channels: usize) -> Option<Vec<u8>> {
        let (width, height) = self.size();
        let row = width as usize * channels;
        let mut stride: c_int = 0;
        // SAFETY: the picture is alive, and there is room for the distance of its rows.
        let plane =
            unsafe { heif_image_get_plane_readonly(self.0.as_ptr(), CHANNEL, &raw mut stride) };
        let plane = NonNull::new(plane.cast_mut())?;
        let stride = usize::try_from(stride)
            .ok()
            .filter(|stride| *stride >= row)?;
        let length = stride.checked_mul((height as usize).checked_sub(1)?)? + row;
        // SAFETY: libheif holds `height` rows at this distance, the last of which has a row's pixels at least, for as long as the picture
        // lives, which is longer than this borrow.
        let bytes = unsafe { slice::from_raw_parts(plane.as_ptr(), length) };
        let rows = bytes.chunks(stride).filter_map(|bytes| bytes.get(..row));
        Some(rows.flatten().copied().collect())
    }
}

impl Drop for Decoded {
    fn drop(&mut self) {
        // SAFETY: it is ours.
        unsafe { heif_image_release(self.0.as_ptr()) };
    }
}
