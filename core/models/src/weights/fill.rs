//! Tensors made from their names, so that two implementations can be compared without any file.

use std::num::NonZero;

use tch::{TchError, Tensor};

/// FNV-1a, 32 bits.
fn seed(name: &str) -> u32 {
    name.bytes().fold(0x811C_9DC5, |hash: u32, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// Element `index` of what `seed` stands for, from −1 to 1: murmur3's 32-bit finaliser of both.
fn element(seed: u32, index: u32) -> f64 {
    let mut hash = seed ^ index.wrapping_mul(0x9E37_79B1);
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85EB_CA6B);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xC2B2_AE35);
    hash ^= hash >> 16;
    2.0 * f64::from(hash) / 4_294_967_296.0 - 1.0
}

/// From how many elements on it pays to make them in several threads.
const SHARED: usize = 1 << 18;

/// A tensor with elements `shift + scale · r`, r from −1 to 1 and decided by `name` alone.
///
/// # Errors
///
/// What libtorch says, of memory that is short.
pub fn ramp(name: &str, shape: &[i64], shift: f64, scale: f64) -> Result<Tensor, TchError> {
    let seed = seed(name);
    let count = usize::try_from(shape.iter().product::<i64>()).unwrap_or_default();
    let mut values = vec![0f32; count];
    let threads = if count < SHARED {
        1
    } else {
        std::thread::available_parallelism().map_or(1, NonZero::get)
    };
    let share = count.div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let mut first = 0;
        for part in values.chunks_mut(share) {
            let begin = first;
            first += part.len();
            let mut fill = move || fill(part, seed, begin, shift, scale);
            if threads == 1 {
                fill();
            } else {
                scope.spawn(fill);
            }
        }
    });
    Tensor::f_from_slice(&values)?.f_reshape(shape)
}

/// Writes the elements from `first` on.
#[expect(
    clippy::cast_possible_truncation,
    reason = "an index is 32 bits, and values are computed in f64 and kept in f32, by definition"
)]
fn fill(values: &mut [f32], seed: u32, first: usize, shift: f64, scale: f64) {
    for (index, value) in (first as u32..).zip(values) {
        *value = (shift + scale * element(seed, index)) as f32;
    }
}

/// Makes the parameters of a network from their names.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filler {
    /// Which weights are those of equalised layers, which divide by the root of their fan-in themselves.
    pub equalised: Option<fn(&str) -> bool>,
}

impl Filler {
    /// The parameter called `name`.
    pub(super) fn tensor(self, name: &str, shape: &[i64]) -> Result<Tensor, TchError> {
        if name.ends_with("running_mean") {
            return ramp(name, shape, 0.0, 0.1);
        }
        if name.ends_with("running_var") {
            return ramp(name, shape, 1.0, 0.5);
        }
        if name.ends_with(".bias") {
            return ramp(name, shape, 0.0, 0.1);
        }
        if shape.len() <= 1 {
            return ramp(name, shape, 1.0, 0.1);
        }
        let scale = if self.equalised.is_some_and(|equalised| equalised(name)) {
            3f64.sqrt()
        } else {
            let count: i64 = shape.iter().product();
            let first = shape.first().copied().unwrap_or(1);
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let ratio = first as f64 / count as f64;
            (3.0 * ratio).sqrt()
        };
        ramp(name, shape, 0.0, scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_as_defined() {
        let seed = seed("conv_in.weight");
        for (index, expected) in [(0, -0.148_951_62), (1, -0.126_249_53), (2, 0.077_964_91)] {
            assert!((element(seed, index) - expected).abs() < 1e-8);
        }
    }

    #[test]
    fn threads_change_nothing() {
        let name = "conv_in.weight";
        let count = 3 * SHARED + 7;
        let mut alone = vec![0.0; count];
        fill(&mut alone, seed(name), 0, 1.0, 0.5);
        let shape = [i64::try_from(count).unwrap()];
        let shared = ramp(name, &shape, 1.0, 0.5).unwrap();
        assert!(alone == Vec::<f32>::try_from(shared).unwrap());
    }
}
