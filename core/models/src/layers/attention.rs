//! Attention: each token is given a mean of others' values, weighted by how well its query goes with their keys.

use tch::Tensor;

use super::{Linear, Output};
use crate::weights::{Scope, WeightsError};

/// Several heads of scaled dot-product attention: `query` [n, t, c], `key` and `value` [n, s, c], to [n, t, c].
///
/// # Errors
///
/// libtorch's.
pub fn attend(query: &Tensor, key: &Tensor, value: &Tensor, heads: i64) -> Output {
    let apart = |x: &Tensor| -> Output {
        let (n, tokens, channels) = x.size3()?;
        x.f_view([n, tokens, heads, channels / heads])?
            .f_transpose(1, 2)
    };
    Tensor::f_scaled_dot_product_attention(
        &apart(query)?,
        &apart(key)?,
        &apart(value)?,
        None::<&Tensor>,
        0.0,
        false,
        None,
        false,
    )?
    .f_transpose(1, 2)?
    .f_flatten(2, 3)
}

/// Attention with its projections, by diffusers' names.
pub struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    heads: i64,
}

impl Attention {
    /// Of `channels` to tokens of `others` channels. All its projections have a bias.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(
        scope: &Scope<'_>,
        channels: i64,
        others: i64,
        heads: i64,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            query: Linear::new(&scope.at("to_q"), channels, channels)?,
            key: Linear::new(&scope.at("to_k"), others, channels)?,
            value: Linear::new(&scope.at("to_v"), others, channels)?,
            out: Linear::new(&scope.at("to_out.0"), channels, channels)?,
            heads,
        })
    }

    /// The same with a bias in the last projection alone.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn plain(
        scope: &Scope<'_>,
        channels: i64,
        others: i64,
        heads: i64,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            query: Linear::plain(&scope.at("to_q"), channels, channels)?,
            key: Linear::plain(&scope.at("to_k"), others, channels)?,
            value: Linear::plain(&scope.at("to_v"), others, channels)?,
            out: Linear::new(&scope.at("to_out.0"), channels, channels)?,
            heads,
        })
    }

    /// What `x` [n, t, channels] finds in `others` [n, s, others].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, x: &Tensor, others: &Tensor) -> Output {
        let (key, value) = (self.key.forward(others)?, self.value.forward(others)?);
        self.out
            .forward(&attend(&self.query.forward(x)?, &key, &value, self.heads)?)
    }
}
