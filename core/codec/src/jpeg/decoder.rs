//! JPEG: one file in, one picture out.

use std::borrow::Cow;

use thiserror::Error;
use turbojpeg::{Colorspace, Decompressor, Image, PixelFormat, ScalingFactor};

use super::outline::{Coding, Outline, outline, without_stuffing};

/// What a pixel of a [`JpegImage`] has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JpegPixels {
    /// One byte of grey.
    Grey,
    /// Red, green and blue.
    Rgb,
    /// Cyan, magenta, yellow and black, 255 where there is all of the ink.
    Cmyk,
}

impl JpegPixels {
    /// Bytes of a pixel.
    pub fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }
}

/// A decoded picture, not yet turned as its EXIF asks, in the colours of its profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JpegImage {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// What each pixel has.
    pub kind: JpegPixels,
    /// Pixels row by row, packed.
    pub pixels: Vec<u8>,
    /// The file's ICC profile.
    pub icc: Option<Vec<u8>>,
    /// The file's EXIF: its TIFF part.
    pub exif: Option<Vec<u8>>,
}

/// How much is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JpegLimits {
    /// The picture is decoded at a half, a quarter or an eighth of its size where its longer side has this many pixels still.
    pub enough: u32,
    /// Pixels in all of a picture that can be decoded row by row, whose size in the file hardly matters.
    pub most: u64,
    /// Pixels in all of one that has to be held whole.
    pub most_held: u64,
    /// Pixels each way, at the least.
    pub least: u32,
    /// Pixels along the longer side, at the most.
    pub side: u32,
}

/// Why a JPEG is not decoded. The texts complete "the picture …".
#[derive(Debug, Error, PartialEq, Eq)]
pub enum JpegError {
    /// What stands before the picture's data makes no sense.
    #[error("is no JPEG behind its first bytes, or breaks off before its picture begins")]
    Header,
    /// A part of the picture's data is missing.
    #[error("breaks off: a part of the file is missing")]
    Truncated,
    /// The picture's data contradicts itself.
    #[error("has bytes in it that cannot be decoded")]
    Corrupt,
    /// A kind of JPEG that hardly anything reads.
    #[error("is a JPEG {0}, which is not read; save it as a common JPEG or as a PNG")]
    Unsupported(String),
    /// Out of bounds.
    #[error("has {width}×{height} pixels")]
    Size {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// Pixels in all that it may have.
        most: u64,
    },
}

/// Scans of a progressive picture. Encoders write about ten; thousands are made to keep decoders busy.
const MOST_SCANS: u32 = 200;

/// Complaints of libjpeg's that no pixel suffers from: stuffing between segments, and parameters that are known anyway.
const HARMLESS: [&str; 4] = [
    "extraneous bytes before marker",
    "Invalid SOS parameters",
    "Unknown Adobe color transform",
    "Inconsistent progression",
];

/// Decodes a JPEG. All of it must be there; only the marker at its end may be missing.
///
/// # Errors
///
/// [`JpegError`]
pub fn decode_jpeg(file: &[u8], limits: &JpegLimits) -> Result<JpegImage, JpegError> {
    let outline = outline(file).ok_or(JpegError::Header)?;
    possible(&outline)?;
    let factor = factor(&outline, limits)?;
    let mut file = Cow::Borrowed(file);
    if outline.stuffed {
        file = Cow::Owned(without_stuffing(&file));
    }
    if outline.ended {
        return decode(&file, outline, factor);
    }
    // With an end libjpeg complains of nothing but data that is missing.
    file.to_mut().extend([0xff, 0xd9]);
    decode(&file, outline, factor).map_err(|error| match error {
        JpegError::Corrupt => JpegError::Truncated,
        error => error,
    })
}

fn possible(outline: &Outline) -> Result<(), JpegError> {
    let refused = |what: String| Err(JpegError::Unsupported(what));
    match (outline.coding, outline.bits, outline.channels) {
        (Coding::Other(what), ..) => refused(what.to_owned()),
        (_, 8, 1 | 3 | 4) => Ok(()),
        (_, 8, channels) => refused(format!("with {channels} colours")),
        (_, bits, _) => refused(format!("with {bits} bits a colour")),
    }
}

/// By how much the picture is made smaller while it is decoded.
fn factor(outline: &Outline, limits: &JpegLimits) -> Result<ScalingFactor, JpegError> {
    let &Outline { width, height, .. } = outline;
    let most = match outline.coding {
        Coding::Sequential => limits.most,
        _ => limits.most_held,
    };
    let pixels = u64::from(width) * u64::from(height);
    if width.min(height) < limits.least || width.max(height) > limits.side || pixels > most {
        return Err(JpegError::Size {
            width,
            height,
            most,
        });
    }
    if outline.coding == Coding::Lossless {
        return Ok(ScalingFactor::ONE);
    }
    let parts = [8, 4, 2].into_iter();
    let part = parts.filter(|part| width.max(height) / part >= limits.enough);
    Ok(ScalingFactor::new(1, part.max().unwrap_or(1) as usize))
}

fn decode(file: &[u8], outline: Outline, factor: ScalingFactor) -> Result<JpegImage, JpegError> {
    let corrupt = |_| JpegError::Corrupt;
    let mut decoder = Decompressor::new().map_err(corrupt)?;
    decoder.set_scan_limit(MOST_SCANS).map_err(corrupt)?;
    let header = decoder.read_header(file).map_err(corrupt)?;
    // Two who read the same file must not differ on what the memory is for.
    if (header.width, header.height) != (outline.width as usize, outline.height as usize) {
        return Err(JpegError::Corrupt);
    }
    let (kind, format) = match header.colorspace {
        Colorspace::Gray => (JpegPixels::Grey, PixelFormat::GRAY),
        Colorspace::CMYK | Colorspace::YCCK => (JpegPixels::Cmyk, PixelFormat::CMYK),
        _ => (JpegPixels::Rgb, PixelFormat::RGB),
    };
    decoder.set_scaling_factor(factor).map_err(corrupt)?;
    let (width, height) = (factor.scale(header.width), factor.scale(header.height));
    let pitch = width * kind.channels();
    let mut pixels = vec![0; pitch * height];
    let image = Image {
        pixels: pixels.as_mut_slice(),
        width,
        pitch,
        height,
        format,
    };
    match decoder.decompress(file, image) {
        Ok(()) => {}
        Err(error) => {
            let words = error.to_string();
            if !HARMLESS.iter().any(|harmless| words.contains(harmless)) {
                return Err(JpegError::Corrupt);
            }
        }
    }
    if kind == JpegPixels::Cmyk && outline.adobe {
        for ink in &mut pixels {
            *ink = 255 - *ink;
        }
    }
    Ok(JpegImage {
        width: width as u32,
        height: height as u32,
        kind,
        pixels,
        icc: outline.icc,
        exif: outline.exif,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use turbojpeg::{Compressor, Subsamp};

    use super::*;

    const LIMITS: JpegLimits = JpegLimits {
        enough: 100,
        most: 10_000_000,
        most_held: 1_000_000,
        least: 16,
        side: 2_000,
    };

    fn picture(width: usize, height: usize, format: PixelFormat) -> Image<Vec<u8>> {
        let channels = format.size();
        let pitch = width * channels;
        let pixels = (0..pitch * height).map(|n| {
            let (x, y) = (n % pitch / channels, n / pitch);
            let noise = (x * 7_919 + y * 104_729) % 64;
            (x * 120 / width + y * 60 / height + n % channels * 20 + noise) as u8
        });
        Image {
            pixels: pixels.collect(),
            width,
            pitch,
            height,
            format,
        }
    }

    fn encoded(image: &Image<Vec<u8>>, set: impl Fn(&mut Compressor)) -> Vec<u8> {
        let mut encoder = Compressor::new().unwrap();
        encoder.set_quality(95).unwrap();
        encoder.set_subsamp(Subsamp::None).unwrap();
        set(&mut encoder);
        encoder.compress_to_vec(image.as_deref()).unwrap()
    }

    fn far(a: &[u8], b: &[u8]) -> f64 {
        assert_eq!(a.len(), b.len());
        let sum: u64 = a
            .iter()
            .zip(b)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        sum as f64 / a.len() as f64
    }

    type Setting = fn(&mut Compressor);

    #[test]
    fn common_and_uncommon_kinds_are_decoded() {
        let kinds: [(&str, Setting); 4] = [
            ("sequential", |_| {}),
            ("progressive", |encoder| {
                encoder.set_progressive(true).unwrap()
            }),
            ("arithmetic", |encoder| {
                encoder.set_arithmetic(true).unwrap()
            }),
            ("lossless", |encoder| encoder.set_lossless(true).unwrap()),
        ];
        let image = picture(96, 64, PixelFormat::RGB);
        for (name, set) in kinds {
            let decoded = decode_jpeg(&encoded(&image, set), &LIMITS).unwrap();
            assert_eq!((decoded.width, decoded.height), (96, 64), "{name}");
            assert!(far(&decoded.pixels, &image.pixels) < 4.0, "{name}");
        }
        let grey = picture(96, 64, PixelFormat::GRAY);
        let file = encoded(&grey, |encoder| encoder.set_subsamp(Subsamp::Gray).unwrap());
        let decoded = decode_jpeg(&file, &LIMITS).unwrap();
        assert_eq!(decoded.kind, JpegPixels::Grey);
        assert!(far(&decoded.pixels, &grey.pixels) < 4.0);
    }

    #[test]
    fn a_part_that_is_missing_is_noticed() {
        let image = picture(96, 64, PixelFormat::RGB);
        let kinds: [Setting; 2] = [|_| {}, |encoder| encoder.set_progressive(true).unwrap()];
        for set in kinds {
            let file = encoded(&image, set);
            for part in [2, 3, 5, 9] {
                let cut = &file[..file.len() - file.len() / part];
                let error = decode_jpeg(cut, &LIMITS).unwrap_err();
                assert_eq!(error, JpegError::Truncated, "1/{part}");
            }
            // Some cameras forget the end, and what follows it is another's business.
            let whole = decode_jpeg(&file, &LIMITS).unwrap();
            let bare = decode_jpeg(&file[..file.len() - 2], &LIMITS).unwrap();
            assert_eq!(bare, whole);
            let more = [&file[..], b"a film of the same moment"].concat();
            assert_eq!(decode_jpeg(&more, &LIMITS).unwrap(), whole);
            // The middle is missing, and the end is there.
            let middle = [&file[..file.len() / 2], &file[file.len() - 2..]].concat();
            assert_eq!(decode_jpeg(&middle, &LIMITS), Err(JpegError::Corrupt));
        }
    }

    /// libjpeg complains of these, and browsers show them.
    #[test]
    fn stuffing_between_segments_does_no_harm() {
        let file = encoded(&picture(96, 64, PixelFormat::RGB), |_| {});
        let scan = file.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
        let stuffed = [&file[..scan], &[0, 0, 0], &file[scan..]].concat();
        let decoded = decode_jpeg(&stuffed, &LIMITS).unwrap();
        assert_eq!(decoded, decode_jpeg(&file, &LIMITS).unwrap());
    }

    #[test]
    fn kinds_that_are_not_read_are_named() {
        let file = encoded(&picture(96, 64, PixelFormat::RGB), |_| {});
        let frame = file.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
        for (at, byte, says) in [
            (1, 0xc5, "hierarchical"),
            (1, 0xcb, "without loss and arithmetically"),
            (1, 0xf7, "JPEG-LS"),
            (4, 12, "12 bits"),
            (9, 2, "2 colours"),
        ] {
            let mut other = file.clone();
            other[frame + at] = byte;
            let words = decode_jpeg(&other, &LIMITS).unwrap_err().to_string();
            assert!(words.contains(says), "{words}");
        }
    }

    #[test]
    fn large_pictures_are_decoded_smaller() {
        let file = encoded(&picture(900, 500, PixelFormat::RGB), |_| {});
        let decoded = decode_jpeg(&file, &LIMITS).unwrap();
        assert_eq!((decoded.width, decoded.height), (113, 63));
        let lossless = encoded(&picture(900, 500, PixelFormat::RGB), |encoder| {
            encoder.set_lossless(true).unwrap();
        });
        assert_eq!(decode_jpeg(&lossless, &LIMITS).unwrap().width, 900);
    }

    #[test]
    fn sizes_have_bounds() {
        let limits = JpegLimits {
            most: 20_000,
            most_held: 5_000,
            ..LIMITS
        };
        let refused = |width, height, set: Setting| {
            let file = encoded(&picture(width, height, PixelFormat::RGB), set);
            matches!(decode_jpeg(&file, &limits), Err(JpegError::Size { .. }))
        };
        assert!(refused(96, 8, |_| {}));
        assert!(refused(200, 101, |_| {}));
        assert!(!refused(200, 100, |_| {}));
        assert!(refused(96, 64, |encoder| encoder
            .set_progressive(true)
            .unwrap()));
    }
}
