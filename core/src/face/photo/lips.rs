//! Where exactly lips are, and what is between them.
//!
//! A mouth is four parabolas through its corners. Those are taken that best divide the lower face into skin, lips and what is
//! between lips: where each part is as uniform as it can be (T. Chan, L. Vese, "Active contours without edges", 2001), and not
//! far from what mouths are like.

use super::super::chance::Chance;
use super::bitmap::Bitmap;
use super::frame::{Frame, Point};
use super::patch::{FINE, Patch};

/// What is looked at, in the face's measure.
const FROM: Point = (-0.66, 0.70);
const TO: Point = (0.66, 1.55);

/// The usual mouth, and how much others may differ from it before it costs much. Where it lies is the height of its middle.
const USUAL: Shape = Shape {
    x: 0.0,
    y: 1.07,
    slope: 0.0,
    half_width: 0.42,
    bulge: 0.03,
    gap: 0.0,
    upper: 0.075,
    lower: 0.105,
};
const SPREAD: Shape = Shape {
    x: 0.05,
    y: 0.08,
    slope: 0.025,
    half_width: 0.08,
    bulge: 0.06,
    gap: 0.10,
    upper: 0.03,
    lower: 0.035,
};
const LOW: Shape = Shape {
    x: -0.15,
    y: 0.74,
    slope: -0.06,
    half_width: 0.28,
    bulge: -0.06,
    gap: 0.0,
    upper: 0.03,
    lower: 0.04,
};
const HIGH: Shape = Shape {
    x: 0.15,
    y: 1.30,
    slope: 0.06,
    half_width: 0.62,
    bulge: 0.22,
    gap: 0.35,
    upper: 0.15,
    lower: 0.20,
};

/// What differing from the usual costs.
const CAUTION: f32 = 0.008;

/// A gap smaller than this is none.
const SHUT: f32 = 0.028;

/// What a division of the face must be better than none by to be believed.
const BELIEVED: f32 = 0.04;

/// A mouth at rest in its face's measure: between corners at `x ± half_width`, `y ± half_width × slope`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) slope: f32,
    pub(super) half_width: f32,
    /// How far the upper lip's lower edge hangs below the corners in the middle.
    pub(super) bulge: f32,
    /// From there to the lower lip, in the middle.
    pub(super) gap: f32,
    /// Heights of the lips.
    pub(super) upper: f32,
    pub(super) lower: f32,
}

impl Shape {
    fn measures(self) -> [f32; 8] {
        [
            self.x,
            self.y,
            self.slope,
            self.half_width,
            self.bulge,
            self.gap,
            self.upper,
            self.lower,
        ]
    }

    fn from_measures(measures: [f32; 8]) -> Self {
        let mut bounded = measures;
        let bounds = LOW.measures().into_iter().zip(HIGH.measures());
        for (value, (low, high)) in bounded.iter_mut().zip(bounds) {
            *value = value.clamp(low, high);
        }
        let [x, y, slope, half_width, bulge, gap, upper, lower] = bounded;
        Self {
            x,
            y,
            slope,
            half_width,
            bulge,
            gap,
            upper,
            lower,
        }
    }

    /// The four edges at the place `s` between the corners, −1…1: upper lip above and below, lower lip above and below.
    fn edges(&self, s: f32) -> [f32; 4] {
        let bow = 1.0 - s * s;
        let line = self.y + self.slope * s * self.half_width + self.bulge * bow;
        let under = line + self.gap * bow;
        [
            line - self.upper * bow,
            line,
            under,
            under + self.lower * bow,
        ]
    }
}

/// A mouth as it was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lips {
    pub(super) shape: Shape,
    /// Whether it was seen, and not put where mouths usually are.
    pub(super) seen: bool,
}

/// Sums of brightness and colour and of their squares over the samples above, and their number. In double precision: variances
/// are small differences of large sums.
#[derive(Debug, Clone, Copy, Default)]
struct Sums([f64; 7]);

impl Sums {
    fn plus(mut self, other: Self, sign: f64) -> Self {
        for (sum, other) in self.0.iter_mut().zip(other.0) {
            *sum += sign * other;
        }
        self
    }

    /// How little the samples are alike: the logarithm of their variance, for each of them.
    fn disorder(self) -> f32 {
        let [luma, lumas, red, reds, warm, warms, count] = self.0;
        if count < 1.0 {
            return 0.0;
        }
        let variance = |sum: f64, squares: f64| (squares / count - (sum / count).powi(2)).max(0.0);
        let luma = variance(luma, lumas) + 36.0;
        let red = variance(red, reds) + 0.000_4;
        let warm = variance(warm, warms) + 0.000_4;
        (count * (0.35 * luma.ln() + red.ln() + warm.ln())) as f32
    }
}

/// A patch about the mouth, its columns summed up.
struct Field {
    patch: Patch,
    sums: Vec<Sums>,
    total: Sums,
}

impl Field {
    fn new(patch: Patch) -> Self {
        let (width, height) = (patch.width, patch.height);
        let mut sums = vec![Sums::default(); width * (height + 1)];
        let mut total = Sums::default();
        let colours = patch.redness.iter().zip(&patch.warmth);
        for (n, (luma, (red, warm))) in patch.luma.iter().zip(colours).enumerate() {
            let [luma, red, warm] = [luma, red, warm].map(|value| f64::from(*value));
            let one = Sums([luma, luma * luma, red, red * red, warm, warm * warm, 1.0]);
            let above = sums.get(n).copied().unwrap_or_default();
            if let Some(below) = sums.get_mut(n + width) {
                *below = above.plus(one, 1.0);
            }
            total = total.plus(one, 1.0);
        }
        Self { patch, sums, total }
    }

    /// The sums of a column from one height to another.
    fn between(&self, column: usize, from: f32, to: f32) -> Sums {
        let row = |y: f32| (self.patch.row(y) + 0.5).clamp(0.0, self.patch.height as f32) as usize;
        let at = |row: usize| {
            let sums = self.sums.get(row * self.patch.width + column);
            sums.copied().unwrap_or_default()
        };
        at(row(to)).plus(at(row(from)), -1.0)
    }

    /// How badly a shape divides the patch, for each sample.
    fn disorder(&self, shape: &Shape) -> f32 {
        let (mut lips, mut inside) = (Sums::default(), Sums::default());
        let mut line = 0.0;
        let mut count = 0.0;
        for column in 0..self.patch.width {
            let x = self.patch.across(column);
            let s = (x - shape.x) / shape.half_width;
            if s.abs() >= 1.0 {
                continue;
            }
            let [top, over, under, bottom] = shape.edges(s);
            lips = lips.plus(self.between(column, top, over), 1.0);
            inside = inside.plus(self.between(column, over, under), 1.0);
            lips = lips.plus(self.between(column, under, bottom), 1.0);
            // Lips that touch have a dark line between them.
            if s.abs() < 0.85 {
                let bright = |y: f32| self.patch.bright((x, y));
                let valley = (bright(over - 0.05) + bright(over + 0.05)) / 2.0 - bright(over);
                line += valley.clamp(-10.0, 40.0);
                count += 1.0;
            }
        }
        let skin = self.total.plus(lips, -1.0).plus(inside, -1.0);
        let samples = self.patch.width * self.patch.height;
        let parts = skin.disorder() + lips.disorder() + inside.disorder();
        let shut = (1.0 - shape.gap / SHUT).max(0.0);
        let mut unusual = 0.0;
        let likely = USUAL.measures().into_iter().zip(SPREAD.measures());
        let placed = Shape {
            y: shape.y + shape.bulge + shape.gap / 2.0,
            ..*shape
        };
        for (value, (usual, spread)) in placed.measures().iter().zip(likely) {
            unusual += ((value - usual) / spread).powi(2);
        }
        parts / samples as f32 + CAUTION * unusual - 0.012 * shut * line / f32::max(count, 1.0)
    }

    /// Moves the upper lip's lower edge down to where teeth begin. The lip is as dull as the shadow above teeth, and is taken for a
    /// part of what is between lips.
    fn trim(&self, shape: &mut Shape) {
        let steps = (0.7 * shape.gap * FINE) as usize;
        let mut best = (10.0, 0.0);
        for n in 0..=steps {
            let down = n as f32 / FINE;
            let mut edge = 0.0;
            for s in [
                -0.5, -0.4, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5_f32,
            ] {
                let [_, over, ..] = shape.edges(s);
                let x = shape.x + s * shape.half_width;
                let y = over + down * (1.0 - s * s);
                let bright = |dy: f32| self.patch.bright((x, y + dy));
                edge += (bright(0.03) - bright(-0.03)) / 11.0;
            }
            if edge > best.0 {
                best = (edge, down);
            }
        }
        shape.bulge += best.1;
        shape.gap -= best.1;
        shape.upper += best.1;
    }

    /// How badly the patch is divided without any mouth.
    fn undivided(&self) -> f32 {
        self.total.disorder() / (self.patch.width * self.patch.height) as f32
    }
}

/// Finds the mouth of a face.
pub(super) fn look(photo: &Bitmap, frame: &Frame) -> Lips {
    let field = Field::new(Patch::new(photo, frame, FROM, TO));
    let mut starts = Vec::new();
    for y in [0.80, 0.88, 0.96, 1.04, 1.12, 1.20] {
        for half_width in [0.36, 0.47] {
            for bulge in [0.0, 0.08] {
                for gap in [0.0, 0.09, 0.18] {
                    let shape = Shape {
                        y,
                        half_width,
                        bulge,
                        gap,
                        ..USUAL
                    };
                    starts.push((field.disorder(&shape), shape));
                }
            }
        }
    }
    starts.sort_by(|a, b| a.0.total_cmp(&b.0));
    starts.truncate(6);
    let found = starts.into_iter().map(|start| refined(&field, start));
    let best = found.min_by(|a, b| a.0.total_cmp(&b.0));
    let Some((disorder, mut shape)) = best else {
        return Lips {
            shape: USUAL,
            seen: false,
        };
    };
    if shape.gap < SHUT {
        shape.gap = 0.0;
    } else {
        field.trim(&mut shape);
    }
    let gain = field.undivided() - disorder;
    let seen = gain > BELIEVED;
    Lips {
        shape: if seen { shape } else { USUAL },
        seen,
    }
}

/// A shape improved in ever smaller steps.
fn refined(field: &Field, start: (f32, Shape)) -> (f32, Shape) {
    const ROUNDS: usize = 260;
    let mut chance = Chance::new(0x6d6f_7574_6800);
    let (mut least, mut best) = start;
    for round in 0..ROUNDS {
        let reach = 1.2 * (1.0 - round as f32 / ROUNDS as f32) + 0.5 / FINE;
        let mut measures = best.measures();
        for (value, spread) in measures.iter_mut().zip(SPREAD.measures()) {
            if chance.unit() < 0.4 {
                *value += spread * chance.within(-reach, reach);
            }
        }
        let shape = Shape::from_measures(measures);
        let disorder = field.disorder(&shape);
        if disorder < least {
            (least, best) = (disorder, shape);
        }
    }
    (least, best)
}
