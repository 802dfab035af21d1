//! Putting a layer over a picture, each part of it moved a little.

use super::planes::{CELL, Holds, Layer, Opacity, Plane, Planes};
use super::row::{Eight, Row, Source, narrow, over};

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

/// A square of a layer, and where its corners come from, relative to where they lie.
struct Square {
    x: i32,
    y: i32,
    corners: [(i32, i32); 4],
}

/// How the samples of a square lie between those they come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Between {
    /// All within one sample of the first.
    One,
    /// All within two.
    Two,
    /// Further apart.
    Many,
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
        let least = (
            a.0.min(b.0).min(c.0).min(d.0),
            a.1.min(b.1).min(c.1).min(d.1),
        );
        let most = (
            a.0.max(b.0).max(c.0).max(d.0),
            a.1.max(b.1).max(c.1).max(d.1),
        );
        let whole = (least.0 >> 16, least.1 >> 16);
        let reach = ((most.0 >> 16) - whole.0).max((most.1 >> 16) - whole.1);
        let from = (self.x + whole.0, self.y + whole.1);
        let holds = opacity.holds(from.0, from.1, CELL as i32 + 1 + reach);
        // A line is read a little beyond what is needed of it, which then is the next line's.
        let inside = from.0 >= 0
            && from.1 >= 0
            && from.0 as usize + CELL + 2 <= colour.width
            && from.1 as usize + CELL + 3 <= colour.height();
        let between = match reach {
            0 if inside => Between::One,
            1 if inside => Between::Two,
            _ => Between::Many,
        };
        let rows = self.rows(whole);
        let mut target = Target {
            into,
            under,
            at: target,
        };
        let colour = Source {
            plane: colour,
            from,
        };
        let veil = Source {
            plane: &opacity.plane,
            from,
        };
        match (holds, between) {
            (Holds::Nothing, _) => rows.for_each(|_| target.clear()),
            (Holds::Solid, Between::One) => {
                rows.for_each(|(n, row)| target.cover(row.within_one(&colour, n)));
            }
            (Holds::Solid, Between::Two) => {
                rows.for_each(|(n, row)| target.cover(row.within_two(&colour, n)));
            }
            (Holds::Edge, Between::One) => rows.for_each(|(n, row)| {
                target.veil(row.within_one(&colour, n), row.within_one(&veil, n));
            }),
            (Holds::Edge, Between::Two) => rows.for_each(|(n, row)| {
                target.veil(row.within_two(&colour, n), row.within_two(&veil, n));
            }),
            (_, Between::Many) => rows.for_each(|(n, row)| {
                target.veil(row.one_by_one(&colour, n), row.one_by_one(&veil, n));
            }),
        }
    }

    /// The rows of the square, counting from `whole` samples.
    #[inline(always)]
    fn rows(&self, whole: (i32, i32)) -> impl Iterator<Item = (i32, Row)> {
        const SIDE: i32 = CELL as i32;
        let [a, b, c, d] = self.corners;
        let mut left = (a.0 - (whole.0 << 16), a.1 - (whole.1 << 16));
        let mut right = (b.0 - (whole.0 << 16), b.1 - (whole.1 << 16));
        // Rounded towards zero, so that no sample comes from beyond the corners.
        let down_left = ((c.0 - a.0) / SIDE, (c.1 - a.1) / SIDE);
        let down_right = ((d.0 - b.0) / SIDE, (d.1 - b.1) / SIDE);
        (0..SIDE).map(move |n| {
            let row = Row {
                start: left,
                step: ((right.0 - left.0) / SIDE, (right.1 - left.1) / SIDE),
            };
            left = (left.0 + down_left.0, left.1 + down_left.1);
            right = (right.0 + down_right.0, right.1 + down_right.1);
            (n, row)
        })
    }
}

/// Where a square is written, line by line.
struct Target<'a> {
    into: &'a mut Plane,
    under: &'a Plane,
    at: usize,
}

impl Target<'_> {
    /// Writes eight samples, given those under them.
    #[inline(always)]
    fn write(&mut self, samples: impl FnOnce(&[u8; CELL]) -> [u8; CELL]) {
        let line = self
            .into
            .data
            .get_mut(self.at..)
            .and_then(<[u8]>::first_chunk_mut);
        let back = self.under.data.get(self.at..).and_then(<[u8]>::first_chunk);
        if let (Some(line), Some(back)) = (line, back) {
            *line = samples(back);
        }
        self.at += self.into.width;
    }

    #[inline(always)]
    fn clear(&mut self) {
        self.write(|back| *back);
    }

    #[inline(always)]
    fn cover(&mut self, samples: Eight) {
        self.write(|_| narrow(samples));
    }

    #[inline(always)]
    fn veil(&mut self, samples: Eight, opacity: Eight) {
        self.write(|back| narrow(over(samples, opacity, back)));
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
