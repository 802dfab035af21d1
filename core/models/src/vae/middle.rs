//! The deepest level of the encoder and the decoder: attention between two residual blocks.

use tch::Tensor;

use super::{EPSILON, VaeConfig};
use crate::layers::{Attention, GroupNorm, Output, Residual};
use crate::weights::{Scope, WeightsError};

pub(super) struct Middle {
    first: Residual,
    norm: GroupNorm,
    attention: Attention,
    second: Residual,
}

impl Middle {
    pub(super) fn new(scope: &Scope<'_>, config: &VaeConfig) -> Result<Self, WeightsError> {
        let (_, channels) = config.ends();
        let both = (channels, channels);
        let norm = (config.norm_num_groups, EPSILON);
        let attention = scope.at("attentions.0");
        Ok(Self {
            first: Residual::new(&scope.at("resnets.0"), both, norm, None)?,
            norm: GroupNorm::new(
                &attention.at("group_norm"),
                channels,
                config.norm_num_groups,
                EPSILON,
            )?,
            attention: Attention::new(&attention, channels, channels, 1)?,
            second: Residual::new(&scope.at("resnets.1"), both, norm, None)?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Output {
        let x = self.first.forward(x)?;
        let (n, channels, height, width) = x.size4()?;
        let tokens = self.norm.forward(&x)?.f_permute([0, 2, 3, 1])?.f_reshape([
            n,
            height * width,
            channels,
        ])?;
        let found = self
            .attention
            .forward(&tokens, &tokens)?
            .f_view([n, height, width, channels])?
            .f_permute([0, 3, 1, 2])?;
        self.second.forward(&found.f_add(&x)?)
    }
}
