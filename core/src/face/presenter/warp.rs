//! Putting a layer over a picture, each part of it moved a little.

use super::planes::{CELL, Holds, Layer, Opacity, Plane, Planes};

/// How far each node of a grid over a layer is moved; between nodes, movement is interpolated.
///
/// Nodes are [`CELL`] luma samples apart; distances are 1/65536 luma samples.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Field {
    pub(super) columns: usize,
    pub(super) moves: Vec<(i32, i32)>,
}

impl Field {
    /// The movement of the corners of a square, `step` nodes wide, and `1/step` of it: where its samples come from.
    fn corners(&self, column: usize, row: usize, step: usize) -> Option<[(i32, i32); 4]> {
        let shift = (step / 2) as u32;
        let at = |column: usize, row: usize| {
            let (x, y) = self.moves.get(row * step * self.columns + column * step)?;
            Some((-(x >> shift), -(y >> shift)))
        };
        Some([
            at(column, row)?,
            at(column + 1, row)?,
            at(column, row + 1)?,
            at(column + 1, row + 1)?,
        ])
    }
}

/// Puts `layer`, coloured by `colour` and moved by `field`, over `under`, into `into`.
///
/// Only what lies within the layer's area is written. `into` and `under` are alike in size, a multiple of two squares.
pub(super) fn compose(
    into: &mut Planes,
    under: &Planes,
    layer: &Layer,
    colour: &Planes,
    field: &Field,
) {
    let at = (layer.area.x, layer.area.y);
    let half = (at.0 / 2, at.1 / 2);
    plane(
        &mut into.y,
        &under.y,
        &colour.y,
        &layer.opacity,
        at,
        field,
        1,
    );
    plane(
        &mut into.u,
        &under.u,
        &colour.u,
        &layer.opacity_half,
        half,
        field,
        2,
    );
    plane(
        &mut into.v,
        &under.v,
        &colour.v,
        &layer.opacity_half,
        half,
        field,
        2,
    );
}

fn plane(
    into: &mut Plane,
    under: &Plane,
    colour: &Plane,
    opacity: &Opacity,
    at: (i32, i32),
    field: &Field,
    step: usize,
) {
    let (width, height) = (into.width as i32, into.height() as i32);
    let cell = CELL as i32;
    let rows = (colour.height() / CELL) as i32;
    let columns = (colour.width / CELL) as i32;
    let first = |start: i32| (-start).max(0).div_euclid(cell);
    let last = |start: i32, count: i32, end: i32| count.min((end - start).div_euclid(cell));
    for row in first(at.1)..last(at.1, rows, height) {
        for column in first(at.0)..last(at.0, columns, width) {
            let Some(corners) = field.corners(column as usize, row as usize, step) else {
                continue;
            };
            let square = Square {
                x: column * cell,
                y: row * cell,
                corners,
            };
            let target = (at.1 + square.y) as usize * into.width + (at.0 + square.x) as usize;
            square.put(into, under, colour, opacity, target);
        }
    }
}

/// A square of a layer and where its corners come from, relative to where they lie.
struct Square {
    x: i32,
    y: i32,
    corners: [(i32, i32); 4],
}

impl Square {
    fn put(
        &self,
        into: &mut Plane,
        under: &Plane,
        colour: &Plane,
        opacity: &Opacity,
        target: usize,
    ) {
        let [a, b, c, d] = self.corners;
        let least = |p: i32, q: i32, r: i32, s: i32| p.min(q).min(r).min(s) >> 16;
        let from = (
            self.x + least(a.0, b.0, c.0, d.0),
            self.y + least(a.1, b.1, c.1, d.1),
        );
        let holds = opacity.holds(from.0, from.1);
        let width = into.width;
        let lines = into
            .data
            .get_mut(target..)
            .unwrap_or_default()
            .chunks_mut(width);
        let backs = under.data.get(target..).unwrap_or_default().chunks(width);
        for ((line, back), n) in lines.zip(backs).zip(0..CELL as i32) {
            let (Some(line), Some(back)) = (line.first_chunk_mut(), back.first_chunk()) else {
                return;
            };
            if holds == Holds::Nothing {
                *line = *back;
                continue;
            }
            let span = Span::new(self.x, self.y + n, a, b, c, d, n);
            let samples = span.read(colour);
            if holds == Holds::Solid {
                *line = samples;
            } else {
                *line = over(samples, span.read(&opacity.plane), *back);
            }
        }
    }
}

/// Premultiplied samples over others.
fn over(samples: [u8; CELL], opacity: [u8; CELL], back: [u8; CELL]) -> [u8; CELL] {
    let mut out = [0; CELL];
    for (((out, sample), opacity), back) in out.iter_mut().zip(samples).zip(opacity).zip(back) {
        let rest = u16::from(back) * (255 - u16::from(opacity)) + 128;
        // Exact division by 255, rounded, of anything up to 255².
        *out = sample.saturating_add(((rest + (rest >> 8)) >> 8) as u8);
    }
    out
}

/// Where eight samples in a row come from.
struct Span {
    /// Whole samples.
    x: i32,
    y: i32,
    /// Offsets from there, 1/65536 samples, of the first sample and from one to the next.
    start: (i32, i32),
    step: (i32, i32),
}

impl Span {
    fn new(
        x: i32,
        y: i32,
        a: (i32, i32),
        b: (i32, i32),
        c: (i32, i32),
        d: (i32, i32),
        n: i32,
    ) -> Self {
        let cell = CELL as i32;
        let left = (a.0 + (c.0 - a.0) / cell * n, a.1 + (c.1 - a.1) / cell * n);
        let right = (b.0 + (d.0 - b.0) / cell * n, b.1 + (d.1 - b.1) / cell * n);
        Self {
            x,
            y,
            start: left,
            step: ((right.0 - left.0) / cell, (right.1 - left.1) / cell),
        }
    }

    fn read(&self, plane: &Plane) -> [u8; CELL] {
        let last = CELL as i32 - 1;
        let end = (
            self.start.0 + self.step.0 * last,
            self.start.1 + self.step.1 * last,
        );
        let whole = (self.start.0 >> 16, self.start.1 >> 16);
        let (x, y) = (self.x + whole.0, self.y + whole.1);
        let straight = whole == (end.0 >> 16, end.1 >> 16);
        if straight && x >= 0 && y >= 0 && (x as usize) + CELL < plane.width {
            let start = y as usize * plane.width + x as usize;
            let row = |start: usize| plane.data.get(start..).and_then(|rest| rest.first_chunk());
            if let (Some(upper), Some(lower)) = (row(start), row(start + plane.width)) {
                return self.interpolate(upper, lower);
            }
        }
        self.pick(plane)
    }

    /// All eight samples lie between the same two lines, one after the other.
    fn interpolate(&self, upper: &[u8; CELL + 1], lower: &[u8; CELL + 1]) -> [u8; CELL] {
        let mut out = [0; CELL];
        let pairs = |line: &[u8; CELL + 1]| {
            let mut left = [0_u16; CELL];
            let mut right = [0_u16; CELL];
            for (to, from) in left.iter_mut().zip(line) {
                *to = u16::from(*from);
            }
            for (to, from) in right.iter_mut().zip(line.iter().skip(1)) {
                *to = u16::from(*from);
            }
            (left, right)
        };
        let (upper, lower) = (pairs(upper), pairs(lower));
        let mut part = [(0_u16, 0_u16); CELL];
        for (part, n) in part.iter_mut().zip(0..) {
            part.0 = (((self.start.0 + self.step.0 * n) >> 8) & 255) as u16;
            part.1 = (((self.start.1 + self.step.1 * n) >> 8) & 255) as u16;
        }
        let tops = upper.0.iter().zip(upper.1);
        let bottoms = lower.0.iter().zip(lower.1);
        for (((out, (a, b)), (c, d)), (fx, fy)) in out.iter_mut().zip(tops).zip(bottoms).zip(part) {
            let top = (a * (256 - fx) + b * fx + 128) >> 8;
            let bottom = (c * (256 - fx) + d * fx + 128) >> 8;
            *out = ((top * (256 - fy) + bottom * fy + 128) >> 8) as u8;
        }
        out
    }

    /// Each sample by itself.
    fn pick(&self, plane: &Plane) -> [u8; CELL] {
        let mut out = [0; CELL];
        for (out, n) in out.iter_mut().zip(0..) {
            let (dx, dy) = (
                self.start.0 + self.step.0 * n,
                self.start.1 + self.step.1 * n,
            );
            let (x, y) = (self.x + n + (dx >> 16), self.y + (dy >> 16));
            let (fx, fy) = (((dx >> 8) & 255) as u16, ((dy >> 8) & 255) as u16);
            let at = |x, y| u16::from(plane.at(x, y));
            let top = (at(x, y) * (256 - fx) + at(x + 1, y) * fx + 128) >> 8;
            let bottom = (at(x, y + 1) * (256 - fx) + at(x + 1, y + 1) * fx + 128) >> 8;
            *out = ((top * (256 - fy) + bottom * fy + 128) >> 8) as u8;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::canvas::{Area, Canvas, Ink, View};
    use super::super::shape::ellipse;
    use super::*;

    const AREA: Area = Area {
        x: 0,
        y: 0,
        width: 64,
        height: 64,
    };
    const PLAIN: View = View {
        scale: 1.0,
        origin: (0.0, 0.0),
    };

    fn disc(centre: (f32, f32)) -> Canvas {
        let mut canvas = Canvas::new(AREA, PLAIN);
        canvas.fill(ellipse(centre, 18.0, 18.0), Ink::Flat([0.9, 0.5, 0.2]), 1.0);
        canvas
    }

    fn backdrop() -> Planes {
        let mut canvas = Canvas::new(AREA, PLAIN);
        canvas.fill(
            ellipse((32.0, 32.0), 200.0, 200.0),
            Ink::Flat([0.1, 0.3, 0.6]),
            1.0,
        );
        Planes::opaque(&canvas)
    }

    fn moved(by: (f32, f32)) -> Planes {
        let layer = Layer::new(&disc((32.0, 32.0)));
        let under = backdrop();
        let mut into = under.clone();
        let shift = ((by.0 * 65536.0) as i32, (by.1 * 65536.0) as i32);
        let field = Field {
            columns: 9,
            moves: vec![shift; 81],
        };
        compose(&mut into, &under, &layer, &layer.colour, &field);
        into
    }

    fn painted(at: (f32, f32)) -> Planes {
        let layer = Layer::new(&disc(at));
        let under = backdrop();
        let mut into = under.clone();
        let field = Field {
            columns: 9,
            moves: vec![(0, 0); 81],
        };
        compose(&mut into, &under, &layer, &layer.colour, &field);
        into
    }

    fn greatest_difference(a: &Plane, b: &Plane) -> u8 {
        let pairs = a.data.iter().zip(&b.data);
        pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap()
    }

    #[test]
    fn moving_whole_samples_is_painting_elsewhere() {
        let (moved, painted) = (moved((4.0, -6.0)), painted((36.0, 26.0)));
        assert!(greatest_difference(&moved.y, &painted.y) <= 1);
        assert!(greatest_difference(&moved.u, &painted.u) <= 1);
        assert!(greatest_difference(&moved.v, &painted.v) <= 1);
    }

    #[test]
    fn moving_by_fractions_comes_close_to_painting_elsewhere() {
        let (moved, painted) = (moved((2.25, 3.5)), painted((34.25, 35.5)));
        let total: u32 = moved
            .y
            .data
            .iter()
            .zip(&painted.y.data)
            .map(|(a, b)| u32::from(a.abs_diff(*b)))
            .sum();
        assert!(total < 64 * 64, "{total}");
    }

    #[test]
    fn one_by_one_and_eight_at_once_agree() {
        let canvas = disc((32.0, 32.0));
        let layer = Layer::new(&canvas);
        let span = Span {
            x: 14,
            y: 20,
            start: (9_000, 30_000),
            step: (1_500, -2_000),
        };
        assert_eq!(span.read(&layer.colour.y), span.pick(&layer.colour.y));
    }

    #[test]
    fn a_layer_may_reach_beyond_the_picture() {
        let under = backdrop();
        let mut into = under.clone();
        let area = Area {
            x: -16,
            y: 32,
            width: 96,
            height: 64,
        };
        let mut canvas = Canvas::new(area, PLAIN);
        canvas.fill(ellipse((32.0, 64.0), 60.0, 30.0), Ink::Flat([1.0; 3]), 1.0);
        let layer = Layer::new(&canvas);
        let field = Field {
            columns: 13,
            moves: vec![(0, 0); 13 * 9],
        };
        compose(&mut into, &under, &layer, &layer.colour, &field);
        assert_eq!(into.y.at(32, 60), 235);
        assert_eq!(into.y.at(32, 20), under.y.at(32, 20));
    }
}
