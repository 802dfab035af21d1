//! Normalisation to mean 0 and variance 1, then a scale and a shift.

use tch::Tensor;

use super::Output;
use crate::weights::{Scope, WeightsError};

/// Over groups of channels and all pixels.
pub struct GroupNorm {
    weight: Tensor,
    bias: Tensor,
    groups: i64,
    epsilon: f64,
}

impl GroupNorm {
    /// Of `channels` in `groups`.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(
        scope: &Scope<'_>,
        channels: i64,
        groups: i64,
        epsilon: f64,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            weight: scope.tensor("weight", &[channels])?,
            bias: scope.tensor("bias", &[channels])?,
            groups,
            epsilon,
        })
    }

    /// `x` is [n, channels, ..].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, x: &Tensor) -> Output {
        let (weight, bias) = (Some(&self.weight), Some(&self.bias));
        x.f_group_norm(self.groups, weight, bias, self.epsilon, true)
    }
}

/// Over the last dimension, with epsilon 1e-5.
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
}

impl LayerNorm {
    /// Of `features`.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>, features: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            weight: scope.tensor("weight", &[features])?,
            bias: scope.tensor("bias", &[features])?,
        })
    }

    /// `x` is [.., features].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, x: &Tensor) -> Output {
        let (weight, bias) = (Some(&self.weight), Some(&self.bias));
        x.f_layer_norm(self.weight.size(), weight, bias, 1e-5, true)
    }
}
