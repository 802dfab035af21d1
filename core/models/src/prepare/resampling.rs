//! Changes of size as Pillow makes them: smoothing where pixels are lost.

use super::Raster;
use super::separable::{self, Taps};

/// What a pixel is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resampling {
    /// A triangle.
    Bilinear,
    /// Cubic convolution with a = −0.5.
    Bicubic,
}

impl Resampling {
    /// How far it reaches, in pixels.
    fn support(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
        }
    }

    /// Its weight at a distance.
    fn weight(self, x: f64) -> f64 {
        const A: f64 = -0.5;
        let x = x.abs();
        match self {
            Self::Bilinear => (1.0 - x).max(0.0),
            Self::Bicubic if x < 1.0 => ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0,
            Self::Bicubic if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * A,
            Self::Bicubic => 0.0,
        }
    }
}

/// Pillow's weights are whole numbers of 2^-22.
const BITS: u32 = 22;

/// What each of `target` numbers in a row is made of, where there are `source`.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sides of pictures, and weights below 2 in 2^22"
)]
fn taps(source: usize, target: usize, resampling: Resampling) -> Vec<Taps> {
    let scale = source as f64 / target as f64;
    let stretch = scale.max(1.0);
    let support = resampling.support() * stretch;
    (0..target)
        .map(|at| {
            let centre = (at as f64 + 0.5) * scale;
            let first = (centre - support + 0.5).max(0.0) as usize;
            let end = ((centre + support + 0.5) as usize).min(source);
            let weights: Vec<f64> = (first..end)
                .map(|x| resampling.weight((x as f64 - centre + 0.5) * (1.0 / stretch)))
                .collect();
            let total: f64 = weights.iter().sum();
            let whole = weights.iter().map(|weight| {
                let weight = weight / total * f64::from(1 << BITS);
                (weight + 0.5f64.copysign(weight)) as i32
            });
            Taps::gather((first..end).zip(whole))
        })
        .collect()
}

/// The picture at another size, to the bit as Pillow's `Image.resize` makes it.
#[must_use]
pub fn resample(picture: &Raster, width: usize, height: usize, resampling: Resampling) -> Raster {
    // A side that stays is left alone by weights of one.
    let columns = taps(picture.width(), width.max(1), resampling);
    let rows = taps(picture.height(), height.max(1), resampling);
    separable::apply(picture, &columns, &rows, (BITS, BITS))
}
