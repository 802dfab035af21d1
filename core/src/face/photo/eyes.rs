//! Where exactly pupils and lids are.

use super::bitmap::Bitmap;
use super::frame::{Frame, Point};
use super::glasses::{self, FREE, Rim};
use super::patch::Patch;

/// An iris's radius, half of what is seen of an eye, and how far lids lie from the pupil, as most people have them.
const IRIS: f32 = 0.092;
const HALF_WIDTH: f32 = 0.255;
const LIDS: (f32, f32) = (0.085, 0.070);

/// How far from where the eye was found a pupil is looked for, and in what steps.
const REACH: f32 = 0.11;
const STEP: f32 = 0.01;

/// An eye in its face's measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Eye {
    pub(super) pupil: Point,
    pub(super) half_width: f32,
    /// How far the lids' edges lie above and below the pupil.
    pub(super) lids: (f32, f32),
    pub(super) iris: f32,
    /// What above the lid stays where it is.
    pub(super) rim: Rim,
    /// Whether it was seen. One that was not neither blinks nor looks about.
    pub(super) seen: bool,
    /// Whether glasses are before the lids, or reflect. One eye alone does not blink.
    pub(super) covered: bool,
}

/// The pupil near `(0, 0)` of a patch about an eye: where a dark disc lies in something brighter.
fn pupil(patch: &Patch, near: Point) -> Point {
    let disc = |centre: Point, radius: f32, count: usize| {
        let mut sum = 0.0;
        for n in 0..count {
            let angle = n as f32 / count as f32 * std::f32::consts::TAU;
            // Lids hide the iris above and below.
            let (x, y) = (radius * angle.cos(), 0.7 * radius * angle.sin());
            sum += patch.bright((centre.0 + x, centre.1 + y));
        }
        sum / count as f32
    };
    let mut best = (f32::MIN, near);
    let steps = (REACH / STEP) as i32;
    for row in -steps..=steps {
        for column in -steps..=steps {
            let (dx, dy) = (column as f32 * STEP, row as f32 * STEP);
            let centre = (near.0 + dx, near.1 + dy);
            let dark = (patch.bright(centre)
                + 2.0 * disc(centre, IRIS * 0.4, 6)
                + 3.0 * disc(centre, IRIS * 0.8, 10))
                / 6.0;
            let sides = [-1.0, 1.0].map(|side| {
                let at = |y: f32| patch.bright((centre.0 + side * IRIS * 1.5, centre.1 + y));
                (at(0.0) + at(0.03)) / 2.0
            });
            let bright = sides.iter().sum::<f32>() / 2.0;
            // Nobody's pupil is certain by its darkness alone.
            let far = (dx * dx + dy * dy) / (REACH * REACH);
            let score = (bright - dark) - 0.35 * dark - 7.0 * far;
            if score > best.0 {
                best = (score, centre);
            }
        }
    }
    best.1
}

/// How far the upper lid's edge lies above the pupil: skin above it is bright, and lashes are dark.
fn upper_lid(patch: &Patch, pupil: Point) -> f32 {
    let usual = LIDS.0;
    let mut best = (f32::MIN, usual);
    for n in 0..12 {
        let up = 0.045 + n as f32 * 0.008;
        let mut edge = 0.0;
        for side in [-0.6_f32, -0.3, 0.0, 0.3, 0.6] {
            let y = pupil.1 - up * (1.0 - side * side);
            let at = |dy: f32| patch.bright((pupil.0 + side * HALF_WIDTH, y + dy));
            edge += (at(-0.03) - at(0.005)) / 5.0;
        }
        let off = (up - usual) / 0.02;
        let score = edge - 6.0 * off * off;
        if score > best.0 {
            best = (score, up);
        }
    }
    best.1
}

/// Looks at both eyes of a face closely. Gives the frame of its pupils, and the eyes in it.
pub(super) fn look(photo: &Bitmap, rough: Frame, seen: [bool; 2]) -> (Frame, [Eye; 2]) {
    let sides = [-0.5, 0.5];
    let mut pupils = sides.map(|x| (x, 0.0));
    for ((pupil_at, side), seen) in pupils.iter_mut().zip(sides).zip(seen) {
        if seen {
            let patch = Patch::new(photo, &rough, (side - 0.4, -0.4), (side + 0.4, 0.4));
            *pupil_at = pupil(&patch, (side, 0.0));
        }
    }
    let [left, right] = pupils.map(|place| rough.pixel(place));
    let frame = Frame::of(left, right);
    let mut eyes = sides.map(|x| Eye {
        pupil: (x, 0.0),
        half_width: HALF_WIDTH,
        lids: LIDS,
        iris: IRIS,
        rim: FREE,
        seen: false,
        covered: false,
    });
    for (eye, seen) in eyes.iter_mut().zip(seen) {
        let (x, _) = eye.pupil;
        let patch = Patch::new(photo, &frame, (x - 0.4, -0.4), (x + 0.4, 0.4));
        eye.seen = seen;
        eye.lids.0 = upper_lid(&patch, eye.pupil);
        let rim = glasses::look(&patch, eye);
        eye.covered = seen && rim.is_none();
        eye.rim = rim.unwrap_or(FREE);
    }
    let covered = eyes.iter().any(|eye| eye.covered);
    for eye in &mut eyes {
        eye.covered = covered;
    }
    (frame, eyes)
}
