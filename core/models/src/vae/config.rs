//! The shape of an autoencoder, as `vae.json` tells it.

use serde::{Deserialize, Serialize};

fn groups() -> i64 {
    32
}

fn scaling_factor() -> f64 {
    0.18215
}

/// The shape of an autoencoder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VaeConfig {
    /// Channels of each level, the largest picture first.
    pub block_out_channels: Vec<i64>,
    /// Residual blocks on each level of the encoder; one more in the decoder.
    pub layers_per_block: usize,
    /// Channels of a latent.
    pub latent_channels: i64,
    /// Groups of each normalisation.
    #[serde(default = "groups")]
    pub norm_num_groups: i64,
    /// By how much latents are multiplied wherever they are kept.
    #[serde(default = "scaling_factor")]
    pub scaling_factor: f64,
}

impl VaeConfig {
    /// That of `sd-vae-ft-mse`.
    pub fn stable_diffusion() -> Self {
        Self {
            block_out_channels: vec![128, 256, 512, 512],
            layers_per_block: 2,
            latent_channels: 4,
            norm_num_groups: groups(),
            scaling_factor: scaling_factor(),
        }
    }

    /// The same shape, narrow enough for tests.
    pub fn narrow() -> Self {
        Self {
            block_out_channels: vec![32, 32, 64, 64],
            ..Self::stable_diffusion()
        }
    }

    /// The channels of the first level and of the deepest.
    pub(super) fn ends(&self) -> (i64, i64) {
        let widths = &self.block_out_channels;
        (
            widths.first().copied().unwrap_or_default(),
            widths.last().copied().unwrap_or_default(),
        )
    }

    /// How many pixels a side of a latent's pixel stands for.
    pub fn scale(&self) -> i64 {
        1 << self.block_out_channels.len().saturating_sub(1)
    }
}
