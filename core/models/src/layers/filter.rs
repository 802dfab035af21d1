//! Convolutions of networks that classify, each with what follows it.

use tch::Tensor;

use super::Output;
use crate::weights::{Scope, WeightsError};

/// The shape of a convolution.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    inputs: i64,
    outputs: i64,
    side: i64,
    stride: i64,
    padding: i64,
    groups: i64,
}

impl Window {
    /// From `inputs` to `outputs` channels with a kernel of side `side`; the picture keeps its size.
    pub fn new(inputs: i64, outputs: i64, side: i64) -> Self {
        Self {
            inputs,
            outputs,
            side,
            stride: 1,
            padding: side / 2,
            groups: 1,
        }
    }

    /// The same in steps of `stride` pixels.
    #[must_use]
    pub fn stride(self, stride: i64) -> Self {
        Self { stride, ..self }
    }

    /// The same with this many zeros on each side of the picture.
    #[must_use]
    pub fn padding(self, padding: i64) -> Self {
        Self { padding, ..self }
    }

    /// The same with each channel filtered on its own.
    #[must_use]
    pub fn depthwise(self) -> Self {
        Self {
            groups: self.inputs,
            ..self
        }
    }
}

/// What becomes of the sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    /// Nothing.
    #[default]
    None,
    /// max(x, 0)
    Relu,
    /// x·σ(x)
    Silu,
    /// max(x, x/100)
    Leaky,
}

/// Normalisation by the statistics of a training long past.
struct BatchNorm {
    weight: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
}

impl BatchNorm {
    fn new(scope: &Scope<'_>, channels: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            weight: scope.tensor("weight", &[channels])?,
            bias: scope.tensor("bias", &[channels])?,
            mean: scope.tensor("running_mean", &[channels])?,
            variance: scope.tensor("running_var", &[channels])?,
        })
    }

    fn forward(&self, x: &Tensor) -> Output {
        x.f_batch_norm(
            Some(&self.weight),
            Some(&self.bias),
            Some(&self.mean),
            Some(&self.variance),
            false,
            0.0,
            1e-5,
            true,
        )
    }
}

/// A convolution, with a bias or normalisation or neither, and an activation.
pub struct Filter {
    weight: Tensor,
    bias: Option<Tensor>,
    norm: Option<BatchNorm>,
    activation: Activation,
    window: Window,
}

impl Filter {
    /// Without a bias.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn plain(scope: &Scope<'_>, window: Window) -> Result<Self, WeightsError> {
        let Window {
            inputs,
            outputs,
            side,
            groups,
            ..
        } = window;
        Ok(Self {
            weight: scope.tensor("weight", &[outputs, inputs / groups, side, side])?,
            bias: None,
            norm: None,
            activation: Activation::None,
            window,
        })
    }

    /// With a bias.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn biased(scope: &Scope<'_>, window: Window) -> Result<Self, WeightsError> {
        Ok(Self {
            bias: Some(scope.tensor("bias", &[window.outputs])?),
            ..Self::plain(scope, window)?
        })
    }

    /// The same followed by normalisation with the parameters at `scope`.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn normalized(self, scope: &Scope<'_>) -> Result<Self, WeightsError> {
        Ok(Self {
            norm: Some(BatchNorm::new(scope, self.window.outputs)?),
            ..self
        })
    }

    /// The same followed by an activation.
    #[must_use]
    pub fn then(self, activation: Activation) -> Self {
        Self { activation, ..self }
    }

    /// `x` is [n, inputs, h, w].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, x: &Tensor) -> Output {
        let window = self.window;
        let mut x = x.f_conv2d(
            &self.weight,
            self.bias.as_ref(),
            [window.stride; 2],
            [window.padding; 2],
            [1i64, 1],
            window.groups,
        )?;
        if let Some(norm) = &self.norm {
            x = norm.forward(&x)?;
        }
        match self.activation {
            Activation::None => Ok(x),
            Activation::Relu => x.f_relu_(),
            Activation::Silu => x.f_silu_(),
            // libtorch's slope, where none is given.
            Activation::Leaky => x.f_leaky_relu_(),
        }
    }
}
