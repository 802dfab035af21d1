//! A directory of weights made from names, laid out as an imported one.

use std::fs;
use std::path::Path;

use serde::Serialize;
use tch::Tensor;

use super::{Inputs, ProbeError};
use crate::speech::{Encoder as Whisper, WhisperConfig};
use crate::unet::{Unet, UnetConfig};
use crate::vae::{Decoder, Encoder, VaeConfig};
use crate::weights::{Scope, WeightsError};

/// Writes what a talking face needs to `directory`, with weights made from names: all that runs with real ones also runs
/// with these, in networks as narrow as the configurations say.
///
/// # Errors
///
/// [`ProbeError`]
pub fn write_directory(
    directory: &Path,
    unet: &UnetConfig,
    vae: &VaeConfig,
    whisper: &WhisperConfig,
) -> Result<(), ProbeError> {
    fs::create_dir_all(directory)?;
    network(directory, ("unet", "musetalk"), unet, |scope| {
        Unet::new(scope, unet).map(drop)
    })?;
    network(directory, ("vae", "vae"), vae, |scope| {
        Encoder::new(scope, vae)?;
        Decoder::new(scope, vae).map(drop)
    })?;
    network(directory, ("whisper", "whisper"), whisper, |scope| {
        Whisper::new(scope, whisper).map(drop)
    })
}

/// Writes the weights that `build` asks for and the configuration beside them.
fn network(
    directory: &Path,
    (weights, config): (&str, &str),
    shape: &impl Serialize,
    build: impl Fn(&Scope<'_>) -> Result<(), WeightsError>,
) -> Result<(), ProbeError> {
    let made = Inputs::default().weights();
    build(&made.root())?;
    let tensors = made
        .asked()
        .into_iter()
        .map(|(name, shape)| {
            let tensor = made.root().tensor(&name, &shape)?;
            Ok((name, tensor))
        })
        .collect::<Result<Vec<_>, WeightsError>>()?;
    Tensor::write_safetensors(&tensors, directory.join(format!("{weights}.safetensors")))?;
    let text = serde_json::to_string_pretty(shape).map_err(std::io::Error::from)?;
    fs::write(directory.join(format!("{config}.json")), text)?;
    Ok(())
}
