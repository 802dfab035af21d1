//! The mouth: lips, and what is seen between them.

use super::super::mouth::Mouth;
use super::super::{bell, smoothstep};
use super::canvas::Canvas;
use super::colour::{Rgb, hex, mix};
use super::patch::{Edge, Patch};
use super::planes::Planes;
use super::portrait::{MIDDLE, Portrait};

/// The widest gap between the lips, in units.
const GAP: f32 = 25.0;

/// How far a mouth reaches from the middle of its line, in units: sideways, up, down.
pub(super) const REACH: (f32, f32, f32) = (42.0, 22.0, 42.0);

/// The mouth of a portrait.
#[derive(Debug)]
pub(super) struct Lips {
    portrait: &'static Portrait,
    patch: Patch,
}

impl Lips {
    /// The mouth of a painted head.
    pub(super) fn new(head: &Canvas, portrait: &'static Portrait) -> Self {
        let y = portrait.lips.line_y;
        let (aside, up, down) = REACH;
        let patch = Patch::new(head, (MIDDLE - aside, y - up), (MIDDLE + aside, y + down));
        Self { portrait, patch }
    }

    /// Paints the mouth onto the planes of its head.
    pub(super) fn paint(&self, mouth: Mouth, onto: &mut Planes, colours: &mut Vec<[f32; 4]>) {
        let curves = Curves::new(self.portrait, mouth);
        let scale = self.patch.scale();
        self.patch.paint(
            onto,
            colours,
            |x| curves.column(x, scale),
            |column, (_, y), skin| curves.shade(column, y, skin),
        );
    }
}

/// The curves of a mouth at one moment.
struct Curves {
    portrait: &'static Portrait,
    mouth: Mouth,
    half_width: f32,
    /// How far the upper lip is raised and the lower lowered, in the middle.
    raised: f32,
    lowered: f32,
    /// Heights of the lips, in the middle.
    upper: f32,
    lower: f32,
}

/// What all places in one column of a mouth share.
struct Column {
    /// −1 at the left corner, 1 at the right.
    s: f32,
    top: Edge,
    inner_top: Edge,
    inner_bottom: Edge,
    bottom: Edge,
    teeth: Edge,
    lower_teeth: Edge,
    tongue: Edge,
    line: f32,
}

impl Curves {
    fn new(portrait: &'static Portrait, mouth: Mouth) -> Self {
        let lips = &portrait.lips;
        let gap = GAP * mouth.open;
        let half_width = lips.half_width * (1.0 + 0.12 * mouth.width - 0.33 * mouth.round)
            - 4.0 * mouth.jaw * (1.0 - mouth.round);
        let (high, low) = lips.heights;
        let full = 1.0 - 0.42 * mouth.press - 0.10 * mouth.open + 0.16 * mouth.round;
        Self {
            portrait,
            mouth,
            half_width,
            raised: (0.24 * gap) * (1.0 - mouth.bite) + 3.0 * mouth.bite,
            lowered: 0.76 * gap * (1.0 - mouth.bite),
            upper: high * full,
            lower: low * full * (1.0 - 0.35 * mouth.bite),
        }
    }

    /// Where the lips meet when they are shut: corners up a little, the middle of the upper lip down.
    fn line(&self, s: f32) -> f32 {
        let corners =
            (3.2 + 1.0 * self.mouth.width) * (1.0 - 0.5 * self.mouth.open) - 2.4 * self.mouth.round;
        let middle = bell(s / 0.26);
        self.portrait.lips.line_y + 0.8 - corners * s * s + 0.9 * middle * (1.0 - self.mouth.open)
    }

    fn opening(&self, s: f32) -> f32 {
        let t = s / 0.94;
        let bend = (0.74 - 0.20 * self.mouth.round - 0.20 * self.mouth.open).max(0.48);
        (1.0 - t * t).max(0.0).powf(bend)
    }

    fn inner_top(&self, s: f32) -> f32 {
        self.line(s) - self.raised * self.opening(s)
    }

    fn inner_bottom(&self, s: f32) -> f32 {
        let free = self.line(s) + self.lowered * self.opening(s);
        free + (self.teeth(s) - 0.9 - free).min(0.0) * self.mouth.bite * self.opening(s)
    }

    /// The lower edge of the upper teeth, which move with nothing but the head.
    fn teeth(&self, s: f32) -> f32 {
        let rest = self.portrait.lips.line_y + 3.6 - 3.0 * s * s;
        rest - 5.0 * self.mouth.round
    }

    fn lower_teeth(&self, s: f32) -> f32 {
        self.teeth(s) + 0.9 + 15.0 * self.mouth.jaw + 12.0 * self.mouth.round + 2.0 * s * s
    }

    fn tongue(&self, s: f32) -> f32 {
        let floor = self.inner_bottom(0.0);
        let lying = floor - 0.36 * GAP * self.mouth.open;
        let raised = self.teeth(0.0) + 0.4;
        let top = lying + (raised - lying) * self.mouth.tongue;
        let wide = 0.62 + 0.12 * self.mouth.open - 0.18 * self.mouth.tongue;
        let t = s / wide;
        top + (floor - top + 4.0) * t * t
    }

    fn top(&self, s: f32) -> f32 {
        let a = s.abs();
        let bow = 1.0 - 0.22 * bell(s / 0.13) + 0.10 * bell((a - 0.27) / 0.2);
        self.inner_top(s) - self.upper * bow * (1.0 - a.powf(1.7)).max(0.0)
    }

    fn bottom(&self, s: f32) -> f32 {
        self.inner_bottom(s) + self.lower * (1.0 - s.abs().powf(2.2)).max(0.0).powf(0.85)
    }

    fn column(&self, x: f32, scale: f32) -> Column {
        let s = |x: f32| ((x - MIDDLE) / self.half_width).clamp(-1.0, 1.0);
        let edge = |curve: &dyn Fn(f32) -> f32| Edge::new(|x| curve(s(x)), x, scale);
        Column {
            s: (x - MIDDLE) / self.half_width,
            top: edge(&|s| self.top(s)),
            inner_top: edge(&|s| self.inner_top(s)),
            inner_bottom: edge(&|s| self.inner_bottom(s)),
            bottom: edge(&|s| self.bottom(s)),
            teeth: edge(&|s| self.teeth(s)),
            lower_teeth: edge(&|s| self.lower_teeth(s)),
            tongue: edge(&|s| self.tongue(s)),
            line: self.line(s(x)),
        }
    }

    fn shade(&self, column: &Column, y: f32, skin: Rgb) -> Rgb {
        let mut colour = self.around(column, y, skin);
        if column.s.abs() >= 1.0 {
            return colour;
        }
        let upper = column.top.below(y) * column.inner_top.above(y);
        if upper > 0.0 {
            colour = mix(colour, self.upper_lip(column, y), upper);
        }
        let gap = column.inner_top.below(y) * column.inner_bottom.above(y);
        if gap > 0.0 {
            colour = mix(colour, self.inside(column, y), gap);
        }
        let lower = column.inner_bottom.below(y) * column.bottom.above(y);
        if lower > 0.0 {
            colour = mix(colour, self.lower_lip(column, y), lower);
        }
        self.seam(column, y, colour)
    }

    /// The skin about the lips: shadow under the lower one, light on the rim of the upper, dimples at the corners.
    fn around(&self, column: &Column, y: f32, skin: Rgb) -> Rgb {
        let tones = &self.portrait.skin;
        let s = column.s;
        let across = (1.0 - s * s).max(0.0);
        let mut colour = skin;
        let under = (y - column.bottom.y - 2.4) / 3.4;
        if y > column.bottom.y - 1.0 {
            colour = mix(colour, tones.shade, bell(under) * across * 0.75);
        } else if y < column.top.y + 1.0 {
            let over = (y - column.top.y + 1.2) / 1.5;
            colour = mix(colour, tones.light, bell(over) * across * 0.45);
        }
        let corner = (((s.abs() - 1.02) * self.half_width).powi(2)
            + ((y - column.line) * 0.9).powi(2))
        .sqrt()
            / 3.4;
        mix(colour, tones.deep, bell(corner) * 0.42)
    }

    fn upper_lip(&self, column: &Column, y: f32) -> Rgb {
        let lips = &self.portrait.lips;
        let t = (y - column.top.y) / (column.inner_top.y - column.top.y).max(0.5);
        let mut colour = mix(lips.upper, lips.lower, (1.0 - t) * 0.35);
        colour = mix(colour, lips.line, smoothstep(0.55, 1.15, t) * 0.5);
        let shine = bell((t - 0.42) / 0.22) * bell((column.s + 0.28) / 0.2);
        mix(colour, lips.light, shine * 0.22)
    }

    fn lower_lip(&self, column: &Column, y: f32) -> Rgb {
        let lips = &self.portrait.lips;
        let t = (y - column.inner_bottom.y) / (column.bottom.y - column.inner_bottom.y).max(0.5);
        let mut colour = mix(lips.line, lips.lower, smoothstep(-0.25, 0.22, t));
        colour = mix(colour, lips.upper, smoothstep(0.62, 1.1, t) * 0.6);
        colour = mix(colour, lips.upper, column.s.abs().powi(3) * 0.5);
        let shine = bell((t - 0.42) / 0.20) * bell((column.s + 0.10) / 0.34);
        mix(colour, lips.light, shine * 0.72)
    }

    /// The hollow of the mouth, with tongue and teeth in it.
    fn inside(&self, column: &Column, y: f32) -> Rgb {
        let s = column.s;
        let depth =
            (y - column.inner_top.y) / (column.inner_bottom.y - column.inner_top.y).max(0.5);
        let mut colour = mix(hex(0x3a0d12), hex(0x6d2024), depth);
        let tongue = column.tongue.below(y);
        if tongue > 0.0 {
            let t = (y - column.tongue.y) / 8.0;
            let mut flesh = mix(hex(0xd97f79), hex(0xb0504f), t);
            flesh = mix(
                flesh,
                hex(0x8d3437),
                (1.0 - (s / 0.10).abs()).max(0.0) * 0.35,
            );
            let lit = bell((t - 0.28) / 0.25) * bell((s + 0.16) / 0.16);
            flesh = mix(flesh, hex(0xf0b0a6), lit * 0.4);
            colour = mix(colour, flesh, tongue * (1.0 - 0.5 * s.abs()));
        }
        let shown = 1.0 - smoothstep(0.72, 0.98, s.abs());
        let enamel = |dark: f32| mix(hex(0xfcf6ec), hex(0x8f6a5e), dark);
        let side = smoothstep(0.30, 1.0, s.abs());
        let lower = column.lower_teeth.below(y);
        colour = mix(colour, enamel(0.22 + 0.6 * side), lower * shown);
        let upper = column.teeth.above(y);
        if upper > 0.0 {
            let from_lip = y - column.inner_top.y;
            let shadow = 1.0 - smoothstep(0.0, 3.4, from_lip);
            colour = mix(
                colour,
                enamel((0.62 * side + 0.42 * shadow).min(0.9)),
                upper * shown,
            );
        }
        // Lips throw shadow on all that lies behind them.
        let lip = 1.0 - smoothstep(0.0, 1.6, y - column.inner_top.y);
        mix(colour, hex(0x3a0d12), lip * 0.35)
    }

    /// The dark line where lips touch.
    fn seam(&self, column: &Column, y: f32, under: Rgb) -> Rgb {
        let gap = column.inner_bottom.y - column.inner_top.y;
        let thick = 0.85 + 0.25 * self.mouth.press;
        let off = (y - (column.inner_top.y + column.inner_bottom.y) / 2.0).abs() - gap / 2.0;
        let line = 1.0 - smoothstep(0.15 * thick, 1.5 * thick, off.max(0.0));
        let ends = 1.0 - smoothstep(0.90, 1.0, column.s.abs());
        let strength = if gap > 0.0 {
            0.85 - 0.45 * smoothstep(0.5, 4.0, gap)
        } else {
            0.85
        };
        let inside = smoothstep(-0.6, 0.1, off);
        mix(
            under,
            self.portrait.lips.line,
            line * ends * strength * inside,
        )
    }
}
