//! The neural networks: MuseTalk 1.5 and what it needs, in libtorch.

pub mod parse;
pub mod prepare;
pub mod weights;
