//! Attention of each pixel to all others, on the coarser levels of the synthesis.

use tch::Tensor;

use super::transfer::{picture, pixels};
use crate::layers::{LayerNorm, Linear, Output, attend};
use crate::weights::{Scope, WeightsError};

/// Two products with a bend between them, of normalised features.
pub(super) struct Inner {
    norm: LayerNorm,
    first: Linear,
    second: Linear,
}

impl Inner {
    /// `second` is what the last product is called.
    pub(super) fn new(
        scope: &Scope<'_>,
        channels: i64,
        second: &str,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            norm: LayerNorm::new(&scope.at("norm_ffn"), channels)?,
            first: Linear::new(&scope.at("mlp.0"), channels, 2 * channels)?,
            second: Linear::new(&scope.at(second), 2 * channels, channels)?,
        })
    }

    /// `x` with what is made of it added.
    pub(super) fn forward(&self, x: &Tensor) -> Output {
        let inner = self.first.forward(&self.norm.forward(x)?)?;
        self.second.forward(&inner.f_gelu("none")?)?.f_add_(x)
    }
}

/// Attention of each pixel to all others.
pub(super) struct Global {
    query_norm: LayerNorm,
    other_norm: LayerNorm,
    query_positions: Tensor,
    key_positions: Tensor,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    heads: i64,
    inner: Inner,
}

impl Global {
    pub(super) fn new(
        scope: &Scope<'_>,
        (channels, side): (i64, i64),
        heads: i64,
    ) -> Result<Self, WeightsError> {
        let linear = |name: &str| {
            let scope = scope.at(format_args!("attn.{name}"));
            Linear::new(&scope, channels, channels)
        };
        let positions = [1, side * side, channels];
        Ok(Self {
            query_norm: LayerNorm::new(&scope.at("norm_q"), channels)?,
            other_norm: LayerNorm::new(&scope.at("norm_kv"), channels)?,
            query_positions: scope.tensor("q_pos_embedding", &positions)?,
            key_positions: scope.tensor("k_pos_embedding", &positions)?,
            query: linear("q_proj")?,
            key: linear("k_proj")?,
            value: linear("v_proj")?,
            out: linear("proj")?,
            heads,
            inner: Inner::new(scope, channels, "mlp.3")?,
        })
    }

    /// `x` is [n, channels, side, side].
    pub(super) fn forward(&self, x: &Tensor) -> Output {
        let (_, _, height, width) = x.size4()?;
        let x = pixels(x)?;
        let query = self.query_norm.forward(&x.f_add(&self.query_positions)?)?;
        let key = self.other_norm.forward(&x.f_add(&self.key_positions)?)?;
        let value = self.other_norm.forward(&x)?;
        let found = attend(
            &self.query.forward(&query)?,
            &self.key.forward(&key)?,
            &self.value.forward(&value)?,
            self.heads,
        )?;
        let x = self.out.forward(&found)?.f_add_(&x)?;
        picture(&self.inner.forward(&x)?, height, width)
    }
}
