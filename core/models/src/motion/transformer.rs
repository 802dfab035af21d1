//! How a motion that is still noise flows.

use tch::{Device, Kind, Tensor};

use super::block::{Block, Positions, modulate};
use super::moment::Moment;
use super::{Conditions, GeneratorConfig};
use crate::layers::{Linear, Output};
use crate::weights::{Scope, WeightsError};

/// What the transformer is shown beside the motion itself.
pub struct Window<'a> {
    /// What is told of the frames of the window.
    pub conditions: &'a Conditions,
    /// What was told of those before.
    pub past: &'a Conditions,
    /// Their motion, [1, past, motion].
    pub past_motion: &'a Tensor,
    /// The motion of the photo, [1, motion].
    pub reference: &'a Tensor,
}

/// The transformer.
pub struct Transformer {
    tokens: Linear,
    moment: Moment,
    conditions: Linear,
    blocks: Vec<Block>,
    modulation: Linear,
    out: Linear,
    positions: Positions,
}

impl Transformer {
    pub(super) fn new(scope: &Scope<'_>, config: &GeneratorConfig) -> Result<Self, WeightsError> {
        let (hidden, motion) = (config.hidden, config.motion);
        let linear = |name: &str, inputs, outputs| Linear::new(&scope.at(name), inputs, outputs);
        let tokens = linear("x_embedder.proj", 2 * motion, hidden)?;
        let positions = Positions::new(config, &tokens)?;
        Ok(Self {
            tokens,
            moment: Moment::new(&scope.at("t_embedder"), hidden)?,
            conditions: linear("c_embedder", motion, hidden)?,
            blocks: (0..config.depth)
                .map(|index| Block::new(&scope.at(format_args!("blocks.{index}")), config))
                .collect::<Result<_, _>>()?,
            modulation: linear("decoder.adaLN_modulation.1", hidden, 2 * hidden)?,
            out: linear("decoder.linear", hidden, motion)?,
            positions,
        })
    }

    /// Where it computes, and in what numbers.
    pub fn place(&self) -> (Kind, Device) {
        (self.tokens.kind(), self.tokens.device())
    }

    /// Where `motion` [1, frames, motion] flows to at `moment`, from 0 (noise) to 1. With a guidance of 1 as the window's speech says,
    /// else from where it would flow without any to there and on, so many times as far.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn velocity(
        &self,
        motion: &Tensor,
        moment: f64,
        guidance: f64,
        window: &Window<'_>,
    ) -> Output {
        let frames = motion.size3()?.1;
        let flow = self.velocities(motion, moment, guidance, window)?;
        flow.f_narrow(1, flow.size3()?.1 - frames, frames)
    }

    /// The same with that of the frames before the window, which is of no use but to compare.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn velocities(
        &self,
        motion: &Tensor,
        moment: f64,
        guidance: f64,
        window: &Window<'_>,
    ) -> Output {
        let told = &window.conditions.audio;
        #[expect(clippy::float_cmp, reason = "one is exact")]
        if guidance == 1.0 {
            return self.flow(motion, told, moment, window);
        }
        // Both in one batch.
        let told = Tensor::f_cat(&[told.f_zeros_like()?, told.shallow_clone()], 0)?;
        let flows = self.flow(motion, &told, moment, window)?;
        let (without, with) = (flows.f_narrow(0, 0, 1)?, flows.f_narrow(0, 1, 1)?);
        with.f_sub(&without)?
            .f_mul_scalar_(guidance)?
            .f_add_(&without)
    }

    /// The flow of the same motion for each of the speeches `told` [n, frames, motion].
    fn flow(&self, motion: &Tensor, told: &Tensor, moment: f64, window: &Window<'_>) -> Output {
        let (n, _, _) = told.size3()?;
        let motion = Tensor::f_cat(&[window.past_motion, motion], 1)?;
        let reference = window.reference.f_unsqueeze(1)?.f_expand_as(&motion)?;
        let x = Tensor::f_cat(&[&reference, &motion], -1)?;
        let x = self.positions.mark(self.tokens.forward(&x)?)?;
        let mut x = x.f_expand([n, -1, -1], false)?;

        let past = &window.past;
        let before = past
            .audio
            .f_add(&past.manner)?
            .f_expand([n, -1, -1], false)?;
        let told = told.f_add(&window.conditions.manner)?;
        let condition = self
            .conditions
            .forward(&Tensor::f_cat(&[before, told], 1)?)?
            .f_add(&self.moment.forward(moment)?.f_unsqueeze(1)?)?
            .f_silu_()?;
        for block in &self.blocks {
            x = block.forward(&x, &condition, &self.positions)?;
        }
        let said = self.modulation.forward(&condition)?;
        let width = said.size3()?.2 / 2;
        let (shift, scale) = (
            said.f_narrow(-1, 0, width)?,
            said.f_narrow(-1, width, width)?,
        );
        self.out.forward(&modulate(&x, &shift, &scale)?)
    }
}
