//! Changes of size as OpenCV's `INTER_LANCZOS4` makes them: eight pixels each way, however many are lost.

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_4};

use super::Raster;
use super::separable::{self, Taps};

/// OpenCV's weights are whole numbers of 2^-11.
const BITS: u32 = 11;

/// The weights of eight pixels for a place `x` (0 to 1) between the fourth and the fifth.
#[expect(
    clippy::cast_possible_truncation,
    reason = "computed in f64 and kept in f32, as OpenCV does"
)]
fn weights(x: f32) -> [i32; 8] {
    const S: f64 = FRAC_1_SQRT_2;
    const ROTATIONS: [(f64, f64); 8] = [
        (1.0, 0.0),
        (-S, -S),
        (0.0, 1.0),
        (S, -S),
        (-1.0, 0.0),
        (S, S),
        (0.0, -1.0),
        (-S, S),
    ];
    let (sine, cosine) = (-f64::from(x + 3.0) * FRAC_PI_4).sin_cos();
    let mut offset = x + 3.0;
    let raw = ROTATIONS.map(|(with_sine, with_cosine)| {
        let y = -f64::from(offset) * FRAC_PI_4;
        let near = offset.abs() < 1e-6;
        offset -= 1.0;
        if near {
            // Here the formula divides by zero; after the division below this is one and the others are zero.
            1e30
        } else {
            ((with_sine * sine + with_cosine * cosine) / (y * y)) as f32
        }
    });
    let total = 1.0 / raw.iter().sum::<f32>();
    raw.map(|weight| (f64::from(weight * total * 2048.0)).round_ties_even() as i32)
}

/// What each of `target` numbers in a row is made of, where there are `source`.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "sides of pictures; kept in f32, as OpenCV does"
)]
fn taps(source: usize, target: usize) -> Vec<Taps> {
    let scale = 1.0 / (target as f64 / source as f64);
    (0..target)
        .map(|at| {
            let place = ((at as f64 + 0.5) * scale - 0.5) as f32;
            let floor = place.floor();
            let first = floor as i64 - 3;
            let positions = (first..).map(|at| separable::nearest(at, source));
            Taps::gather(positions.zip(weights(place - floor)))
        })
        .collect()
}

/// The picture at another size, to the bit as OpenCV's `resize` makes it with `INTER_LANCZOS4`.
#[must_use]
pub fn lanczos(picture: &Raster, width: usize, height: usize) -> Raster {
    let columns = taps(picture.width(), width.max(1));
    let rows = taps(picture.height(), height.max(1));
    separable::apply(picture, &columns, &rows, (0, 2 * BITS))
}
