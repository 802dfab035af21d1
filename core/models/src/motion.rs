//! The motion generator of IMTalker: speech in, the motion of a face out, 25 times a second.
//!
//! A transformer tells how a motion that is still noise flows towards one that goes with the speech (flow matching), a window of two seconds at a
//! time; some steps along that flow are taken. What was before the window is its context, so that windows go on from each other.
//!
//! Parameters have the names of the published checkpoint, without its `model.`. Its two versions differ in how positions are told.

mod block;
mod conditions;
mod config;
mod moment;
mod noise;
mod sampler;
mod transformer;

pub use conditions::{Conditions, Projection, Projections};
pub use config::GeneratorConfig;
pub use noise::Noise;
pub use sampler::{Guidance, Past, Sampler};
pub use transformer::{Transformer, Window};

use crate::weights::{Scope, WeightsError};

/// What the versions are told apart by: a tensor of the first only, which is a table that can be computed.
pub const FIRST: &str = "fmt.pos_embed";

/// The transformer and what it is told.
pub struct Generator {
    /// How motion flows.
    pub transformer: Transformer,
    /// What it is told of speech, pose and gaze.
    pub projections: Projections,
}

impl Generator {
    /// Of the shape that `config` tells.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>, config: &GeneratorConfig) -> Result<Self, WeightsError> {
        Ok(Self {
            transformer: Transformer::new(&scope.at("fmt"), config)?,
            projections: Projections::new(scope, config)?,
        })
    }
}
