//! What stands for moment 0 of a diffusion that never runs.

use tch::{Kind, Tensor};

use super::UnetConfig;
use crate::layers::Linear;
use crate::weights::{Scope, WeightsError};

/// The embedding of moment 0, [1, 4 · first width].
pub(super) fn embedding(scope: &Scope<'_>, config: &UnetConfig) -> Result<Tensor, WeightsError> {
    let (width, _) = config.ends();
    let scope = scope.at("time_embedding");
    let linear_1 = Linear::new(&scope.at("linear_1"), width, 4 * width)?;
    let linear_2 = Linear::new(&scope.at("linear_2"), 4 * width, 4 * width)?;
    // Cosines of 0, then its sines.
    let options = (Kind::Float, linear_1.device());
    let cosines = Tensor::f_ones([1, width / 2], options)?;
    let sines = Tensor::f_zeros([1, width - width / 2], options)?;
    let wave = Tensor::f_cat(&[cosines, sines], 1)?.f_to_kind(linear_1.kind())?;
    Ok(linear_2.forward(&linear_1.forward(&wave)?.f_silu()?)?)
}
