//! From what decoders give to red, green and blue.

use ffmpeg_next::color::{Range, Space};
use ffmpeg_next::format::Pixel;
use ffmpeg_next::software::scaling::{Context, Flags};
use ffmpeg_next::{Error, ffi, frame};

use super::RgbPicture;

/// What of a picture decides how it is converted.
type Kind = (Pixel, u32, u32, Space, Range);

/// Makes pictures of one size of whatever comes.
pub(super) struct Conversion {
    size: (u32, u32),
    scaler: Option<(Kind, Context)>,
    output: frame::Video,
}

impl Conversion {
    pub(super) fn to(size: (u32, u32)) -> Self {
        Self {
            size,
            scaler: None,
            output: frame::Video::empty(),
        }
    }

    pub(super) fn size(&self) -> (u32, u32) {
        self.size
    }

    pub(super) fn picture(&mut self, frame: &frame::Video) -> Result<RgbPicture, Error> {
        let (width, height) = self.size;
        let kind = (
            frame.format(),
            frame.width(),
            frame.height(),
            frame.color_space(),
            frame.color_range(),
        );
        let scaler = match &mut self.scaler {
            Some((known, scaler)) if *known == kind => scaler,
            scaler => &mut scaler.insert((kind, open(kind, self.size)?)).1,
        };
        scaler.run(frame, &mut self.output)?;
        let row = width as usize * 3;
        let rows = self.output.data(0).chunks(self.output.stride(0).max(1));
        let data: Vec<u8> = rows
            .take(height as usize)
            .filter_map(|line| line.get(..row))
            .flatten()
            .copied()
            .collect();
        if data.len() != row * height as usize {
            return Err(Error::InvalidData);
        }
        Ok(RgbPicture {
            width,
            height,
            data,
        })
    }
}

fn open(kind: Kind, (width, height): (u32, u32)) -> Result<Context, Error> {
    let (format, from_width, from_height, space, range) = kind;
    let flags = Flags::BICUBIC | Flags::ACCURATE_RND | Flags::FULL_CHR_H_INT;
    let mut scaler = Context::get(
        format,
        from_width,
        from_height,
        Pixel::RGB24,
        width,
        height,
        flags,
    )?;
    let matrix = match space {
        Space::BT709 => ffi::SWS_CS_ITU709,
        Space::FCC => ffi::SWS_CS_FCC,
        Space::BT470BG | Space::SMPTE170M => ffi::SWS_CS_ITU601,
        Space::SMPTE240M => ffi::SWS_CS_SMPTE240M,
        Space::BT2020NCL | Space::BT2020CL => ffi::SWS_CS_BT2020,
        // What players take it for.
        _ if from_height > 576 => ffi::SWS_CS_ITU709,
        _ => ffi::SWS_CS_ITU601,
    };
    let full = range == Range::JPEG
        || matches!(
            format,
            Pixel::YUVJ420P | Pixel::YUVJ422P | Pixel::YUVJ444P | Pixel::YUVJ440P | Pixel::YUVJ411P
        );
    // SAFETY: `scaler` owns a live context that nothing else touches. `sws_getCoefficients` returns a table that lives as
    // long as the program for any argument, and `sws_setColorspaceDetails` only reads it. That it refuses formats which
    // have no such details, as RGB has none, changes nothing.
    unsafe {
        let table = ffi::sws_getCoefficients(matrix);
        let (neutral, unit) = (0, 1 << 16);
        ffi::sws_setColorspaceDetails(
            scaler.as_mut_ptr(),
            table,
            full.into(),
            table,
            1,
            neutral,
            unit,
            unit,
        );
    }
    Ok(scaler)
}
