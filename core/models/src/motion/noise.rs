//! What motion begins as: numbers that a seed decides.

use std::f64::consts::TAU;

use tch::Tensor;

use crate::layers::Output;

/// Normally distributed numbers for each frame of a performance.
///
/// They are a function of the seed, the frame and the place, drawn on the CPU: the same on every device, and however the speech is cut
/// into windows. Frames that two windows share begin as the same noise in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noise {
    seed: u64,
}

/// `SplitMix64`: its state's `index`-th step from `seed`, mixed.
fn mixed(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Noise {
    /// That of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// That of `count` frames from `first` on, [1, count, motion] on the CPU, in 32 bits.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn frames(&self, first: usize, count: usize, motion: i64) -> Output {
        let width = u64::try_from(motion).unwrap_or_default();
        let frames = (first as u64)..(first as u64).saturating_add(count as u64);
        let values: Vec<f32> = frames
            .flat_map(|frame| (0..width).map(move |at| frame.wrapping_mul(width).wrapping_add(at)))
            .map(|index| self.number(index))
            .collect();
        Tensor::f_from_slice(&values)?.f_view([1, -1, motion])
    }

    /// Box and Muller's transform of two even numbers.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "53 bits are as many as an f64 has, and values are kept in f32"
    )]
    fn number(&self, index: u64) -> f32 {
        let even = |index| ((mixed(self.seed, index) >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        let (one, other) = (even(2 * index), even(2 * index + 1));
        ((-2.0 * one.ln()).sqrt() * (TAU * other).cos()) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(seed: u64, first: usize, count: usize) -> Vec<f32> {
        let noise = Noise::new(seed).frames(first, count, 32).unwrap();
        noise.flatten(0, -1).try_into().unwrap()
    }

    #[test]
    fn it_is_normal() {
        let numbers = numbers(42, 0, 2000);
        let count = 64_000.0;
        let mean = numbers.iter().copied().map(f64::from).sum::<f64>() / count;
        let power = |power: i32| {
            let powers = numbers.iter().map(|x| f64::from(*x).powi(power));
            powers.sum::<f64>() / count
        };
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((power(2) - 1.0).abs() < 0.02 && (power(4) - 3.0).abs() < 0.15);
    }

    #[test]
    fn frames_have_their_own_whatever_is_asked_for() {
        assert_eq!(numbers(7, 0, 60)[40 * 32..], numbers(7, 40, 20)[..]);
        assert_ne!(numbers(7, 0, 1), numbers(8, 0, 1));
        assert_ne!(numbers(7, 0, 1), numbers(7, 1, 1));
    }
}
