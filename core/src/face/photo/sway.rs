//! The head moves, and the picture with it.

use avatar_codec::Picture;

use super::super::motion::Pose;
use super::super::smoothstep;
use super::frame::Frame;
use super::planes::{BITS, Plane, Planes};
use super::view::MARGIN;

/// Samples of luma from one node of the field to the next.
const CELL: usize = 8;

/// What poses are measured in: this many of it are the distance between the pupils.
const UNITS: f32 = 75.0;

/// How deep the face lies before the axis that the head turns about, in its own measure.
const DEPTH: f32 = 0.80;

/// A pose of the head that is kept, in radians.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Stance {
    /// Chin down.
    pub(super) pitch: f32,
    /// Towards the right edge of the picture.
    pub(super) yaw: f32,
    /// Clockwise.
    pub(super) roll: f32,
}

/// How much one node of the field follows each motion.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// From the turning point in the neck, in pixels.
    arm: (f32, f32),
    head: f32,
    face: f32,
    brow: f32,
    chest: f32,
}

/// What follows the head, and how.
#[derive(Debug)]
pub(super) struct Sway {
    columns: usize,
    nodes: Vec<Node>,
    /// How far each node is moved, in 1/65536 pixels.
    moves: Vec<(i32, i32)>,
    unit: f32,
    axis: (f32, f32),
    size: (usize, usize),
}

fn node(frame: &Frame, chin: f32, pixel: (f32, f32)) -> Node {
    let (x, y) = frame.place(pixel);
    let neck = frame.pixel((0.0, chin + 0.35));
    // Head and hair as a whole, fading out around them and down the neck.
    let middle = (chin - 1.15) / 2.0;
    let around = (x / 1.35).hypot((y - middle) / (chin - middle + 0.15));
    let head = 1.0 - smoothstep(0.85, 1.85, around);
    // Eyes, nose and mouth go together; cheeks are pressed or drawn.
    let off = (x / 1.25).hypot((y - 0.45) / (chin - 0.15));
    let face = 1.0 - smoothstep(0.25, 1.1, off);
    let brow = ((x.abs() - 0.5) / 0.55, (y + 0.36) / 0.30);
    let brow = (1.0 - brow.0 * brow.0).max(0.0) * (1.0 - brow.1 * brow.1).max(0.0).powi(2);
    Node {
        arm: (pixel.0 - neck.0, pixel.1 - neck.1),
        head,
        face,
        brow,
        chest: smoothstep(chin + 0.2, chin + 1.1, y) * 0.8 + 0.2 * head,
    }
}

impl Sway {
    /// What moves in a picture of `size` whose face, with the margin, has this frame.
    pub(super) fn new(frame: &Frame, chin: f32, size: (usize, usize)) -> Self {
        let columns = size.0.div_ceil(CELL) + 2;
        let rows = size.1.div_ceil(CELL) + 2;
        let place = |n: usize| {
            let at = |n: usize| (n * CELL + MARGIN) as f32;
            (at(n % columns), at(n / columns))
        };
        let nodes: Vec<Node> = (0..columns * rows)
            .map(|n| node(frame, chin, place(n)))
            .collect();
        Self {
            columns,
            moves: vec![(0, 0); nodes.len()],
            nodes,
            unit: frame.unit,
            axis: frame.axis,
            size,
        }
    }

    /// Bytes that it takes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.nodes.len() * (size_of::<Node>() + size_of::<(i32, i32)>())
    }

    /// Shows `photo`, its head in `pose` added to `stance`.
    pub(super) fn show(
        &mut self,
        photo: &Planes,
        pose: &Pose,
        stance: &Stance,
        picture: &mut Picture,
    ) {
        self.move_nodes(pose, stance);
        let [(y, _), (u, _), (v, _)] = photo.each();
        let (width, height) = self.size;
        self.plane(y, &mut picture.y, (width, height), 1);
        self.plane(u, &mut picture.u, (width / 2, height / 2), 2);
        self.plane(v, &mut picture.v, (width / 2, height / 2), 2);
    }

    fn move_nodes(&mut self, pose: &Pose, stance: &Stance) {
        let units = self.unit / UNITS;
        let deep = DEPTH * self.unit;
        let turn = pose.turn * units + deep * stance.yaw.sin();
        let nod = pose.nod * units + deep * stance.pitch.sin();
        // A head that turns goes a little where it looks.
        let shift = (
            pose.shift.0 * units + 0.25 * self.unit * stance.yaw.sin(),
            pose.shift.1 * units + 0.16 * self.unit * stance.pitch.sin(),
        );
        let tilt = pose.tilt + stance.roll;
        let (c, s) = (tilt.cos() - 1.0, tilt.sin());
        let (breath, brows) = (pose.breath * units, pose.brows * units);
        let (ax, ay) = self.axis;
        let fixed = |pixels: f32| (pixels * (1 << BITS) as f32) as i32;
        for (node, to) in self.nodes.iter().zip(&mut self.moves) {
            let (x, y) = node.arm;
            let across = node.head * shift.0 + node.face * turn;
            let down =
                node.head * shift.1 + node.face * nod - node.brow * brows - node.chest * breath;
            let x_moved = ax * across - ay * down + node.head * (x * c - y * s);
            let y_moved = ay * across + ax * down + node.head * (x * s + y * c);
            // Nothing comes from beyond the margin, or nearly so.
            let most = 3.0 * MARGIN as f32;
            *to = (
                fixed(x_moved.clamp(-most, most)),
                fixed(y_moved.clamp(-most, most)),
            );
        }
    }

    /// One plane, of which a sample is `step` of luma. In the field of colour every other node is left out.
    fn plane(&self, from: &Plane, into: &mut [u8], (width, height): (usize, usize), step: usize) {
        let margin = MARGIN / step;
        let part = step.trailing_zeros();
        let rows = CELL / step;
        for (row, line) in into.chunks_exact_mut(width.max(1)).take(height).enumerate() {
            let (above, within) = (row / rows, (row % rows) as i32);
            let nodes = |row: usize| {
                let start = row * self.columns;
                let nodes = self.moves.get(start..start + self.columns).unwrap_or(&[]);
                nodes.iter().step_by(step)
            };
            let mix = |a: i32, b: i32| (a + ((b - a) >> rows.trailing_zeros()) * within) >> part;
            let ends = nodes(above).zip(nodes(above + 1));
            let mut ends =
                ends.map(|(upper, lower)| (mix(upper.0, lower.0), mix(upper.1, lower.1)));
            let Some(mut left) = ends.next() else {
                continue;
            };
            let y = ((row + margin) as i32) << BITS;
            for ((n, samples), right) in line.chunks_mut(CELL).enumerate().zip(ends) {
                let start = n * CELL + margin;
                if left == (0, 0) && right == (0, 0) {
                    if let Some(same) = from.span(row + margin, start, samples.len()) {
                        samples.copy_from_slice(same);
                    }
                } else {
                    let at = (((start as i32) << BITS) - left.0, y - left.1);
                    let pace = (
                        (left.0 - right.0) >> CELL.trailing_zeros(),
                        (left.1 - right.1) >> CELL.trailing_zeros(),
                    );
                    from.run(at, pace, samples);
                }
                left = right;
            }
        }
    }
}

const _: () = assert!(CELL.is_power_of_two());
