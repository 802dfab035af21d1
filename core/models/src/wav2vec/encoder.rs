//! The layers of wav2vec2, in which frames attend to each other.

use tch::Tensor;

use super::Wav2vecConfig;
use crate::layers::{Linear, Output, attend};
use crate::weights::{Scope, WeightsError};

/// Normalisation over features.
pub(super) struct Norm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
}

pub(super) fn norm(
    scope: &Scope<'_>,
    features: i64,
    config: &Wav2vecConfig,
) -> Result<Norm, WeightsError> {
    Ok(Norm {
        weight: scope.tensor("weight", &[features])?,
        bias: scope.tensor("bias", &[features])?,
        epsilon: config.layer_norm_eps,
    })
}

impl Norm {
    pub(super) fn forward(&self, x: &Tensor) -> Output {
        let (weight, bias) = (Some(&self.weight), Some(&self.bias));
        x.f_layer_norm(self.weight.size(), weight, bias, self.epsilon, true)
    }
}

/// A layer, normalised after each of its halves.
pub(super) struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    heads: i64,
    norm: Norm,
    first: Linear,
    second: Linear,
    final_norm: Norm,
}

impl Layer {
    pub(super) fn new(scope: &Scope<'_>, config: &Wav2vecConfig) -> Result<Self, WeightsError> {
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        let attention = |name: &str| {
            let scope = scope.at(format_args!("attention.{name}"));
            Linear::new(&scope, width, width)
        };
        let inside = scope.at("feed_forward");
        Ok(Self {
            query: attention("q_proj")?,
            key: attention("k_proj")?,
            value: attention("v_proj")?,
            out: attention("out_proj")?,
            heads: config.num_attention_heads,
            norm: norm(&scope.at("layer_norm"), width, config)?,
            first: Linear::new(&inside.at("intermediate_dense"), width, inner)?,
            second: Linear::new(&inside.at("output_dense"), inner, width)?,
            final_norm: norm(&scope.at("final_layer_norm"), width, config)?,
        })
    }

    /// `x` is [n, frames, hidden].
    pub(super) fn forward(&self, x: &Tensor) -> Output {
        let found = attend(
            &self.query.forward(x)?,
            &self.key.forward(x)?,
            &self.value.forward(x)?,
            self.heads,
        )?;
        let x = self.norm.forward(&self.out.forward(&found)?.f_add_(x)?)?;
        let inner = self.first.forward(&x)?.f_gelu("none")?;
        self.final_norm
            .forward(&self.second.forward(&inner)?.f_add_(&x)?)
    }
}
