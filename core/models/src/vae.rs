//! The variational autoencoder of Stable Diffusion (`sd-vae-ft-mse`): pictures to latents an eighth of their size, and back.
//!
//! Its parameters have diffusers' names (`AutoencoderKL`), attention by its newer ones.

mod config;
mod decoder;
mod encoder;
mod middle;

pub use config::VaeConfig;
pub use decoder::Decoder;
pub use encoder::Encoder;

/// What is added to the variance of each normalisation.
const EPSILON: f64 = 1e-6;
