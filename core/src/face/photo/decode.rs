//! A file of a stranger's becomes pixels.

use std::io::Cursor;

use avatar_codec::{
    HeifError, HeifLimits, JpegError, JpegLimits, JpegPixels, decode_heif, decode_jpeg, is_heif,
};
use fast_image_resize::PixelType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use moxcms::ColorProfile;

use super::bitmap::{Bitmap, Part, scaled};
use super::error::PhotoError;
use super::exif;
use super::profile::{self, Samples};
use super::seems::seems;

/// Pixels that are looked at, in all, where all of them are held at once.
pub(super) const MOST: u64 = 64_000_000;

/// Pixels of a JPEG that is made smaller while it is read: more than telephones take.
pub(super) const MOST_READ: u64 = 220_000_000;

/// Pixels each way that a picture must have.
pub(super) const LEAST: u32 = 48;

/// Pixels along the longer side that are kept. No session shows more.
pub(super) const KEPT: u32 = 2_048;

/// The largest side that is believed.
const SIDE: u32 = 30_000;

/// A picture as its decoder gives it.
struct Raw {
    width: u32,
    height: u32,
    samples: Samples,
    pixels: Vec<u8>,
    profile: Option<ColorProfile>,
    orientation: Orientation,
}

/// Reads a JPEG, PNG, WebP, HEIC or AVIF: upright as its EXIF tells, in sRGB, without transparency, its longer side not above
/// [`KEPT`].
///
/// What the header promises is looked at before anything is unpacked.
pub(super) fn decode(bytes: &[u8]) -> Result<Bitmap, PhotoError> {
    let raw = if bytes.starts_with(b"\xff\xd8") {
        jpeg(bytes)?
    } else if is_heif(bytes) {
        heif(bytes)?
    } else {
        match image::guess_format(bytes) {
            Ok(format @ (ImageFormat::Png | ImageFormat::WebP)) => others(bytes, format)?,
            _ => return Err(PhotoError::NotAnImage(seems(bytes))),
        }
    };
    let orientation = raw.orientation;
    upright(&shrunk(raw)?, orientation)
}

/// Whether a picture of this size is looked at.
fn within(width: u32, height: u32, most: u64) -> Result<(), PhotoError> {
    if u64::from(width) * u64::from(height) > most || width.max(height) > SIDE {
        return Err(PhotoError::TooLarge {
            width,
            height,
            most,
        });
    }
    if width.min(height) < LEAST {
        return Err(PhotoError::TooSmall {
            width,
            height,
            least: LEAST,
        });
    }
    Ok(())
}

fn jpeg(bytes: &[u8]) -> Result<Raw, PhotoError> {
    let limits = JpegLimits {
        enough: KEPT,
        most: MOST_READ,
        most_held: MOST,
        least: LEAST,
        side: SIDE,
    };
    let image = decode_jpeg(bytes, &limits).map_err(|error| match error {
        JpegError::Size {
            width,
            height,
            most,
        } => within(width, height, most)
            .err()
            .unwrap_or(PhotoError::TooLarge {
                width,
                height,
                most,
            }),
        error => PhotoError::Damaged(error.to_string()),
    })?;
    let exif = image.exif.as_deref();
    let embedded = image.icc.as_deref().and_then(profile::icc);
    Ok(Raw {
        width: image.width,
        height: image.height,
        samples: match image.kind {
            JpegPixels::Grey => Samples::Grey,
            JpegPixels::Rgb => Samples::Rgb,
            JpegPixels::Cmyk => Samples::Cmyk,
        },
        pixels: image.pixels,
        // Cameras that photograph in Adobe RGB say so in EXIF alone.
        profile: embedded.or_else(|| {
            exif.is_some_and(exif::is_adobe_rgb)
                .then(ColorProfile::new_adobe_rgb)
        }),
        orientation: exif
            .and_then(Orientation::from_exif_chunk)
            .unwrap_or(Orientation::NoTransforms),
    })
}

fn heif(bytes: &[u8]) -> Result<Raw, PhotoError> {
    let limits = HeifLimits {
        least: LEAST,
        side: SIDE,
        most: MOST,
    };
    let image = decode_heif(bytes, &limits).map_err(|error| match error {
        HeifError::Size { width, height } => {
            within(width, height, MOST)
                .err()
                .unwrap_or(PhotoError::TooLarge {
                    width,
                    height,
                    most: MOST,
                })
        }
        error => PhotoError::Damaged(error.to_string()),
    })?;
    let embedded = image.icc.as_deref().and_then(profile::icc);
    let points = image.code_points;
    Ok(Raw {
        width: image.width,
        height: image.height,
        samples: if image.alpha {
            Samples::Rgba
        } else {
            Samples::Rgb
        },
        pixels: image.pixels,
        profile: embedded.or_else(|| {
            points.and_then(|(primaries, transfer)| profile::code_points(primaries, transfer))
        }),
        // It was turned by its decoder; EXIF says what was done, not what is to do (ISO/IEC 23008-12, annex A).
        orientation: Orientation::NoTransforms,
    })
}

/// PNG and WebP.
fn others(bytes: &[u8], format: ImageFormat) -> Result<Raw, PhotoError> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    // Sixteen bits a channel and four of them at most.
    limits.max_alloc = Some(MOST * 8);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    within(width, height, MOST)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = match format {
        ImageFormat::Png => png_profile(bytes),
        _ => decoder
            .icc_profile()
            .ok()
            .flatten()
            .as_deref()
            .and_then(profile::icc),
    };
    let picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    let (samples, pixels) = match (picture.color().has_alpha(), picture.color().has_color()) {
        (true, _) => (Samples::Rgba, picture.into_rgba8().into_raw()),
        (false, true) => (Samples::Rgb, picture.into_rgb8().into_raw()),
        (false, false) => (Samples::Grey, picture.into_luma8().into_raw()),
    };
    Ok(Raw {
        width,
        height,
        samples,
        pixels,
        profile,
        orientation,
    })
}

/// What a PNG says of its colours, by its chunks' order of rank (PNG, third edition, section 4.3).
fn png_profile(bytes: &[u8]) -> Option<ColorProfile> {
    let reader = png::Decoder::new(Cursor::new(bytes)).read_info().ok()?;
    let info = reader.info();
    if let Some(points) = &info.coding_independent_code_points {
        return profile::code_points(points.color_primaries, points.transfer_function);
    }
    if let Some(profile) = info.icc_profile.as_deref().and_then(profile::icc) {
        return Some(profile);
    }
    if info.srgb.is_some() {
        return None;
    }
    let value = |part: png::ScaledFloat| f64::from(part.into_value());
    let colours = info.chrm_chunk.map(|chunk| {
        let points = [chunk.white, chunk.red, chunk.green, chunk.blue];
        points.map(|(x, y)| (value(x), value(y)))
    });
    profile::described(info.gama_chunk.map(value), colours)
}

/// Words of our own for what a decoder complains of.
fn damaged(error: ImageError) -> PhotoError {
    let words = match error {
        ImageError::IoError(_) => "breaks off: a part of the file is missing",
        ImageError::Unsupported(_) => "is of a kind that is not read",
        ImageError::Limits(_) => "takes more memory than a picture of its size should",
        _ => "has bytes in it that cannot be decoded",
    };
    PhotoError::Damaged(words.to_owned())
}

/// The picture in the three channels of sRGB, no larger than it is kept.
fn shrunk(raw: Raw) -> Result<Bitmap, PhotoError> {
    let Raw {
        width,
        height,
        mut samples,
        mut pixels,
        mut profile,
        ..
    } = raw;
    // Inks do not mix as light does.
    if samples == Samples::Cmyk {
        pixels = profile::to_srgb(pixels, samples, profile.as_ref());
        (samples, profile) = (Samples::Rgb, None);
    }
    let factor = (f64::from(KEPT) / f64::from(width.max(height))).min(1.0);
    let side = |side: u32| ((f64::from(side) * factor).round() as u32).max(1);
    let to = (side(width), side(height));
    if (width, height) != to {
        let kind = match samples {
            Samples::Grey => PixelType::U8,
            Samples::Rgb => PixelType::U8x3,
            Samples::Rgba | Samples::Cmyk => PixelType::U8x4,
        };
        let whole = Part {
            x: 0.0,
            y: 0.0,
            width: f64::from(width),
            height: f64::from(height),
        };
        pixels = scaled(&pixels, (width, height), kind, whole, to)?;
    }
    let mut bytes = profile::to_srgb(pixels, samples, profile.as_ref());
    if samples == Samples::Rgba {
        let pixels = bytes.as_chunks::<4>().0.iter();
        bytes = pixels.flat_map(on_white).collect();
    }
    Ok(Bitmap {
        width: to.0,
        height: to.1,
        bytes,
    })
}

/// What shows through is white, as in most places where such pictures are seen.
fn on_white([red, green, blue, alpha]: &[u8; 4]) -> [u8; 3] {
    let alpha = u16::from(*alpha);
    [red, green, blue].map(|part| {
        let sum = u16::from(*part) * alpha + 255 * (255 - alpha) + 127;
        (sum / 255) as u8
    })
}

/// Turns and mirrors as EXIF's orientation asks (CIPA DC-008, section 4.6.4).
fn upright(picture: &Bitmap, orientation: Orientation) -> Result<Bitmap, PhotoError> {
    let lost = || PhotoError::Damaged("lacks pixels".to_owned());
    let bytes = picture.bytes.clone();
    let pixels =
        image::RgbImage::from_raw(picture.width, picture.height, bytes).ok_or_else(lost)?;
    let mut turned = DynamicImage::ImageRgb8(pixels);
    turned.apply_orientation(orientation);
    Ok(Bitmap {
        width: turned.width(),
        height: turned.height(),
        bytes: turned.into_rgb8().into_raw(),
    })
}
