//! The convolutions of wav2vec2: along samples, and along frames.

use tch::{Kind, Tensor};

use super::Wav2vecConfig;
use crate::layers::{GroupNorm, Output};
use crate::weights::{Scope, WeightsError};

struct Convolution {
    weight: Tensor,
    stride: i64,
}

/// From samples to 50 features a second.
///
/// The first is normalised over all it is shown, each channel on its own: how loud speech is makes no difference after it.
pub(super) struct Convolutions {
    layers: Vec<Convolution>,
    norm: GroupNorm,
}

impl Convolutions {
    pub(super) fn new(scope: &Scope<'_>, config: &Wav2vecConfig) -> Result<Self, WeightsError> {
        let mut inputs = 1;
        let mut layers = Vec::new();
        let shapes = config.conv_dim.iter().zip(&config.conv_kernel);
        for (index, ((&outputs, &kernel), &stride)) in shapes.zip(&config.conv_stride).enumerate() {
            let scope = scope.at(format_args!("{index}.conv"));
            layers.push(Convolution {
                weight: scope.tensor("weight", &[outputs, inputs, kernel])?,
                stride,
            });
            inputs = outputs;
        }
        let first = config.conv_dim.first().copied().unwrap_or_default();
        Ok(Self {
            layers,
            norm: GroupNorm::new(&scope.at("0.layer_norm"), first, first, 1e-5)?,
        })
    }

    /// `samples` is [n, 1, samples], at least 400; the result is [n, channels, features].
    pub(super) fn forward(&self, samples: &Tensor) -> Output {
        let mut x = samples.shallow_clone();
        for (index, layer) in self.layers.iter().enumerate() {
            let none = None::<&Tensor>;
            x = x.f_conv1d(&layer.weight, none, layer.stride, 0i64, 1i64, 1)?;
            if index == 0 {
                x = self.norm.forward(&x)?;
            }
            x = x.f_gelu("none")?;
        }
        Ok(x)
    }
}

/// Where frames are, told by what is around them.
pub(super) struct Positions {
    weight: Tensor,
    bias: Tensor,
    kernel: i64,
    groups: i64,
}

impl Positions {
    pub(super) fn new(scope: &Scope<'_>, config: &Wav2vecConfig) -> Result<Self, WeightsError> {
        let (width, kernel) = (config.hidden_size, config.num_conv_pos_embeddings);
        let groups = config.num_conv_pos_embedding_groups;
        let lengths = scope.tensor("weight_g", &[1, 1, kernel])?;
        let shape = [width, width / groups, kernel];
        let weight = scope.tensor_as("weight_v", &shape, |directions| {
            // Each tap of the kernel has a length and a direction.
            let kind = directions.f_kind()?;
            let directions = directions.f_to_kind(Kind::Float)?;
            let norms = directions
                .f_square()?
                .f_sum_dim_intlist([0i64, 1].as_slice(), true, Kind::Float)?
                .f_sqrt()?;
            directions
                .f_mul(&lengths.f_to_kind(Kind::Float)?.f_div(&norms)?)?
                .f_to_kind(kind)
        })?;
        Ok(Self {
            weight,
            bias: scope.tensor("bias", &[width])?,
            kernel,
            groups,
        })
    }

    /// `x` is [n, frames, hidden], and so is the result.
    pub(super) fn forward(&self, x: &Tensor) -> Output {
        let frames = x.size3()?.1;
        let bias = Some(&self.bias);
        x.f_transpose(1, 2)?
            .f_conv1d(&self.weight, bias, 1i64, self.kernel / 2, 1i64, self.groups)?
            // An even kernel makes one frame too many.
            .f_narrow(2, 0, frames)?
            .f_gelu("none")?
            .f_transpose(1, 2)
    }
}
