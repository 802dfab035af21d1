//! How far along the flow it is, as the network is told.

use tch::{Kind, TchError, Tensor};

use crate::layers::{Linear, Output};
use crate::weights::{Scope, WeightsError};

/// Waves of each kind, cosines first.
const WAVES: i64 = 128;

/// A moment from 0 (noise) to 1 (motion) as features.
pub(super) struct Moment {
    first: Linear,
    second: Linear,
    frequencies: Tensor,
}

impl Moment {
    pub(super) fn new(scope: &Scope<'_>, hidden: i64) -> Result<Self, WeightsError> {
        let first = Linear::new(&scope.at("mlp.0"), 2 * WAVES, hidden)?;
        let frequencies = frequencies()?.f_to_device(first.device())?;
        Ok(Self {
            first,
            second: Linear::new(&scope.at("mlp.2"), hidden, hidden)?,
            frequencies,
        })
    }

    /// [1, hidden]
    pub(super) fn forward(&self, moment: f64) -> Output {
        let angles = self.frequencies.f_mul_scalar(moment)?;
        let waves = Tensor::f_cat(&[angles.f_cos()?, angles.f_sin()?], 0)?;
        let waves = waves.f_unsqueeze(0)?.f_to_kind(self.first.kind())?;
        self.second.forward(&self.first.forward(&waves)?.f_silu_()?)
    }
}

/// From 1 down to nearly a 10,000th.
fn frequencies() -> Result<Tensor, TchError> {
    #[expect(clippy::cast_precision_loss, reason = "128")]
    let step = -(10_000f64.ln()) / WAVES as f64;
    Tensor::f_arange(WAVES, (Kind::Float, tch::Device::Cpu))?
        .f_mul_scalar(step)?
        .f_exp()
}
