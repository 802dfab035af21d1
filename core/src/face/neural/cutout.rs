//! The part of a frame in which the network's face shows, and how much of it.

use super::framing::{Area, Framing};
use super::manifest::{Bounds, FrameBounds};
use super::raster::{Raster, RasterError};

/// The part of a frame in which the network's face shows. Nothing outside of it is touched.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Cutout {
    /// Where the whole face lies: left, top, right, bottom, in pixels of the picture.
    pub(super) face: [f32; 4],
    /// The first column, even.
    pub(super) x: usize,
    /// The first row, even.
    pub(super) y: usize,
    /// Columns, even.
    pub(super) width: usize,
    /// Rows, even.
    pub(super) height: usize,
    /// How much of the face shows in each pixel, row by row: 255 is nothing but the face.
    pub(super) alpha: Vec<u8>,
}

/// A range of pixels in each direction: those whose middles lie within an area, and within the picture.
struct Pixels {
    columns: std::ops::Range<u32>,
    rows: std::ops::Range<u32>,
}

impl Pixels {
    fn within(area: Area, (width, height): (u32, u32)) -> Self {
        let range = |from: f64, to: f64, limit: u32| {
            let pixel = |edge: f64| (edge - 0.5).ceil().clamp(0.0, f64::from(limit)) as u32;
            pixel(from)..pixel(to).max(pixel(from))
        };
        Self {
            columns: range(area.x0, area.x1, width),
            rows: range(area.y0, area.y1, height),
        }
    }

    fn width(&self) -> usize {
        self.columns.len()
    }
}

impl Cutout {
    /// As many pixels as a cutout of any of `frames` can have.
    pub(super) fn most_pixels<'a>(
        frames: impl IntoIterator<Item = &'a FrameBounds>,
        framing: &Framing,
    ) -> usize {
        // Both edges are moved outward to even ones.
        let pixels = |frame: &FrameBounds| {
            let pixels = Pixels::within(framing.place(frame.face), framing.video);
            (pixels.columns.len() + 2) * (pixels.rows.len() + 2)
        };
        frames.into_iter().map(pixels).max().unwrap_or(0)
    }

    /// What `mask`, which covers `bounds.crop`, leaves of the face.
    ///
    /// # Errors
    ///
    /// [`RasterError`] where the mask is not as large as the crop.
    pub(super) fn new(
        mask: &Raster<1>,
        bounds: &FrameBounds,
        framing: &Framing,
    ) -> Result<Self, RasterError> {
        mask.expect_size(bounds.crop.width(), bounds.crop.height())?;
        let area = framing.place(bounds.face);
        let pixels = Pixels::within(area, framing.video);
        let alpha = match framing.is_plain() {
            true => copied(mask, bounds.crop, &pixels),
            false => scaled(mask, bounds.crop, &pixels, framing)?,
        };
        let face = [area.x0, area.y0, area.x1, area.y1].map(|edge| edge as f32);
        Ok(Self::trimmed(face, &pixels, &alpha))
    }

    /// The smallest even rectangle around what is not zero.
    fn trimmed(face: [f32; 4], pixels: &Pixels, alpha: &[u8]) -> Self {
        let nothing = Self {
            face,
            ..Self::default()
        };
        let width = pixels.width();
        if width == 0 {
            return nothing;
        }
        let lines = || alpha.chunks_exact(width).zip(pixels.rows.clone());
        let (mut left, mut right) = (u32::MAX, 0);
        let (mut top, mut bottom) = (u32::MAX, 0);
        for (line, y) in lines() {
            let seen = |(value, _): &(&u8, u32)| **value != 0;
            for (_, x) in line.iter().zip(pixels.columns.clone()).filter(seen) {
                (left, right) = (left.min(x), right.max(x + 1));
                (top, bottom) = (top.min(y), y + 1);
            }
        }
        if left >= right {
            return nothing;
        }
        let even = |from: u32, to: u32| {
            let from = from / 2 * 2;
            (from as usize, (to.next_multiple_of(2) - from) as usize)
        };
        let ((x, width), (y, height)) = (even(left, right), even(top, bottom));
        let mut kept = vec![0; width * height];
        for (line, row) in lines() {
            let Some(to) = (row as usize)
                .checked_sub(y)
                .and_then(|row| kept.get_mut(row * width..(row + 1) * width))
            else {
                continue;
            };
            let values = line.iter().zip(pixels.columns.clone());
            for (value, column) in values {
                if let Some(to) = (column as usize)
                    .checked_sub(x)
                    .and_then(|at| to.get_mut(at))
                {
                    *to = *value;
                }
            }
        }
        Self {
            face,
            x,
            y,
            width,
            height,
            alpha: kept,
        }
    }
}

fn copied(mask: &Raster<1>, crop: Bounds, pixels: &Pixels) -> Vec<u8> {
    let mut alpha = Vec::with_capacity(pixels.width() * pixels.rows.len());
    let place = |pixel: u32, edge: i32| usize::try_from(i64::from(pixel) - i64::from(edge)).ok();
    for row in pixels.rows.clone() {
        let line = place(row, crop.y0).and_then(|row| mask.row(row));
        let line = line.unwrap_or_default();
        alpha.extend(pixels.columns.clone().map(|column| {
            let at = place(column, crop.x0);
            at.and_then(|at| line.get(at)).copied().unwrap_or(0)
        }));
    }
    alpha
}

fn scaled(
    mask: &Raster<1>,
    crop: Bounds,
    pixels: &Pixels,
    framing: &Framing,
) -> Result<Vec<u8>, RasterError> {
    let step = framing.step();
    let span = |range: &std::ops::Range<u32>, seen: f64, edge: i32| {
        let from = f64::from(range.start) * step + seen - f64::from(edge);
        (from, from + range.len() as f64 * step)
    };
    let (x0, x1) = span(&pixels.columns, framing.seen.x0, crop.x0);
    let (y0, y1) = span(&pixels.rows, framing.seen.y0, crop.y0);
    let size = (pixels.columns.len() as u32, pixels.rows.len() as u32);
    Ok(mask.resized(Area { x0, y0, x1, y1 }, size)?.bytes)
}

#[cfg(test)]
mod tests {
    use super::super::specimen;
    use super::*;

    fn mask(width: u32, height: u32, value: impl Fn(u32, u32) -> u8) -> Raster<1> {
        let bytes = (0..width * height)
            .map(|at| value(at % width, at / width))
            .collect();
        Raster {
            width,
            height,
            bytes,
        }
    }

    fn cut(size: (u32, u32), value: impl Fn(u32, u32) -> u8) -> Cutout {
        let manifest = specimen::manifest(64, 48, 1);
        let bounds = manifest.frames[0];
        let mask = mask(bounds.crop.width(), bounds.crop.height(), value);
        let framing = Framing::new(&manifest, size.0, size.1);
        let cutout = Cutout::new(&mask, &bounds, &framing).unwrap();
        let most = Cutout::most_pixels(&manifest.frames, &framing);
        assert!(cutout.alpha.len() <= most);
        cutout
    }

    #[test]
    fn it_is_the_even_rectangle_around_what_shows() {
        // The crop begins at (13, 7): (20, 20) of the mask is (33, 27) of the picture.
        let cutout = cut((64, 48), |x, y| if (x, y) == (20, 20) { 90 } else { 0 });
        assert_eq!(
            (cutout.x, cutout.y, cutout.width, cutout.height),
            (32, 26, 2, 2)
        );
        assert_eq!(cutout.alpha, [0, 0, 0, 90]);
        assert_eq!(cutout.face, [19.0, 13.0, 47.0, 41.0]);
    }

    #[test]
    fn nothing_shows_outside_the_face() {
        let cutout = cut((64, 48), |_, _| 255);
        assert_eq!(
            (cutout.x, cutout.y, cutout.width, cutout.height),
            (18, 12, 30, 30)
        );
        let shown = cutout.alpha.iter().filter(|alpha| **alpha == 255).count();
        assert_eq!(shown, 28 * 28);
        assert!(cut((64, 48), |_, _| 0).alpha.is_empty());
    }

    #[test]
    fn it_is_scaled_with_its_frame() {
        let cutout = cut((32, 24), |_, _| 255);
        assert_eq!(cutout.face, [9.5, 6.5, 23.5, 20.5]);
        let shown = cutout.alpha.iter().filter(|alpha| **alpha == 255).count();
        assert_eq!(shown, 14 * 14);
    }

    #[test]
    fn a_mask_of_another_size_is_refused() {
        let manifest = specimen::manifest(64, 48, 1);
        let framing = Framing::new(&manifest, 64, 48);
        let found = Cutout::new(&mask(3, 3, |_, _| 0), &manifest.frames[0], &framing);
        assert!(found.is_err());
    }
}
