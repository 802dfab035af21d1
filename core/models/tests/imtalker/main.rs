//! Pictures from a photo and speech, with narrow networks made from names.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

#[path = "../narrow/mod.rs"]
mod narrow;
mod performances;
mod pictures;

use std::path::Path;

use avatar_models::imtalker::{Framing, Networks, Photo};
use avatar_models::motion::GeneratorConfig;
use avatar_models::prepare::Raster;
use avatar_models::probe::write_imtalker;
use avatar_models::renderer::{RendererConfig, Version};
use avatar_models::wav2vec::Wav2vecConfig;
use avatar_models::weights::ramp;
use narrow::options;
use tch::Tensor;
use tempfile::TempDir;

const MOTION: usize = 32;

fn write(directory: &Path, version: Version) {
    let renderer = RendererConfig::narrow(version);
    let generator = GeneratorConfig::narrow(version);
    write_imtalker(directory, &renderer, &generator, &Wav2vecConfig::narrow()).unwrap();
}

fn networks(version: Version) -> (TempDir, Networks) {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), version);
    let networks = Networks::open(&options(directory.path())).unwrap();
    (directory, networks)
}

fn values(tensor: &Tensor) -> Vec<f32> {
    Vec::try_from(tensor.flatten(0, -1)).unwrap()
}

fn picture(name: &str, width: i64, height: i64) -> Raster {
    let values = values(&ramp(name, &[height, width, 3], 127.5, 127.0).unwrap());
    let bytes = values.iter().map(|value| *value as u8).collect();
    Raster::new(width as usize, height as usize, 3, bytes).unwrap()
}

fn photo(networks: &Networks, name: &str) -> Photo {
    networks
        .photo(&picture(name, 128, 128), Framing::Whole)
        .unwrap()
}

/// Three seconds and a bit, ever louder.
fn speech(samples: usize) -> Vec<f32> {
    let noise = values(&ramp("speech", &[samples as i64], 0.0, 0.3).unwrap());
    let louder = noise.iter().enumerate();
    louder
        .map(|(index, x)| x * (0.2 + index as f32 / samples as f32))
        .collect()
}
