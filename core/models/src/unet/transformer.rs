//! Where the pixels of a face look at each other and at the tokens of speech.

use tch::Tensor;

use super::UnetConfig;
use crate::layers::{Attention, Convolution, GroupNorm, LayerNorm, Linear, Output};
use crate::weights::{Scope, WeightsError};

/// One layer of attention to itself, attention to speech, and a gated pair of products.
pub(super) struct Transformer {
    norm: GroupNorm,
    proj_in: Convolution,
    norm1: LayerNorm,
    attn1: Attention,
    norm2: LayerNorm,
    attn2: Attention,
    norm3: LayerNorm,
    spread: Linear,
    gather: Linear,
    proj_out: Convolution,
}

impl Transformer {
    pub(super) fn new(
        scope: &Scope<'_>,
        config: &UnetConfig,
        channels: i64,
    ) -> Result<Self, WeightsError> {
        let (heads, speech) = (config.attention_head_dim, config.cross_attention_dim);
        let block = scope.at("transformer_blocks.0");
        Ok(Self {
            norm: GroupNorm::new(&scope.at("norm"), channels, config.norm_num_groups, 1e-6)?,
            proj_in: Convolution::new(&scope.at("proj_in"), channels, channels, 1)?,
            norm1: LayerNorm::new(&block.at("norm1"), channels)?,
            attn1: Attention::plain(&block.at("attn1"), channels, channels, heads)?,
            norm2: LayerNorm::new(&block.at("norm2"), channels)?,
            attn2: Attention::plain(&block.at("attn2"), channels, speech, heads)?,
            norm3: LayerNorm::new(&block.at("norm3"), channels)?,
            spread: Linear::new(&block.at("ff.net.0.proj"), channels, 8 * channels)?,
            gather: Linear::new(&block.at("ff.net.2"), 4 * channels, channels)?,
            proj_out: Convolution::new(&scope.at("proj_out"), channels, channels, 1)?,
        })
    }

    /// `x` is [n, channels, h, w], `speech` [n, 50, c].
    pub(super) fn forward(&self, x: &Tensor, speech: &Tensor) -> Output {
        let (n, channels, height, width) = x.size4()?;
        let tokens = self
            .proj_in
            .forward(&self.norm.forward(x)?)?
            .f_permute([0, 2, 3, 1])?
            .f_reshape([n, height * width, channels])?;

        let y = self.norm1.forward(&tokens)?;
        let tokens = self.attn1.forward(&y, &y)?.f_add_(&tokens)?;
        let y = self.norm2.forward(&tokens)?;
        let tokens = self.attn2.forward(&y, speech)?.f_add_(&tokens)?;
        let y = self.spread.forward(&self.norm3.forward(&tokens)?)?;
        let value = y.f_narrow(-1, 0, 4 * channels)?;
        let gate = y.f_narrow(-1, 4 * channels, 4 * channels)?;
        let y = self.gather.forward(&gate.f_gelu("none")?.f_mul_(&value)?)?;
        let tokens = y.f_add(&tokens)?;

        let y = tokens
            .f_view([n, height, width, channels])?
            .f_permute([0, 3, 1, 2])?;
        self.proj_out.forward(&y)?.f_add_(x)
    }
}
