//! Imports of small networks, from files as `torch.save` writes them.

mod containers;
mod hostile;
mod imtalker;
mod networks;
mod original;
mod refusals;

use std::cell::Cell;
use std::fs;

use safetensors::{Dtype, SafeTensors};
use sha2::Digest;
use tempfile::TempDir;

use super::names::Role;
use super::part::{Companion, PARTS, Schema};
use super::*;
use crate::musetalk::{Networks, Options, Precision};
use crate::speech::WhisperConfig;
use crate::unet::UnetConfig;
use crate::vae::VaeConfig;
use crate::weights::ramp;
use original::{Original, Value, View};

/// What the one network here asks for.
const SHAPES: [(&str, &[i64]); 3] = [
    ("first.weight", &[2, 3]),
    ("first.bias", &[2]),
    ("second.attentions.weight", &[2, 2]),
];

const PART: Part = Part {
    target: "net.safetensors",
    sources: &["net/net.pth", "net/net.bin"],
    looks: &["nothing"],
    model: Some(MUSETALK),
    holds: |_| true,
    told: None,
    configuration: Some(Companion {
        source: "config.json",
        target: "net.json",
    }),
    companion: None,
    role: |name| match name {
        "training.weight" => Role::Ballast,
        name => Role::Ours(name.replace(".old_attentions.", ".attentions.")),
    },
    pointwise: |name| name.contains("attentions"),
    schema: |text| match text {
        "" | "{}" => Ok(schema()),
        _ => Err("it is not empty".to_owned()),
    },
};

/// One that only preparation needs.
const EXTRA: Part = Part {
    target: "extra.safetensors",
    sources: &["extra.pth"],
    model: None,
    configuration: None,
    ..PART
};

fn schema() -> Schema {
    SHAPES
        .iter()
        .map(|(name, shape)| ((*name).to_owned(), shape.to_vec()))
        .collect()
}

fn floats(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// A file that fits: each tensor's elements count on from the one before.
fn fitting() -> Vec<(&'static str, Dtype, &'static [usize], Vec<u8>)> {
    vec![
        (
            "first.weight",
            Dtype::F32,
            &[2, 3],
            floats(&[1., 2., 3., 4., 5., 6.]),
        ),
        ("first.bias", Dtype::F32, &[2], floats(&[7., 8.])),
        (
            "second.attentions.weight",
            Dtype::F32,
            &[2, 2],
            floats(&[9., 10., 11., 12.]),
        ),
    ]
}

struct Setup {
    directory: TempDir,
}

impl Setup {
    fn new(file: &[u8]) -> Self {
        let setup = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        setup.write("net/net.pth", file);
        setup.write("net/config.json", b"{}");
        setup
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let file = self.source().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }

    fn source(&self) -> PathBuf {
        self.directory.path().join("original")
    }

    fn target(&self) -> PathBuf {
        self.directory.path().join("imported")
    }

    fn import(&self) -> Result<(), ImportError> {
        let mut progress = |_: &str, _, _| ControlFlow::Continue(());
        run(
            &[PART, EXTRA],
            &self.source(),
            &self.target(),
            &mut progress,
        )
    }

    /// What has been imported: kind, shape and bytes by name.
    fn imported(&self, name: &str) -> Vec<(String, Dtype, Vec<usize>, Vec<u8>)> {
        let bytes = fs::read(self.target().join(name)).unwrap();
        let mut tensors: Vec<_> = SafeTensors::deserialize(&bytes)
            .unwrap()
            .tensors()
            .into_iter()
            .map(|(name, tensor)| {
                (
                    name,
                    tensor.dtype(),
                    tensor.shape().to_vec(),
                    tensor.data().to_vec(),
                )
            })
            .collect();
        tensors.sort();
        tensors
    }

    /// The message, after which nothing is left behind.
    fn refused(&self) -> String {
        let error = self.import().unwrap_err().to_string();
        let left: Vec<_> = fs::read_dir(self.directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["original"]);
        error.replace(&self.directory.path().display().to_string(), "")
    }
}

fn expected() -> Vec<(String, Dtype, Vec<usize>, Vec<u8>)> {
    let mut expected: Vec<_> = fitting()
        .into_iter()
        .map(|(name, kind, shape, bytes)| (name.to_owned(), kind, shape.to_vec(), bytes))
        .collect();
    expected.sort();
    expected
}

fn safetensors(tensors: Vec<(&str, Dtype, &[usize], Vec<u8>)>) -> Vec<u8> {
    let views = tensors.iter().map(|(name, kind, shape, bytes)| {
        let view = safetensors::tensor::TensorView::new(*kind, shape.to_vec(), bytes);
        (*name, view.unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

/// The part of this target.
fn part(target: &str) -> &'static Part {
    let mut parts = PARTS.iter();
    parts.find(|part| part.target == target).unwrap()
}

fn json(configuration: &impl serde::Serialize) -> String {
    serde_json::to_string(configuration).unwrap()
}

/// A network's tensors, made from their names, in 32 bits.
fn named(target: &str, configuration: &str) -> Vec<(String, Vec<usize>, Vec<u8>)> {
    (part(target).schema)(configuration)
        .unwrap()
        .into_iter()
        .map(|(name, shape)| {
            let tensor = ramp(&name, &shape, 0.0, 0.1).unwrap();
            let bytes = floats(&Vec::try_from(tensor.flatten(0, -1)).unwrap());
            let shape = shape.iter().map(|side| usize::try_from(*side).unwrap());
            (name, shape.collect(), bytes)
        })
        .collect()
}

fn original(tensors: &[(String, Vec<usize>, Vec<u8>)]) -> Original {
    let tensors = tensors.iter();
    Original::flat(
        tensors.map(|(name, shape, bytes)| {
            (name.as_str(), Dtype::F32, shape.as_slice(), bytes.clone())
        }),
    )
}
