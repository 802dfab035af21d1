//! The levels of the UNet: downwards, at the bottom, and upwards.

use tch::{TchError, Tensor};

use super::UnetConfig;
use super::transformer::Transformer;
use crate::layers::{Downsampling, Output, Residual, Upsampling};
use crate::weights::{Scope, WeightsError};

/// A residual block, and whether attention follows it.
struct Stage {
    residual: Residual,
    transformer: Option<Transformer>,
}

impl Stage {
    fn new(
        scope: &Scope<'_>,
        config: &UnetConfig,
        index: usize,
        channels: (i64, i64),
        time: &Tensor,
        attends: bool,
    ) -> Result<Self, WeightsError> {
        let norm = (config.norm_num_groups, config.norm_eps);
        let residual = scope.at(format_args!("resnets.{index}"));
        let transformer = scope.at(format_args!("attentions.{index}"));
        Ok(Self {
            residual: Residual::new(&residual, channels, norm, Some(time))?,
            transformer: attends
                .then(|| Transformer::new(&transformer, config, channels.1))
                .transpose()?,
        })
    }

    fn forward(&self, x: &Tensor, speech: &Tensor) -> Output {
        let x = self.residual.forward(x)?;
        match &self.transformer {
            Some(transformer) => transformer.forward(&x, speech),
            None => Ok(x),
        }
    }
}

/// A level on the way down. What each stage gives is kept for the way up.
pub(super) struct Down {
    stages: Vec<Stage>,
    sampling: Option<Downsampling>,
}

impl Down {
    /// The last has no attention, and the picture keeps its size.
    pub(super) fn new(
        scope: &Scope<'_>,
        config: &UnetConfig,
        (inputs, outputs): (i64, i64),
        time: &Tensor,
        is_last: bool,
    ) -> Result<Self, WeightsError> {
        let stages = (0..config.layers_per_block)
            .map(|index| {
                let inputs = if index == 0 { inputs } else { outputs };
                Stage::new(scope, config, index, (inputs, outputs), time, !is_last)
            })
            .collect::<Result<_, _>>()?;
        let sampling = (!is_last)
            .then(|| Downsampling::new(&scope.at("downsamplers.0"), outputs))
            .transpose()?;
        Ok(Self { stages, sampling })
    }

    pub(super) fn forward(
        &self,
        mut x: Tensor,
        speech: &Tensor,
        skips: &mut Vec<Tensor>,
    ) -> Output {
        for stage in &self.stages {
            x = stage.forward(&x, speech)?;
            skips.push(x.shallow_clone());
        }
        if let Some(sampling) = &self.sampling {
            x = sampling.forward(&x)?;
            skips.push(x.shallow_clone());
        }
        Ok(x)
    }
}

/// The bottom.
pub(super) struct Middle {
    first: Stage,
    second: Residual,
}

impl Middle {
    pub(super) fn new(
        scope: &Scope<'_>,
        config: &UnetConfig,
        channels: i64,
        time: &Tensor,
    ) -> Result<Self, WeightsError> {
        let both = (channels, channels);
        let norm = (config.norm_num_groups, config.norm_eps);
        Ok(Self {
            first: Stage::new(scope, config, 0, both, time, true)?,
            second: Residual::new(&scope.at("resnets.1"), both, norm, Some(time))?,
        })
    }

    pub(super) fn forward(&self, x: &Tensor, speech: &Tensor) -> Output {
        self.second.forward(&self.first.forward(x, speech)?)
    }
}

/// A level on the way up. Each stage is also given what was kept last of those still there.
pub(super) struct Up {
    stages: Vec<Stage>,
    sampling: Option<Upsampling>,
}

impl Up {
    /// `skips` are the channels of what this level takes, the last first taken. The first level has no attention, and
    /// from the last on the picture keeps its size.
    pub(super) fn new(
        scope: &Scope<'_>,
        config: &UnetConfig,
        (inputs, outputs): (i64, i64),
        skips: &[i64],
        time: &Tensor,
        (is_first, is_last): (bool, bool),
    ) -> Result<Self, WeightsError> {
        let stages = skips
            .iter()
            .rev()
            .enumerate()
            .map(|(index, skip)| {
                let own = if index == 0 { inputs } else { outputs };
                Stage::new(scope, config, index, (own + skip, outputs), time, !is_first)
            })
            .collect::<Result<_, _>>()?;
        let sampling = (!is_last)
            .then(|| Upsampling::new(&scope.at("upsamplers.0"), outputs))
            .transpose()?;
        Ok(Self { stages, sampling })
    }

    pub(super) fn forward(
        &self,
        mut x: Tensor,
        speech: &Tensor,
        skips: &mut Vec<Tensor>,
    ) -> Output {
        for stage in &self.stages {
            let skip = skips
                .pop()
                .ok_or_else(|| TchError::Shape("a level without a counterpart".to_owned()))?;
            x = stage.forward(&Tensor::f_cat(&[x, skip], 1)?, speech)?;
        }
        match &self.sampling {
            Some(sampling) => sampling.forward(&x),
            None => Ok(x),
        }
    }
}
