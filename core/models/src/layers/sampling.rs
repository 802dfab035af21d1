//! Half and twice the size.

use tch::Tensor;

use super::{Convolution, Output};
use crate::weights::{Scope, WeightsError};

/// Each pixel four times, then a convolution.
pub struct Upsampling(Convolution);

impl Upsampling {
    /// Of `channels`.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>, channels: i64) -> Result<Self, WeightsError> {
        Ok(Self(Convolution::new(
            &scope.at("conv"),
            channels,
            channels,
            3,
        )?))
    }

    /// `x` is [n, channels, h, w], the result [n, channels, 2h, 2w].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, x: &Tensor) -> Output {
        let (_, _, height, width) = x.size4()?;
        self.0
            .forward(&x.f_upsample_nearest2d([2 * height, 2 * width], None, None)?)
    }
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
