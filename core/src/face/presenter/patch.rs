//! A small part of the face that is painted anew whenever it changes.

use super::canvas::{Area, Canvas, View};
use super::colour::Rgb;
use super::planes::Planes;
use super::shape::Point;

/// The skin under something that moves, and where it lies in the layer of the head.
#[derive(Debug)]
pub(super) struct Patch {
    /// In samples of the layer; even in all its measures.
    area: Area,
    /// Of the layer's samples.
    view: View,
    /// With its opacity: a patch may reach over the edge of the face.
    skin: Vec<(Rgb, f32)>,
}

impl Patch {
    /// The part of `head` between two opposite corners given in units.
    pub(super) fn new(head: &Canvas, from: Point, to: Point) -> Self {
        let corner = Area::around(head.view.pixel(from), head.view.pixel(to), 2);
        let area = Area {
            x: corner.x - head.area.x,
            y: corner.y - head.area.y,
            ..corner
        };
        let view = View {
            scale: head.view.scale,
            origin: (
                head.view.origin.0 - head.area.x as f32,
                head.view.origin.1 - head.area.y as f32,
            ),
        };
        let skin = head
            .pixels
            .chunks_exact(head.area.width)
            .skip(area.y as usize)
            .take(area.height)
            .flat_map(|row| row.iter().skip(area.x as usize).take(area.width))
            .map(|[r, g, b, a]| ([r, g, b].map(|c| c / a.max(1e-3)), *a))
            .collect();
        Self { area, view, skin }
    }

    /// Paints over the skin, column by column: `column` prepares what all places at one `x` share,
    /// `shade` gives the colour at a place. Places are in units.
    pub(super) fn paint<C>(
        &self,
        onto: &mut Planes,
        colours: &mut Vec<[f32; 4]>,
        column: impl Fn(f32) -> C,
        shade: impl Fn(&C, Point, Rgb) -> Rgb,
    ) {
        let place = |x: usize, y: usize| {
            let (x, y) = (self.area.x as usize + x, self.area.y as usize + y);
            self.view.unit((x as f32 + 0.5, y as f32 + 0.5))
        };
        let columns: Vec<(f32, C)> = (0..self.area.width)
            .map(|x| place(x, 0).0)
            .map(|x| (x, column(x)))
            .collect();
        colours.clear();
        for (row, skin) in self.skin.chunks_exact(self.area.width).enumerate() {
            let (_, y) = place(0, row);
            let line = columns.iter().zip(skin);
            colours.extend(line.map(|((x, column), (skin, alpha))| {
                let [r, g, b] = shade(column, (*x, y), *skin).map(|c| c * alpha);
                [r, g, b, *alpha]
            }));
        }
        onto.write(self.area, colours);
    }

    /// Samples a unit.
    pub(super) fn scale(&self) -> f32 {
        self.view.scale
    }
}

/// A curve's height at one `x`, and how its vertical distances shrink where it is steep.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    /// In units.
    pub(super) y: f32,
    /// Samples a unit, across the curve.
    sharp: f32,
}

impl Edge {
    /// The edge of `curve` at `x`, drawn at `scale` samples a unit.
    pub(super) fn new(curve: impl Fn(f32) -> f32, x: f32, scale: f32) -> Self {
        const STEP: f32 = 0.25;
        let slope = (curve(x + STEP) - curve(x - STEP)) / (2.0 * STEP);
        Self {
            y: curve(x),
            sharp: scale / (1.0 + slope * slope).sqrt(),
        }
    }

    /// How much of the sample at `y` lies below the edge.
    pub(super) fn below(&self, y: f32) -> f32 {
        ((y - self.y) * self.sharp + 0.5).clamp(0.0, 1.0)
    }

    /// How much of the sample at `y` lies above the edge.
    pub(super) fn above(&self, y: f32) -> f32 {
        1.0 - self.below(y)
    }
}
