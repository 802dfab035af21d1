//! A motion as maps: a constant picture, convolved with kernels that the motion decides.

use tch::{Kind, TchError, Tensor};

use super::RendererConfig;
use super::blur::{Bend, Blur};
use crate::layers::{Linear, Output, equalise};
use crate::weights::{Scope, WeightsError};

/// A convolution whose kernel is scaled for each input by the style, and then to length 1 for each output (StyleGAN2).
///
/// Scaling the kernel's inputs is scaling the picture's, and its outputs the result's: so one kernel serves all of a batch.
struct Styled {
    weight: Tensor,
    /// The sums of squares of the kernel, [inputs, outputs].
    squares: Tensor,
    modulation: Linear,
    bend: Bend,
    /// Where the size is doubled.
    blur: Option<Blur>,
}

impl Styled {
    fn new(
        scope: &Scope<'_>,
        (inputs, outputs): (i64, i64),
        style: i64,
        doubling: bool,
    ) -> Result<Self, WeightsError> {
        let conv = scope.at("conv");
        let shape = [1, outputs, inputs, 3, 3];
        let weight = conv.tensor_as("weight", &shape, |weight| {
            equalise(&weight.f_squeeze_dim(0)?, 9 * inputs)
        })?;
        let modulation = Linear::equalised(&conv.at("modulation"), style, inputs)?;
        let bend = Bend::new(&scope.at("activate"), outputs)?;
        if weight.dim() != 4 {
            // There are no numbers, only shapes.
            let (squares, blur) = (weight.shallow_clone(), None);
            return Ok(Self {
                weight,
                squares,
                modulation,
                bend,
                blur,
            });
        }
        let squares = weight
            .f_to_kind(Kind::Float)?
            .f_square()?
            .f_sum_dim_intlist([2i64, 3].as_slice(), false, Kind::Float)?
            .f_transpose(0, 1)?
            .f_contiguous()?;
        let blur = doubling
            .then(|| Blur::new(&weight, outputs, 1, 4.0))
            .transpose()?;
        Ok(Self {
            weight: if doubling {
                weight.f_transpose(0, 1)?.f_contiguous()?
            } else {
                weight
            },
            squares,
            modulation,
            bend,
            blur,
        })
    }

    /// `x` is [n, inputs, h, w] and `style` [n, style].
    fn forward(&self, x: &Tensor, style: &Tensor) -> Output {
        let style = self.modulation.forward(style)?;
        let length = style
            .f_to_kind(Kind::Float)?
            .f_square()?
            .f_matmul(&self.squares)?
            .f_add_scalar(1e-8)?
            .f_rsqrt()?
            .f_to_kind(x.f_kind()?)?;
        let pixels = |x: &Tensor| x.f_unsqueeze(-1)?.f_unsqueeze(-1);
        let x = x.f_mul(&pixels(&style)?)?;
        let (one, two, none) = ([1i64; 2], [2i64; 2], [0i64; 2]);
        let bias = None::<&Tensor>;
        let sums = match &self.blur {
            Some(blur) => {
                blur.forward(&x.f_conv_transpose2d(&self.weight, bias, two, none, none, 1, one)?)?
            }
            None => x.f_conv2d(&self.weight, bias, one, one, one, 1)?,
        };
        self.bend.forward(&sums.f_mul(&pixels(&length)?)?)
    }
}

/// Motions to maps.
pub struct MotionDecoder {
    constant: Tensor,
    first: Styled,
    /// Each doubles the size, adds two more layers and ends with a map.
    groups: Vec<[Styled; 3]>,
}

impl MotionDecoder {
    pub(super) fn new(scope: &Scope<'_>, config: &RendererConfig) -> Result<Self, WeightsError> {
        let style = config.motion;
        let layer = |index: usize, channels, doubling| {
            let scope = scope.at(format_args!("style_conv_layers.{index}"));
            Styled::new(&scope, channels, style, doubling)
        };
        let side = config.seed();
        let levels = config.levels();
        let [(first, _), ..] = levels;
        let mut inputs = first;
        let mut groups = Vec::new();
        for (index, (outputs, _)) in levels.into_iter().take(4).enumerate() {
            let at = 1 + 3 * index;
            groups.push([
                layer(at, (inputs, outputs), true)?,
                layer(at + 1, (outputs, outputs), false)?,
                layer(at + 2, (outputs, outputs), false)?,
            ]);
            inputs = outputs;
        }
        Ok(Self {
            constant: scope.tensor("const", &[1, style, side, side])?,
            first: layer(0, (style, first), false)?,
            groups,
        })
    }

    /// The maps of `motions` [n, motion], the smallest first.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, motions: &Tensor) -> Result<Vec<Tensor>, TchError> {
        let (count, _) = motions.size2()?;
        let constant = self.constant.f_expand([count, -1, -1, -1], false)?;
        let mut x = self.first.forward(&constant, motions)?;
        let mut maps = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            for layer in group {
                x = layer.forward(&x, motions)?;
            }
            maps.push(x.shallow_clone());
        }
        Ok(maps)
    }
}
