//! The picture of moved features.

use tch::{TchError, Tensor};

use super::block::{Block, Sampling};
use super::global::Global;
use super::swin::Windows;
use super::{RendererConfig, leaky};
use crate::layers::{Filter, Output, Window};
use crate::weights::{Scope, WeightsError};

struct Level {
    enlarging: Block,
    joining: Block,
    /// On the coarser levels.
    global: Option<Global>,
    /// On the finer ones, two after each other.
    windows: Vec<Windows>,
}

impl Level {
    fn forward(&self, x: &Tensor, features: &Tensor) -> Output {
        let enlarged = self.enlarging.forward(x)?;
        let mut x = self
            .joining
            .forward(&Tensor::f_cat(&[&enlarged, features], 1)?)?;
        if let Some(global) = &self.global {
            x = global.forward(&x)?;
        }
        for windows in &self.windows {
            x = windows.forward(&x)?;
        }
        Ok(x)
    }
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
            let fine = index + 1 >= coarse;
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
                global: (!fine)
                    .then(|| Global::new(&blocks.at(0), *size, config.heads))
                    .transpose()?,
                windows: if fine {
                    vec![windows(0, false)?, windows(1, true)?]
                } else {
                    Vec::new()
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
            x = level.forward(&x, features)?;
        }
        Ok(x)
    }
}
