//! Imports of small networks, from files as `torch.save` writes them.

mod hostile;
mod imtalker;
mod original;

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

#[test]
fn every_container_gives_the_same() {
    let original = Original::flat(fitting());
    for file in [original.zip(), original.legacy(), safetensors(fitting())] {
        let setup = Setup::new(&file);
        setup.import().unwrap();
        assert_eq!(setup.imported("net.safetensors"), expected());
    }
}

#[test]
fn a_manifest_tells_what_is_there() {
    let setup = Setup::new(&Original::flat(fitting()).zip());
    setup.write("models/extra.pth", &Original::flat(fitting()).legacy());
    setup.import().unwrap();
    let manifest = Manifest::read(&setup.target()).unwrap();
    assert_eq!(manifest.model, "musetalk-1.5");
    let names: Vec<_> = manifest.files.keys().map(String::as_str).collect();
    assert_eq!(names, ["extra.safetensors", "net.json", "net.safetensors"]);
    for (name, entry) in &manifest.files {
        let bytes = fs::read(setup.target().join(name)).unwrap();
        let sha256: String = sha2::Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(entry.sha256, sha256);
        assert_eq!(entry.tensors, name.ends_with(".safetensors").then_some(3));
    }
    let other = "{\"format\":1,\"model\":\"imtalker-2\",\"files\":{}}";
    fs::write(setup.target().join("manifest.json"), other).unwrap();
    let error = Manifest::read(&setup.target()).unwrap_err().to_string();
    assert!(error.contains("model imtalker-2"), "{error}");
}

#[test]
fn kinds_and_views_stay_what_they_are() {
    let original = Original {
        storages: vec![
            (Dtype::F16, (0..20u16).flat_map(u16::to_le_bytes).collect()),
            (
                Dtype::BF16,
                (100..108u16).flat_map(u16::to_le_bytes).collect(),
            ),
            (
                Dtype::F64,
                [1f64, 2., 3., 4.]
                    .into_iter()
                    .flat_map(f64::to_le_bytes)
                    .collect(),
            ),
        ],
        root: Value::Dictionary(vec![
            // Transposed, from the middle of a storage.
            (
                "first.weight".to_owned(),
                Value::Tensor(View {
                    storage: 0,
                    offset: 5,
                    shape: vec![2, 3],
                    stride: vec![1, 2],
                }),
            ),
            // One value, told twice.
            (
                "first.bias".to_owned(),
                Value::Parameter(View {
                    storage: 1,
                    offset: 3,
                    shape: vec![2],
                    stride: vec![0],
                }),
            ),
            (
                "second.attentions.weight".to_owned(),
                Value::Tensor(View::whole(2, &[2, 2])),
            ),
        ]),
    };
    for file in [original.zip(), original.legacy()] {
        let setup = Setup::new(&file);
        setup.import().unwrap();
        let words = |words: &[u16]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_le_bytes()).collect()
        };
        let [bias, first, second] = &setup.imported("net.safetensors")[..] else {
            panic!()
        };
        assert_eq!((bias.1, &bias.3), (Dtype::BF16, &words(&[103, 103])));
        assert_eq!(
            (first.1, &first.3),
            (Dtype::F16, &words(&[5, 7, 9, 6, 8, 10]))
        );
        assert_eq!((second.1, second.3.len()), (Dtype::F64, 32));
    }
}

#[test]
fn tied_weights_come_twice() {
    let mut original = Original::flat(fitting());
    let Value::Ordered(entries) = &mut original.root else {
        panic!()
    };
    entries[2].1 = Value::Tensor(View {
        storage: 0,
        offset: 1,
        shape: vec![2, 2],
        stride: vec![2, 1],
    });
    original.storages.pop();
    let setup = Setup::new(&original.legacy());
    setup.import().unwrap();
    assert_eq!(
        setup.imported("net.safetensors")[2].3,
        floats(&[2., 3., 4., 5.])
    );
}

#[test]
fn a_checkpoint_of_training_has_the_network_in_it() {
    let mut original = Original::flat(fitting());
    let moment = Value::Tensor(View::whole(0, &[2, 3]));
    let history = Value::Call(
        "mmengine.logging.history_buffer",
        "HistoryBuffer",
        vec![Value::Number(7)],
    );
    original.root = Value::Dictionary(vec![
        ("epoch".to_owned(), Value::Number(420)),
        (
            "meta".to_owned(),
            Value::Dictionary(vec![("history".to_owned(), history)]),
        ),
        ("state_dict".to_owned(), original.root),
        (
            "optimizer_states".to_owned(),
            Value::Dictionary(vec![("exp_avg".to_owned(), moment)]),
        ),
        (
            "callbacks".to_owned(),
            Value::Tuple(vec![Value::None, Value::Text("none".to_owned())]),
        ),
    ]);
    for file in [original.zip(), original.legacy()] {
        let setup = Setup::new(&file);
        setup.import().unwrap();
        assert_eq!(setup.imported("net.safetensors"), expected());
    }
}

#[test]
fn older_names_and_shapes_are_understood_where_they_are_known() {
    let mut tensors = fitting();
    tensors[2].0 = "second.old_attentions.weight";
    tensors[2].2 = &[2, 2, 1, 1];
    tensors.push(("training.weight", Dtype::I64, &[1], vec![0; 8]));
    let setup = Setup::new(&Original::flat(tensors).legacy());
    setup.import().unwrap();
    assert_eq!(setup.imported("net.safetensors"), expected());
}

#[test]
fn whatever_does_not_fit_is_named() {
    let setup = Setup::new(
        &Original::flat([
            ("first.weight", Dtype::F32, &[3, 2][..], vec![0; 24]),
            ("second.attentions.weight", Dtype::I64, &[2, 2], vec![0; 32]),
            (
                "second.old_attentions.weight",
                Dtype::F32,
                &[2, 2],
                vec![0; 16],
            ),
            ("third.weight", Dtype::F32, &[1], vec![0; 4]),
        ])
        .zip(),
    );
    assert_eq!(
        setup.refused(),
        "/original/net/net.pth does not fit: tensor \"first.weight\" is [3, 2], and must be [2, 3]; \
         tensor \"second.attentions.weight\" is of I64, and must be of floating-point numbers; \
         both \"second.old_attentions.weight\" and \"second.attentions.weight\" are the same tensor; \
         nothing of the network is called \"third.weight\"; \
         there is no tensor \"first.bias\", which must be [2]"
    );
}

#[test]
fn a_file_in_another_s_place_is_recognised() {
    for (name, looks) in [
        (
            "gen.dense_feature_encoder.down_block_0.conv1.weight",
            "the renderer of IMTalker, version 2",
        ),
        (
            "state_dict.gen.dense_feature_encoder.final_linear.weight",
            "the renderer of IMTalker, version 1",
        ),
        (
            "model.fmt.pos_embed",
            "the generator of IMTalker, version 1",
        ),
        ("model.encoder.layers.0.self_attn.q_proj.weight", "Whisper"),
        ("time_embedding.linear_1.weight", "a UNet of diffusers"),
    ] {
        let file = Original::flat([(name, Dtype::F32, &[1][..], vec![0; 4])]).zip();
        let error = Setup::new(&file).refused();
        assert!(
            error.ends_with(&format!("(it looks like {looks})")),
            "{error}"
        );
    }
}

#[test]
fn another_model_s_directory_is_refused_by_name() {
    let setup = Setup::new(b"");
    fs::remove_dir_all(setup.source().join("net")).unwrap();
    assert!(
        setup
            .refused()
            .contains("has none of net/net.pth, net/net.bin")
    );
    setup.write("models/musetalk/pytorch_model.bin", b"");
    let error = setup.refused();
    assert!(error.contains("holds MuseTalk 1.0,"), "{error}");
}

#[test]
fn files_that_are_cut_short_or_no_weights_at_all_are_refused() {
    let original = Original::flat(fitting());
    let plain = safetensors(fitting());
    for file in [original.zip(), original.legacy(), plain] {
        for length in [0, 7, 30, file.len() / 2, file.len() - 1] {
            let error = Setup::new(&file[..length]).refused();
            assert!(
                error.starts_with("/original/net/net.pth "),
                "{length}: {error}"
            );
        }
    }
    assert!(
        Setup::new(b"version https://git-lfs.github.com/spec/v1\n")
            .refused()
            .contains("cannot be understood")
    );
}

#[test]
fn a_configuration_is_needed_and_read() {
    let file = Original::flat(fitting()).zip();
    let setup = Setup::new(&file);
    fs::remove_file(setup.source().join("net/config.json")).unwrap();
    assert_eq!(setup.refused(), "/original/net has none of config.json");
    setup.write("net/config.json", b"{");
    assert!(
        setup
            .refused()
            .starts_with("/original/net/config.json cannot be understood: EOF")
    );
    setup.write("net/config.json", b"[]");
    assert_eq!(
        setup.refused(),
        "/original/net/config.json cannot be understood: it is not empty"
    );
}

#[test]
fn a_target_with_something_in_it_stays_as_it_is() {
    let setup = Setup::new(&Original::flat(fitting()).zip());
    fs::create_dir(setup.target()).unwrap();
    setup.import().unwrap();
    let before = fs::read(setup.target().join("manifest.json")).unwrap();
    assert!(matches!(setup.import(), Err(ImportError::Exists(_))));
    assert_eq!(
        fs::read(setup.target().join("manifest.json")).unwrap(),
        before
    );
}

#[test]
fn it_can_be_broken_off_at_every_step() {
    let setup = Setup::new(&Original::flat(fitting()).zip());
    let told = Cell::new(0);
    let import = |most: usize| {
        told.set(0);
        let mut progress = |_: &str, done: u64, total: u64| {
            assert!(done <= total);
            told.set(told.get() + 1);
            if told.get() > most {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        run(&[PART], &setup.source(), &setup.target(), &mut progress)
    };
    for most in 0..4 {
        assert!(matches!(import(most), Err(ImportError::Cancelled)));
        assert!(!setup.target().exists());
    }
    import(4).unwrap();
    assert_eq!(told.get(), 4);
}

#[test]
fn parts_are_told_apart() {
    for part in PARTS {
        assert!(
            PARTS
                .iter()
                .filter(|other| other.target == part.target)
                .count()
                == 1
        );
    }
}

/// The part of this target.
fn part(target: &str) -> &'static Part {
    let mut parts = PARTS.iter();
    parts.find(|part| part.target == target).unwrap()
}

#[test]
fn each_network_tells_what_it_asks_for() {
    for (target, configuration, count) in [
        ("unet.safetensors", json(&UnetConfig::musetalk()), 686),
        ("vae.safetensors", json(&VaeConfig::stable_diffusion()), 248),
        ("whisper.safetensors", json(&WhisperConfig::tiny()), 67),
        ("s3fd.safetensors", String::new(), 65),
    ] {
        let schema = (part(target).schema)(&configuration).unwrap();
        assert_eq!(schema.len(), count, "{target}");
    }
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

#[test]
fn a_narrow_musetalk_is_imported_and_runs() {
    let setup = Setup::new(b"");
    let unet = json(&UnetConfig::narrow());
    setup.write("models/musetalkV15/musetalk.json", unet.as_bytes());
    let file = original(&named("unet.safetensors", &unet)).zip();
    setup.write("models/musetalkV15/unet.pth", &file);

    let vae = json(&VaeConfig::narrow());
    setup.write("models/sd-vae/config.json", vae.as_bytes());
    let mut tensors = named("vae.safetensors", &vae);
    for (name, shape, _) in &mut tensors {
        if name.contains(".attentions.") {
            *name = name
                .replace(".to_q.", ".query.")
                .replace(".to_k.", ".key.")
                .replace(".to_v.", ".value.")
                .replace(".to_out.0.", ".proj_attn.");
            if shape.len() == 2 {
                shape.extend([1, 1]);
            }
        }
    }
    assert!(
        tensors
            .iter()
            .any(|(name, ..)| name.ends_with("proj_attn.weight"))
    );
    let file = original(&tensors).legacy();
    setup.write("models/sd-vae/diffusion_pytorch_model.bin", &file);

    let whisper = json(&WhisperConfig::narrow());
    setup.write("models/whisper/config.json", whisper.as_bytes());
    setup.write("models/whisper/preprocessor_config.json", b"{}");
    let mut tensors = named("whisper.safetensors", &whisper);
    for (name, ..) in &mut tensors {
        *name = format!("model.encoder.{name}");
    }
    tensors.push((
        "model.decoder.embed_tokens.weight".to_owned(),
        vec![1],
        vec![0; 4],
    ));
    let file = original(&tensors).zip();
    setup.write("models/whisper/pytorch_model.bin", &file);

    let mut progress = |_: &str, _, _| ControlFlow::Continue(());
    import(&setup.source(), &setup.target(), &mut progress).unwrap();
    let networks = Networks::open(&Options {
        weights: setup.target(),
        device: "cpu".to_owned(),
        precision: Precision::F32,
        threads: 1,
        max_batch: 1,
    });
    assert_eq!(networks.unwrap().description().tokens, 50 * 64);
}
