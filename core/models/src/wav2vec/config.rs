//! The shape of wav2vec2, as its own `config.json` tells it.

use serde::{Deserialize, Serialize};

/// The shape of wav2vec2. What is not told is as in `wav2vec2-base-960h`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wav2vecConfig {
    /// Features of a frame.
    pub hidden_size: i64,
    /// How many layers.
    pub num_hidden_layers: usize,
    /// Heads of each attention.
    pub num_attention_heads: i64,
    /// Features between the two products of a layer.
    pub intermediate_size: i64,
    /// Channels of each convolution.
    pub conv_dim: Vec<i64>,
    /// Its kernel.
    pub conv_kernel: Vec<i64>,
    /// Its step.
    pub conv_stride: Vec<i64>,
    /// Whether it has a bias.
    pub conv_bias: bool,
    /// How it is normalised: `group`, the first alone.
    pub feat_extract_norm: String,
    /// How it is bent: `gelu`.
    pub feat_extract_activation: String,
    /// How products are bent: `gelu`.
    pub hidden_act: String,
    /// Whether layers are normalised before and not after.
    pub do_stable_layer_norm: bool,
    /// The kernel of the convolution that tells positions.
    pub num_conv_pos_embeddings: i64,
    /// Its groups.
    pub num_conv_pos_embedding_groups: i64,
    /// What is added to variances.
    pub layer_norm_eps: f64,
}

impl Default for Wav2vecConfig {
    fn default() -> Self {
        Self {
            hidden_size: 768,
            num_hidden_layers: 12,
            num_attention_heads: 12,
            intermediate_size: 3072,
            conv_dim: vec![512; 7],
            conv_kernel: vec![10, 3, 3, 3, 3, 2, 2],
            conv_stride: vec![5, 2, 2, 2, 2, 2, 2],
            conv_bias: false,
            feat_extract_norm: "group".to_owned(),
            feat_extract_activation: "gelu".to_owned(),
            hidden_act: "gelu".to_owned(),
            do_stable_layer_norm: false,
            num_conv_pos_embeddings: 128,
            num_conv_pos_embedding_groups: 16,
            layer_norm_eps: 1e-5,
        }
    }
}

impl Wav2vecConfig {
    /// The same shape, narrow enough for tests.
    pub fn narrow() -> Self {
        Self {
            hidden_size: 32,
            num_hidden_layers: 2,
            num_attention_heads: 2,
            intermediate_size: 64,
            conv_dim: vec![16; 7],
            num_conv_pos_embeddings: 16,
            num_conv_pos_embedding_groups: 4,
            ..Self::default()
        }
    }

    /// Channels of the last convolution.
    pub(super) fn channels(&self) -> i64 {
        self.conv_dim.last().copied().unwrap_or_default()
    }

    /// What of it is not known here, in words.
    pub(crate) fn fault(&self) -> Option<String> {
        let known = Self::default();
        let kind = |config: &Self| {
            (
                config.conv_bias,
                config.feat_extract_norm.clone(),
                config.feat_extract_activation.clone(),
                config.hidden_act.clone(),
                config.do_stable_layer_norm,
                config.conv_kernel.clone(),
                config.conv_stride.clone(),
                config.conv_dim.len(),
            )
        };
        if kind(self) != kind(&known) {
            return Some("it is not of the kind of wav2vec2-base-960h".to_owned());
        }
        let numbers = [
            self.hidden_size,
            self.num_attention_heads,
            self.intermediate_size,
            self.num_conv_pos_embeddings,
            self.num_conv_pos_embedding_groups,
        ];
        if numbers
            .iter()
            .chain(&self.conv_dim)
            .any(|one| !(1..=16_384).contains(one))
            || self.num_hidden_layers > 1024
        {
            return Some("a number is out of range".to_owned());
        }
        let shared = [self.num_attention_heads, self.num_conv_pos_embedding_groups];
        let wrong = shared
            .into_iter()
            .find(|parts| self.hidden_size % parts != 0);
        wrong.map(|parts| format!("{} features cannot be shared by {parts}", self.hidden_size))
    }
}
