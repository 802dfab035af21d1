//! JPEG: one picture in, one file out; and the other way round.

mod decoder;
mod outline;

pub use decoder::{JpegError, JpegImage, JpegLimits, JpegPixels, decode_jpeg};

use turbojpeg::{Compressor, Subsamp, YuvImage, compressed_buf_len};

use crate::error::CodecError;
use crate::picture::Picture;

/// An open encoder of JPEG files (ITU-T T.81) as browsers expect them (JFIF, ITU-T T.871): full range, BT.601.
pub struct JpegEncoder {
    compressor: Compressor,
    planes: Vec<u8>,
    /// What chroma adds to the luma of a row, in units of [`ONE`].
    tints: Vec<i32>,
    file: Vec<u8>,
}

const NAME: &str = "libjpeg-turbo";

/// One code, in fixed point.
const ONE: i32 = 1 << 16;
const HALF: i32 = ONE / 2;
/// From the limited to the full range.
const LUMA: i32 = 76_309;
/// What the two differences of BT.709 are in BT.601, times 255/224: in its luma, its blue and its red difference.
const TO_LUMA: [i32; 2] = [7_579, 14_629];
const TO_BLUE: [i32; 2] = [73_847, -8_256];
const TO_RED: [i32; 2] = [-5_406, 73_365];

impl JpegEncoder {
    /// Opens one of a `quality` from 1 to 100, as libjpeg counts it.
    ///
    /// # Errors
    ///
    /// [`CodecError::Open`]
    pub fn open(quality: u8) -> Result<Self, CodecError> {
        let refused = |error: turbojpeg::Error| CodecError::Open {
            encoder: NAME,
            reason: error.to_string(),
        };
        let mut compressor = Compressor::new().map_err(refused)?;
        compressor
            .set_quality(quality.clamp(1, 100).into())
            .map_err(refused)?;
        Ok(Self {
            compressor,
            planes: Vec::new(),
            tints: Vec::new(),
            file: Vec::new(),
        })
    }

    /// Encodes a picture; its file lies here until the next.
    ///
    /// # Errors
    ///
    /// [`CodecError::Picture`] for one whose planes do not fit its size; [`CodecError::Encode`].
    pub fn encode(&mut self, picture: &Picture) -> Result<&[u8], CodecError> {
        let &Picture { width, height, .. } = picture;
        let quarter = width * height / 4;
        let fits = width > 0
            && height > 0
            && width.is_multiple_of(2)
            && height.is_multiple_of(2)
            && picture.y.len() == quarter * 4
            && picture.u.len() == quarter
            && picture.v.len() == quarter;
        if !fits {
            return Err(CodecError::Picture { width, height });
        }
        self.convert(picture);
        let image = YuvImage {
            pixels: self.planes.as_slice(),
            width,
            align: 1,
            height,
            subsamp: Subsamp::Sub2x2,
        };
        let failed = |error: turbojpeg::Error| CodecError::Encode {
            encoder: NAME,
            reason: error.to_string(),
        };
        let most = compressed_buf_len(width, height, Subsamp::Sub2x2).map_err(failed)?;
        self.file.resize(most, 0);
        let length = self
            .compressor
            .compress_yuv_to_slice(image, &mut self.file)
            .map_err(failed)?;
        Ok(self.file.get(..length).unwrap_or_default())
    }

    fn convert(&mut self, picture: &Picture) {
        let &Picture { width, height, .. } = picture;
        self.planes.resize(width * height * 3 / 2, 0);
        self.tints.resize(width, 0);
        let (luma, chroma) = self.planes.split_at_mut(width * height);
        let (blue, red) = chroma.split_at_mut(width * height / 4);
        let half = width / 2;
        let differences = picture.u.chunks(half).zip(picture.v.chunks(half));
        let rows = picture.y.chunks(width * 2).zip(differences);
        for (to, (from, (u, v))) in luma.chunks_mut(width * 2).zip(rows) {
            for (tint, (&u, &v)) in self.tints.chunks_exact_mut(2).zip(u.iter().zip(v)) {
                tint.fill(mix(TO_LUMA, u, v) + HALF);
            }
            for (to, from) in to.chunks_mut(width).zip(from.chunks(width)) {
                for ((to, &y), &tint) in to.iter_mut().zip(from).zip(&self.tints) {
                    *to = code(LUMA * (i32::from(y) - 16) + tint);
                }
            }
        }
        let differences = picture.u.iter().zip(&picture.v);
        for ((blue, red), (&u, &v)) in blue.iter_mut().zip(red).zip(differences) {
            *blue = code(mix(TO_BLUE, u, v) + HALF + 128 * ONE);
            *red = code(mix(TO_RED, u, v) + HALF + 128 * ONE);
        }
    }
}

fn mix([blue, red]: [i32; 2], u: u8, v: u8) -> i32 {
    blue * (i32::from(u) - 128) + red * (i32::from(v) - 128)
}

fn code(value: i32) -> u8 {
    (value >> 16).clamp(0, 255) as u8
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    /// Red, green and blue of a flat picture, as a decoder of JPEG sees them.
    fn seen(y: u8, u: u8, v: u8) -> [u8; 3] {
        let mut picture = Picture::new(32, 16);
        picture.y.fill(y);
        picture.u.fill(u);
        picture.v.fill(v);
        let mut encoder = JpegEncoder::open(95).unwrap();
        let file = encoder.encode(&picture).unwrap().to_vec();
        let image = turbojpeg::decompress(&file, turbojpeg::PixelFormat::RGB).unwrap();
        assert_eq!((image.width, image.height), (32, 16));
        [image.pixels[0], image.pixels[1], image.pixels[2]]
    }

    #[test]
    fn colours_are_those_of_the_video() {
        // ITU-R BT.709-6, table 3: black, white, and the three primaries in 8 bits.
        for (codes, wanted) in [
            ([16, 128, 128], [0, 0, 0]),
            ([235, 128, 128], [255, 255, 255]),
            ([63, 102, 240], [255, 0, 0]),
            ([173, 42, 26], [0, 255, 0]),
            ([32, 240, 118], [0, 0, 255]),
        ] {
            let [y, u, v] = codes;
            let got = seen(y, u, v);
            let far = got
                .iter()
                .zip(wanted)
                .any(|(&got, wanted)| got.abs_diff(wanted) > 4);
            assert!(!far, "{codes:?} is seen as {got:?}, not {wanted:?}");
        }
    }

    #[test]
    fn pictures_that_are_none_are_refused() {
        let mut encoder = JpegEncoder::open(85).unwrap();
        let mut picture = Picture::new(32, 16);
        picture.u.pop();
        assert!(matches!(
            encoder.encode(&picture),
            Err(CodecError::Picture {
                width: 32,
                height: 16
            })
        ));
        assert!(encoder.encode(&Picture::new(64, 64)).is_ok());
    }
}
