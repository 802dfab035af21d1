//! CSPNeXt-L, as RTMPose uses it.

use tch::Tensor;

use crate::layers::{Activation, Filter, Output, Window};
use crate::weights::{Scope, WeightsError};

fn filter(scope: &Scope<'_>, window: Window) -> Result<Filter, WeightsError> {
    let filter = Filter::plain(&scope.at("conv"), window)?;
    Ok(filter.normalized(&scope.at("bn"))?.then(Activation::Silu))
}

/// Three convolutions, the second of each channel alone.
struct Block {
    filters: [Filter; 3],
    added: bool,
}

impl Block {
    fn new(scope: &Scope<'_>, channels: i64, added: bool) -> Result<Self, WeightsError> {
        let window = |side| Window::new(channels, channels, side);
        let separable = scope.at("conv2");
        Ok(Self {
            filters: [
                filter(&scope.at("conv1"), window(3))?,
                filter(&separable.at("depthwise_conv"), window(5).depthwise())?,
                filter(&separable.at("pointwise_conv"), window(1))?,
            ],
            added,
        })
    }

    fn forward(&self, x: &Tensor) -> Output {
        let [first, second, third] = &self.filters;
        let result = third.forward(&second.forward(&first.forward(x)?)?)?;
        if self.added {
            result.f_add(x)
        } else {
            Ok(result)
        }
    }
}

/// Half of the channels through blocks, the other half beside them.
struct CrossStage {
    main: Filter,
    short: Filter,
    blocks: Vec<Block>,
    attention: Filter,
    last: Filter,
}

impl CrossStage {
    fn new(
        scope: &Scope<'_>,
        channels: i64,
        blocks: usize,
        added: bool,
    ) -> Result<Self, WeightsError> {
        let half = Window::new(channels, channels / 2, 1);
        let whole = Window::new(channels, channels, 1);
        Ok(Self {
            main: filter(&scope.at("main_conv"), half)?,
            short: filter(&scope.at("short_conv"), half)?,
            blocks: (0..blocks)
                .map(|index| {
                    let scope = scope.at(format_args!("blocks.{index}"));
                    Block::new(&scope, channels / 2, added)
                })
                .collect::<Result<_, _>>()?,
            attention: Filter::biased(&scope.at("attention.fc"), whole)?,
            last: filter(&scope.at("final_conv"), whole)?,
        })
    }

    fn forward(&self, x: &Tensor) -> Output {
        let short = self.short.forward(x)?;
        let mut main = self.main.forward(x)?;
        for block in &self.blocks {
            main = block.forward(&main)?;
        }
        let both = Tensor::f_cat(&[main, short], 1)?;
        let attention = self
            .attention
            .forward(&both.f_adaptive_avg_pool2d([1i64, 1])?)?
            .f_hardsigmoid()?;
        self.last.forward(&both.f_mul(&attention)?)
    }
}

/// What lies around each pixel, near and far.
struct Pyramid {
    narrow: Filter,
    wide: Filter,
}

impl Pyramid {
    fn new(scope: &Scope<'_>, channels: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            narrow: filter(&scope.at("conv1"), Window::new(channels, channels / 2, 1))?,
            wide: filter(&scope.at("conv2"), Window::new(channels * 2, channels, 1))?,
        })
    }

    fn forward(&self, x: &Tensor) -> Output {
        let x = self.narrow.forward(x)?;
        let around =
            |side: i64| x.f_max_pool2d([side; 2], [1i64, 1], [side / 2; 2], [1i64, 1], false);
        let all = [x.shallow_clone(), around(5)?, around(9)?, around(13)?];
        self.wide.forward(&Tensor::f_cat(&all, 1)?)
    }
}

struct Stage {
    entry: Filter,
    pyramid: Option<Pyramid>,
    cross: CrossStage,
}

impl Stage {
    fn forward(&self, x: &Tensor) -> Output {
        let mut x = self.entry.forward(x)?;
        if let Some(pyramid) = &self.pyramid {
            x = pyramid.forward(&x)?;
        }
        self.cross.forward(&x)
    }
}

/// The backbone.
pub(super) struct Backbone {
    stem: [Filter; 3],
    stages: [Stage; 4],
}

impl Backbone {
    pub(super) fn new(scope: &Scope<'_>) -> Result<Self, WeightsError> {
        let stage = |index: u8, inputs, outputs, blocks| -> Result<Stage, WeightsError> {
            let scope = scope.at(format_args!("stage{index}"));
            let last = index == 4;
            Ok(Stage {
                entry: filter(&scope.at(0), Window::new(inputs, outputs, 3).stride(2))?,
                pyramid: last
                    .then(|| Pyramid::new(&scope.at(1), outputs))
                    .transpose()?,
                cross: CrossStage::new(&scope.at(1 + u8::from(last)), outputs, blocks, !last)?,
            })
        };
        let stem = scope.at("stem");
        Ok(Self {
            stem: [
                filter(&stem.at(0), Window::new(3, 32, 3).stride(2))?,
                filter(&stem.at(1), Window::new(32, 32, 3))?,
                filter(&stem.at(2), Window::new(32, 64, 3))?,
            ],
            stages: [
                stage(1, 64, 128, 3)?,
                stage(2, 128, 256, 6)?,
                stage(3, 256, 512, 6)?,
                stage(4, 512, 1024, 3)?,
            ],
        })
    }

    /// Features [n, 1024, h/32, w/32] of `pictures` [n, 3, h, w].
    pub(super) fn forward(&self, pictures: &Tensor) -> Output {
        let mut x = pictures.shallow_clone();
        for filter in &self.stem {
            x = filter.forward(&x)?;
        }
        for stage in &self.stages {
            x = stage.forward(&x)?;
        }
        Ok(x)
    }
}
