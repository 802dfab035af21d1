//! The UNet and the autoencoder.

use tch::Tensor;

use super::{Figures, Inputs, ProbeError, Row};
use crate::unet::{Unet, UnetConfig};
use crate::vae::{Decoder, Encoder, VaeConfig};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "UNet",
        expected: Figures::new(-0.019_739, 0.519_030, [0.016_905, -0.214_353, -0.253_281]),
        output: unet,
    },
    Row {
        name: "VAE mean",
        expected: Figures::new(-0.050_577, 0.574_923, [0.410_864, 0.040_062, -0.385_971]),
        output: mean,
    },
    Row {
        name: "VAE decode",
        expected: Figures::new(-0.062_945, 0.548_185, [0.095_397, -0.160_765, 0.054_676]),
        output: decode,
    },
];

fn unet(inputs: &Inputs) -> Result<Tensor, ProbeError> {
    let weights = inputs.weights();
    let unet = Unet::new(&weights.root(), &UnetConfig::musetalk())?;
    let latents = inputs.tensor("lat", &[2, 8, 32, 32], 1.0)?;
    let speech = inputs.tensor("aud50", &[2, 50, 384], 1.0)?;
    Ok(unet.forward(&latents, &speech)?)
}

fn mean(inputs: &Inputs) -> Result<Tensor, ProbeError> {
    let weights = inputs.weights();
    let encoder = Encoder::new(&weights.root(), &VaeConfig::stable_diffusion())?;
    Ok(encoder.forward(&inputs.tensor("img", &[1, 3, 256, 256], 1.0)?)?)
}

fn decode(inputs: &Inputs) -> Result<Tensor, ProbeError> {
    let weights = inputs.weights();
    let decoder = Decoder::new(&weights.root(), &VaeConfig::stable_diffusion())?;
    Ok(decoder.forward(&inputs.tensor("z", &[1, 4, 32, 32], 2.0)?)?)
}
