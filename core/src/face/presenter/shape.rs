//! Outlines: smooth curves through given points, and ribbons along curves.

use tiny_skia::{Path, PathBuilder};

/// A place, in the units portraits are drawn in.
pub(super) type Point = (f32, f32);

/// A closed outline that runs smoothly through `points`; a point given twice is a corner.
pub(super) fn outline(points: &[Point]) -> Option<Path> {
    let count = points.len();
    let at = |n: usize| points.get(n % count).copied();
    let mut path = PathBuilder::new();
    let start = at(0)?;
    path.move_to(start.0, start.1);
    for n in 0..count {
        let (before, from, to, after) = (at(n + count - 1)?, at(n)?, at(n + 1)?, at(n + 2)?);
        if from == to {
            continue;
        }
        path.cubic_to(
            from.0 + (to.0 - before.0) / 6.0,
            from.1 + (to.1 - before.1) / 6.0,
            to.0 - (after.0 - from.0) / 6.0,
            to.1 - (after.1 - from.1) / 6.0,
            to.0,
            to.1,
        );
    }
    path.close();
    path.finish()
}

/// The outline through `right` (from the top down, as distances from the middle line `x`) and its mirror image.
pub(super) fn symmetric(x: f32, right: &[Point]) -> Option<Path> {
    let mut points: Vec<Point> = right.iter().map(|&(dx, y)| (x + dx, y)).collect();
    points.extend(
        right
            .iter()
            .rev()
            .filter(|(dx, _)| *dx != 0.0)
            .map(|&(dx, y)| (x - dx, y)),
    );
    outline(&points)
}

/// An ellipse about `centre`.
pub(super) fn ellipse(centre: Point, rx: f32, ry: f32) -> Option<Path> {
    let rect =
        tiny_skia::Rect::from_ltrb(centre.0 - rx, centre.1 - ry, centre.0 + rx, centre.1 + ry)?;
    PathBuilder::from_oval(rect)
}

/// An upright rectangle with round corners.
pub(super) fn rounded(left: f32, top: f32, right: f32, bottom: f32, radius: f32) -> Option<Path> {
    let bend = radius * 0.447_7;
    let mut path = PathBuilder::new();
    path.move_to(left + radius, top);
    path.line_to(right - radius, top);
    path.cubic_to(right - bend, top, right, top + bend, right, top + radius);
    path.line_to(right, bottom - radius);
    path.cubic_to(
        right,
        bottom - bend,
        right - bend,
        bottom,
        right - radius,
        bottom,
    );
    path.line_to(left + radius, bottom);
    path.cubic_to(
        left + bend,
        bottom,
        left,
        bottom - bend,
        left,
        bottom - radius,
    );
    path.line_to(left, top + radius);
    path.cubic_to(left, top + bend, left + bend, top, left + radius, top);
    path.close();
    path.finish()
}

/// An open curve that runs smoothly through `points`, as `steps + 1` places along it.
pub(super) fn curve(points: &[Point], steps: usize) -> Vec<Point> {
    let spans = points.len().saturating_sub(1);
    let at = |n: isize| {
        let n = n.clamp(0, spans as isize) as usize;
        points.get(n).copied().unwrap_or_default()
    };
    (0..=steps)
        .map(|step| {
            let along = step as f32 / steps.max(1) as f32 * spans as f32;
            let span = (along as usize).min(spans.saturating_sub(1)) as isize;
            let t = along - span as f32;
            let (a, b, c, d) = (at(span - 1), at(span), at(span + 1), at(span + 2));
            let blend = |a: f32, b: f32, c: f32, d: f32| {
                let (m0, m1) = ((c - a) / 2.0, (d - b) / 2.0);
                let (t2, t3) = (t * t, t * t * t);
                (2.0 * t3 - 3.0 * t2 + 1.0) * b
                    + (t3 - 2.0 * t2 + t) * m0
                    + (3.0 * t2 - 2.0 * t3) * c
                    + (t3 - t2) * m1
            };
            (blend(a.0, b.0, c.0, d.0), blend(a.1, b.1, c.1, d.1))
        })
        .collect()
}

/// The places between `first` and `second`, `t` of the way from one to the other.
pub(super) fn between(first: &[Point], second: &[Point], t: f32) -> Vec<Point> {
    first
        .iter()
        .zip(second)
        .map(|(a, b)| (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t))
        .collect()
}

/// A stroke along `line` whose width at `t` (0 at its beginning, 1 at its end) is `width(t)`.
pub(super) fn ribbon(line: &[Point], width: impl Fn(f32) -> f32) -> Option<Path> {
    let last = line.len().checked_sub(1).filter(|last| *last > 0)?;
    let side = |n: usize, sign: f32| {
        let here = line.get(n)?;
        let before = line.get(n.saturating_sub(1))?;
        let after = line.get((n + 1).min(last))?;
        let (dx, dy) = (after.0 - before.0, after.1 - before.1);
        let length = dx.hypot(dy).max(1e-3);
        let half = sign * width(n as f32 / last as f32) / 2.0;
        Some((here.0 - dy / length * half, here.1 + dx / length * half))
    };
    let mut path = PathBuilder::new();
    let start = side(0, 1.0)?;
    path.move_to(start.0, start.1);
    for n in 1..=last {
        let point = side(n, 1.0)?;
        path.line_to(point.0, point.1);
    }
    for n in (0..=last).rev() {
        let point = side(n, -1.0)?;
        path.line_to(point.0, point.1);
    }
    path.close();
    path.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_run_through_their_points() {
        let points = [(0.0, 0.0), (10.0, 5.0), (20.0, 0.0)];
        let places = curve(&points, 4);
        assert_eq!(places.len(), 5);
        assert_eq!(
            (places[0], places[2], places[4]),
            (points[0], points[1], points[2])
        );
    }

    #[test]
    fn a_symmetric_outline_is_symmetric() {
        let bounds = symmetric(100.0, &[(0.0, 0.0), (30.0, 20.0), (0.0, 60.0)])
            .unwrap()
            .bounds();
        assert!((bounds.left() + bounds.right() - 200.0).abs() < 1e-3);
    }

    #[test]
    fn too_few_points_make_no_ribbon() {
        assert!(ribbon(&[(1.0, 1.0)], |_| 2.0).is_none());
        assert!(outline(&[]).is_none());
    }
}
