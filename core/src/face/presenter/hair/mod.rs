//! Hair: soft masses first, then many fine strands along them.

mod long;
mod short;

use super::canvas::{Canvas, Coverage};
use super::portrait::{Cut, Portrait};
use super::shape::{Point, curve};

/// Hair that falls behind the neck; painted before the body.
pub(super) fn paint_behind(canvas: &mut Canvas, portrait: &Portrait) {
    match portrait.hair.cut {
        Cut::Long => long::paint_behind(canvas, portrait),
        Cut::Short => {}
    }
}

/// Hair on the skull behind the forehead; painted before the face.
pub(super) fn paint_under(canvas: &mut Canvas, portrait: &Portrait) {
    match portrait.hair.cut {
        Cut::Long => long::paint_under(canvas, portrait),
        Cut::Short => {}
    }
}

/// Hair in front, and its shadow on the face.
pub(super) fn paint_before(canvas: &mut Canvas, portrait: &Portrait, face: Option<&Coverage>) {
    match portrait.hair.cut {
        Cut::Long => long::paint_before(canvas, portrait, face),
        Cut::Short => short::paint_before(canvas, portrait, face),
    }
}

/// A lock: what lies between two lines from root to tip.
struct Lock<'a> {
    inner: &'a [Point],
    outer: &'a [Point],
    /// How much light falls on it.
    lit: f32,
}

impl Lock<'_> {
    fn path(&self) -> Option<tiny_skia::Path> {
        let mut points = curve(self.inner, 48);
        points.extend(curve(self.outer, 48).into_iter().rev());
        polygon(&points)
    }

    fn moved(&self, by: Point) -> Option<tiny_skia::Path> {
        let mut points = curve(self.inner, 48);
        points.extend(curve(self.outer, 48).into_iter().rev());
        for (x, y) in &mut points {
            (*x, *y) = (*x + by.0, *y + by.1);
        }
        polygon(&points)
    }
}

fn polygon(points: &[Point]) -> Option<tiny_skia::Path> {
    let mut path = tiny_skia::PathBuilder::new();
    let mut points = points.iter();
    let start = points.next()?;
    path.move_to(start.0, start.1);
    for (x, y) in points {
        path.line_to(*x, *y);
    }
    path.close();
    path.finish()
}
