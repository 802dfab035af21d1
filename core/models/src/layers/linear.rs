//! Matrix products.

use tch::{Device, Kind, Tensor};

use super::Output;
use crate::weights::{Scope, WeightsError};

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
