//! RTMPose-l with DWPose's weights: 133 landmarks of a person, 68 of them the face's.

use tch::{TchError, Tensor};

use super::backbone::Backbone;
use super::head::Head;
use super::landmarks::landmarks;
use super::{Landmarks, View};
use crate::layers::Output;
use crate::weights::{Scope, WeightsError};

/// How likely each landmark is in each column and each row, half a pixel each.
pub struct Logits {
    /// [n, 133, 576]
    pub x: Tensor,
    /// [n, 133, 768]
    pub y: Tensor,
}

impl Logits {
    /// How many columns and rows there are.
    pub const BINS: (i64, i64) = (576, 768);
}

/// The network.
pub struct Rtmpose {
    backbone: Backbone,
    head: Head,
}

impl Rtmpose {
    /// By the names of the original: `backbone` and `head`.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>) -> Result<Self, WeightsError> {
        Ok(Self {
            backbone: Backbone::new(&scope.at("backbone"))?,
            head: Head::new(&scope.at("head"))?,
        })
    }

    /// `pictures` [n, 3, 384, 288] in red, green, blue from 0 to 255, as the network takes them.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn prepare(pictures: &Tensor) -> Output {
        let each = |values: [f32; 3]| -> Output {
            Tensor::f_from_slice(&values)?
                .f_view([3, 1, 1])?
                .f_to_device(pictures.device())
        };
        pictures
            .f_sub(&each([123.675, 116.28, 103.53])?)?
            .f_div_(&each([58.395, 57.12, 57.375])?)
    }

    /// Features [n, 1024, 12, 9] of `pictures` [n, 3, 384, 288].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn features(&self, pictures: &Tensor) -> Output {
        self.backbone.forward(pictures)
    }

    /// Where the landmarks are, from [`features`](Self::features).
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn logits(&self, features: &Tensor) -> Result<Logits, TchError> {
        self.head.forward(features)
    }

    /// The landmarks of the face in a view, whose picture is `seen` [1, 3, 384, 288] (see
    /// [`prepare`](Self::prepare)). Its mirror image is looked at too.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn landmarks(&self, view: &View, seen: &Tensor) -> Result<Landmarks, TchError> {
        let both = Tensor::f_cat(&[seen, &seen.f_flip([3])?], 0)?;
        landmarks(&self.logits(&self.features(&both)?)?, view)
    }
}
