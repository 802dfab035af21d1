//! Pictures to latents.

use tch::Tensor;

use super::middle::Middle;
use super::{EPSILON, VaeConfig};
use crate::layers::{Convolution, Downsampling, GroupNorm, Output, Residual, channels_last};
use crate::weights::{Scope, WeightsError};

struct Level {
    residuals: Vec<Residual>,
    sampling: Option<Downsampling>,
}

/// Pictures to latents.
pub struct Encoder {
    conv_in: Convolution,
    levels: Vec<Level>,
    middle: Middle,
    norm: GroupNorm,
    conv_out: Convolution,
    quant: Convolution,
    latent_channels: i64,
}

impl Encoder {
    /// `scope` is that of the whole autoencoder.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>, config: &VaeConfig) -> Result<Self, WeightsError> {
        // A mean and a logarithm of a variance for each channel.
        let latent = 2 * config.latent_channels;
        let groups = config.norm_num_groups;
        let (first, last) = config.ends();
        let quant = Convolution::new(&scope.at("quant_conv"), latent, latent, 1)?;
        let scope = scope.at("encoder");
        let mut levels = Vec::new();
        let mut inputs = first;
        for (index, &outputs) in config.block_out_channels.iter().enumerate() {
            let level = scope.at(format_args!("down_blocks.{index}"));
            let residuals = (0..config.layers_per_block)
                .map(|layer| {
                    let inputs = if layer == 0 { inputs } else { outputs };
                    let residual = level.at(format_args!("resnets.{layer}"));
                    Residual::new(&residual, (inputs, outputs), (groups, EPSILON), None)
                })
                .collect::<Result<_, _>>()?;
            let sampling = (index + 1 < config.block_out_channels.len())
                .then(|| Downsampling::corner(&level.at("downsamplers.0"), outputs))
                .transpose()?;
            levels.push(Level {
                residuals,
                sampling,
            });
            inputs = outputs;
        }
        Ok(Self {
            conv_in: Convolution::new(&scope.at("conv_in"), 3, first, 3)?,
            levels,
            middle: Middle::new(&scope.at("mid_block"), config)?,
            norm: GroupNorm::new(&scope.at("conv_norm_out"), last, groups, EPSILON)?,
            conv_out: Convolution::new(&scope.at("conv_out"), last, latent, 3)?,
            quant,
            latent_channels: config.latent_channels,
        })
    }

    /// The mean of the latents of `pictures` [n, 3, h, w], from −1 to 1; [n, 4, h/8, w/8], not scaled.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, pictures: &Tensor) -> Output {
        let mut x = self.conv_in.forward(&channels_last(pictures)?)?;
        for level in &self.levels {
            for residual in &level.residuals {
                x = residual.forward(&x)?;
            }
            if let Some(sampling) = &level.sampling {
                x = sampling.forward(&x)?;
            }
        }
        x = self.middle.forward(&x)?;
        x = self.conv_out.forward(&self.norm.forward(&x)?.f_silu_()?)?;
        self.quant.forward(&x)?.f_narrow(1, 0, self.latent_channels)
    }
}
