//! The folds that a smile draws from the nose to beyond the corners of the mouth.

use super::super::smoothstep;
use super::frame::{Frame, Point};
use super::lips::Shape;
use super::planes::{Area, ONE, Plane};

/// Samples of luma across one of a crease's, which are soft.
pub(super) const STEP: usize = 2;

/// How far from its middle a fold is looked for.
const WIDE: f32 = 0.17;

/// Where folds begin, beside the nose, counted from the middle of the mouth.
const NOSE: Point = (0.34, -0.33);

/// The distance over which brightness is levelled.
const LEVEL: f32 = 0.085;

/// How much brighter skin is where it lies in no fold: what relaxed cheeks have gained.
#[derive(Debug)]
pub(super) struct Crease {
    /// What part of the photo it lies in.
    area: Area,
    gain: Plane,
}

impl Crease {
    /// The folds of a photo's luma.
    pub(super) fn new(photo: &Plane, frame: &Frame, mouth: &Shape) -> Self {
        let far = mouth.half_width + 0.07 + WIDE;
        let corners = [(-far, -0.45), (far, -0.45), (-far, 0.35), (far, 0.35)];
        let corners = corners.map(|(x, y)| frame.pixel((mouth.x + x, mouth.y + y)));
        let area = Area::around(corners, STEP, (photo.width, photo.height));
        let (width, height) = (area.width / STEP, area.height / STEP);
        let coarse: Vec<f32> = (0..width * height)
            .map(|n| {
                let (x, y) = (area.x + n % width * STEP, area.y + n / width * STEP);
                let rows = (y..y + STEP).filter_map(|row| photo.span(row, x, STEP));
                rows.flatten().map(|luma| f32::from(*luma)).sum::<f32>() / (STEP * STEP) as f32
            })
            .collect();
        let reach = (LEVEL * frame.unit / STEP as f32).ceil() as usize;
        let level = blurred(&coarse, width, reach);
        let gain = coarse
            .iter()
            .zip(&level)
            .enumerate()
            .map(|(n, (luma, level))| {
                let pixel = (
                    (area.x + n % width * STEP) as f32,
                    (area.y + n / width * STEP) as f32,
                );
                let (x, y) = frame.place(pixel);
                let (x, y) = (x - mouth.x, y - mouth.y - mouth.slope * (x - mouth.x));
                ((level - luma).max(0.0) * share(mouth, (x.abs(), y)))
                    .min(255.0)
                    .round() as u8
            });
        let data = gain.collect();
        Self {
            area,
            gain: Plane {
                width,
                height,
                data,
            },
        }
    }

    /// Takes `part` of the folds away from luma that was drawn from a place, in 1/65536 samples, and on from there, each sample
    /// `pace` beside where the one before is and one further.
    pub(super) fn smooth(&self, samples: &mut [u8], at: (i32, i32), pace: (i32, i32), part: f32) {
        let count = samples.len() as i32;
        let place = |n: i32| (at.0 + n * (ONE + pace.0), at.1 + n * pace.1);
        if [0, count / 2, count - 1]
            .into_iter()
            .all(|n| self.gained(place(n)) == 0)
        {
            return;
        }
        let part = (part * 256.0) as u32;
        for (sample, n) in samples.iter_mut().zip(0..) {
            let more = (u32::from(self.gained(place(n))) * part) >> 8;
            *sample = sample.saturating_add(more as u8);
        }
    }

    /// What is gained at a place of the photo; nothing outside of where folds are looked for.
    pub(super) fn gained(&self, (x, y): (i32, i32)) -> u8 {
        let half = ONE / 2;
        let x = (x - self.area.x as i32 * ONE - half) / STEP as i32;
        let y = (y - self.area.y as i32 * ONE - half) / STEP as i32;
        let last = |count: usize| (count.max(1) - 1) as i32 * ONE;
        if x < 0 || y < 0 || x >= last(self.gain.width) || y >= last(self.gain.height) {
            return 0;
        }
        self.gain.between(x, y)
    }
}

/// How much of a place beside the mouth belongs to a fold.
fn share(mouth: &Shape, (x, y): Point) -> f32 {
    let (begin, top) = NOSE;
    let end = mouth.half_width + 0.07;
    let middle = begin + (end - begin) * ((y - top) / (0.05 - top)).clamp(0.0, 1.0);
    let across = 1.0 - smoothstep(0.5, 1.0, (x - middle).abs() / WIDE);
    let down = smoothstep(top - 0.05, top + 0.10, y) * (1.0 - smoothstep(0.10, 0.32, y));
    // Lips keep their colour, and corners their shadow.
    let s = x / mouth.half_width;
    let beside = (x - mouth.half_width).max(0.0);
    let above = ((mouth.bulge - mouth.upper) * (1.0 - s * s).max(0.0) - y).max(0.0);
    across * down * smoothstep(0.015, 0.07, beside.max(above))
}

/// Each the mean of those about it, and once more, along rows and columns.
fn blurred(samples: &[f32], width: usize, reach: usize) -> Vec<f32> {
    let height = samples.len() / width.max(1);
    let mut now = samples.to_vec();
    for _ in 0..2 {
        for (pace, count, lines, next) in [(1, width, height, width), (width, height, width, 1)] {
            let mut mean = now.clone();
            for line in 0..lines {
                let at = |n: usize| now.get(line * next + n * pace).copied().unwrap_or(0.0);
                for n in 0..count {
                    let near = n.saturating_sub(reach)..(n + reach + 1).min(count);
                    let number = near.len() as f32;
                    if let Some(mean) = mean.get_mut(line * next + n * pace) {
                        *mean = near.map(at).sum::<f32>() / number;
                    }
                }
            }
            now = mean;
        }
    }
    now
}
