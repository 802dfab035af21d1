//! The files that are imported.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::names::{self, Role};
use super::{IMTALKER, MUSETALK};
use crate::detect::S3fd;
use crate::motion::{self, Generator, GeneratorConfig};
use crate::parse::Bisenet;
use crate::pose::Rtmpose;
use crate::renderer::{self, Renderer, RendererConfig, Version};
use crate::speech;
use crate::unet::Unet;
use crate::vae;
use crate::wav2vec::{Wav2vec, Wav2vecConfig};
use crate::weights::{Scope, Weights, WeightsError};

/// The tensors that a network asks for, with shapes.
pub(super) type Schema = BTreeMap<String, Vec<i64>>;

/// A text beside weights: what it is called there, and here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Companion {
    pub(super) source: &'static str,
    pub(super) target: &'static str,
}

/// A configuration that is made here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) target: &'static str,
    /// Texts that tell something of it, if they are there.
    pub(super) sources: &'static [&'static str],
    /// Makes it of such a text, and of the names of the file's tensors.
    pub(super) text: fn(Option<&str>, &Names<'_>) -> Result<String, String>,
}

/// Asks whether a file has a tensor whose name ends so.
pub(super) type Names<'a> = dyn Fn(&str) -> bool + 'a;

/// One network's file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// What it is called here.
    pub(super) target: &'static str,
    /// What it may be called there, the usual first.
    pub(super) sources: &'static [&'static str],
    /// What its tensors look like, or what these words begin with.
    pub(super) looks: &'static [&'static str],
    /// Whose part it is; nobody's where only preparation needs it.
    pub(super) model: Option<&'static str>,
    /// Whether a file of it has a tensor of this name. Where none is such, the next file is looked at.
    pub(super) holds: fn(&str) -> bool,
    /// What tells the network's sizes where its authors' files do not.
    pub(super) told: Option<Told>,
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
pub(super) const PARTS: [Part; 9] = [
    Part {
        target: "unet.safetensors",
        sources: &["musetalkV15/unet.pth"],
        looks: &[names::UNET],
        model: Some(MUSETALK),
        holds: any,
        told: None,
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
        looks: &[names::VAE],
        model: Some(MUSETALK),
        holds: any,
        told: None,
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
        looks: &[names::WHISPER],
        model: Some(MUSETALK),
        holds: any,
        told: None,
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
        target: "renderer.safetensors",
        sources: &["renderer.ckpt"],
        looks: &[names::RENDERER],
        model: Some(IMTALKER),
        holds: any,
        told: Some(Told {
            target: "renderer.json",
            sources: &["renderer.json"],
            text: |text, has| match text {
                Some(text) => Ok(text.to_owned()),
                None => json(&RendererConfig::published(if has(renderer::SECOND) {
                    Version::Second
                } else {
                    Version::First
                })),
            },
        }),
        configuration: None,
        companion: None,
        role: names::renderer,
        pointwise: never,
        schema: |text| {
            let config: RendererConfig = configuration(text)?;
            config.fault().map_or(Ok(()), Err)?;
            schema(|scope| Renderer::new(scope, &config).map(drop))
        },
    },
    Part {
        target: "generator.safetensors",
        sources: &["generator.ckpt"],
        looks: &[names::GENERATOR],
        model: Some(IMTALKER),
        holds: any,
        told: Some(Told {
            target: "generator.json",
            sources: &["generator.json"],
            text: |text, has| match text {
                Some(text) => Ok(text.to_owned()),
                None => json(&GeneratorConfig::published(if has(motion::FIRST) {
                    Version::First
                } else {
                    Version::Second
                })),
            },
        }),
        configuration: None,
        companion: None,
        role: names::generator,
        pointwise: never,
        schema: |text| {
            let config: GeneratorConfig = configuration(text)?;
            config.fault().map_or(Ok(()), Err)?;
            schema(|scope| Generator::new(scope, &config).map(drop))
        },
    },
    Part {
        target: "wav2vec2.safetensors",
        // What motion was trained with comes first, if it is kept.
        sources: &[
            "generator.ckpt",
            "wav2vec2-base-960h/model.safetensors",
            "wav2vec2-base-960h/pytorch_model.bin",
        ],
        looks: &[names::WAV2VEC, names::GENERATOR],
        model: Some(IMTALKER),
        holds: |name| name.contains("feature_extractor.conv_layers."),
        told: Some(Told {
            target: "wav2vec2.json",
            sources: &["wav2vec2-base-960h/config.json"],
            text: |text, _| {
                json(&match text {
                    Some(text) => configuration::<Wav2vecConfig>(text)?,
                    None => Wav2vecConfig::default(),
                })
            },
        }),
        configuration: None,
        companion: None,
        role: names::wav2vec,
        pointwise: never,
        schema: |text| {
            let config: Wav2vecConfig = configuration(text)?;
            config.fault().map_or(Ok(()), Err)?;
            schema(|scope| Wav2vec::new(scope, &config).map(drop))
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
        looks: &[names::S3FD],
        model: None,
        holds: any,
        told: None,
        configuration: None,
        companion: None,
        role: names::s3fd,
        pointwise: never,
        schema: |_| schema(|scope| S3fd::new(scope).map(drop)),
    },
    Part {
        target: "dwpose.safetensors",
        sources: &["dwpose/dw-ll_ucoco_384.pth"],
        looks: &[names::DWPOSE],
        model: None,
        holds: any,
        told: None,
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
        looks: &[names::BISENET],
        model: None,
        holds: any,
        told: None,
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

fn json(configuration: &impl Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(configuration).map_err(|error| error.to_string())
}

/// What `network` asks for when it is made.
fn schema(network: impl FnOnce(&Scope<'_>) -> Result<(), WeightsError>) -> Result<Schema, String> {
    let weights = Weights::nowhere();
    network(&weights.root()).map_err(|error| error.to_string())?;
    Ok(weights.asked())
}

fn any(_: &str) -> bool {
    true
}

fn never(_: &str) -> bool {
    false
}
