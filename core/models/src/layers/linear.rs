//! Matrix products.

use tch::{Device, Kind, Tensor};

use super::Output;
use crate::weights::{Scope, WeightsError};

/// An equalised weight as it is used: divided by the root of how many inputs each sum has.
///
/// # Errors
///
/// libtorch's.
pub fn equalise(weight: &Tensor, inputs: i64) -> Output {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let scale = 1.0 / (inputs as f64).sqrt();
    weight.f_mul_scalar(scale)
}

/// x·Wᵀ + b on the last dimension.
pub struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// From `inputs` to `outputs` features, with a bias.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>, inputs: i64, outputs: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            bias: Some(scope.tensor("bias", &[outputs])?),
            ..Self::plain(scope, inputs, outputs)?
        })
    }

    /// The same without a bias.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn plain(scope: &Scope<'_>, inputs: i64, outputs: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            weight: scope.tensor("weight", &[outputs, inputs])?,
            bias: None,
        })
    }

    /// With a bias, and an equalised weight: what is kept of it is divided by the root of `inputs`.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn equalised(scope: &Scope<'_>, inputs: i64, outputs: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            weight: scope.tensor_as("weight", &[outputs, inputs], |weight| {
                equalise(weight, inputs)
            })?,
            bias: Some(scope.tensor("bias", &[outputs])?),
        })
    }

    /// `x` is [.., inputs].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, x: &Tensor) -> Output {
        x.f_linear(&self.weight, self.bias.as_ref())
    }

    /// Where it computes.
    pub fn device(&self) -> Device {
        self.weight.device()
    }

    /// In which kind of numbers.
    pub fn kind(&self) -> Kind {
        self.weight.kind()
    }
}
