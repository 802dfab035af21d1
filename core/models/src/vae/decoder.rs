//! Latents to pictures.

use tch::Tensor;

use super::middle::Middle;
use super::{EPSILON, VaeConfig};
use crate::layers::{Convolution, GroupNorm, Output, Residual, Upsampling, channels_last};
use crate::weights::{Scope, WeightsError};

struct Level {
    residuals: Vec<Residual>,
    sampling: Option<Upsampling>,
}

/// Latents to pictures.
pub struct Decoder {
    post_quant: Convolution,
    conv_in: Convolution,
    middle: Middle,
    levels: Vec<Level>,
    norm: GroupNorm,
    conv_out: Convolution,
}

impl Decoder {
    /// `scope` is that of the whole autoencoder.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>, config: &VaeConfig) -> Result<Self, WeightsError> {
        let latent = config.latent_channels;
        let groups = config.norm_num_groups;
        let (first, last) = config.ends();
        let post_quant = Convolution::new(&scope.at("post_quant_conv"), latent, latent, 1)?;
        let scope = scope.at("decoder");
        let mut levels = Vec::new();
        let mut inputs = last;
        for (index, &outputs) in config.block_out_channels.iter().rev().enumerate() {
            let level = scope.at(format_args!("up_blocks.{index}"));
            let residuals = (0..=config.layers_per_block)
                .map(|layer| {
                    let inputs = if layer == 0 { inputs } else { outputs };
                    let residual = level.at(format_args!("resnets.{layer}"));
                    Residual::new(&residual, (inputs, outputs), (groups, EPSILON), None)
                })
                .collect::<Result<_, _>>()?;
            let sampling = (index + 1 < config.block_out_channels.len())
                .then(|| Upsampling::new(&level.at("upsamplers.0"), outputs))
                .transpose()?;
            levels.push(Level {
                residuals,
                sampling,
            });
            inputs = outputs;
        }
        Ok(Self {
            post_quant,
            conv_in: Convolution::new(&scope.at("conv_in"), latent, last, 3)?,
            middle: Middle::new(&scope.at("mid_block"), config)?,
            levels,
            norm: GroupNorm::new(&scope.at("conv_norm_out"), first, groups, EPSILON)?,
            conv_out: Convolution::new(&scope.at("conv_out"), first, 3, 3)?,
        })
    }

    /// `latents`, not scaled, is [n, 4, h, w]; the result is [n, 3, 8h, 8w], about from −1 to 1.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, latents: &Tensor) -> Output {
        let x = self.post_quant.forward(&channels_last(latents)?)?;
        let mut x = self.middle.forward(&self.conv_in.forward(&x)?)?;
        for level in &self.levels {
            for residual in &level.residuals {
                x = residual.forward(&x)?;
            }
            if let Some(sampling) = &level.sampling {
                x = sampling.forward(&x)?;
            }
        }
        self.conv_out.forward(&self.norm.forward(&x)?.f_silu_()?)
    }
}
