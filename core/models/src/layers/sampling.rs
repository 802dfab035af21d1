//! Half and twice the size.

use tch::{Kind, Tensor};

use super::{Convolution, Output, channels_last};
use crate::weights::{Scope, WeightsError};

/// Each pixel four times, then a convolution with a kernel of 3.
///
/// Where all four are the same, the nine products of the kernel are four: the two together are one transposed convolution
/// in steps of two pixels, with a kernel of 4 that sums up what falls on the same pixel. That is less than half of the
/// arithmetic, and the enlarged picture is never there.
pub struct Upsampling {
    kernel: Tensor,
    bias: Tensor,
}

impl Upsampling {
    /// Of `channels`.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>, channels: i64) -> Result<Self, WeightsError> {
        let scope = scope.at("conv");
        Ok(Self {
            kernel: scope.tensor_as("weight", &[channels, channels, 3, 3], transposed)?,
            bias: scope.tensor("bias", &[channels])?,
        })
    }

    /// `x` is [n, channels, h, w], the result [n, channels, 2h, 2w].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, x: &Tensor) -> Output {
        let (bias, none, one, two) = (Some(&self.bias), [0i64; 2], [1i64; 2], [2i64; 2]);
        x.f_conv_transpose2d(&self.kernel, bias, two, one, none, 1, one)
    }
}

/// The kernel [inputs, outputs, 4, 4] of the transposed convolution, of that which follows enlarging, [outputs, inputs, 3, 3].
fn transposed(kernel: &Tensor) -> Output {
    let kind = kernel.f_kind()?;
    let flipped = kernel
        .f_to_kind(Kind::Float)?
        .f_transpose(0, 1)?
        .f_flip([2, 3])?;
    let rows = flipped
        .f_constant_pad_nd([0, 0, 0, 1])?
        .f_add(&flipped.f_constant_pad_nd([0, 0, 1, 0])?)?;
    let both = rows
        .f_constant_pad_nd([0, 1])?
        .f_add(&rows.f_constant_pad_nd([1, 0])?)?;
    channels_last(&both.f_to_kind(kind)?)
}

/// A convolution in steps of two pixels.
pub struct Downsampling {
    convolution: Convolution,
    corner: bool,
}

impl Downsampling {
    /// Of `channels`, with a row of zeros on every side.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>, channels: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            convolution: Convolution::new(&scope.at("conv"), channels, channels, 3)?.halving(1),
            corner: false,
        })
    }

    /// The same with zeros at the right and at the bottom only.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn corner(scope: &Scope<'_>, channels: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            convolution: Convolution::new(&scope.at("conv"), channels, channels, 3)?.halving(0),
            corner: true,
        })
    }

    /// `x` is [n, channels, h, w], the result [n, channels, h/2, w/2].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, x: &Tensor) -> Output {
        if self.corner {
            self.convolution
                .forward(&x.f_constant_pad_nd([0, 1, 0, 1])?)
        } else {
            self.convolution.forward(x)
        }
    }
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;
    use crate::weights::{Filler, Weights, ramp};

    #[test]
    fn one_convolution_does_what_enlarging_and_another_do() {
        let weights = Weights::named(Filler::default(), Device::Cpu, Kind::Float);
        let upsampling = Upsampling::new(&weights.root(), 8).unwrap();
        let convolution = Convolution::new(&weights.root().at("conv"), 8, 8, 3).unwrap();
        let x = ramp("x", &[2, 8, 5, 7], 0.0, 1.0).unwrap();
        let expected = convolution
            .forward(&x.upsample_nearest2d([10, 14], None, None))
            .unwrap();
        let found = upsampling.forward(&x).unwrap();
        assert_eq!(found.size(), expected.size());
        let apart = (found - expected).abs().max().double_value(&[]);
        assert!(apart < 1e-5, "{apart}");
    }
}
