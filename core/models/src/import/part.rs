//! The files that are imported.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::names::{self, Role};
use crate::detect::S3fd;
use crate::parse::Bisenet;
use crate::pose::Rtmpose;
use crate::speech;
use crate::unet::Unet;
use crate::vae;
use crate::weights::{Scope, Weights, WeightsError};

/// The tensors that a network asks for, with shapes.
pub(super) type Schema = BTreeMap<String, Vec<i64>>;

/// A text beside weights: what it is called there, and here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Companion {
    pub(super) source: &'static str,
    pub(super) target: &'static str,
}

/// One network's file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// What it is called here.
    pub(super) target: &'static str,
    /// What it may be called there, the usual first.
    pub(super) sources: &'static [&'static str],
    /// What its tensors look like.
    pub(super) looks: &'static str,
    /// Whether the server needs it, and not only preparation.
    pub(super) required: bool,
    /// What tells the network's sizes, where they may differ.
    pub(super) configuration: Option<Companion>,
    /// What else is taken along.
    pub(super) companion: Option<Companion>,
    /// What its tensors are called here.
    pub(super) role: fn(&str) -> Role,
    /// Whether a tensor of this name may have been kept as a convolution of single pixels.
    pub(super) pointwise: fn(&str) -> bool,
    /// What the network asks for, given its configuration.
    pub(super) schema: fn(&str) -> Result<Schema, String>,
}

/// All of them.
pub(super) const PARTS: [Part; 6] = [
    Part {
        target: "unet.safetensors",
        sources: &["musetalkV15/unet.pth"],
        looks: names::UNET,
        required: true,
        configuration: Some(Companion {
            source: "musetalk.json",
            target: "musetalk.json",
        }),
        companion: None,
        role: names::unet,
        pointwise: never,
        schema: |text| {
            let config = configuration(text)?;
            schema(|scope| Unet::new(scope, &config).map(drop))
        },
    },
    Part {
        target: "vae.safetensors",
        sources: &[
            "sd-vae/diffusion_pytorch_model.bin",
            "sd-vae/diffusion_pytorch_model.safetensors",
            "sd-vae-ft-mse/diffusion_pytorch_model.bin",
            "sd-vae-ft-mse/diffusion_pytorch_model.safetensors",
        ],
        looks: names::VAE,
        required: true,
        configuration: Some(Companion {
            source: "config.json",
            target: "vae.json",
        }),
        companion: None,
        role: names::vae,
        pointwise: names::is_pointwise,
        schema: |text| {
            let config = configuration(text)?;
            schema(|scope| {
                vae::Encoder::new(scope, &config)?;
                vae::Decoder::new(scope, &config).map(drop)
            })
        },
    },
    Part {
        target: "whisper.safetensors",
        sources: &["whisper/pytorch_model.bin", "whisper/model.safetensors"],
        looks: names::WHISPER,
        required: true,
        configuration: Some(Companion {
            source: "config.json",
            target: "whisper.json",
        }),
        companion: Some(Companion {
            source: "preprocessor_config.json",
            target: "preprocessor.json",
        }),
        role: names::whisper,
        pointwise: never,
        schema: |text| {
            let config = configuration(text)?;
            schema(|scope| speech::Encoder::new(scope, &config).map(drop))
        },
    },
    Part {
        target: "s3fd.safetensors",
        sources: &[
            "s3fd-619a316812.pth",
            "s3fd.pth",
            "s3fd/s3fd-619a316812.pth",
            "s3fd/s3fd.pth",
        ],
        looks: names::S3FD,
        required: false,
        configuration: None,
        companion: None,
        role: names::s3fd,
        pointwise: never,
        schema: |_| schema(|scope| S3fd::new(scope).map(drop)),
    },
    Part {
        target: "dwpose.safetensors",
        sources: &["dwpose/dw-ll_ucoco_384.pth"],
        looks: names::DWPOSE,
        required: false,
        configuration: None,
        companion: None,
        role: names::dwpose,
        pointwise: never,
        schema: |_| schema(|scope| Rtmpose::new(scope).map(drop)),
    },
    Part {
        target: "bisenet.safetensors",
        sources: &[
            "face-parse-bisent/79999_iter.pth",
            "face-parse-bisenet/79999_iter.pth",
        ],
        looks: names::BISENET,
        required: false,
        configuration: None,
        companion: None,
        role: names::bisenet,
        pointwise: never,
        schema: |_| schema(|scope| Bisenet::new(scope).map(drop)),
    },
];

fn configuration<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// What `network` asks for when it is made.
fn schema(network: impl FnOnce(&Scope<'_>) -> Result<(), WeightsError>) -> Result<Schema, String> {
    let weights = Weights::nowhere();
    network(&weights.root()).map_err(|error| error.to_string())?;
    Ok(weights.asked())
}

fn never(_: &str) -> bool {
    false
}
