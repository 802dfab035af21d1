//! What networks are made of. Each layer asks a place in the tree of names for its parameters.

mod filter;

use tch::{TchError, Tensor};

pub use filter::{Activation, Filter, Window};

/// What a layer gives: a tensor, or libtorch's complaint (out of memory, a broken device).
pub type Output = Result<Tensor, TchError>;
