//! A block of the motion transformer: attention and two products, each normalised, scaled, shifted and let through as the frame's
//! condition says.

use tch::{Kind, TchError, Tensor};

use super::GeneratorConfig;
use crate::layers::{Linear, Output};
use crate::renderer::Version;
use crate::weights::{Scope, WeightsError};

/// How many frames each way a frame of the first version sees.
const SIGHT: i64 = 5;

/// Where tokens are.
pub(super) enum Positions {
    /// Added once, before the blocks; and what is beyond sight, [tokens, tokens].
    Fixed { table: Tensor, sight: Tensor },
    /// Queries and keys are turned by them: cosines and sines, [tokens, features of a head].
    Rotary { cosines: Tensor, sines: Tensor },
}

impl Positions {
    pub(super) fn new(config: &GeneratorConfig, like: &Linear) -> Result<Self, TchError> {
        let there = |x: Tensor| x.f_to_device(like.device())?.f_to_kind(like.kind());
        let tokens = i64::try_from(config.tokens()).unwrap_or_default();
        let at = Tensor::f_arange(tokens, (Kind::Float, tch::Device::Cpu))?;
        match config.version {
            Version::First => {
                let distance = at.f_unsqueeze(0)?.f_sub(&at.f_unsqueeze(1)?)?.f_abs()?;
                let sight = distance
                    .f_zeros_like()?
                    .f_masked_fill(&distance.f_gt(SIGHT)?, f64::NEG_INFINITY)?;
                Ok(Self::Fixed {
                    table: there(table(tokens, config.hidden)?)?,
                    sight: there(sight)?,
                })
            }
            Version::Second => {
                let features = config.hidden / config.heads;
                let angles = at.f_outer(&frequencies(features)?)?;
                let angles = Tensor::f_cat(&[&angles, &angles], -1)?;
                Ok(Self::Rotary {
                    cosines: there(angles.f_cos()?)?,
                    sines: there(angles.f_sin()?)?,
                })
            }
        }
    }

    /// Tokens [n, tokens, hidden] as the first block is given them.
    pub(super) fn mark(&self, x: Tensor) -> Output {
        match self {
            Self::Fixed { table, .. } => x.f_add(table),
            Self::Rotary { .. } => Ok(x),
        }
    }

    /// Queries or keys [n, heads, tokens, features] as they are compared.
    fn turn(&self, x: Tensor) -> Output {
        let Self::Rotary { cosines, sines } = self else {
            return Ok(x);
        };
        let half = cosines.size2()?.1 / 2;
        let turned = Tensor::f_cat(
            &[
                x.f_narrow(-1, half, half)?.f_neg()?,
                x.f_narrow(-1, 0, half)?,
            ],
            -1,
        )?;
        x.f_mul(cosines)?.f_add_(&turned.f_mul(sines)?)
    }

    fn sight(&self) -> Option<&Tensor> {
        match self {
            Self::Fixed { sight, .. } => Some(sight),
            Self::Rotary { .. } => None,
        }
    }
}

/// The table of positions: sines at even features, cosines at odd ones.
fn table(tokens: i64, hidden: i64) -> Output {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "some hundreds; computed in f64 and kept in f32"
    )]
    let values: Vec<f32> = (0..tokens)
        .flat_map(|token| (0..hidden).map(move |feature| (token as f64, feature)))
        .map(|(token, feature)| {
            let exponent = (2 * (feature / 2)) as f64 / hidden as f64;
            let angle = token / 10_000f64.powf(exponent);
            (if feature % 2 == 0 {
                angle.sin()
            } else {
                angle.cos()
            }) as f32
        })
        .collect();
    Tensor::f_from_slice(&values)?.f_view([1, tokens, hidden])
}

/// 10000^(−2k/features)
fn frequencies(features: i64) -> Output {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "some dozens; computed in f64 and kept in f32"
    )]
    let values: Vec<f32> = (0..features / 2)
        .map(|k| (1.0 / 10_000f64.powf((2 * k) as f64 / features as f64)) as f32)
        .collect();
    Tensor::f_from_slice(&values)
}

/// Normalisation without parameters, then a scale and a shift for each token.
pub(super) fn modulate(x: &Tensor, shift: &Tensor, scale: &Tensor) -> Output {
    let none = None::<&Tensor>;
    let width = x.size().last().copied().unwrap_or_default();
    x.f_layer_norm([width], none, none, 1e-6, true)?
        .f_mul(&scale.f_add_scalar(1.0)?)?
        .f_add_(shift)
}

/// A block.
pub(super) struct Block {
    modulation: Linear,
    both: Linear,
    out: Linear,
    first: Linear,
    second: Linear,
    heads: i64,
}

impl Block {
    pub(super) fn new(scope: &Scope<'_>, config: &GeneratorConfig) -> Result<Self, WeightsError> {
        let hidden = config.hidden;
        let linear = |name: &str, inputs, outputs| Linear::new(&scope.at(name), inputs, outputs);
        Ok(Self {
            modulation: linear("adaLN_modulation.1", hidden, 6 * hidden)?,
            both: linear("attn.qkv", hidden, 3 * hidden)?,
            out: linear("attn.proj", hidden, hidden)?,
            first: linear("mlp.fc1", hidden, 4 * hidden)?,
            second: linear("mlp.fc2", 4 * hidden, hidden)?,
            heads: config.heads,
        })
    }

    /// `x` and `condition`, bent already, are [n, tokens, hidden].
    pub(super) fn forward(&self, x: &Tensor, condition: &Tensor, positions: &Positions) -> Output {
        let said = self.modulation.forward(condition)?.f_chunk(6, -1)?;
        let [shift, scale, gate, inner_shift, inner_scale, inner_gate] = said.as_slice() else {
            return Err(TchError::Shape("six are modulated".to_owned()));
        };
        let found = self.attend(&modulate(x, shift, scale)?, positions)?;
        let x = x.f_add(&found.f_mul(gate)?)?;
        let inner = self
            .first
            .forward(&modulate(&x, inner_shift, inner_scale)?)?
            .f_gelu("tanh")?;
        x.f_add(&self.second.forward(&inner)?.f_mul(inner_gate)?)
    }

    fn attend(&self, x: &Tensor, positions: &Positions) -> Output {
        let (n, tokens, hidden) = x.size3()?;
        let apart = self
            .both
            .forward(x)?
            .f_view([n, tokens, 3, self.heads, hidden / self.heads])?
            .f_permute([2, 0, 3, 1, 4])?;
        let (query, key) = (
            positions.turn(apart.f_get(0)?)?,
            positions.turn(apart.f_get(1)?)?,
        );
        let found = Tensor::f_scaled_dot_product_attention(
            &query,
            &key,
            &apart.f_get(2)?,
            positions.sight(),
            0.0,
            false,
            None,
            false,
        )?;
        self.out.forward(&found.f_transpose(1, 2)?.f_flatten(2, 3)?)
    }
}
