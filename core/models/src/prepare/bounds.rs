//! Rectangles of pixels.

/// A rectangle of pixels. It may reach beyond the picture it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bounds {
    /// The first column.
    pub x0: i32,
    /// The first row.
    pub y0: i32,
    /// The column after the last.
    pub x1: i32,
    /// The row after the last.
    pub y1: i32,
}

impl Bounds {
    /// Pixels across; zero where the corners are the wrong way round.
    pub fn width(&self) -> u32 {
        u32::try_from(i64::from(self.x1) - i64::from(self.x0)).unwrap_or(0)
    }

    /// Pixels down; zero where the corners are the wrong way round.
    pub fn height(&self) -> u32 {
        u32::try_from(i64::from(self.y1) - i64::from(self.y0)).unwrap_or(0)
    }

    /// Whether there is nothing inside.
    pub fn is_empty(&self) -> bool {
        self.width() == 0 || self.height() == 0
    }

    /// The part of it that lies in a picture of this size.
    #[must_use]
    pub fn within(&self, width: usize, height: usize) -> Self {
        let limit = |side: usize| i32::try_from(side).unwrap_or(i32::MAX);
        let (width, height) = (limit(width), limit(height));
        Self {
            x0: self.x0.clamp(0, width),
            y0: self.y0.clamp(0, height),
            x1: self.x1.clamp(0, width),
            y1: self.y1.clamp(0, height),
        }
    }

    /// The same rectangle, counted from the corner of `other`.
    #[must_use]
    pub fn from_corner_of(&self, other: Self) -> Self {
        Self {
            x0: self.x0.saturating_sub(other.x0),
            y0: self.y0.saturating_sub(other.y0),
            x1: self.x1.saturating_sub(other.x0),
            y1: self.y1.saturating_sub(other.y0),
        }
    }

    /// The square around a face that its mask covers, half as large again as the face's longer side.
    #[must_use]
    pub fn surroundings(&self) -> Self {
        let half = i32::try_from(self.width().max(self.height()) / 2 * 3 / 2).unwrap_or(i32::MAX);
        let middle = |start: i32, end: i32| {
            let sum = (i64::from(start) + i64::from(end)).div_euclid(2);
            i32::try_from(sum).unwrap_or(i32::MAX)
        };
        let (x, y) = (middle(self.x0, self.x1), middle(self.y0, self.y1));
        Self {
            x0: x.saturating_sub(half),
            y0: y.saturating_sub(half),
            x1: x.saturating_add(half),
            y1: y.saturating_add(half),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds([x0, y0, x1, y1]: [i32; 4]) -> Bounds {
        Bounds { x0, y0, x1, y1 }
    }

    #[test]
    fn surroundings_are_a_square_around_the_face() {
        let face = bounds([100, 80, 300, 340]);
        assert_eq!(face.surroundings(), bounds([5, 15, 395, 405]));
        // 47 // 2 · 1.5 is cut to 34; centres are cut too.
        let face = bounds([10, 20, 57, 41]);
        assert_eq!(face.surroundings(), bounds([-1, -4, 67, 64]));
    }

    #[test]
    fn parts_outside_a_picture_are_cut_off() {
        let face = bounds([-3, 5, 20, 30]);
        assert_eq!(face.within(10, 40), bounds([0, 5, 10, 30]));
        assert!(bounds([12, 0, 20, 5]).within(10, 10).is_empty());
    }
}
