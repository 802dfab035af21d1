//! HEIC and AVIF: one file in, one picture out, through libheif.

mod handle;

use std::sync::OnceLock;

use thiserror::Error;

use handle::{Context, Decoded, Handle, Refused};

/// libheif's own declarations.
#[allow(
    missing_docs,
    unreachable_pub,
    non_camel_case_types,
    non_upper_case_globals,
    dead_code,
    clippy::all,
    clippy::undocumented_unsafe_blocks
)]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/heif.rs"));
}

/// A decoded picture, turned and cut as its file asks, in the colours of its profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeifImage {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Whether each pixel has a fourth byte: how opaque it is.
    pub alpha: bool,
    /// Red, green, blue, row by row, packed.
    pub pixels: Vec<u8>,
    /// The file's ICC profile.
    pub icc: Option<Vec<u8>>,
    /// The code points of its colour primaries and of its transfer function (ITU-T H.273, 8.1 and 8.2).
    pub code_points: Option<(u8, u8)>,
}

/// How large a picture may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeifLimits {
    /// Pixels each way, at the least.
    pub least: u32,
    /// Pixels along the longer side, at the most.
    pub side: u32,
    /// Pixels in all, at the most.
    pub most: u64,
}

/// Why a file is not decoded. The texts complete "the picture …".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HeifError {
    /// The boxes of the file make no sense, or there is no still picture in them.
    #[error("breaks off, or holds no still picture")]
    Unreadable,
    /// Its coding is not one of HEIC or AVIF, or the decoder is not installed.
    #[error("is coded in a way that this server has no decoder for")]
    NoDecoder,
    /// The coded picture makes no sense.
    #[error("has bytes in it that cannot be decoded")]
    Corrupt,
    /// Out of bounds.
    #[error("has {width}×{height} pixels")]
    Size {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
}

/// Brands of files that are, or hold, still pictures (ISO/IEC 23008-12; AV1 Image File Format).
const BRANDS: [&[u8; 4]; 12] = [
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2",
    b"avif", b"avis",
];

/// Whether a file says that it is of this kind.
pub fn is_heif(file: &[u8]) -> bool {
    let Some((length, rest)) = file.split_first_chunk::<4>() else {
        return false;
    };
    let length = (u32::from_be_bytes(*length) as usize)
        .min(file.len())
        .min(512);
    let brands = rest
        .strip_prefix(b"ftyp")
        .and_then(|brands| brands.get(..length.saturating_sub(8)));
    let known = |brand: &[u8; 4]| BRANDS.contains(&brand);
    // The second of the words is a version.
    brands.is_some_and(|brands| {
        let words = brands.as_chunks::<4>().0.iter().enumerate();
        words
            .filter(|(n, _)| *n != 1)
            .any(|(_, brand)| known(brand))
    })
}

/// Decodes the main picture of a file.
///
/// # Errors
///
/// [`HeifError`]
pub fn decode_heif(file: &[u8], limits: &HeifLimits) -> Result<HeifImage, HeifError> {
    // Finds the decoders, which some systems have as plugins.
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(handle::start);
    let context = Context::read(file).map_err(|_| HeifError::Unreadable)?;
    let handle = Handle::primary(&context).map_err(|_| HeifError::Unreadable)?;
    let within = |(width, height): (u32, u32)| {
        let fits = width.min(height) >= limits.least
            && width.max(height) <= limits.side
            && u64::from(width) * u64::from(height) <= limits.most;
        fits.then_some(()).ok_or(HeifError::Size { width, height })
    };
    within(handle.size())?;
    let alpha = handle.has_alpha();
    let decoded = Decoded::new(&handle, alpha).map_err(|refused| match refused {
        Refused::Unsupported => HeifError::NoDecoder,
        Refused::Other => HeifError::Corrupt,
    })?;
    let size = decoded.size();
    // What was coded may differ from what was promised.
    within(size)?;
    let channels = if alpha { 4 } else { 3 };
    let pixels = decoded.pixels(channels).ok_or(HeifError::Corrupt)?;
    Ok(HeifImage {
        width: size.0,
        height: size.1,
        alpha,
        pixels,
        icc: handle.icc(),
        code_points: handle.code_points(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
