//! Blurring as OpenCV's `GaussianBlur` does it.

use super::Raster;
use super::separable::{self, Taps};

/// OpenCV's weights are whole numbers of 2^-8.
const BITS: u32 = 8;

/// The weights of `side` pixels (odd), whose sum is 2^8. What one loses to rounding the next is given.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "weights below 2^8, of less than 2^52 pixels"
)]
fn weights(side: usize) -> Vec<i32> {
    let small: Option<&[i32]> = match side {
        1 => Some(&[256]),
        3 => Some(&[64, 128, 64]),
        5 => Some(&[16, 64, 96, 64, 16]),
        7 => Some(&[8, 28, 56, 72, 56, 28, 8]),
        _ => None,
    };
    if let Some(small) = small {
        return small.to_vec();
    }
    let sigma = side as f64 * 0.15 + 0.35;
    let scale = -0.125 / (sigma * sigma);
    let half = side / 2;
    let bell: Vec<f64> = (0..half)
        .map(|at| {
            let x = 2.0 * at as f64 + 1.0 - side as f64;
            (x * x * scale).exp()
        })
        .collect();
    let total = 1.0 / (2.0 * bell.iter().sum::<f64>() + 1.0);
    let mut owed = 0.0;
    let left: Vec<i32> = bell
        .iter()
        .map(|value| {
            let exact = value * total * f64::from(1 << BITS) + owed;
            let whole = exact.round_ties_even();
            owed = exact - whole;
            whole as i32
        })
        .collect();
    let middle = (1 << BITS) - 2 * left.iter().sum::<i32>();
    let right = left.iter().rev().copied();
    left.iter().copied().chain([middle]).chain(right).collect()
}

/// What each number of a row is made of.
fn taps(length: usize, weights: &[i32]) -> Vec<Taps> {
    let half = i64::try_from(weights.len() / 2).unwrap_or(0);
    (0i64..)
        .take(length)
        .map(|at| {
            let positions = (at - half..).map(|at| separable::mirrored(at, length));
            Taps::gather(positions.zip(weights.iter().copied()))
        })
        .collect()
}

/// The picture blurred with a Gaussian `side` pixels wide and high (odd), to the bit as OpenCV's `GaussianBlur` makes
/// it with a sigma of its own choice, 0.3·((side−1)/2−1)+0.8, and its usual border, mirrored.
#[must_use]
pub fn blur(picture: &Raster, side: usize) -> Raster {
    let weights = weights(side | 1);
    let columns = taps(picture.width(), &weights);
    let rows = taps(picture.height(), &weights);
    separable::apply(picture, &columns, &rows, (0, 2 * BITS))
}
