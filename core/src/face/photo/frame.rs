//! The measure of a face: where its eyes are.

/// A place, from left to right and from top to bottom.
pub(super) type Point = (f32, f32);

/// A face's own measure: the eyes' pupils lie at (−0.5, 0) and (0.5, 0), downwards is towards the chin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    /// The middle between the pupils, in pixels.
    pub(super) origin: Point,
    /// Pixels from pupil to pupil.
    pub(super) unit: f32,
    /// The direction from the left pupil to the right one, of length one.
    pub(super) axis: Point,
}

impl Frame {
    /// The frame of two pupils, the left one in the picture first.
    pub(super) fn of(left: Point, right: Point) -> Self {
        let (dx, dy) = (right.0 - left.0, right.1 - left.1);
        let unit = dx.hypot(dy).max(1.0);
        Self {
            origin: ((left.0 + right.0) / 2.0, (left.1 + right.1) / 2.0),
            unit,
            axis: (dx / unit, dy / unit),
        }
    }

    /// From the face's measure to pixels.
    pub(super) fn pixel(&self, (x, y): Point) -> Point {
        let (dx, dy) = self.turned((x, y));
        (self.origin.0 + dx, self.origin.1 + dy)
    }

    /// A distance in the face's measure, in pixels.
    pub(super) fn turned(&self, (x, y): Point) -> Point {
        let (c, s) = self.axis;
        (self.unit * (x * c - y * s), self.unit * (x * s + y * c))
    }

    /// From pixels to the face's measure.
    pub(super) fn place(&self, (x, y): Point) -> Point {
        let (c, s) = self.axis;
        let (dx, dy) = (x - self.origin.0, y - self.origin.1);
        ((dx * c + dy * s) / self.unit, (dy * c - dx * s) / self.unit)
    }

    /// The same face where `at` has become the corner and everything `scale` times as large.
    pub(super) fn seen(&self, at: Point, scale: f32) -> Self {
        Self {
            origin: (
                (self.origin.0 - at.0) * scale,
                (self.origin.1 - at.1) * scale,
            ),
            unit: self.unit * scale,
            axis: self.axis,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_and_the_faces_measure_are_the_same_places() {
        let frame = Frame::of((100.0, 80.0), (160.0, 100.0));
        let left = frame.pixel((-0.5, 0.0));
        assert!((left.0 - 100.0).abs() < 1e-3 && (left.1 - 80.0).abs() < 1e-3);
        for point in [(0.0, 0.0), (1.3, -0.4), (-0.2, 2.0)] {
            let back = frame.place(frame.pixel(point));
            assert!((back.0 - point.0).abs() < 1e-4 && (back.1 - point.1).abs() < 1e-4);
        }
        let seen = frame.seen((50.0, 20.0), 2.0).pixel((0.5, 0.0));
        assert!((seen.0 - 220.0).abs() < 1e-3 && (seen.1 - 160.0).abs() < 1e-3);
    }
}
