//! The block that the encoder of identities and the synthesis are made of.

use tch::Tensor;

use crate::layers::{Activation, Filter, Output, Window};
use crate::weights::{Scope, WeightsError};

/// Two normalised convolutions beside which the input passes.
struct Bypass {
    first: Filter,
    second: Filter,
}

impl Bypass {
    fn new(scope: &Scope<'_>, channels: i64) -> Result<Self, WeightsError> {
        let filter = |name: &str| {
            let scope = scope.at(name);
            Filter::plain(&scope.at("conv"), Window::new(channels, channels, 3))?
                .normalized(&scope.at("norm.norm"))
        };
        Ok(Self {
            first: filter("conv1")?.then(Activation::Leaky),
            second: filter("conv2")?,
        })
    }

    fn forward(&self, x: &Tensor) -> Output {
        self.second
            .forward(&self.first.forward(x)?)?
            .f_add_(x)?
            .f_leaky_relu_()
    }
}

/// What becomes of the size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sampling {
    /// It stays.
    Same,
    /// Each pixel four times, before the first convolution.
    Twice,
    /// The mean of each four, after it.
    Half,
}

/// A normalised convolution, a bare one and two that are bypassed.
pub(super) struct Block {
    first: Filter,
    second: Filter,
    bypasses: [Bypass; 2],
    sampling: Sampling,
}

impl Block {
    pub(super) fn new(
        scope: &Scope<'_>,
        (inputs, outputs): (i64, i64),
        sampling: Sampling,
    ) -> Result<Self, WeightsError> {
        let bypass = |name: &str| Bypass::new(&scope.at(name), outputs);
        Ok(Self {
            first: Filter::plain(&scope.at("conv1"), Window::new(inputs, outputs, 3))?
                .normalized(&scope.at("norm.norm"))?
                .then(Activation::Leaky),
            second: Filter::plain(&scope.at("conv2"), Window::new(outputs, outputs, 3))?,
            bypasses: [bypass("feat_res_block1")?, bypass("feat_res_block2")?],
            sampling,
        })
    }

    /// `x` is [n, inputs, h, w].
    pub(super) fn forward(&self, x: &Tensor) -> Output {
        let mut x = match self.sampling {
            Sampling::Twice => {
                let (_, _, height, width) = x.size4()?;
                let enlarged = x.f_upsample_nearest2d([2 * height, 2 * width], None, None)?;
                self.first.forward(&enlarged)?
            }
            Sampling::Same => self.first.forward(x)?,
            Sampling::Half => self.first.forward(x)?.f_avg_pool2d(
                [2i64, 2],
                [2i64, 2],
                [0i64, 0],
                false,
                true,
                None,
            )?,
        };
        x = self.second.forward(&x)?;
        for bypass in &self.bypasses {
            x = bypass.forward(&x)?;
        }
        Ok(x)
    }
}
