//! The picture of moved features.

use tch::{TchError, Tensor};

use super::block::{Block, Sampling};
use super::global::Global;
use super::swin::Windows;
use super::{RendererConfig, leaky};
use crate::layers::{Filter, Output, Window};
use crate::weights::{Scope, WeightsError};

/// How pixels of a level look around.
enum Attention {
    Global(Global),
    Windows([Windows; 2]),
}

impl Attention {
    fn forward(&self, x: &Tensor) -> Output {
        match self {
            Self::Global(global) => global.forward(x),
            Self::Windows([first, second]) => second.forward(&first.forward(x)?),
        }
    }
}

struct Level {
    enlarging: Block,
    joining: Block,
    attention: Attention,
}

/// The picture of moved features.
pub struct Synthesis {
    levels: Vec<Level>,
    last: Filter,
}

impl Synthesis {
    pub(super) fn new(scope: &Scope<'_>, config: &RendererConfig) -> Result<Self, WeightsError> {
        let sizes = config.levels();
        let coarse = sizes.len() - 2;
        let mut levels = Vec::new();
        for (index, ((inputs, _), size)) in sizes.iter().zip(sizes.iter().skip(1)).enumerate() {
            let (inputs, (channels, _)) = (*inputs, *size);
            let scope = |name: &str| scope.at(format_args!("{name}.{index}"));
            let blocks = scope("transformer_blocks").at("blocks");
            let windows = |block, shifted| Windows::new(&blocks.at(block), *size, config, shifted);
            levels.push(Level {
                enlarging: Block::new(
                    &scope("upconv_blocks"),
                    (inputs, channels),
                    Sampling::Twice,
                )?,
                joining: Block::new(
                    &scope("resblocks"),
                    (2 * channels, channels),
                    Sampling::Same,
                )?,
                attention: if index + 1 < coarse {
                    Attention::Global(Global::new(&blocks.at(0), *size, config.heads)?)
                } else {
                    Attention::Windows([windows(0, false)?, windows(1, true)?])
                },
            });
        }
        let [channels, ..] = config.widths;
        Ok(Self {
            levels,
            last: Filter::biased(&scope.at("final_conv.1"), Window::new(channels, 12, 3))?,
        })
    }

    /// The picture, [n, 3, side, side] from 0 to 1, of `features`, the smallest first.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, features: &[Tensor]) -> Output {
        let x = self.forward_to(features, self.levels.len())?;
        self.last
            .forward(&leaky(&x)?)?
            .f_pixel_shuffle(2)?
            .f_sigmoid_()
    }

    /// What there is after `count` levels, [n, c, h, w].
    ///
    /// # Errors
    ///
    /// libtorch's, and [`TchError::Shape`] where there are no features.
    pub fn forward_to(&self, features: &[Tensor], count: usize) -> Output {
        let mut features = features.iter();
        let first = features.next();
        let mut x = first
            .ok_or_else(|| TchError::Shape("there are no features".to_owned()))?
            .shallow_clone();
        for (level, features) in self.levels.iter().zip(features).take(count) {
            let enlarged = level.enlarging.forward(&x)?;
            let joined = Tensor::f_cat(&[&enlarged, features], 1)?;
            x = level.attention.forward(&level.joining.forward(&joined)?)?;
        }
        Ok(x)
    }
}
