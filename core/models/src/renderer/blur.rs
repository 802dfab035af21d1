//! A small blur, before pixels are dropped and after they have been made up.

use tch::{TchError, Tensor};

use crate::layers::{Output, equalise};
use crate::weights::{Scope, WeightsError};

/// A blur by (1, 3, 3, 1) across and down.
pub(super) struct Blur {
    /// One and the same for each channel.
    kernel: Tensor,
    padding: i64,
}

impl Blur {
    /// Of `channels`, where `like` is; what it sums up is multiplied by `gain`.
    pub(super) fn new(
        like: &Tensor,
        channels: i64,
        padding: i64,
        gain: f64,
    ) -> Result<Self, TchError> {
        let row = Tensor::f_from_slice(&[1f32, 3.0, 3.0, 1.0])?;
        let kernel = row
            .f_outer(&row)?
            .f_mul_scalar(gain / 64.0)?
            .f_to_device(like.device())?
            .f_to_kind(like.f_kind()?)?
            .f_expand([channels, 1, 4, 4], false)?
            .f_contiguous()?;
        Ok(Self { kernel, padding })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Output {
        let (stride, padding, channels) = ([1i64; 2], [self.padding; 2], x.size4()?.1);
        x.f_conv2d(
            &self.kernel,
            None::<&Tensor>,
            stride,
            padding,
            [1i64, 1],
            channels,
        )
    }
}

/// The bias and the activation that follow an equalised convolution: max(y, y/5)·√2 of y = x + b.
pub(super) struct Bend(Tensor);

impl Bend {
    pub(super) fn new(scope: &Scope<'_>, channels: i64) -> Result<Self, WeightsError> {
        Ok(Self(scope.tensor("bias", &[1, channels, 1, 1])?))
    }

    pub(super) fn forward(&self, x: &Tensor) -> Output {
        super::leaky(&x.f_add(&self.0)?)?.f_mul_scalar_(std::f64::consts::SQRT_2)
    }
}

/// An equalised convolution and its bend, to the same size or to half of it.
pub(super) struct Bent {
    blur: Option<Blur>,
    weight: Tensor,
    bend: Bend,
}

impl Bent {
    pub(super) fn new(
        scope: &Scope<'_>,
        inputs: i64,
        outputs: i64,
        halving: bool,
    ) -> Result<Self, WeightsError> {
        // Its parts are counted, the blur too.
        let first = i64::from(halving);
        let weight = scope
            .at(first)
            .tensor_as("weight", &[outputs, inputs, 3, 3], |weight| {
                equalise(weight, 9 * inputs)
            })?;
        Ok(Self {
            blur: halving
                .then(|| Blur::new(&weight, inputs, 2, 1.0))
                .transpose()?,
            weight,
            bend: Bend::new(&scope.at(first + 1), outputs)?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Output {
        let none = None::<&Tensor>;
        let sums = match &self.blur {
            Some(blur) => {
                blur.forward(x)?
                    .f_conv2d(&self.weight, none, [2i64, 2], [0i64, 0], [1i64, 1], 1)?
            }
            None => x.f_conv2d(&self.weight, none, [1i64, 1], [1i64, 1], [1i64, 1], 1)?,
        };
        self.bend.forward(&sums)
    }
}
