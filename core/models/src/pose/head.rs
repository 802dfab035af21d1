//! RTMPose's head: one token for each landmark, and what tokens learn of each other.

use tch::{Kind, TchError, Tensor};

use super::rtmpose::Logits;
use crate::layers::{Filter, Output, Window};
use crate::weights::{Scope, WeightsError};

/// Landmarks of the whole body.
const LANDMARKS: i64 = 133;
/// Places of the features: 12 rows of 9.
const PLACES: i64 = 108;
const FEATURES: i64 = 256;
const EXPANDED: i64 = 512;
const ATTENTION: i64 = 128;

/// x·Wᵀ
struct Product(Tensor);

impl Product {
    fn new(scope: &Scope<'_>, inputs: i64, outputs: i64) -> Result<Self, WeightsError> {
        Ok(Self(scope.tensor("weight", &[outputs, inputs])?))
    }

    fn forward(&self, x: &Tensor) -> Output {
        x.f_linear(&self.0, None::<&Tensor>)
    }
}

/// Division by the root of the mean square.
struct ScaleNorm {
    scale: Tensor,
    features: i64,
}

impl ScaleNorm {
    fn new(scope: &Scope<'_>, features: i64) -> Result<Self, WeightsError> {
        Ok(Self {
            scale: scope.tensor("g", &[1])?,
            features,
        })
    }

    fn forward(&self, x: &Tensor) -> Output {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let root = (self.features as f64).sqrt();
        let length = x
            .f_square()?
            .f_sum_dim_intlist([-1i64].as_slice(), true, Kind::Float)?
            .f_sqrt()?
            .f_div_scalar(root)?
            .f_clamp_min(1e-5)?;
        x.f_div(&length)?.f_mul(&self.scale)
    }
}

/// A gated attention unit.
struct Gated {
    norm: ScaleNorm,
    inward: Product,
    gamma: Tensor,
    beta: Tensor,
    outward: Product,
    residual: Tensor,
}

impl Gated {
    fn new(scope: &Scope<'_>) -> Result<Self, WeightsError> {
        let inward = 2 * EXPANDED + ATTENTION;
        Ok(Self {
            norm: ScaleNorm::new(&scope.at("ln"), FEATURES)?,
            inward: Product::new(&scope.at("uv"), FEATURES, inward)?,
            gamma: scope.tensor("gamma", &[2, ATTENTION])?,
            beta: scope.tensor("beta", &[2, ATTENTION])?,
            outward: Product::new(&scope.at("o"), EXPANDED, FEATURES)?,
            residual: scope.tensor("res_scale.scale", &[FEATURES])?,
        })
    }

    /// `x` is [n, tokens, features].
    fn forward(&self, x: &Tensor) -> Output {
        let parts = self.inward.forward(&self.norm.forward(x)?)?.f_silu_()?;
        let gate = parts.f_narrow(2, 0, EXPANDED)?;
        let value = parts.f_narrow(2, EXPANDED, EXPANDED)?;
        let base = parts.f_narrow(2, 2 * EXPANDED, ATTENTION)?;
        let scaled = |index| -> Output {
            base.f_mul(&self.gamma.f_get(index)?)?
                .f_add_(&self.beta.f_get(index)?)
        };
        let (query, key) = (scaled(0)?, scaled(1)?);
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let root = (ATTENTION as f64).sqrt();
        let kernel = query
            .f_matmul(&key.f_transpose(1, 2)?)?
            .f_div_scalar(root)?
            .f_relu_()?
            .f_square()?;
        let attended = gate.f_mul(&kernel.f_matmul(&value)?)?;
        self.outward
            .forward(&attended)?
            .f_add_(&x.f_mul(&self.residual)?)
    }
}

/// The head.
pub(super) struct Head {
    maps: Filter,
    norm: ScaleNorm,
    features: Product,
    gated: Gated,
    across: Product,
    down: Product,
}

impl Head {
    pub(super) fn new(scope: &Scope<'_>) -> Result<Self, WeightsError> {
        let (width, height) = Logits::BINS;
        Ok(Self {
            maps: Filter::biased(&scope.at("final_layer"), Window::new(1024, LANDMARKS, 7))?,
            norm: ScaleNorm::new(&scope.at("mlp.0"), PLACES)?,
            features: Product::new(&scope.at("mlp.1"), PLACES, FEATURES)?,
            gated: Gated::new(&scope.at("gau"))?,
            across: Product::new(&scope.at("cls_x"), FEATURES, width)?,
            down: Product::new(&scope.at("cls_y"), FEATURES, height)?,
        })
    }

    /// `features` are [n, 1024, 12, 9].
    pub(super) fn forward(&self, features: &Tensor) -> Result<Logits, TchError> {
        let tokens = self.maps.forward(features)?.f_flatten(2, 3)?;
        let tokens = self.features.forward(&self.norm.forward(&tokens)?)?;
        let tokens = self.gated.forward(&tokens)?;
        Ok(Logits {
            x: self.across.forward(&tokens)?,
            y: self.down.forward(&tokens)?,
        })
    }
}
