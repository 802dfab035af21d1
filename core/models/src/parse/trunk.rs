//! ResNet-18, by torchvision's names.

use tch::{TchError, Tensor};

use crate::layers::{Activation, Filter, Output, Window};
use crate::weights::{Scope, WeightsError};

/// Two convolutions added to their input.
struct Block {
    first: Filter,
    second: Filter,
    shortcut: Option<Filter>,
}

impl Block {
    fn new(
        scope: &Scope<'_>,
        inputs: i64,
        outputs: i64,
        stride: i64,
    ) -> Result<Self, WeightsError> {
        let wide = Window::new(inputs, outputs, 3).stride(stride);
        let same = Window::new(outputs, outputs, 3);
        let across = Window::new(inputs, outputs, 1).stride(stride);
        Ok(Self {
            first: normalized(scope, ("conv1", "bn1"), wide)?.then(Activation::Relu),
            second: normalized(scope, ("conv2", "bn2"), same)?,
            shortcut: (inputs != outputs || stride != 1)
                .then(|| normalized(scope, ("downsample.0", "downsample.1"), across))
                .transpose()?,
        })
    }

    fn forward(&self, x: &Tensor) -> Output {
        let residual = self.second.forward(&self.first.forward(x)?)?;
        let sum = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x)?.f_add_(&residual)?,
            None => residual.f_add(x)?,
        };
        sum.f_relu()
    }
}

fn normalized(
    scope: &Scope<'_>,
    (filter, norm): (&str, &str),
    window: Window,
) -> Result<Filter, WeightsError> {
    Filter::plain(&scope.at(filter), window)?.normalized(&scope.at(norm))
}

/// Features of a picture at an eighth, a sixteenth and a thirty-second of its size.
pub(super) struct Features {
    /// 128 channels.
    pub(super) eighth: Tensor,
    /// 256 channels.
    pub(super) sixteenth: Tensor,
    /// 512 channels.
    pub(super) thirty_second: Tensor,
}

/// ResNet-18 without its classifier.
pub(super) struct Trunk {
    entry: Filter,
    levels: [[Block; 2]; 4],
}

impl Trunk {
    pub(super) fn new(scope: &Scope<'_>) -> Result<Self, WeightsError> {
        let level = |index: u8, inputs, outputs, stride| -> Result<[Block; 2], WeightsError> {
            let scope = scope.at(format_args!("layer{index}"));
            Ok([
                Block::new(&scope.at(0), inputs, outputs, stride)?,
                Block::new(&scope.at(1), outputs, outputs, 1)?,
            ])
        };
        let window = Window::new(3, 64, 7).stride(2);
        Ok(Self {
            entry: normalized(scope, ("conv1", "bn1"), window)?.then(Activation::Relu),
            levels: [
                level(1, 64, 64, 1)?,
                level(2, 64, 128, 2)?,
                level(3, 128, 256, 2)?,
                level(4, 256, 512, 2)?,
            ],
        })
    }

    pub(super) fn forward(&self, pictures: &Tensor) -> Result<Features, TchError> {
        let run = |level: &[Block; 2], x: &Tensor| -> Output {
            let [first, second] = level;
            second.forward(&first.forward(x)?)
        };
        let x = self.entry.forward(pictures)?;
        let x = x.f_max_pool2d([3i64, 3], [2i64, 2], [1i64, 1], [1i64, 1], false)?;
        let [first, second, third, fourth] = &self.levels;
        let eighth = run(second, &run(first, &x)?)?;
        let sixteenth = run(third, &eighth)?;
        let thirty_second = run(fourth, &sixteenth)?;
        Ok(Features {
            eighth,
            sixteenth,
            thirty_second,
        })
    }
}
