//! What somebody looks like.

use tch::{Kind, TchError, Tensor};

use super::block::{Block, Sampling};
use super::{RendererConfig, Version, leaky};
use crate::layers::{Activation, Filter, Linear, Output, Window};
use crate::weights::{Scope, WeightsError};

/// Linear layers with bends between them, and one without at the end.
pub(super) struct Head {
    layers: Vec<Linear>,
    last: Linear,
}

impl Head {
    pub(super) fn new(scope: &Scope<'_>, width: i64, outputs: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            layers: (0..4)
                .map(|index| {
                    let scope = scope.at(format_args!("linear_layers.{index}"));
                    Linear::equalised(&scope, width, width)
                })
                .collect::<Result<_, _>>()?,
            last: Linear::equalised(&scope.at("final_linear"), width, outputs)?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Output {
        let mut x = x.shallow_clone();
        for layer in &self.layers {
            x = leaky(&layer.forward(&x)?)?;
        }
        self.last.forward(&x)
    }
}

/// The mean over all pixels of `x` [n, c, h, w].
pub(super) fn mean(x: &Tensor) -> Output {
    x.f_mean_dim([2i64, 3].as_slice(), false, None::<Kind>)
}

/// What a photo looks like.
#[derive(Debug)]
pub struct Appearance {
    /// Features, the smallest picture first.
    pub features: Vec<Tensor>,
    /// Whose they are, [n, identity].
    pub identity: Tensor,
}

/// Photos to what they look like.
pub struct IdentityEncoder {
    first: Filter,
    /// Of the second version only.
    halving: Option<Block>,
    blocks: Vec<Block>,
    head: Head,
}

impl IdentityEncoder {
    pub(super) fn new(scope: &Scope<'_>, config: &RendererConfig) -> Result<Self, WeightsError> {
        let [first, ..] = config.widths;
        let initial = scope.at("initial_conv");
        let halving = match config.version {
            Version::First => None,
            Version::Second => {
                let scope = scope.at("down_block_0");
                Some(Block::new(&scope, (first, first), Sampling::Half)?)
            }
        };
        let pairs = config.widths.iter().zip(config.widths.iter().skip(1));
        let [.., last] = config.widths;
        Ok(Self {
            first: Filter::biased(&initial.at("0"), Window::new(3, first, 7))?
                .normalized(&initial.at("1"))?
                .then(Activation::Relu),
            halving,
            blocks: pairs
                .enumerate()
                .map(|(index, (&inputs, &outputs))| {
                    let scope = scope.at(format_args!("down_blocks.{index}"));
                    Block::new(&scope, (inputs, outputs), Sampling::Half)
                })
                .collect::<Result<_, _>>()?,
            head: Head::new(scope, last, config.identity)?,
        })
    }

    /// `photos` is [n, 3, input, input], from 0 to 1.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, photos: &Tensor) -> Result<Appearance, TchError> {
        let mut x = self.first.forward(photos)?;
        if let Some(halving) = &self.halving {
            x = halving.forward(&x)?;
        }
        let mut features = vec![x.shallow_clone()];
        for block in &self.blocks {
            x = block.forward(&x)?;
            features.push(x.shallow_clone());
        }
        features.reverse();
        let identity = self.head.forward(&mean(&x)?)?;
        Ok(Appearance { features, identity })
    }
}
