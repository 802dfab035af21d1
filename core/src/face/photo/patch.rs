//! A part of a face made upright and of one size, so that it can be measured.

use super::bitmap::Bitmap;
use super::frame::{Frame, Point};

/// Samples from pupil to pupil.
pub(super) const FINE: f32 = 64.0;

/// Brightness and colour of a part of a face.
#[derive(Debug)]
pub(super) struct Patch {
    /// Its upper left corner, in the face's measure.
    corner: Point,
    pub(super) width: usize,
    pub(super) height: usize,
    /// 0…255.
    pub(super) luma: Vec<f32>,
    /// The logarithms of red over green and of green over blue; nothing in grey pictures.
    pub(super) redness: Vec<f32>,
    pub(super) warmth: Vec<f32>,
}

impl Patch {
    /// The part of a face from `corner` to `end`.
    pub(super) fn new(photo: &Bitmap, frame: &Frame, corner: Point, end: Point) -> Self {
        let width = ((end.0 - corner.0) * FINE) as usize;
        let height = ((end.1 - corner.1) * FINE) as usize;
        let mut luma = Vec::with_capacity(width * height);
        let mut redness = Vec::with_capacity(width * height);
        let mut warmth = Vec::with_capacity(width * height);
        // Where the photo is finer than the patch, several of its pixels make one.
        let fine = ((frame.unit / FINE).round() as usize).clamp(1, 4);
        for row in 0..height {
            for column in 0..width {
                let mut sum = [0.0; 3];
                for n in 0..fine * fine {
                    let part = |n: usize| (n as f32 + 0.5) / fine as f32;
                    let place = (
                        corner.0 + (column as f32 + part(n % fine)) / FINE,
                        corner.1 + (row as f32 + part(n / fine)) / FINE,
                    );
                    let (x, y) = frame.pixel(place);
                    for (sum, part) in sum.iter_mut().zip(photo.sample(x, y)) {
                        *sum += part / (fine * fine) as f32;
                    }
                }
                let [red, green, blue] = sum;
                luma.push(0.299 * red + 0.587 * green + 0.114 * blue);
                redness.push(((red + 10.0) / (green + 10.0)).ln());
                warmth.push(((green + 10.0) / (blue + 10.0)).ln());
            }
        }
        Self {
            corner,
            width,
            height,
            luma,
            redness,
            warmth,
        }
    }

    /// The column that holds `x`, and the row that holds `y`, as numbers between them.
    pub(super) fn column(&self, x: f32) -> f32 {
        (x - self.corner.0) * FINE - 0.5
    }

    pub(super) fn row(&self, y: f32) -> f32 {
        (y - self.corner.1) * FINE - 0.5
    }

    /// The `x` of a column's middle.
    pub(super) fn across(&self, column: usize) -> f32 {
        self.corner.0 + (column as f32 + 0.5) / FINE
    }

    /// The place of a sample's middle.
    pub(super) fn place(&self, n: usize) -> Point {
        let row = n / self.width.max(1);
        let down = (row as f32 + 0.5) / FINE;
        (self.across(n % self.width.max(1)), self.corner.1 + down)
    }

    /// Brightness at a place of the face; beyond the edge that at the edge.
    pub(super) fn bright(&self, (x, y): Point) -> f32 {
        let near = |at: f32, count: usize| at.clamp(0.0, (count.max(1) - 1) as f32);
        let (x, y) = (
            near(self.column(x), self.width),
            near(self.row(y), self.height),
        );
        let (left, top) = (x as usize, y as usize);
        let at = |column: usize, row: usize| {
            let column = column.min(self.width.saturating_sub(1));
            let row = row.min(self.height.saturating_sub(1));
            self.luma
                .get(row * self.width + column)
                .copied()
                .unwrap_or(0.0)
        };
        let (right, down) = (x - left as f32, y - top as f32);
        let mix = |row: usize| at(left, row) * (1.0 - right) + at(left + 1, row) * right;
        mix(top) * (1.0 - down) + mix(top + 1) * down
    }
}
