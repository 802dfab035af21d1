//! How a face is held.

use tch::Tensor;

use super::blur::Bent;
use super::identity::{Head, mean};
use super::{RendererConfig, leaky};
use crate::layers::{Filter, Output, Window, equalise};
use crate::weights::{Scope, WeightsError};

/// To half the size, in two steps and in one.
struct Halving {
    first: Bent,
    second: Bent,
    skip: Bent,
}

impl Halving {
    fn new(scope: &Scope<'_>, inputs: i64, outputs: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            first: Bent::new(&scope.at("conv1"), inputs, inputs, false)?,
            second: Bent::new(&scope.at("conv2"), inputs, outputs, true)?,
            skip: Bent::new(&scope.at("skip"), inputs, outputs, true)?,
        })
    }

    fn forward(&self, x: &Tensor) -> Output {
        self.second
            .forward(&self.first.forward(x)?)?
            .f_add_(&self.skip.forward(x)?)
    }
}

/// Pictures to motions.
pub struct MotionEncoder {
    first: Filter,
    halvings: Vec<Halving>,
    weight: Tensor,
    bias: Tensor,
    head: Head,
}

impl MotionEncoder {
    pub(super) fn new(scope: &Scope<'_>, config: &RendererConfig) -> Result<Self, WeightsError> {
        let widths = &config.motion_widths;
        let [first, .., last] = *widths;
        let pairs = widths.iter().zip(widths.iter().skip(1)).enumerate();
        let equal = scope.at("equalconv");
        Ok(Self {
            first: Filter::biased(&scope.at("conv1"), Window::new(3, first, 3))?,
            halvings: pairs
                .map(|(index, (&inputs, &outputs))| {
                    let scope = scope.at(format_args!("res_blocks.{index}"));
                    Halving::new(&scope, inputs, outputs)
                })
                .collect::<Result<_, _>>()?,
            weight: equal.tensor_as("weight", &[last, last, 3, 3], |weight| {
                equalise(weight, 9 * last)
            })?,
            bias: equal.tensor("bias", &[last])?,
            head: Head::new(scope, last, config.motion)?,
        })
    }

    /// `pictures` is [n, 3, input, input], from 0 to 1; the result is [n, motion].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, pictures: &Tensor) -> Output {
        let mut x = leaky(&self.first.forward(pictures)?)?;
        for halving in &self.halvings {
            x = halving.forward(&x)?;
        }
        let (bias, one) = (Some(&self.bias), [1i64; 2]);
        let x = x.f_conv2d(&self.weight, bias, one, one, one, 1)?;
        self.head.forward(&mean(&x)?)
    }
}
