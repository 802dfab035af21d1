//! The neural networks: MuseTalk 1.5 and what it needs, in libtorch.

pub mod import;
pub mod weights;
