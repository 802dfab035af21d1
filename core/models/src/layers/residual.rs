//! The block that both the UNet and the VAE are made of.

use tch::Tensor;

use super::{Convolution, GroupNorm, Linear, Output};
use crate::weights::{Scope, WeightsError};

/// Twice normalisation, SiLU and a convolution, added to the input.
pub struct Residual {
    norm1: GroupNorm,
    conv1: Convolution,
    norm2: GroupNorm,
    conv2: Convolution,
    shortcut: Option<Convolution>,
}

impl Residual {
    /// From `inputs` to `outputs` channels. `time`, where there is one, is what stands for the moment, [1, features].
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(
        scope: &Scope<'_>,
        (inputs, outputs): (i64, i64),
        (groups, epsilon): (i64, f64),
        time: Option<&Tensor>,
    ) -> Result<Self, WeightsError> {
        let mut conv1 = Convolution::new(&scope.at("conv1"), inputs, outputs, 3)?;
        if let Some(time) = time {
            // The moment is always the same, so what it adds to every pixel is part of the bias.
            let features = time.size().last().copied().unwrap_or_default();
            let projection = Linear::new(&scope.at("time_emb_proj"), features, outputs)?;
            conv1 = conv1.biased(&projection.forward(&time.f_silu()?)?.f_flatten(0, 1)?)?;
        }
        Ok(Self {
            norm1: GroupNorm::new(&scope.at("norm1"), inputs, groups, epsilon)?,
            conv1,
            norm2: GroupNorm::new(&scope.at("norm2"), outputs, groups, epsilon)?,
            conv2: Convolution::new(&scope.at("conv2"), outputs, outputs, 3)?,
            shortcut: (inputs != outputs)
                .then(|| Convolution::new(&scope.at("conv_shortcut"), inputs, outputs, 1))
                .transpose()?,
        })
    }

    /// `x` is [n, inputs, h, w].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, x: &Tensor) -> Output {
        let h = self.conv1.forward(&self.norm1.forward(x)?.f_silu_()?)?;
        let mut h = self.conv2.forward(&self.norm2.forward(&h)?.f_silu_()?)?;
        match &self.shortcut {
            Some(shortcut) => h.f_add_(&shortcut.forward(x)?),
            None => h.f_add_(x),
        }
    }
}
