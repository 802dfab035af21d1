//! A photo of whom pictures are drawn.

use std::sync::{Mutex, PoisonError};

use tch::{TchError, Tensor};

use crate::layers::Output;
use crate::prepare::Bounds;
use crate::renderer::Source;

/// What stays the same of a photo.
pub(super) struct Held {
    /// Whose it is, [1, identity].
    pub(super) identity: Tensor,
    /// How the face is held there, [1, motion].
    pub(super) reference: Tensor,
    /// Where features come from.
    pub(super) source: Source,
}

impl Held {
    /// The same tensors.
    fn again(&self) -> Self {
        Self {
            identity: self.identity.shallow_clone(),
            reference: self.reference.shallow_clone(),
            source: self.source.again(),
        }
    }
}

/// A photo of whom pictures are drawn, where the networks are.
pub struct Photo {
    /// Tensors may be handed from thread to thread and not used in two at once.
    held: Mutex<Held>,
    face: Option<Bounds>,
    crop: Bounds,
}

impl Photo {
    pub(super) fn new(held: Held, face: Option<Bounds>, crop: Bounds) -> Self {
        Self {
            held: Mutex::new(held),
            face,
            crop,
        }
    }

    /// The surest face in it, if one was looked for and found.
    pub fn face(&self) -> Option<Bounds> {
        self.face
    }

    /// The part of it that is drawn.
    pub fn crop(&self) -> Bounds {
        self.crop
    }

    pub(super) fn held(&self) -> Held {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.again()
    }

    /// How the face is held there.
    pub(super) fn reference(&self) -> Output {
        Ok::<_, TchError>(self.held().reference)
    }
}
