//! Pictures of three bytes a pixel, and grey ones of one.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::error::PhotoError;

/// A part of a picture, in pixels of it and parts of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Red, green and blue, rows packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bitmap {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bytes: Vec<u8>,
}

impl Bitmap {
    /// The part `part` of it, made `width` by `height` pixels.
    pub(super) fn scaled(&self, part: Part, width: u32, height: u32) -> Result<Self, PhotoError> {
        let bytes = scaled(
            &self.bytes,
            (self.width, self.height),
            PixelType::U8x3,
            part,
            (width, height),
        )?;
        Ok(Self {
            width,
            height,
            bytes,
        })
    }

    /// All of it, as a part.
    pub(super) fn whole(&self) -> Part {
        Part {
            x: 0.0,
            y: 0.0,
            width: f64::from(self.width),
            height: f64::from(self.height),
        }
    }

    /// The pixel at a place; beyond the edge there is what is at the edge.
    pub(super) fn pixel(&self, x: i64, y: i64) -> [u8; 3] {
        let near = |at: i64, side: u32| at.clamp(0, i64::from(side) - 1) as usize;
        let at = near(y, self.height) * self.width as usize + near(x, self.width);
        let pixels = self.bytes.as_chunks::<3>().0;
        pixels.get(at).copied().unwrap_or_default()
    }

    /// The colour between pixels: `(0.5, 0.5)` is the middle of the first.
    pub(super) fn sample(&self, x: f32, y: f32) -> [f32; 3] {
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let (right, down) = (x - left, y - top);
        let (left, top) = (left as i64, top as i64);
        let mut colour = [0.0; 3];
        for (dx, dy, weight) in [
            (0, 0, (1.0 - right) * (1.0 - down)),
            (1, 0, right * (1.0 - down)),
            (0, 1, (1.0 - right) * down),
            (1, 1, right * down),
        ] {
            for (sum, value) in colour.iter_mut().zip(self.pixel(left + dx, top + dy)) {
                *sum += weight * f32::from(value);
            }
        }
        colour
    }

    /// Its luma as photographs have it (ITU-R BT.601-7, section 2.5.1), which is what detectors are taught with.
    pub(super) fn grey(&self) -> Grey {
        const WEIGHTS: [u32; 3] = [9_798, 19_235, 3_735];
        let pixels = self.bytes.as_chunks::<3>().0;
        let luma = |pixel: &[u8; 3]| {
            let parts = pixel.iter().zip(WEIGHTS);
            let sum: u32 = parts.map(|(part, weight)| u32::from(*part) * weight).sum();
            ((sum + (1 << 14)) >> 15) as u8
        };
        Grey {
            width: self.width as usize,
            height: self.height as usize,
            bytes: pixels.iter().map(luma).collect(),
        }
    }
}

/// Scales a part of packed pixels of one kind.
pub(super) fn scaled(
    bytes: &[u8],
    (width, height): (u32, u32),
    kind: PixelType,
    part: Part,
    to: (u32, u32),
) -> Result<Vec<u8>, PhotoError> {
    let failed = |error: &dyn std::fmt::Display| PhotoError::Scale(error.to_string());
    let from = ImageRef::new(width, height, bytes, kind).map_err(|error| failed(&error))?;
    let mut scaled = Image::new(to.0.max(1), to.1.max(1), kind);
    let span = |from: f64, length: f64, limit: u32| {
        let start = from.clamp(0.0, f64::from(limit) - 1.0);
        (start, length.clamp(1.0, f64::from(limit) - start))
    };
    let (left, across) = span(part.x, part.width, width);
    let (top, down) = span(part.y, part.height, height);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom))
        .crop(left, top, across, down);
    Resizer::new()
        .resize(&from, &mut scaled, &options)
        .map_err(|error| failed(&error))?;
    Ok(scaled.into_vec())
}

/// One byte a pixel, rows packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grey {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) bytes: Vec<u8>,
}

/// Parts of 256 that a scaled picture is interpolated by.
const ONE: u32 = 256;

impl Grey {
    /// It, turned clockwise about its middle by an angle in radians, in a frame that holds all of it; the rest is as bright as its
    /// edge.
    pub(super) fn turned(&self, angle: f32) -> Self {
        let (sine, cosine) = angle.sin_cos();
        let (across, down) = (self.width as f32, self.height as f32);
        let width = (across * cosine.abs() + down * sine.abs()).ceil() as usize;
        let height = (across * sine.abs() + down * cosine.abs()).ceil() as usize;
        let mut bytes = Vec::with_capacity(width * height);
        for row in 0..height {
            let y = row as f32 + 0.5 - height as f32 / 2.0;
            for column in 0..width {
                let x = column as f32 + 0.5 - width as f32 / 2.0;
                let from = (x * cosine + y * sine, y * cosine - x * sine);
                bytes.push(self.between(from.0 + across / 2.0 - 0.5, from.1 + down / 2.0 - 0.5));
            }
        }
        Self {
            width,
            height,
            bytes,
        }
    }

    /// How bright it is between four pixels; beyond the edge as at the edge.
    fn between(&self, x: f32, y: f32) -> u8 {
        let within = |at: f32, side: usize| at.clamp(0.0, side.saturating_sub(1) as f32);
        let (x, y) = (within(x, self.width), within(y, self.height));
        let (left, top) = (x as usize, y as usize);
        let (right, lower) = (x.fract(), y.fract());
        let at = |column: usize, row: usize| {
            let place = row.min(self.height.saturating_sub(1)) * self.width
                + column.min(self.width.saturating_sub(1));
            f32::from(self.bytes.get(place).copied().unwrap_or(0))
        };
        let pair = |row: usize| at(left, row) * (1.0 - right) + at(left + 1, row) * right;
        (pair(top) * (1.0 - lower) + pair(top + 1) * lower).round() as u8
    }

    /// It, made `width` by `height` pixels by interpolating between the nearest four and by nothing else.
    ///
    /// Aliasing and all, this is OpenCV's `INTER_LINEAR_EXACT`, which its detector sees pictures through.
    pub(super) fn interpolated(&self, width: usize, height: usize) -> Self {
        let across = steps(self.width, width);
        let down = steps(self.height, height);
        let line = |row: usize| {
            let start = row * self.width;
            self.bytes.get(start..start + self.width).unwrap_or(&[])
        };
        let mut bytes = Vec::with_capacity(width * height);
        for (row, part) in down {
            let (upper, lower) = (line(row), line((row + 1).min(self.height - 1)));
            for (column, right) in &across {
                let next = (column + 1).min(self.width - 1);
                let mix = |line: &[u8]| {
                    let at = |column: usize| u32::from(line.get(column).copied().unwrap_or(0));
                    at(*column) * (ONE - right) + at(next) * right
                };
                let sum = mix(upper) * (ONE - part) + mix(lower) * part;
                bytes.push(((sum + ONE * ONE / 2) / (ONE * ONE)) as u8);
            }
        }
        Self {
            width,
            height,
            bytes,
        }
    }

    /// The part of it that begins at `(x, y)`, as far as it goes.
    pub(super) fn cut(&self, x: usize, y: usize, width: usize, height: usize) -> Self {
        let width = width.min(self.width.saturating_sub(x));
        let height = height.min(self.height.saturating_sub(y));
        let lines = self.bytes.chunks_exact(self.width.max(1)).skip(y);
        let parts = lines.take(height).filter_map(|line| line.get(x..x + width));
        Self {
            width,
            height,
            bytes: parts.flatten().copied().collect(),
        }
    }
}

/// For each place of a line scaled from `from` to `to` samples: the sample before it, and how far beyond that it lies.
fn steps(from: usize, to: usize) -> Vec<(usize, u32)> {
    let pace = from as f64 / to as f64;
    (0..to)
        .map(|n| {
            let at = ((n as f64 + 0.5) * pace - 0.5).clamp(0.0, (from - 1) as f64);
            let before = at.floor();
            let part = ((at - before) * f64::from(ONE)).round_ties_even();
            (before as usize, part as u32)
        })
        .collect()
}
