//! The same motion is another for each face.

use tch::Tensor;

use super::RendererConfig;
use super::identity::Head;
use crate::layers::{Linear, Output};
use crate::weights::{Scope, WeightsError};

/// Motions to those of one identity.
pub struct Adaptation {
    first: Linear,
    head: Head,
}

impl Adaptation {
    pub(super) fn new(scope: &Scope<'_>, config: &RendererConfig) -> Result<Self, WeightsError> {
        let (motion, identity) = (config.motion, config.identity);
        Ok(Self {
            first: Linear::equalised(&scope.at("in_layer"), motion + identity, identity)?,
            head: Head::new(scope, identity, motion)?,
        })
    }

    /// `motions` is [n, motion] and `identities` [n, identity]; the result is [n, motion].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, motions: &Tensor, identities: &Tensor) -> Output {
        let both = Tensor::f_cat(&[motions, identities], -1)?;
        self.head.forward(&self.first.forward(&both)?)
    }
}
