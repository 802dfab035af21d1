//! The neural networks: MuseTalk 1.5, IMTalker and what they need, in libtorch.

#![forbid(unsafe_code)]

mod config;
pub mod detect;
pub mod error;
pub mod import;
pub mod imtalker;
pub mod layers;
pub mod motion;
pub mod musetalk;
pub mod parse;
pub mod pose;
pub mod prepare;
pub mod probe;
pub mod renderer;
pub mod speech;
pub mod unet;
pub mod vae;
pub mod wav2vec;
pub mod weights;
