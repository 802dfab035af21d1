//! What networks are made of. Each layer asks a place in the tree of names for its parameters.

mod attention;
mod convolution;
mod filter;
mod linear;
mod normalization;
mod residual;
mod sampling;

use tch::{TchError, Tensor};

pub use attention::{Attention, attend};
pub use convolution::{Convolution, channels_last};
pub use filter::{Activation, Filter, Window};
pub use linear::{Linear, equalise};
pub use normalization::{GroupNorm, LayerNorm};
pub use residual::Residual;
pub use sampling::{Downsampling, Upsampling};

/// What a layer gives: a tensor, or libtorch's complaint (out of memory, a broken device).
pub type Output = Result<Tensor, TchError>;
