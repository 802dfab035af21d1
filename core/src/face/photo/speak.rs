//! The lower face, drawn anew for each mouth.

use super::super::mouth::Mouth;
use super::crease::Crease;
use super::frame::{Frame, Point};
use super::hollow::{Code, Hollow};
use super::jaw::{Edges, Jaw};
use super::lips::Shape;
use super::planes::{Area, BITS, ONE, Plane, Planes};
use super::portrait::Measured;

/// Places along a mouth at which its edges are computed; between them they are interpolated.
const FINE: usize = 128;

/// How thick the line is where lips meet that are apart in the photo, in the face's measure.
const SEAM: f32 = 0.016;

/// How far above the edge of an upper lip teeth may be that belong below it, in the face's measure.
const KEPT: f32 = 0.04;

/// How much of a smile's folds rounded lips take away.
const RELAXED: f32 = 0.85;

/// A node of the fields: how far what is seen there lies from where it comes from, above and below the mouth, in pixels.
type Moves = [Point; 2];

/// What moves with a mouth.
#[derive(Debug)]
pub(super) struct Speak {
    shape: Shape,
    chin: f32,
    frame: Frame,
    area: Area,
    /// Samples of luma from one node of the fields to the next.
    cell: usize,
    columns: usize,
    nodes: Vec<Moves>,
    edges: Vec<Edges>,
    hollow: Hollow,
}

impl Speak {
    pub(super) fn new(
        shape: Shape,
        chin: f32,
        frame: Frame,
        size: (usize, usize),
        hollow: Hollow,
    ) -> Self {
        let cell = if frame.unit < 90.0 { 4 } else { 8 };
        let (left, right) = (shape.x - 1.12, shape.x + 1.12);
        let (top, bottom) = (shape.y - 0.42, chin + 0.95);
        let corners = [(left, top), (right, top), (left, bottom), (right, bottom)];
        let area = Area::around(corners.map(|place| frame.pixel(place)), cell, size);
        let columns = area.width / cell + 1;
        let rows = area.height / cell + 1;
        Self {
            shape,
            chin,
            frame,
            area,
            cell,
            columns,
            nodes: vec![[(0.0, 0.0); 2]; columns * rows],
            edges: vec![Edges::default(); FINE + 2],
            hollow,
        }
    }

    /// Bytes that it takes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.nodes.len() * size_of::<Moves>() + self.edges.len() * size_of::<Edges>()
    }

    /// The rectangle of the mouth, however it moves, in the picture with its margin.
    pub(super) fn region(&self) -> Area {
        let (aside, up, down) = (self.shape.half_width, 0.12, 0.40);
        let (x, y) = (self.shape.x, self.shape.y);
        let corners = [
            (x - aside, y - up),
            (x + aside, y - up),
            (x - aside, y + down),
            (x + aside, y + down),
        ];
        let right = self.area.x + self.area.width;
        let bottom = self.area.y + self.area.height;
        Area::around(
            corners.map(|place| self.frame.pixel(place)),
            2,
            (right, bottom),
        )
    }

    /// Draws the lower face of a photo into `into`.
    pub(super) fn draw(&mut self, measured: &Measured, into: &mut Planes, mouth: Mouth) {
        let photo = &measured.planes;
        let jaw = Jaw::new(self.shape, self.chin, mouth);
        if jaw.is_at_rest() {
            for ((from, step), (into, _)) in photo.each().into_iter().zip(into.each_mut()) {
                self.restore(from, into, step);
            }
            return;
        }
        self.move_nodes(&jaw);
        for (n, edges) in self.edges.iter_mut().enumerate() {
            let s = (n as f32 / FINE as f32) * 2.0 - 1.0;
            *edges = jaw.edges(s.min(1.0));
        }
        let relaxed = RELAXED * jaw.mouth.round;
        let planes = photo.each().into_iter().zip(into.each_mut());
        for (part, ((from, step), (into, _))) in planes.enumerate() {
            let canvas = Canvas {
                speak: self,
                jaw: &jaw,
                gap: self.gap(),
                crease: (part == 0 && relaxed > 0.0).then_some((&measured.crease, relaxed)),
                part,
                step,
            };
            canvas.draw(from, into);
        }
    }

    /// The heights, in the mouth's measure, between which anything but skin is seen, or skin of both lips.
    fn gap(&self) -> Edges {
        let near = SEAM.max(1.0 / self.frame.unit * 2.0);
        let edges = self.edges.iter();
        edges.fold(
            Edges {
                upper: f32::MAX,
                lower: f32::MIN,
            },
            |gap, edges| Edges {
                upper: gap.upper.min(edges.upper - near.max(KEPT)),
                lower: gap.lower.max(edges.lower + near),
            },
        )
    }

    fn restore(&self, from: &Plane, into: &mut Plane, step: usize) {
        let area = self.area;
        for row in area.y / step..(area.y + area.height) / step {
            let (x, width) = (area.x / step, area.width / step);
            if let (Some(from), Some(into)) =
                (from.span(row, x, width), into.span_mut(row, x, width))
            {
                into.copy_from_slice(from);
            }
        }
    }

    fn move_nodes(&mut self, jaw: &Jaw) {
        let slope = self.shape.slope;
        for (n, node) in self.nodes.iter_mut().enumerate() {
            let pixel = (
                (self.area.x + n % self.columns * self.cell) as f32,
                (self.area.y + n / self.columns * self.cell) as f32,
            );
            let seen = jaw.local(self.frame.place(pixel));
            let by = |source: Point| {
                let (dx, dy) = (source.0 - seen.0, source.1 - seen.1);
                self.frame.turned((dx, dy + slope * dx))
            };
            *node = [by(jaw.source_above(seen)), by(jaw.source_below(seen))];
        }
    }
}

/// One plane being drawn.
struct Canvas<'a> {
    speak: &'a Speak,
    jaw: &'a Jaw,
    gap: Edges,
    /// The folds of a smile, and how much of them goes.
    crease: Option<(&'a Crease, f32)>,
    part: usize,
    step: usize,
}

impl Canvas<'_> {
    fn draw(&self, from: &Plane, into: &mut Plane) {
        let Speak { area, cell, .. } = *self.speak;
        let (x, width) = (area.x / self.step, area.width / self.step);
        let cell = cell / self.step;
        for row in 0..area.height / self.step {
            let y = area.y / self.step + row;
            let Some(line) = into.span_mut(y, x, width) else {
                continue;
            };
            let nodes = |row: usize| {
                let columns = self.speak.columns;
                let start = row * columns;
                self.speak.nodes.get(start..start + columns).unwrap_or(&[])
            };
            let down = (row % cell) as f32 / cell as f32;
            let ends = nodes(row / cell).iter().zip(nodes(row / cell + 1));
            let mut ends = ends.map(|(upper, lower)| mix_moves(upper, lower, down));
            let Some(mut left) = ends.next() else {
                continue;
            };
            for ((n, samples), right) in line.chunks_mut(cell).enumerate().zip(ends) {
                self.run(from, samples, (x + n * cell, y), (left, right));
                left = right;
            }
        }
    }

    /// Draws the samples between two nodes.
    fn run(&self, from: &Plane, samples: &mut [u8], at: (usize, usize), ends: (Moves, Moves)) {
        let step = self.step as f32;
        let frame = &self.speak.frame;
        let count = samples.len() as f32;
        let pixel = |n: f32| ((at.0 as f32 + n + 0.5) * step, (at.1 as f32 + 0.5) * step);
        let first = self.jaw.local(frame.place(pixel(0.0)));
        let last = self.jaw.local(frame.place(pixel(count)));
        if first.1.max(last.1) < self.gap.upper {
            return self.skin(from, samples, at, (ends.0[0], ends.1[0]));
        }
        if first.1.min(last.1) > self.gap.lower {
            return self.skin(from, samples, at, (ends.0[1], ends.1[1]));
        }
        let pace = ((last.0 - first.0) / count, (last.1 - first.1) / count);
        // One sample of this plane, in the face's measure.
        let soft = step / frame.unit;
        let half_width = self.jaw.half_width();
        for (n, sample) in samples.iter_mut().enumerate() {
            let n = n as f32;
            let (x, y) = (first.0 + pace.0 * n, first.1 + pace.1 * n);
            let s = x / half_width;
            let edges = self.edges(s);
            let below = y > (edges.upper + edges.lower) / 2.0;
            let [a, b] = [ends.0, ends.1].map(|[above, under]| if below { under } else { above });
            let part = n / count;
            let by = (a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part);
            let fixed = |at: f32, by: f32| ((at + by / step) * ONE as f32) as i32;
            let place = (fixed(at.0 as f32 + n, by.0), fixed(at.1 as f32, by.1));
            let mut skin = from.between(place.0, place.1);
            if let Some((crease, part)) = self.crease {
                let more = f32::from(crease.gained(place)) * part;
                skin = skin.saturating_add(more as u8);
            }
            *sample = if s.abs() < 1.0 {
                self.between(f32::from(skin), edges, (s, y), soft)
            } else {
                skin
            };
        }
    }

    /// Draws samples that are nothing but skin, from `ends` away.
    fn skin(&self, from: &Plane, samples: &mut [u8], at: (usize, usize), ends: (Point, Point)) {
        let fixed = |by: f32| (by / self.step as f32 * ONE as f32) as i32;
        let (left, right) = ends;
        let count = samples.len() as f32;
        let start = |at: usize, by: f32| ((at as i32) << BITS) + fixed(by);
        let first = (start(at.0, left.0), start(at.1, left.1));
        let pace = (
            fixed((right.0 - left.0) / count),
            fixed((right.1 - left.1) / count),
        );
        from.run(first, pace, samples);
        if let Some((crease, part)) = self.crease {
            crease.smooth(samples, first, pace, part);
        }
    }

    fn edges(&self, s: f32) -> Edges {
        let at = (s.clamp(-1.0, 1.0) + 1.0) / 2.0 * FINE as f32;
        let (n, part) = (at as usize, at.fract());
        let edges = |n: usize| self.speak.edges.get(n).copied().unwrap_or_default();
        let (a, b) = (edges(n), edges(n + 1));
        Edges {
            upper: a.upper + (b.upper - a.upper) * part,
            lower: a.lower + (b.lower - a.lower) * part,
        }
    }

    /// What is seen where skin would be seen if the mouth had no inside.
    fn between(&self, skin: f32, edges: Edges, (s, y): (f32, f32), soft: f32) -> u8 {
        let gap = edges.lower - edges.upper;
        let within = |off: f32| (off / soft + 0.5).clamp(0.0, 1.0);
        let open = within(y - edges.upper) * within(edges.lower - y) * (gap / soft).clamp(0.0, 1.0);
        let mut value = self.edged(skin, edges.upper - y, s);
        if open > 0.0 {
            let hollow = self.speak.hollow.colour(self.jaw, edges, (s, y), soft);
            value += (self.code(hollow) - value) * open;
        }
        value = self.seam(value, edges, (s, y), soft);
        value.clamp(0.0, 255.0).round() as u8
    }

    /// Teeth of the photo that the edge of the upper lip has kept are no brighter than the lip.
    fn edged(&self, skin: f32, above: f32, s: f32) -> f32 {
        if self.part > 0 || self.speak.shape.gap == 0.0 {
            return skin;
        }
        let kept =
            (2.0 - 2.0 * above.abs() / KEPT).clamp(0.0, 1.0) * (5.0 - 5.0 * s.abs()).min(1.0);
        skin - (skin - self.speak.hollow.lip).max(0.0) * kept
    }

    /// Where lips meet that are apart in the photo, there is a line that the photo does not have.
    fn seam(&self, value: f32, edges: Edges, (s, y): (f32, f32), soft: f32) -> f32 {
        if self.speak.shape.gap == 0.0 {
            return value;
        }
        let gap = edges.lower - edges.upper;
        let off = (y - (edges.upper + edges.lower) / 2.0).abs();
        let thick = (SEAM * (1.0 - 0.3 * self.jaw.mouth.press)).max(0.8 * soft);
        let line = (1.0 - off / thick).clamp(0.0, 1.0);
        let shut = 1.0 - (gap / 0.03).clamp(0.0, 1.0);
        let ends = (1.0 - s * s).max(0.0).sqrt().min(1.0);
        let seam = self.code(self.speak.hollow.seam);
        value + (seam - value) * line * shut * ends * 0.6
    }

    fn code(&self, code: Code) -> f32 {
        code.get(self.part).copied().unwrap_or(0.0)
    }
}

fn mix_moves(from: &Moves, to: &Moves, part: f32) -> Moves {
    let mix = |a: Point, b: Point| (a.0 + (b.0 - a.0) * part, a.1 + (b.1 - a.1) * part);
    let ([a, b], [c, d]) = (*from, *to);
    [mix(a, c), mix(b, d)]
}
