//! A file of a stranger's becomes pixels.

use std::io::Cursor;

use fast_image_resize::PixelType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::bitmap::{Bitmap, Part, scaled};
use super::error::PhotoError;

/// Pixels that are looked at, in all: more than telephones take.
pub(super) const MOST: u64 = 64_000_000;

/// Pixels each way that a picture must have.
pub(super) const LEAST: u32 = 48;

/// Pixels along the longer side that are kept. No session shows more.
pub(super) const KEPT: u32 = 2_048;

/// The largest side that is believed.
const SIDE: u32 = 30_000;

/// Reads a PNG or JPEG, upright as its EXIF tells, without transparency, its longer side not above [`KEPT`].
///
/// What the header promises is looked at before anything is unpacked.
pub(super) fn decode(bytes: &[u8]) -> Result<Bitmap, PhotoError> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| PhotoError::NotAnImage)?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
        return Err(PhotoError::NotAnImage);
    }
    let mut limits = Limits::default();
    // Sixteen bits a channel and four of them at most.
    limits.max_alloc = Some(MOST * 8);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST || width.max(height) > SIDE {
        return Err(PhotoError::TooLarge {
            width,
            height,
            most: MOST,
        });
    }
    if width.min(height) < LEAST {
        return Err(PhotoError::TooSmall {
            width,
            height,
            least: LEAST,
        });
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    upright(&shrunk(picture)?, orientation)
}

fn damaged(error: ImageError) -> PhotoError {
    PhotoError::Damaged(error.to_string())
}

/// The picture in three channels, no larger than it is kept.
fn shrunk(picture: DynamicImage) -> Result<Bitmap, PhotoError> {
    let from = (picture.width(), picture.height());
    let whole = Part {
        x: 0.0,
        y: 0.0,
        width: f64::from(from.0),
        height: f64::from(from.1),
    };
    let factor = (f64::from(KEPT) / f64::from(from.0.max(from.1))).min(1.0);
    let side = |side: u32| ((f64::from(side) * factor).round() as u32).max(1);
    let to = (side(from.0), side(from.1));
    let fit = |bytes: Vec<u8>, kind| {
        if from == to {
            return Ok(bytes);
        }
        scaled(&bytes, from, kind, whole, to)
    };
    let bytes = if picture.color().has_alpha() {
        let pixels = fit(picture.into_rgba8().into_raw(), PixelType::U8x4)?;
        pixels
            .as_chunks::<4>()
            .0
            .iter()
            .flat_map(on_white)
            .collect()
    } else {
        fit(picture.into_rgb8().into_raw(), PixelType::U8x3)?
    };
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
    let lost = || PhotoError::Damaged("its pixels are missing".to_owned());
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
