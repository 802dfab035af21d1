//! Convolutions.

use tch::{Device, TchError, Tensor};

use super::Output;
use crate::weights::{Scope, WeightsError};

/// `x` [n, c, h, w] with the channels of a pixel side by side in memory.
///
/// # Errors
///
/// libtorch's.
pub fn channels_last(x: &Tensor) -> Output {
    x.f_permute([0, 2, 3, 1])?
        .f_contiguous()?
        .f_permute([0, 3, 1, 2])
}

/// How many pixels are few.
const FEW: i64 = 256;

/// A two-dimensional convolution with a bias and a square kernel.
pub struct Convolution {
    weight: Tensor,
    bias: Tensor,
    side: i64,
    stride: i64,
    padding: i64,
}

impl Convolution {
    /// From `inputs` to `outputs` channels with a kernel of side `side`; the picture keeps its size.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(
        scope: &Scope<'_>,
        inputs: i64,
        outputs: i64,
        side: i64,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            weight: scope.tensor_as("weight", &[outputs, inputs, side, side], channels_last)?,
            bias: scope.tensor("bias", &[outputs])?,
            side,
            stride: 1,
            padding: side / 2,
        })
    }

    /// The same in steps of two pixels, with `padding` zeros on each side.
    #[must_use]
    pub fn halving(self, padding: i64) -> Self {
        Self {
            stride: 2,
            padding,
            ..self
        }
    }

    /// The same with `more`, one number for each output, added to its bias.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn biased(self, more: &Tensor) -> Result<Self, TchError> {
        Ok(Self {
            bias: self.bias.f_add(more)?,
            ..self
        })
    }

    /// `x` is [n, inputs, h, w].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, x: &Tensor) -> Output {
        if let Some(product) = self.product(x)? {
            return Ok(product);
        }
        let (stride, padding) = ([self.stride; 2], [self.padding; 2]);
        let bias = Some(&self.bias);
        x.f_conv2d(&self.weight, bias, stride, padding, [1i64, 1], 1)
    }

    /// The same as a product of matrices, where that is faster: on a CPU, for few pixels. There libtorch lays out the kernel
    /// anew each time, which takes longer than the convolution itself.
    fn product(&self, x: &Tensor) -> Result<Option<Tensor>, TchError> {
        let (n, channels, height, width) = x.size4()?;
        let (outputs, side) = (self.bias.size1()?, self.side);
        let out = |size: i64| (size + 2 * self.padding - side) / self.stride + 1;
        let (rows, columns) = (out(height), out(width));
        if x.device() != Device::Cpu || n * rows * columns > FEW {
            return Ok(None);
        }
        let p = self.padding;
        let padded = x
            .f_permute([0, 2, 3, 1])?
            .f_constant_pad_nd([0, 0, p, p, p, p])?
            .f_contiguous()?;
        let (picture, row, column, _) = padded.stride4()?;
        let (down, right) = (self.stride * row, self.stride * column);
        let patches = padded
            .f_as_strided(
                [n, rows, columns, side, side, channels],
                [picture, down, right, row, column, 1],
                None,
            )?
            .f_reshape([n * rows * columns, side * side * channels])?;
        let kernel = self
            .weight
            .f_permute([0, 2, 3, 1])?
            .f_reshape([outputs, -1])?;
        let product = patches
            .f_linear(&kernel, Some(&self.bias))?
            .f_view([n, rows, columns, outputs])?
            .f_permute([0, 3, 1, 2])?;
        Ok(Some(product))
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::weights::{Filler, Weights, ramp};

    #[test]
    fn a_product_is_the_convolution() {
        let weights = Weights::named(Filler::default(), Device::Cpu, Kind::Float);
        for (side, halving) in [(3, None), (1, None), (3, Some(1)), (3, Some(0))] {
            let mut convolution = Convolution::new(&weights.root(), 8, 6, side).unwrap();
            if let Some(padding) = halving {
                convolution = convolution.halving(padding);
            }
            for x in [
                ramp("x", &[2, 8, 9, 7], 0.0, 1.0).unwrap(),
                channels_last(&ramp("x", &[2, 8, 9, 7], 0.0, 1.0).unwrap()).unwrap(),
            ] {
                let product = convolution.product(&x).unwrap().unwrap();
                let (stride, padding) = ([convolution.stride; 2], [convolution.padding; 2]);
                let expected = x.conv2d(
                    &convolution.weight,
                    Some(&convolution.bias),
                    stride,
                    padding,
                    [1i64, 1],
                    1,
                );
                assert_eq!(product.size(), expected.size());
                let apart = (product - expected).abs().max().double_value(&[]);
                assert!(apart < 1e-5, "{side} {halving:?}: {apart}");
            }
        }
    }
}
