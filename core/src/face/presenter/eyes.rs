//! Eyes and lids.

use super::super::motion::Look;
use super::super::{bell, smoothstep};
use super::canvas::Canvas;
use super::colour::{Rgb, hex, mix};
use super::patch::{Edge, Patch};
use super::planes::Planes;
use super::portrait::{MIDDLE, Portrait};
use super::shape::Point;

impl Look {
    /// The look in steps too small to see.
    pub(super) fn in_steps(self, scale: f32) -> Self {
        let step = 0.125 / scale;
        let snap = |value: f32| (value / step).round() * step;
        Self {
            shut: (self.shut * 64.0).round() / 64.0,
            gaze: (snap(self.gaze.0), snap(self.gaze.1)),
        }
    }
}

/// One eye of a portrait.
#[derive(Debug)]
pub(super) struct Eye {
    portrait: &'static Portrait,
    /// −1 for the one on the left of the picture, 1 for the one on the right.
    side: f32,
    patch: Patch,
}

impl Eye {
    /// The eye on one side of a painted head.
    pub(super) fn new(head: &Canvas, portrait: &'static Portrait, side: f32) -> Self {
        let eyes = &portrait.eyes;
        let x = MIDDLE + side * eyes.apart;
        let reach = eyes.half_width * 1.5;
        let from = (x - reach, eyes.line_y - eyes.lids.0 - 10.0);
        let to = (x + reach, eyes.line_y + eyes.lids.1 + 5.0);
        Self {
            portrait,
            side,
            patch: Patch::new(head, from, to),
        }
    }

    /// Paints the eye onto the planes of its head.
    pub(super) fn paint(&self, look: Look, onto: &mut Planes, colours: &mut Vec<[f32; 4]>) {
        let lids = Lids::new(self.portrait, self.side, look);
        let scale = self.patch.scale();
        self.patch.paint(
            onto,
            colours,
            |x| lids.column(x, scale),
            |column, place, skin| lids.shade(column, place, skin, scale),
        );
    }
}

/// The curves of an eye at one moment.
struct Lids {
    portrait: &'static Portrait,
    side: f32,
    centre: Point,
    look: Look,
    upper: f32,
    lower: f32,
    iris: Point,
}

/// What all places in one column of an eye share.
struct Column {
    /// −1 at the inner corner, 1 at the outer.
    u: f32,
    upper: Edge,
    lower: Edge,
    lash_top: Edge,
    crease: Edge,
}

impl Lids {
    fn new(portrait: &'static Portrait, side: f32, look: Look) -> Self {
        let eyes = &portrait.eyes;
        let centre = (MIDDLE + side * eyes.apart, eyes.line_y);
        let (high, low) = eyes.lids;
        // The upper lid follows the gaze and comes down to meet the lower, which hardly moves.
        let lower = low * (1.0 - 0.22 * look.shut);
        let upper = (high - look.gaze.1 * 0.5) * (1.0 - look.shut) - lower * look.shut;
        let iris = (centre.0 + look.gaze.0, centre.1 - 0.6 + look.gaze.1);
        Self {
            portrait,
            side,
            centre,
            look,
            upper,
            lower,
            iris,
        }
    }

    fn across(&self, x: f32) -> f32 {
        (x - self.centre.0) * self.side / self.portrait.eyes.half_width
    }

    /// The line from corner to corner: the outer one is a little higher.
    fn corners(&self, u: f32) -> f32 {
        self.centre.1 - 1.7 * u
    }

    fn upper_lid(&self, x: f32) -> f32 {
        let u = self.across(x).clamp(-1.0, 1.0);
        let v = u + 0.10 * (1.0 - u * u);
        self.corners(u) - self.upper * (1.0 - v * v).max(0.0).powf(0.72)
    }

    fn lower_lid(&self, x: f32) -> f32 {
        let u = self.across(x).clamp(-1.0, 1.0);
        let v = u - 0.10 * (1.0 - u * u);
        self.corners(u) + self.lower * (1.0 - v * v).max(0.0).powf(0.78)
    }

    /// The upper edge of the line of lashes, which runs out beyond the outer corner.
    fn lash_top(&self, x: f32) -> f32 {
        let u = self.across(x);
        let thick = self.portrait.eyes.lashes.1;
        let body = thick * (0.45 + 0.55 * smoothstep(-0.9, 0.7, u));
        let inner = smoothstep(-1.04, -0.75, u);
        let wing = 1.0 - smoothstep(0.96, 1.0 + self.portrait.eyes.lashes.0, u);
        self.lash_base(x) - body * inner * wing
    }

    fn lash_base(&self, x: f32) -> f32 {
        let u = self.across(x);
        let past = (u - 1.0).max(0.0) * self.portrait.eyes.half_width;
        self.upper_lid(x) - past * 0.62 * (1.0 - 0.9 * self.look.shut)
    }

    fn crease(&self, x: f32) -> f32 {
        let u = self.across(x).clamp(-1.15, 1.15);
        let high = self.portrait.eyes.lids.0;
        let v = u + 0.06;
        let rise = high + 4.4 - 2.0 * self.look.shut;
        self.corners(u) + 0.6 - rise * (1.0 - v * v / 1.5).max(0.0).powf(0.75)
    }

    fn column(&self, x: f32, scale: f32) -> Column {
        Column {
            u: self.across(x),
            upper: Edge::new(|x| self.lash_base(x), x, scale),
            lower: Edge::new(|x| self.lower_lid(x), x, scale),
            lash_top: Edge::new(|x| self.lash_top(x), x, scale),
            crease: Edge::new(|x| self.crease(x), x, scale),
        }
    }

    fn shade(&self, column: &Column, place: Point, skin: Rgb, scale: f32) -> Rgb {
        let (_, y) = place;
        let mut colour = self.lid(column, y, skin);
        let open = column.upper.below(y) * column.lower.above(y);
        if open > 0.0 && column.u.abs() < 1.0 {
            colour = mix(colour, self.eyeball(column, place, scale), open);
        }
        self.line(column, y, colour)
    }

    /// The skin about the eye: the crease, the lid below it, the edge of the lower lid.
    fn lid(&self, column: &Column, y: f32, skin: Rgb) -> Rgb {
        let tones = &self.portrait.skin;
        let mut colour = skin;
        let inside = 1.0 - smoothstep(0.86, 1.12, column.u.abs());
        let on_lid = smoothstep(-1.0, 1.5, y - column.crease.y) * column.upper.above(y);
        colour = mix(
            colour,
            tones.shade,
            on_lid * inside * (0.34 + 0.16 * self.look.shut),
        );
        let off = (y - column.crease.y) / 1.25;
        let crease = bell(off) * (1.0 - smoothstep(0.75, 1.13, column.u.abs()));
        colour = mix(colour, tones.deep, crease * (0.62 - 0.25 * self.look.shut));
        let below = (y - column.lower.y - 0.5) / 1.1;
        let rim = bell(below) * inside * smoothstep(-1.0, 0.9, column.u);
        colour = mix(colour, tones.deep, rim * 0.55);
        let bag = (y - column.lower.y - 3.4) / 2.2;
        mix(colour, tones.light, bell(bag) * inside * 0.28)
    }

    fn eyeball(&self, column: &Column, place: Point, scale: f32) -> Rgb {
        let eyes = &self.portrait.eyes;
        let (x, y) = place;
        let from_lid = y - column.upper.y;
        let mut white = mix(hex(0xfffaf6), hex(0xdcc0b6), column.u.abs().powi(3));
        let corner = 1.0 - smoothstep(-0.98, -0.80, column.u);
        white = mix(white, hex(0xd98f84), corner * 0.8);
        let radius = eyes.iris_radius;
        let (dx, dy) = ((x - self.iris.0) / radius, (y - self.iris.1) / radius);
        let r = (dx * dx + dy * dy).sqrt();
        let inside = ((1.0 - r) * radius * scale * 0.8 + 0.5).clamp(0.0, 1.0);
        let mut colour = white;
        if inside > 0.0 {
            let lower = smoothstep(-0.5, 0.9, dy);
            let ring = smoothstep(0.34, 0.56, r) * (1.0 - smoothstep(0.66, 0.98, r));
            let mut iris = mix(eyes.iris, eyes.glint, ring * (0.20 + 0.74 * lower));
            iris = mix(iris, eyes.rim, smoothstep(0.70, 0.97, r) * 0.9);
            iris = mix(iris, eyes.rim, (1.0 - lower) * 0.45);
            let pupil = 1.0 - smoothstep(0.36, 0.46, r);
            iris = mix(iris, hex(0x0c0706), pupil);
            colour = mix(colour, iris, inside);
        }
        // The lid throws its shadow on the ball; lights lie on top of everything.
        let shadow = 1.0 - smoothstep(0.0, 5.5, from_lid);
        colour = mix(colour, hex(0x54332c), shadow * 0.50);
        let spark = |x: f32, y: f32, size: f32| {
            let (a, b) = (dx - x, dy - y);
            1.0 - smoothstep(size * 0.6, size, (a * a + b * b).sqrt())
        };
        let white = hex(0xffffff);
        colour = mix(colour, white, spark(-0.34, -0.34, 0.30) * 0.96);
        mix(colour, white, spark(0.38, 0.42, 0.17) * 0.55)
    }

    /// The line of lashes.
    fn line(&self, column: &Column, y: f32, under: Rgb) -> Rgb {
        let eyes = &self.portrait.eyes;
        if column.u < -1.04 || column.u > 1.0 + eyes.lashes.0 {
            return under;
        }
        let ink = column.lash_top.below(y) * column.upper.above(y - 0.7);
        mix(under, eyes.lash, ink)
    }
}
