//! Which part of a photo is drawn.

use crate::prepare::Bounds;

/// Which part of a photo is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// The square around the surest face, or where there is none the largest in the middle.
    #[default]
    Face,
    /// All of it, stretched to a square.
    Whole,
}

/// The square around `face`, 1.6 times as wide as the face's longer side, moved into a photo of this size and trimmed to it; without a
/// face the largest in the middle.
#[must_use]
pub fn square(face: Option<Bounds>, width: u32, height: u32) -> Bounds {
    let limit = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
    let (width, height) = (limit(width), limit(height));
    let centred = |x: i32, y: i32, half: i32| Bounds {
        x0: x.saturating_sub(half),
        y0: y.saturating_sub(half),
        x1: x.saturating_add(half),
        y1: y.saturating_add(half),
    };
    // One pixel at least, whatever was found.
    let middle = || {
        let half = width.min(height) / 2;
        let mut square = centred(width / 2, height / 2, half);
        if half == 0 {
            (square.x1, square.y1) = (square.x0 + 1, square.y0 + 1);
        }
        square
    };
    let Some(face) = face.filter(|face| !face.is_empty()) else {
        return middle();
    };
    let centre = |start: i32, end: i32| {
        let sum = (i64::from(start) + i64::from(end)).div_euclid(2);
        i32::try_from(sum).unwrap_or_default()
    };
    // Eight tenths, cut to whole pixels.
    let half = u64::from(face.width().max(face.height())) * 8 / 10;
    let half = i32::try_from(half)
        .unwrap_or(i32::MAX / 4)
        .min(i32::MAX / 4);
    let mut square = centred(centre(face.x0, face.x1), centre(face.y0, face.y1), half);
    let inside = |start: &mut i32, end: &mut i32, limit: i32| {
        if *start < 0 {
            *end = end.saturating_sub(*start);
            *start = 0;
        }
        if *end > limit {
            *start = start.saturating_sub(*end - limit).max(0);
            *end = limit;
        }
    };
    inside(&mut square.x0, &mut square.x1, width);
    inside(&mut square.y0, &mut square.y1, height);
    let side = (square.x1 - square.x0).min(square.y1 - square.y0);
    if side <= 0 {
        return middle();
    }
    square.x1 = square.x0 + side;
    square.y1 = square.y0 + side;
    square
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds([x0, y0, x1, y1]: [i32; 4]) -> Bounds {
        Bounds { x0, y0, x1, y1 }
    }

    #[test]
    fn it_lies_around_the_face_and_in_the_photo() {
        for (face, expected) in [
            // The half of it is 0.8 · 100.
            ([200, 150, 280, 250], [160, 120, 320, 280]),
            // Moved inside.
            ([10, 20, 90, 120], [0, 0, 160, 160]),
            ([560, 400, 640, 480], [512, 352, 640, 480]),
            // Too large for the photo: as much as there is.
            ([100, 0, 500, 480], [0, 0, 480, 480]),
            // Odd sums and negative corners are rounded down.
            ([-11, 31, 20, 60], [0, 21, 48, 69]),
        ] {
            assert_eq!(
                square(Some(bounds(face)), 640, 480),
                bounds(expected),
                "{face:?}"
            );
        }
    }

    #[test]
    fn without_a_face_it_is_the_middle() {
        assert_eq!(square(None, 641, 480), bounds([80, 0, 560, 480]));
        assert_eq!(square(None, 1, 1), bounds([0, 0, 1, 1]));
        assert_eq!(square(None, 1, 9), bounds([0, 4, 1, 5]));
        let nothing = bounds([5, 5, 5, 9]);
        assert_eq!(square(Some(nothing), 640, 480), bounds([80, 0, 560, 480]));
        let outside = bounds([9000, 9000, 9100, 9100]);
        let found = square(Some(outside), 640, 480);
        assert!(!found.within(640, 480).is_empty());
    }
}
