//! How a pose moves each part of the head and the body.

use super::super::motion::Pose;
use super::super::smoothstep;
use super::canvas::{Area, View};
use super::planes::CELL;
use super::portrait::{MIDDLE, Portrait};
use super::warp::Field;

impl Pose {
    /// The pose in steps too small to see, so that a head that hardly moves does not move at all.
    pub(super) fn in_steps(self, scale: f32) -> Self {
        let step = 0.125 / scale;
        let snap = |value: f32| (value / step).round() * step;
        Self {
            turn: snap(self.turn),
            nod: snap(self.nod),
            tilt: snap(self.tilt * 160.0) / 160.0,
            shift: (snap(self.shift.0), snap(self.shift.1)),
            // Breath moves all of the body, and slowly.
            breath: (self.breath / step / 2.0).round() * step * 2.0,
            brows: snap(self.brows),
            jaw: snap(self.jaw),
        }
    }
}

/// How much one node of a layer follows each motion.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// From the turning point of the head, in units.
    arm: (f32, f32),
    head: f32,
    face: f32,
    brow: f32,
    jaw: f32,
    chest: f32,
}

/// What every node of a layer follows.
#[derive(Debug)]
pub(super) struct Rig {
    columns: usize,
    scale: f32,
    nodes: Vec<Node>,
}

impl Rig {
    fn new(area: Area, view: View, node: impl Fn(f32, f32) -> Node) -> Self {
        let columns = area.width / CELL + 1;
        let rows = area.height / CELL + 1;
        let place = |column: usize, row: usize| {
            view.unit((
                area.x as f32 + (column * CELL) as f32,
                area.y as f32 + (row * CELL) as f32,
            ))
        };
        let nodes = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (column, row)))
            .map(|(column, row)| place(column, row))
            .map(|(x, y)| node(x, y))
            .collect();
        Self {
            columns,
            scale: view.scale,
            nodes,
        }
    }

    /// The head: it turns about the top of the neck; hair on the shoulders stays with them.
    pub(super) fn head(area: Area, view: View, portrait: &Portrait) -> Self {
        let chin = portrait.chin();
        let mouth = portrait.lips.line_y;
        let eyes = &portrait.eyes;
        Self::new(area, view, |x, y| {
            let head = 1.0 - smoothstep(chin - 20.0, 410.0, y);
            let dx = (x - MIDDLE) / 108.0;
            let dy = (y - 218.0) / 142.0;
            let face = (1.0 - dx * dx - dy * dy).max(0.0).sqrt();
            let aside = (x - MIDDLE).abs();
            let brow_y = (y - eyes.line_y + 29.0) / 22.0;
            let brow_x = (aside - 38.0) / 46.0;
            let hang = smoothstep(mouth - 4.0, chin - 4.0, y)
                * (1.0 - smoothstep(chin + 4.0, chin + 52.0, y));
            Node {
                arm: (x - MIDDLE, y - (chin + 20.0)),
                head,
                face,
                brow: (1.0 - brow_y * brow_y).max(0.0).powi(2) * (1.0 - brow_x * brow_x).max(0.0),
                jaw: hang * (1.0 - smoothstep(22.0, 78.0, aside)),
                chest: 0.75,
            }
        })
    }

    /// The body: breath lifts shoulders and chest; what the picture's edge cuts stays where it is.
    pub(super) fn body(area: Area, view: View) -> Self {
        Self::new(area, view, |_, y| Node {
            arm: (0.0, 0.0),
            head: 0.0,
            face: 0.0,
            brow: 0.0,
            jaw: 0.0,
            chest: 1.0 - 0.6 * smoothstep(400.0, 512.0, y),
        })
    }

    /// Where `pose` moves every node.
    pub(super) fn field(&self, pose: &Pose, field: &mut Field) {
        field.columns = self.columns;
        field.moves.clear();
        let unit = self.scale * 65_536.0;
        field.moves.extend(self.nodes.iter().map(|node| {
            let (ax, ay) = node.arm;
            let x = node.head * (pose.shift.0 - pose.tilt * ay) + node.face * pose.turn;
            let y = node.head * (pose.shift.1 + pose.tilt * ax) + node.face * pose.nod
                - node.chest * pose.breath
                - node.brow * pose.brows
                + node.jaw * pose.jaw;
            ((x * unit) as i32, (y * unit) as i32)
        }));
    }
}
