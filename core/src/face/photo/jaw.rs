//! How a mouth that opens moves the face around it.
//!
//! Everything is in the face's measure, from the middle of the mouth; `s` runs from −1 at the left corner to 1 at the right.

use super::super::mouth::Mouth;
use super::super::smoothstep;
use super::lips::Shape;

/// The widest gap between lips.
const GAP: f32 = 0.34;

/// How much of it the upper lip makes.
const RAISED: f32 = 0.22;

/// How far the chin goes down.
const CHIN: f32 = 0.15;

/// How far above the mouth the nose begins, which does not move.
const NOSE: f32 = 0.34;

/// Where lips meet that are apart in the photo: this part of the gap below the upper one.
const MEET: f32 = 0.42;

/// Edges that are seen in a photo belong to what is between the lips, by this much.
pub(super) const RIM: f32 = 0.010;

/// Half of the width of lips that are rounded, whatever they are at rest: a smile has further to go.
const ROUNDED: f32 = 0.31;

/// A mouth of a photo at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jaw {
    shape: Shape,
    /// From the mouth to the chin.
    chin: f32,
    pub(super) mouth: Mouth,
    /// How much wider the mouth is than in the photo, as a part of its width.
    spread: f32,
    /// How much thicker lips are.
    fullness: f32,
}

/// The edges of what is between the lips.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Edges {
    pub(super) upper: f32,
    pub(super) lower: f32,
}

impl Jaw {
    /// A mouth of this shape above a chin at the height `chin`, doing what `mouth` does.
    pub(super) fn new(shape: Shape, chin: f32, mouth: Mouth) -> Self {
        let narrow = (1.0 - ROUNDED / shape.half_width).clamp(0.20, 0.58);
        let spread =
            0.10 * mouth.width - narrow * mouth.round - 0.055 * mouth.jaw * (1.0 - mouth.round);
        Self {
            shape,
            chin: (chin - shape.y).max(0.4),
            mouth,
            spread,
            fullness: 0.42 * mouth.round - 0.38 * mouth.press - 0.08 * mouth.open,
        }
    }

    /// Whether the photo need not be changed.
    pub(super) fn is_at_rest(&self) -> bool {
        self.mouth == Mouth::default() && self.shape.gap == 0.0
    }

    /// Half of the mouth's width as it is now.
    pub(super) fn half_width(&self) -> f32 {
        self.shape.half_width * (1.0 + self.spread)
    }

    /// From the face's measure to that of the mouth.
    pub(super) fn local(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let dx = x - self.shape.x;
        (dx, y - self.shape.y - self.shape.slope * dx)
    }

    /// The edges of the lips in the photo.
    fn rest(&self, s: f32) -> Edges {
        let bow = (1.0 - s * s).max(0.0);
        let line = self.shape.bulge * bow;
        if self.shape.gap == 0.0 {
            return Edges {
                upper: line,
                lower: line,
            };
        }
        Edges {
            upper: line - 2.0 * RIM * bow,
            lower: line + (self.shape.gap + RIM) * bow,
        }
    }

    /// Where lips meet when they are shut.
    pub(super) fn line(&self, s: f32) -> f32 {
        let rest = self.rest(s);
        rest.upper + MEET * (rest.lower - rest.upper)
    }

    /// The edges of the lips as they are now.
    pub(super) fn edges(&self, s: f32) -> Edges {
        let lips = self.lips(s);
        let droop = self.droop(s * self.shape.half_width, self.shape.bulge / 2.0);
        Edges {
            upper: lips.upper + droop,
            lower: lips.lower + droop,
        }
    }

    /// The same, without what rounding makes of a smile.
    fn lips(&self, s: f32) -> Edges {
        let line = self.line(s);
        let t = s / self.parted();
        let bend = (0.74 - 0.22 * self.mouth.round - 0.14 * self.mouth.open).max(0.46);
        let gap = GAP * self.mouth.open * (1.0 + 0.3 * self.mouth.round);
        let gap = gap * (1.0 - t * t).max(0.0).powf(bend);
        let bite = self.mouth.bite;
        let raises = RAISED + (0.42 - RAISED) * self.mouth.round;
        let lower = line + (1.0 - raises) * gap;
        // Teeth rest on the lower lip.
        let bitten = (self.teeth(s) - 0.008).max(line + 0.012) - line;
        let lower = lower + (line + bitten * (1.0 - t * t).max(0.0).sqrt() - lower) * bite;
        let raised = raises * gap * (1.0 - bite) + 0.030 * bite * (1.0 - t * t).max(0.0);
        Edges {
            upper: line - raised,
            lower: lower.max(line - raised),
        }
    }

    /// How much of the mouth's width opens: rounded lips stay together towards the corners.
    pub(super) fn parted(&self) -> f32 {
        0.97 - self.mouth.round * (0.56 - 0.25 * self.mouth.open)
    }

    /// The lower edge of the upper teeth, which move with nothing but the head.
    pub(super) fn teeth(&self, s: f32) -> f32 {
        let rest = self.rest(s);
        let shown = rest.lower - 2.0 * RIM;
        let usual = self.line(s) + 0.052 - 0.045 * s * s - 0.05 * self.mouth.round;
        if self.shape.gap > 0.0 {
            usual.max(shown)
        } else {
            usual
        }
    }

    /// The upper edge of the lower teeth.
    pub(super) fn lower_teeth(&self, s: f32) -> f32 {
        self.teeth(s) + 0.014 + 0.20 * self.mouth.jaw + 0.12 * self.mouth.round + 0.03 * s * s
    }

    /// How far what lies at a place of the photo above the lips goes.
    fn above(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let s = x / self.shape.half_width;
        let across = self.across(x, y);
        let droop = self.droop(x, y);
        if s.abs() >= 1.0 {
            return (across, droop);
        }
        let rest = self.rest(s);
        let now = self.lips(s);
        let off = (rest.upper - y).max(0.0);
        let follow = 1.0 - smoothstep(0.4 * self.shape.upper, NOSE, off);
        let lip = off.min(self.shape.upper * (1.0 - s * s));
        let fade = 1.0 - smoothstep(self.shape.upper, NOSE, off);
        (
            across,
            (now.upper - rest.upper) * follow - lip * self.fullness * fade + droop,
        )
    }

    /// How far what lies at a place of the photo below the lips goes.
    fn below(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let s = (x / self.shape.half_width).clamp(-1.0, 1.0);
        let rest = self.rest(s);
        let lip_moves = self.lips(s).lower - rest.lower;
        let off = (y - rest.lower).max(0.0);
        let chin_moves = CHIN * self.mouth.jaw * (1.0 - smoothstep(0.40, 1.0, x.abs()));
        let lip_height = self.shape.lower * (1.0 - s * s);
        let to_chin = smoothstep(0.5 * self.shape.lower, 0.85 * self.chin, off);
        let neck = 1.0 - smoothstep(self.chin + 0.03, self.chin + 0.85, y);
        let lip = off.min(lip_height);
        let fade = 1.0 - smoothstep(lip_height, lip_height + 0.22, off);
        // A bitten lip rolls in.
        let fullness = self.fullness - 0.35 * self.mouth.bite;
        let down = lip_moves + (chin_moves - lip_moves) * to_chin;
        (
            self.across(x, y),
            down * neck + lip * fullness * fade + self.droop(x, y),
        )
    }

    /// How far down corners go that are rounded, and the middle up: lips cannot smile and be round.
    fn droop(&self, x: f32, y: f32) -> f32 {
        let s = x.abs() / self.shape.half_width;
        let bend = if s < 1.0 {
            s * s - 0.4
        } else {
            0.6 * (1.0 - smoothstep(1.0, 2.0, s))
        };
        let near = 1.0 - smoothstep(0.16, 0.45, (y - self.shape.bulge / 2.0).abs());
        let sag = self.shape.bulge + MEET * self.shape.gap;
        0.95 * self.mouth.round * sag.max(0.0) * bend * near
    }

    /// How far corners and cheeks go sideways.
    fn across(&self, x: f32, y: f32) -> f32 {
        let wide = self.shape.half_width;
        let off = y - self.shape.bulge / 2.0;
        // The nose stays as wide as it is.
        let near = 1.0 - smoothstep(0.12, if off < 0.0 { 0.42 } else { 0.60 }, off.abs());
        let reach = x.clamp(-wide, wide) * (1.0 - smoothstep(wide, wide + 0.6, x.abs()));
        self.spread * reach * near
    }

    /// Where what is seen at a place, in the mouth's measure, comes from, as lips and cheeks above the mouth go.
    pub(super) fn source_above(&self, seen: (f32, f32)) -> (f32, f32) {
        traced(seen, |place| self.above(place))
    }

    /// The same below the mouth.
    pub(super) fn source_below(&self, seen: (f32, f32)) -> (f32, f32) {
        traced(seen, |place| self.below(place))
    }
}

/// The place that `moves` takes to `seen`.
fn traced(seen: (f32, f32), moves: impl Fn((f32, f32)) -> (f32, f32)) -> (f32, f32) {
    let mut place = seen;
    for _ in 0..5 {
        let (dx, dy) = moves(place);
        place = (seen.0 - dx, seen.1 - dy);
    }
    place
}
