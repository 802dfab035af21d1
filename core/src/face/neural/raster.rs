//! Pictures as they lie in files.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use thiserror::Error;

use super::framing::Area;

/// Why a picture of an avatar is of no use.
#[derive(Debug, Error)]
pub enum RasterError {
    /// It cannot be read.
    #[error("{}: {reason}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// It is not of the size that its avatar's manifest says.
    #[error("a picture of {found_width}×{found_height} pixels, where it must be {width}×{height}")]
    Size {
        /// Pixels across, as it should be.
        width: u32,
        /// Pixels down, as it should be.
        height: u32,
        /// Pixels across.
        found_width: u32,
        /// Pixels down.
        found_height: u32,
    },
    /// It could not be scaled.
    #[error("a picture could not be scaled: {0}")]
    Scale(String),
}

impl RasterError {
    /// The same, with the file it was found in.
    pub(super) fn of(self, file: &Path) -> Self {
        match self {
            Self::Unreadable { .. } => self,
            other => Self::Unreadable {
                file: file.to_owned(),
                reason: other.to_string(),
            },
        }
    }
}

/// A picture of `CHANNELS` bytes a pixel, rows packed.
#[derive(Debug, Clone)]
pub(super) struct Raster<const CHANNELS: usize> {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bytes: Vec<u8>,
}

impl<const CHANNELS: usize> Raster<CHANNELS> {
    const PIXEL: PixelType = match CHANNELS {
        1 => PixelType::U8,
        _ => PixelType::U8x3,
    };

    /// Reads a PNG of 8 bits a channel.
    pub(super) fn read(file: &Path) -> Result<Self, RasterError> {
        let unreadable = |reason: String| RasterError::Unreadable {
            file: file.to_owned(),
            reason,
        };
        let opened = File::open(file).map_err(|error| unreadable(error.to_string()))?;
        let mut reader = png::Decoder::new(BufReader::new(opened))
            .read_info()
            .map_err(|error| unreadable(error.to_string()))?;
        let (width, height) = reader.info().size();
        let (colour, depth) = reader.output_color_type();
        if colour.samples() != CHANNELS || depth != png::BitDepth::Eight {
            return Err(unreadable(format!(
                "it has {} channels of {} bits, and must have {CHANNELS} of 8",
                colour.samples(),
                depth as u8
            )));
        }
        let size = reader.output_buffer_size().unwrap_or(0);
        let mut bytes = vec![0; size];
        reader
            .next_frame(&mut bytes)
            .map_err(|error| unreadable(error.to_string()))?;
        Ok(Self {
            width,
            height,
            bytes,
        })
    }

    /// Row `row`, from the top.
    pub(super) fn row(&self, row: usize) -> Option<&[u8]> {
        let length = self.width as usize * CHANNELS;
        self.bytes.get(row * length..(row + 1) * length)
    }

    /// Refuses another size than `width` by `height`.
    pub(super) fn expect_size(&self, width: u32, height: u32) -> Result<(), RasterError> {
        if (self.width, self.height) == (width, height) {
            return Ok(());
        }
        Err(RasterError::Size {
            width,
            height,
            found_width: self.width,
            found_height: self.height,
        })
    }

    /// The part `area` of it, made `width` by `height` pixels.
    pub(super) fn resized(
        &self,
        area: Area,
        (width, height): (u32, u32),
    ) -> Result<Self, RasterError> {
        let failed = |error: &dyn std::fmt::Display| RasterError::Scale(error.to_string());
        if width == 0 || height == 0 {
            return Ok(Self {
                width,
                height,
                bytes: Vec::new(),
            });
        }
        let from = ImageRef::new(self.width, self.height, &self.bytes, Self::PIXEL)
            .map_err(|error| failed(&error))?;
        let mut to = Image::new(width, height, Self::PIXEL);
        let span = |from: f64, to: f64, limit: u32| {
            let from = from.clamp(0.0, f64::from(limit));
            (from, to.clamp(from, f64::from(limit)) - from)
        };
        let (left, across) = span(area.x0, area.x1, self.width);
        let (top, down) = span(area.y0, area.y1, self.height);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
            .crop(left, top, across, down);
        Resizer::new()
            .resize(&from, &mut to, &options)
            .map_err(|error| failed(&error))?;
        Ok(Self {
            width,
            height,
            bytes: to.into_vec(),
        })
    }
}
