//! The UNet of MuseTalk 1.5: a masked face, the same face whole and ten steps of speech in, the face that speaks out.
//!
//! Its parameters have diffusers' names (`UNet2DConditionModel`). It is not a diffusion model any more: it runs once a
//! frame, always at moment 0.

mod block;
mod config;
mod moment;
mod transformer;

use tch::Tensor;

use block::{Down, Middle, Up};
pub use config::UnetConfig;

use crate::layers::{Convolution, GroupNorm, Output, channels_last};
use crate::weights::{Scope, WeightsError};

/// The network.
pub struct Unet {
    conv_in: Convolution,
    down: Vec<Down>,
    middle: Middle,
    up: Vec<Up>,
    norm: GroupNorm,
    conv_out: Convolution,
}

impl Unet {
    /// Of the shape that `config` tells.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>, config: &UnetConfig) -> Result<Self, WeightsError> {
        let widths = &config.block_out_channels;
        let (first, last) = config.ends();
        let time = moment::embedding(scope, config)?;
        let conv_in = Convolution::new(&scope.at("conv_in"), config.in_channels, first, 3)?;

        let mut skips = vec![first];
        let mut down = Vec::new();
        let mut inputs = first;
        for (index, &outputs) in widths.iter().enumerate() {
            let is_last = index + 1 == widths.len();
            down.push(Down::new(
                &scope.at(format_args!("down_blocks.{index}")),
                config,
                (inputs, outputs),
                &time,
                is_last,
            )?);
            let passed = config.layers_per_block + usize::from(!is_last);
            skips.extend(std::iter::repeat_n(outputs, passed));
            inputs = outputs;
        }
        let middle = Middle::new(&scope.at("mid_block"), config, last, &time)?;

        let mut up = Vec::new();
        for (index, &outputs) in widths.iter().rev().enumerate() {
            let taken = skips.split_off(skips.len().saturating_sub(config.layers_per_block + 1));
            up.push(Up::new(
                &scope.at(format_args!("up_blocks.{index}")),
                config,
                (inputs, outputs),
                &taken,
                &time,
                (index == 0, index + 1 == widths.len()),
            )?);
            inputs = outputs;
        }
        Ok(Self {
            conv_in,
            down,
            middle,
            up,
            norm: GroupNorm::new(
                &scope.at("conv_norm_out"),
                first,
                config.norm_num_groups,
                config.norm_eps,
            )?,
            conv_out: Convolution::new(&scope.at("conv_out"), first, config.out_channels, 3)?,
        })
    }

    /// `latents` is [n, 8, h, w] and `speech` [n, 50, c]; the result is [n, 4, h, w].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, latents: &Tensor, speech: &Tensor) -> Output {
        let mut x = self.conv_in.forward(&channels_last(latents)?)?;
        let mut skips = vec![x.shallow_clone()];
        for block in &self.down {
            x = block.forward(x, speech, &mut skips)?;
        }
        x = self.middle.forward(&x, speech)?;
        for block in &self.up {
            x = block.forward(x, speech, &mut skips)?;
        }
        self.conv_out.forward(&self.norm.forward(&x)?.f_silu_()?)
    }
}
