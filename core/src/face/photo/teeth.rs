//! The upper teeth: those of the photo where it shows them, and otherwise such as most people have.

use super::super::smoothstep;
use super::bitmap::Bitmap;
use super::frame::{Frame, Point};
use super::hollow::{Code, code, mixed};
use super::jaw::RIM;
use super::lips::Shape;

/// Texels from pupil to pupil, at most.
const FINE: f32 = 160.0;

/// How far teeth are known above the upper lip's edge, which is raised when a mouth opens.
const HIDDEN: f32 = 0.12;

/// A lower gap shows too little of teeth to take them from.
const ENOUGH: f32 = 0.05;

/// How much redder than teeth lips are, as a logarithm.
const RED: f32 = 0.13;

/// Where teeth end below the line between the lips: in the middle, and how much higher at the corners.
const LENGTH: f32 = 0.052;
const RISE: f32 = 0.045;

/// From the middle of a mouth to where each tooth ends: incisors, canines, and what is seen of those behind.
const ENDS: [f32; 6] = [0.132, 0.232, 0.325, 0.395, 0.45, 0.60];

/// How wide each lower tooth is.
const NARROW: f32 = 0.088;

/// A picture of the upper teeth. They move with nothing but the head, so it lies still in the mouth's measure.
#[derive(Debug)]
pub(super) struct Teeth {
    corner: Point,
    /// Texels from pupil to pupil.
    fine: f32,
    columns: usize,
    rows: usize,
    /// Luma, the two colour differences, and how much of a tooth there is.
    texels: Vec<[u8; 4]>,
    /// Whether they are the photo's own.
    pub(super) seen: bool,
}

/// The colours of teeth in a photo, as parts of red, green and blue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Enamel {
    pub(super) bright: [f32; 3],
    pub(super) shaded: [f32; 3],
    /// Whether the photo shows teeth of this colour.
    pub(super) seen: bool,
}

impl Teeth {
    /// The teeth of a face in `photo`.
    pub(super) fn new(photo: &Bitmap, frame: &Frame, mouth: &Shape, enamel: &Enamel) -> Self {
        let fine = frame.unit.clamp(24.0, FINE);
        let end = mouth.bulge.max(0.0) + mouth.gap + LENGTH + 0.03;
        let corner = (-mouth.half_width, mouth.bulge.min(0.0) - HIDDEN);
        let columns = (2.0 * mouth.half_width * fine).ceil() as usize + 1;
        let rows = ((end - corner.1) * fine).ceil() as usize + 1;
        let mut teeth = Self {
            corner,
            fine,
            columns,
            rows,
            texels: vec![[0; 4]; columns * rows],
            seen: enamel.seen && mouth.gap >= ENOUGH,
        };
        if teeth.seen {
            teeth.take(photo, frame, mouth, enamel);
        } else {
            teeth.make(mouth, enamel);
        }
        teeth
    }

    /// Bytes that they take.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.texels.len() * size_of::<[u8; 4]>()
    }

    /// Their colour at a place in the mouth's measure, and how much of it is seen, 0…1.
    pub(super) fn at(&self, (x, y): Point) -> (Code, f32) {
        let near = |at: f32, count: usize| at.clamp(0.0, (count - 1) as f32);
        let x = near((x - self.corner.0) * self.fine, self.columns);
        let y = near((y - self.corner.1) * self.fine, self.rows);
        let (column, row) = (x as usize, y as usize);
        let (right, down) = (x - column as f32, y - row as f32);
        let next = (column + 1).min(self.columns - 1);
        let texel = |row: usize, column: usize| {
            let texel = self.texels.get(row * self.columns + column);
            texel.copied().unwrap_or_default().map(f32::from)
        };
        let line = |row: usize| {
            let (a, b) = (texel(row, column), texel(row, next));
            std::array::from_fn::<f32, 4, _>(|n| {
                let pair = a.get(n).zip(b.get(n));
                pair.map_or(0.0, |(a, b)| a + (b - a) * right)
            })
        };
        let below = (row + 1).min(self.rows - 1);
        let ([a, b, c, d], [e, f, g, h]) = (line(row), line(below));
        let mix = |upper: f32, lower: f32| upper + (lower - upper) * down;
        ([mix(a, e), mix(b, f), mix(c, g)], mix(d, h) / 255.0)
    }

    /// The place of a texel, in the mouth's measure.
    fn place(&self, n: usize) -> Point {
        let across = (n % self.columns) as f32 / self.fine;
        let down = (n / self.columns) as f32 / self.fine;
        (self.corner.0 + across, self.corner.1 + down)
    }

    /// Takes them from between the lips of a photo.
    fn take(&mut self, photo: &Bitmap, frame: &Frame, mouth: &Shape, enamel: &Enamel) {
        let sample = |x: f32, y: f32| {
            let (x, y) = frame.pixel((mouth.x + x, mouth.y + mouth.slope * x + y));
            photo.sample(x, y).map(|part| part / 255.0)
        };
        let heights = (0..self.columns).map(|column| {
            let (x, _) = self.place(column);
            Heights::seen(mouth, x, enamel, |y| sample(x, y))
        });
        let reach = (0.06 * self.fine) as usize;
        let heights = smoothed(&heights.collect::<Vec<_>>(), reach);
        for n in 0..self.texels.len() {
            let (x, y) = self.place(n);
            let Some(Heights { top, tip }) = heights.get(n % self.columns).copied() else {
                continue;
            };
            let colour = sample(x, y.min(tip).max(top));
            // What the photo's lip hid is root and gum.
            let root = 0.6 * smoothstep(0.02, 0.08, top - y);
            let side = 1.0 - smoothstep(0.80, 0.98, x.abs() / mouth.half_width);
            let cover = side * (1.0 - smoothstep(tip - 0.004, tip + 0.010, y));
            self.put(n, mixed(code(colour), code(enamel.shaded), root), cover);
        }
    }

    /// Makes them up.
    fn make(&mut self, mouth: &Shape, enamel: &Enamel) {
        let (bright, shaded) = (code(enamel.bright), code(enamel.shaded));
        for n in 0..self.texels.len() {
            let (x, y) = self.place(n);
            let s = x / mouth.half_width;
            let (middle, half) = tooth(x.abs());
            let off = ((x.abs() - middle) / half).abs().min(1.0);
            let line = mouth.bulge * (1.0 - s * s) + LENGTH - RISE * s * s;
            let tip = line - 0.010 * off.powi(4) + if half < 0.05 { 0.0 } else { 0.003 };
            let up = ((tip - y) / 0.14).clamp(0.0, 1.0);
            let gap = smoothstep(0.80, 1.0, off) * (0.30 + 0.3 * smoothstep(0.0, 0.3, 0.3 - up));
            let side = 0.62 * smoothstep(0.14, 0.42, x.abs());
            let dim =
                side + gap + 0.10 * off * off + 0.28 * up * up + 0.16 * (1.0 - up / 0.12).max(0.0);
            let cover = 1.0 - smoothstep(tip - 0.005, tip + 0.006, y);
            let cover = cover * (1.0 - smoothstep(0.55, 0.92, s.abs()));
            self.put(n, mixed(bright, shaded, dim.min(1.0)), cover);
        }
    }

    fn put(&mut self, n: usize, colour: Code, cover: f32) {
        if let Some(texel) = self.texels.get_mut(n) {
            let [luma, blue, red] = colour.map(|part| part.clamp(0.0, 255.0).round() as u8);
            *texel = [luma, blue, red, (cover * 255.0).round() as u8];
        }
    }
}

/// How far a place is from the middle of the lower tooth it lies on, 0…1, and how much lower the tooth ends there.
pub(super) fn lower(x: f32) -> (f32, f32) {
    let off = ((x.abs() / NARROW).fract() * 2.0 - 1.0).abs();
    (off * off, 0.006 * off.powi(4))
}

/// The middle of the tooth at a distance from the middle of the mouth, and half of its width.
fn tooth(x: f32) -> (f32, f32) {
    let mut start = 0.0;
    for end in ENDS {
        if x < end {
            return ((start + end) / 2.0, (end - start) / 2.0);
        }
        start = end;
    }
    (start, 0.05)
}

/// Between which heights teeth are seen.
#[derive(Debug, Clone, Copy)]
struct Heights {
    top: f32,
    tip: f32,
}

impl Heights {
    /// Those of a column of a photo's mouth: from the first to the last that is bright and not red.
    fn seen(mouth: &Shape, x: f32, enamel: &Enamel, sample: impl Fn(f32) -> [f32; 3]) -> Self {
        let s = x / mouth.half_width;
        let bow = (1.0 - s * s).max(0.0);
        let (upper, lower) = (mouth.bulge * bow, (mouth.bulge + mouth.gap) * bow);
        let usual = Self {
            top: upper + 0.15 * (lower - upper),
            tip: lower - RIM * bow,
        };
        let redness = |[red, green, _]: [f32; 3]| ((red + 0.04) / (green + 0.04)).ln();
        let most = redness(enamel.bright) + RED;
        let steps = 24;
        let column = (0..=steps).map(|n| {
            let y = upper - RIM * bow + (lower - upper + 3.0 * RIM * bow) * n as f32 / steps as f32;
            let colour = sample(y);
            let bright = colour.iter().sum::<f32>();
            (y, if redness(colour) < most { bright } else { 0.0 })
        });
        let column: Vec<(f32, f32)> = column.collect();
        let peak = column.iter().map(|(_, bright)| *bright).fold(0.0, f32::max);
        if peak < 0.4 * enamel.bright.iter().sum::<f32>() {
            return usual;
        }
        let mut bright = column.iter().filter(|(_, bright)| *bright > 0.7 * peak);
        let first = bright.next();
        let last = bright.next_back().or(first);
        match first.zip(last) {
            Some((first, last)) => Self {
                top: first.0.min(usual.top + 0.3 * (usual.tip - usual.top)),
                tip: last.0.max(usual.tip - 0.3 * (usual.tip - usual.top)),
            },
            None => usual,
        }
    }
}

/// Each the mean of the medians of those about it: no tooth is as narrow as a column.
fn smoothed(heights: &[Heights], reach: usize) -> Vec<Heights> {
    let level = |values: Vec<f32>| levelled(&levelled(&values, reach, median), reach, mean);
    let tops = level(heights.iter().map(|height| height.top).collect());
    let tips = level(heights.iter().map(|height| height.tip).collect());
    let pairs = tops.into_iter().zip(tips);
    pairs.map(|(top, tip)| Heights { top, tip }).collect()
}

/// Each what `one` makes of those about it.
fn levelled(values: &[f32], reach: usize, one: fn(&[f32]) -> f32) -> Vec<f32> {
    let near = |n: usize| {
        let near = n.saturating_sub(reach)..(n + reach + 1).min(values.len());
        values.get(near).unwrap_or(&[])
    };
    (0..values.len()).map(|n| one(near(n))).collect()
}

fn median(values: &[f32]) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}
