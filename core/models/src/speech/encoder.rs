//! The encoder of Whisper, whose every layer is listened to.

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::layers::{LayerNorm, Linear, Output, attend};
use crate::weights::{Scope, WeightsError};

/// The shape of an encoder, as `whisper.json` tells it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WhisperConfig {
    /// Features of a state.
    pub d_model: i64,
    /// How many layers.
    pub encoder_layers: usize,
    /// Heads of each attention.
    pub encoder_attention_heads: i64,
    /// Features between the two products of a layer.
    pub encoder_ffn_dim: i64,
    /// Bands of the spectrogram.
    #[serde(default = "bands")]
    pub num_mel_bins: i64,
    /// Steps in 30 s.
    #[serde(default = "positions")]
    pub max_source_positions: i64,
}

fn bands() -> i64 {
    80
}

fn positions() -> i64 {
    1500
}

impl WhisperConfig {
    /// That of `whisper-tiny`.
    pub fn tiny() -> Self {
        Self {
            d_model: 384,
            encoder_layers: 4,
            encoder_attention_heads: 6,
            encoder_ffn_dim: 1536,
            num_mel_bins: bands(),
            max_source_positions: positions(),
        }
    }

    /// The same shape, narrow enough for tests.
    pub fn narrow() -> Self {
        Self {
            d_model: 64,
            encoder_attention_heads: 2,
            encoder_ffn_dim: 128,
            ..Self::tiny()
        }
    }
}

/// A convolution along time, with a kernel of 3.
struct Along {
    weight: Tensor,
    bias: Tensor,
    stride: i64,
}

impl Along {
    fn new(
        scope: &Scope<'_>,
        inputs: i64,
        outputs: i64,
        stride: i64,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            weight: scope.tensor("weight", &[outputs, inputs, 3])?,
            bias: scope.tensor("bias", &[outputs])?,
            stride,
        })
    }

    fn forward(&self, x: &Tensor) -> Output {
        x.f_conv1d(&self.weight, Some(&self.bias), self.stride, 1i64, 1i64, 1)
    }
}

struct Layer {
    attention_norm: LayerNorm,
    query: Linear,
    key: Linear,
    value: Linear,
    out: Linear,
    heads: i64,
    final_norm: LayerNorm,
    fc1: Linear,
    fc2: Linear,
}

impl Layer {
    fn new(scope: &Scope<'_>, config: &WhisperConfig) -> Result<Self, WeightsError> {
        let (width, inner) = (config.d_model, config.encoder_ffn_dim);
        let attention = scope.at("self_attn");
        Ok(Self {
            attention_norm: LayerNorm::new(&scope.at("self_attn_layer_norm"), width)?,
            query: Linear::new(&attention.at("q_proj"), width, width)?,
            key: Linear::plain(&attention.at("k_proj"), width, width)?,
            value: Linear::new(&attention.at("v_proj"), width, width)?,
            out: Linear::new(&attention.at("out_proj"), width, width)?,
            heads: config.encoder_attention_heads,
            final_norm: LayerNorm::new(&scope.at("final_layer_norm"), width)?,
            fc1: Linear::new(&scope.at("fc1"), width, inner)?,
            fc2: Linear::new(&scope.at("fc2"), inner, width)?,
        })
    }

    fn forward(&self, x: &Tensor) -> Output {
        let y = self.attention_norm.forward(x)?;
        let found = attend(
            &self.query.forward(&y)?,
            &self.key.forward(&y)?,
            &self.value.forward(&y)?,
            self.heads,
        )?;
        let x = self.out.forward(&found)?.f_add_(x)?;
        let y = self.fc1.forward(&self.final_norm.forward(&x)?)?;
        let mut x = self.fc2.forward(&y.f_gelu("none")?)?.f_add_(&x)?;
        if x.f_kind()? == Kind::Half {
            // Numbers of 16 bits overflow here where those of 32 do not.
            x = x.f_clamp_(-HALF_MOST, HALF_MOST)?;
        }
        Ok(x)
    }
}

/// The largest number of 16 bits, less 1000.
const HALF_MOST: f64 = 64_504.0;

/// The encoder.
pub struct Encoder {
    conv1: Along,
    conv2: Along,
    positions: Tensor,
    layers: Vec<Layer>,
    norm: LayerNorm,
}

impl Encoder {
    /// Names are relative to the encoder.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>, config: &WhisperConfig) -> Result<Self, WeightsError> {
        let width = config.d_model;
        Ok(Self {
            conv1: Along::new(&scope.at("conv1"), config.num_mel_bins, width, 1)?,
            conv2: Along::new(&scope.at("conv2"), width, width, 2)?,
            positions: scope
                .at("embed_positions")
                .tensor("weight", &[config.max_source_positions, width])?,
            layers: (0..config.encoder_layers)
                .map(|index| Layer::new(&scope.at(format_args!("layers.{index}")), config))
                .collect::<Result<_, _>>()?,
            norm: LayerNorm::new(&scope.at("layer_norm"), width)?,
        })
    }

    /// Where it computes.
    pub fn device(&self) -> Device {
        self.positions.device()
    }

    /// Features of a state.
    pub fn features(&self) -> i64 {
        self.positions.size().last().copied().unwrap_or_default()
    }

    /// How many states there are.
    pub fn layers(&self) -> i64 {
        i64::try_from(self.layers.len()).unwrap_or_default() + 1
    }

    /// What goes into each layer, and what comes out of the last normalised, of `mel` [n, 80, 3000]: each
    /// [n, 1500, features].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, mel: &Tensor) -> Result<Vec<Tensor>, tch::TchError> {
        let x = self
            .conv1
            .forward(&mel.f_to_kind(self.positions.f_kind()?)?)?;
        let x = self.conv2.forward(&x.f_gelu("none")?)?.f_gelu("none")?;
        let mut x = x.f_permute([0, 2, 1])?.f_add(&self.positions)?;
        let mut states = Vec::with_capacity(self.layers.len() + 1);
        for layer in &self.layers {
            let next = layer.forward(&x)?;
            states.push(std::mem::replace(&mut x, next));
        }
        states.push(self.norm.forward(&x)?);
        Ok(states)
    }
}
