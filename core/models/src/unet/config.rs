//! The shape of a UNet, as `musetalk.json` tells it.

use serde::{Deserialize, Serialize};

fn groups() -> i64 {
    32
}

fn epsilon() -> f64 {
    1e-5
}

fn layers() -> usize {
    2
}

/// The shape of a UNet. Its blocks attend to speech except the deepest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnetConfig {
    /// Channels in: a masked latent and a whole one.
    pub in_channels: i64,
    /// Channels out: a latent.
    pub out_channels: i64,
    /// Channels of each level, the widest picture first.
    pub block_out_channels: Vec<i64>,
    /// Residual blocks on each level downwards; one more upwards.
    #[serde(default = "layers")]
    pub layers_per_block: usize,
    /// Features of a token of speech.
    pub cross_attention_dim: i64,
    /// Heads of each attention, whatever its name says.
    pub attention_head_dim: i64,
    /// Groups of each normalisation.
    #[serde(default = "groups")]
    pub norm_num_groups: i64,
    /// What is added to its variance.
    #[serde(default = "epsilon")]
    pub norm_eps: f64,
}

impl UnetConfig {
    /// That of MuseTalk 1.5.
    pub fn musetalk() -> Self {
        Self {
            in_channels: 8,
            out_channels: 4,
            block_out_channels: vec![320, 640, 1280, 1280],
            layers_per_block: layers(),
            cross_attention_dim: 384,
            attention_head_dim: 8,
            norm_num_groups: groups(),
            norm_eps: epsilon(),
        }
    }

    /// The same shape, narrow enough for tests.
    pub fn narrow() -> Self {
        Self {
            block_out_channels: vec![32, 64, 64, 64],
            cross_attention_dim: 64,
            ..Self::musetalk()
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
}
