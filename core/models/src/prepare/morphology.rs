//! Growing and shrinking regions as OpenCV's `dilate` and `erode` do.

use std::ops::Range;

use super::Raster;

/// The neighbours that decide over a pixel: rows of runs around its centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    side: (usize, usize),
    /// Columns of each row.
    runs: Vec<Range<usize>>,
}

impl Element {
    /// The arrowhead that skin grows by: 33 by 33, ten rows empty, eleven ever wider, twelve as wide as the last.
    pub fn arrowhead() -> Self {
        let runs = (0usize..33)
            .map(|row| match row {
                0..10 => 0..0,
                10..21 => 16 - (row - 10)..16 + (row - 10) + 1,
                _ => 6..27,
            })
            .collect();
        Self {
            side: (33, 33),
            runs,
        }
    }

    /// The flat ellipse that cheeks shrink by: 35 across and 3 down.
    pub fn flat_ellipse() -> Self {
        Self {
            side: (35, 3),
            runs: vec![17..18, 0..35, 17..18],
        }
    }

    /// How many pixels it has.
    pub fn area(&self) -> usize {
        self.runs.iter().map(ExactSizeIterator::len).sum()
    }

    /// For each pixel the largest of its neighbours.
    #[must_use]
    pub fn dilate(&self, region: &Raster) -> Raster {
        self.sweep(region, 0, u8::max)
    }

    /// For each pixel the smallest of its neighbours.
    #[must_use]
    pub fn erode(&self, region: &Raster) -> Raster {
        self.sweep(region, u8::MAX, u8::min)
    }

    /// Neighbours outside the picture have no say.
    fn sweep(&self, region: &Raster, start: u8, choose: fn(u8, u8) -> u8) -> Raster {
        let (width, height) = (region.width(), region.height());
        let anchor = (self.side.0 / 2, self.side.1 / 2);
        let mut result = Raster::black(width, height, 1);
        for (y, to) in result.rows_mut().enumerate() {
            to.fill(start);
            for (row, run) in self.runs.iter().enumerate() {
                let Some(from) = (y + row)
                    .checked_sub(anchor.1)
                    .and_then(|y| region.rows().nth(y))
                else {
                    continue;
                };
                for (x, to) in to.iter_mut().enumerate() {
                    let left = (x + run.start).saturating_sub(anchor.0).min(width);
                    let right = (x + run.end).saturating_sub(anchor.0).min(width);
                    if let Some(neighbours) = from.get(left..right) {
                        *to = neighbours.iter().copied().fold(*to, choose);
                    }
                }
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_have_as_many_pixels_as_the_originals() {
        assert_eq!(Element::arrowhead().area(), 373);
        assert_eq!(Element::flat_ellipse().area(), 37);
    }
}
