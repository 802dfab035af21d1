//! Eyes that shut and look about.

use super::eyes::Eye;
use super::frame::Frame;
use super::glasses::{self, LID};
use super::planes::{Area, BITS, Plane, Planes};

/// How dark and how thick the lashes of a shut eye are.
const LASH: f32 = 0.8;
const THICK: f32 = 0.024;

/// How far the iris goes, at most: sideways, up and down.
const FARTHEST: (f32, f32) = (0.085, 0.045);

/// What is drawn anew when an eye moves.
#[derive(Debug)]
pub(super) struct Blink {
    eye: Eye,
    frame: Frame,
    area: Area,
}

impl Blink {
    pub(super) fn new(eye: Eye, frame: Frame, size: (usize, usize)) -> Self {
        let (x, y) = eye.pupil;
        let (wide, up, down) = (
            eye.half_width + 0.02,
            eye.lids.0 + LID + 0.02,
            eye.lids.1 + 0.03,
        );
        let corners = [(-wide, -up), (wide, -up), (-wide, down), (wide, down)];
        let corners = corners.map(|(dx, dy)| frame.pixel((x + dx, y + dy)));
        Self {
            eye,
            frame,
            area: Area::around(corners, 2, size),
        }
    }

    /// Draws the eye of `photo` into `into`, `shut` (0…1) and its iris moved by `gaze`, in the face's measure.
    pub(super) fn draw(&self, photo: &Planes, into: &mut Planes, shut: f32, gaze: (f32, f32)) {
        let gaze = (
            gaze.0.clamp(-FARTHEST.0, FARTHEST.0),
            gaze.1.clamp(-FARTHEST.1, FARTHEST.1),
        );
        for ((from, step), (into, _)) in photo.each().into_iter().zip(into.each_mut()) {
            self.plane(from, into, step, shut, gaze);
        }
    }

    fn plane(&self, from: &Plane, into: &mut Plane, step: usize, shut: f32, gaze: (f32, f32)) {
        let (x, y) = (self.area.x / step, self.area.y / step);
        let (width, height) = (self.area.width / step, self.area.height / step);
        let size = step as f32;
        for row in y..y + height {
            let Some(line) = into.span_mut(row, x, width) else {
                continue;
            };
            for (sample, column) in line.iter_mut().zip(x..) {
                let pixel = ((column as f32 + 0.5) * size, (row as f32 + 0.5) * size);
                let place = self.frame.place(pixel);
                let local = (place.0 - self.eye.pupil.0, place.1 - self.eye.pupil.1);
                let (moved, lash) = self.source(local, shut, gaze);
                let by = self.frame.turned((moved.0 - local.0, moved.1 - local.1));
                let fixed = |at: usize, by: f32| {
                    ((at as i32) << BITS) + (by / size * (1 << BITS) as f32) as i32
                };
                *sample = from.between(fixed(column, by.0), fixed(row, by.1));
                if step == 1 && lash > 0.0 {
                    *sample = 16 + (f32::from(sample.saturating_sub(16)) * (1.0 - lash)) as u8;
                }
            }
        }
    }

    /// Where what is seen at a place, counted from the pupil, comes from, and how much lashes darken it.
    fn source(&self, (x, y): (f32, f32), shut: f32, gaze: (f32, f32)) -> ((f32, f32), f32) {
        let s = x / self.eye.half_width;
        let bow = 1.0 - s * s;
        if bow <= 0.0 {
            return ((x, y), 0.0);
        }
        let (upper, lower) = (-self.eye.lids.0 * bow, self.eye.lids.1 * bow);
        let edge = upper + (lower - upper) * shut;
        let brow = (upper - LID * bow.sqrt()).max(glasses::height(&self.eye.rim, s));
        if y < brow {
            return ((x, y), 0.0);
        }
        let lash = shut * LASH * bow.min(0.6) * (1.0 - (y - edge).abs() / THICK).max(0.0);
        if y < edge {
            // The skin of the lid is drawn down; what lies next to the edge, lashes first of all, hardly stretched.
            let t = (y - brow) / (edge - brow).max(1e-4);
            let bent = t + shut * 0.35 * t * t * (1.0 - t);
            return ((x, brow + (upper - brow).max(0.0) * bent.min(1.0)), lash);
        }
        if y > lower {
            return ((x, y), lash);
        }
        // The iris goes and takes the white beside it along; lids stay.
        let (a, b) = (
            self.eye.half_width,
            (self.eye.lids.0 + self.eye.lids.1) / 2.0,
        );
        let middle = (self.eye.lids.1 - self.eye.lids.0) / 2.0;
        let off = ((x - gaze.0) / a).powi(2) + ((y - middle - gaze.1) / (b * 1.15)).powi(2);
        let follow = (1.0 - off).max(0.0).sqrt().min(1.0);
        let follow = follow * follow * (3.0 - 2.0 * follow);
        ((x - gaze.0 * follow, y - gaze.1 * follow), lash)
    }
}
