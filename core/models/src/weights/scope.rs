//! A place in the tree of names.

use tch::Tensor;

use super::{Weights, WeightsError};
use crate::layers::Output;

/// A place in the tree of names, where the tensors of one layer lie.
#[derive(Clone)]
pub struct Scope<'a> {
    weights: &'a Weights,
    path: String,
}

impl<'a> Scope<'a> {
    pub(super) fn new(weights: &'a Weights, path: String) -> Self {
        Self { weights, path }
    }

    /// The place called `name` (which may have dots in it) below this one.
    #[must_use]
    pub fn at(&self, name: impl std::fmt::Display) -> Scope<'a> {
        Self::new(self.weights, self.name(name))
    }

    /// The tensor called `name` here.
    ///
    /// # Errors
    ///
    /// [`WeightsError`] where there is none of this shape.
    pub fn tensor(&self, name: &str, shape: &[i64]) -> Result<Tensor, WeightsError> {
        self.weights.take(self.name(name), shape)
    }

    /// The tensor called `name` here in the form that `form` gives it once and for all.
    ///
    /// # Errors
    ///
    /// [`WeightsError`] where there is none of this shape.
    pub fn tensor_as(
        &self,
        name: &str,
        shape: &[i64],
        form: impl FnOnce(&Tensor) -> Output,
    ) -> Result<Tensor, WeightsError> {
        self.weights.take_as(self.name(name), shape, form)
    }

    /// Whether a file has a tensor called `name` here.
    pub fn has(&self, name: &str) -> bool {
        self.weights.has(&self.name(name))
    }

    fn name(&self, name: impl std::fmt::Display) -> String {
        if self.path.is_empty() {
            name.to_string()
        } else {
            format!("{}.{name}", self.path)
        }
    }
}
