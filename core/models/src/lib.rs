//! The neural networks: MuseTalk 1.5 and what it needs, in libtorch.

pub mod detect;
pub mod layers;
pub mod parse;
pub mod pose;
pub mod prepare;
pub mod weights;
