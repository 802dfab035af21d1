//! The renderer of IMTalker: one photo and a motion in, the photo moved so out.
//!
//! What a photo looks like (features of six sizes and an identity) and how its face is held (a motion of 32 numbers) are encoded apart.
//! A motion becomes maps, and attention between the maps of the wanted motion and those of the photo's tells from where in the
//! photo each feature comes. What has so been moved is drawn by a network that goes from 8 pixels a side to 512.
//!
//! Parameters have the names of the published checkpoint, without its `gen.`. Its two versions differ in one block.

mod adaptation;
mod block;
mod blur;
mod config;
mod global;
mod identity;
mod motion;
mod style;
mod swin;
mod synthesis;
mod transfer;

use tch::{TchError, Tensor};

pub use adaptation::Adaptation;
pub use config::{RendererConfig, Version};
pub use identity::{Appearance, IdentityEncoder};
pub use motion::MotionEncoder;
pub use style::MotionDecoder;
pub use synthesis::Synthesis;
pub use transfer::{Source, Transfer};

use crate::layers::Output;
use crate::weights::{Scope, WeightsError};

/// What the versions are told apart by: a tensor of the second only.
pub const SECOND: &str = "dense_feature_encoder.down_block_0.conv1.weight";

/// Whether the parameter called `name` is of an equalised layer.
pub fn is_equalised(name: &str) -> bool {
    let begins = |prefix: &str| name.starts_with(prefix);
    (begins("latent_token_encoder.") && name != "latent_token_encoder.conv1.weight")
        || begins("latent_token_decoder.")
        || begins("dense_feature_encoder.linear_layers.")
        || begins("dense_feature_encoder.final_linear.")
        || begins("adapt.")
}

/// max(x, x/5)
fn leaky(x: &Tensor) -> Output {
    x.f_maximum(&x.f_mul_scalar(0.2)?)
}

/// All of it.
pub struct Renderer {
    /// What somebody looks like.
    pub identity: IdentityEncoder,
    /// How a face is held.
    pub motion: MotionEncoder,
    /// What a motion is for one identity.
    pub adaptation: Adaptation,
    /// A motion as maps.
    pub maps: MotionDecoder,
    /// Features moved to where the motion wants them.
    pub transfer: Transfer,
    /// The picture of moved features.
    pub synthesis: Synthesis,
}

impl Renderer {
    /// Of the shape that `config` tells.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>, config: &RendererConfig) -> Result<Self, WeightsError> {
        Ok(Self {
            identity: IdentityEncoder::new(&scope.at("dense_feature_encoder"), config)?,
            motion: MotionEncoder::new(&scope.at("latent_token_encoder"), config)?,
            adaptation: Adaptation::new(&scope.at("adapt"), config)?,
            maps: MotionDecoder::new(&scope.at("latent_token_decoder"), config)?,
            transfer: Transfer::new(&scope.at("imt"), config)?,
            synthesis: Synthesis::new(&scope.at("frame_decoder"), config)?,
        })
    }

    /// The maps of `motions` [n, motion] for `identities` [n, identity], the smallest first.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn adapted(&self, motions: &Tensor, identities: &Tensor) -> Result<Vec<Tensor>, TchError> {
        self.maps
            .forward(&self.adaptation.forward(motions, identities)?)
    }
}
