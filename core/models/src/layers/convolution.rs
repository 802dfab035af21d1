//! Convolutions.

use tch::{TchError, Tensor};

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

/// A two-dimensional convolution with a bias and a square kernel.
pub struct Convolution {
    weight: Tensor,
    bias: Tensor,
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
            weight: scope.kernel("weight", &[outputs, inputs, side, side])?,
            bias: scope.tensor("bias", &[outputs])?,
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
        let (stride, padding) = ([self.stride; 2], [self.padding; 2]);
        x.f_conv2d(
            &self.weight,
            Some(&self.bias),
            stride,
            padding,
            [1i64, 1],
            1,
        )
    }
}
