//! A directory of weights made from names, laid out as an imported one.

use std::fs;
use std::path::Path;

use serde::Serialize;
use tch::Tensor;

use super::{Inputs, ProbeError};
use crate::detect::S3fd;
use crate::motion::{Generator, GeneratorConfig};
use crate::parse::Bisenet;
use crate::pose::Rtmpose;
use crate::renderer::{Renderer, RendererConfig};
use crate::speech::{Encoder as Whisper, WhisperConfig};
use crate::unet::{Unet, UnetConfig};
use crate::vae::{Decoder, Encoder, VaeConfig};
use crate::wav2vec::{Wav2vec, Wav2vecConfig};
use crate::weights::{Scope, Weights, WeightsError};

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
    network(directory, "unet", |scope| Unet::new(scope, unet).map(drop))?;
    config(directory, "musetalk", unet)?;
    network(directory, "vae", |scope| {
        Encoder::new(scope, vae)?;
        Decoder::new(scope, vae).map(drop)
    })?;
    config(directory, "vae", vae)?;
    network(directory, "whisper", |scope| {
        Whisper::new(scope, whisper).map(drop)
    })?;
    config(directory, "whisper", whisper)
}

/// Writes what a talking photo needs to `directory`, likewise.
///
/// # Errors
///
/// [`ProbeError`]
pub fn write_imtalker(
    directory: &Path,
    renderer: &RendererConfig,
    generator: &GeneratorConfig,
    speech: &Wav2vecConfig,
) -> Result<(), ProbeError> {
    fs::create_dir_all(directory)?;
    let made = Inputs::default().renderer_weights();
    fill(directory, "renderer", &made, |scope| {
        Renderer::new(scope, renderer).map(drop)
    })?;
    config(directory, "renderer", renderer)?;
    network(directory, "generator", |scope| {
        Generator::new(scope, generator).map(drop)
    })?;
    config(directory, "generator", generator)?;
    network(directory, "wav2vec2", |scope| {
        Wav2vec::new(scope, speech).map(drop)
    })?;
    config(directory, "wav2vec2", speech)
}

/// Writes what preparing an avatar needs beside that. These networks have one width only.
///
/// # Errors
///
/// [`ProbeError`]
pub fn write_detectors(directory: &Path) -> Result<(), ProbeError> {
    fs::create_dir_all(directory)?;
    network(directory, "s3fd", |scope| S3fd::new(scope).map(drop))?;
    network(directory, "dwpose", |scope| Rtmpose::new(scope).map(drop))?;
    network(directory, "bisenet", |scope| Bisenet::new(scope).map(drop))
}

/// Writes the weights that `build` asks for.
fn network(
    directory: &Path,
    name: &str,
    build: impl Fn(&Scope<'_>) -> Result<(), WeightsError>,
) -> Result<(), ProbeError> {
    fill(directory, name, &Inputs::default().weights(), build)
}

/// Writes those of `made` that `build` asks for.
fn fill(
    directory: &Path,
    name: &str,
    made: &Weights,
    build: impl Fn(&Scope<'_>) -> Result<(), WeightsError>,
) -> Result<(), ProbeError> {
    build(&made.root())?;
    let tensors = made
        .asked()
        .into_iter()
        .map(|(name, shape)| {
            let tensor = made.root().tensor(&name, &shape)?;
            Ok((name, tensor))
        })
        .collect::<Result<Vec<_>, WeightsError>>()?;
    Tensor::write_safetensors(&tensors, directory.join(format!("{name}.safetensors")))?;
    Ok(())
}

/// Writes a network's configuration.
fn config(directory: &Path, name: &str, config: &impl Serialize) -> Result<(), ProbeError> {
    let text = serde_json::to_string_pretty(config).map_err(std::io::Error::from)?;
    fs::write(directory.join(format!("{name}.json")), text)?;
    Ok(())
}
