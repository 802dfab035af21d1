//! IMTalker's files, as its authors publish them: dictionaries of training, with everything that it leaves.

use std::path::Path;

use super::original::{Original, Value};
use super::*;
use crate::imtalker;
use crate::motion::GeneratorConfig;
use crate::renderer::{RendererConfig, Version};
use crate::wav2vec::Wav2vecConfig;

/// A tensor: its name, shape and elements, in 32 bits.
type Named = (String, Vec<usize>, Vec<u8>);

/// What `torch.save` makes of a dictionary `state_dict` of these tensors, beside others.
fn checkpoint(tensors: &[Named]) -> Vec<u8> {
    let mut original = original(tensors);
    original.root = Value::Dictionary(vec![
        ("epoch".to_owned(), Value::Number(7)),
        ("state_dict".to_owned(), original.root),
        ("loops".to_owned(), Value::None),
    ]);
    original.zip()
}

fn beside(name: &str) -> Named {
    (name.to_owned(), vec![1], vec![0; 4])
}

fn prefixed(prefix: &str, tensors: Vec<Named>) -> impl Iterator<Item = Named> {
    let renamed = tensors.into_iter().map(move |(name, shape, bytes)| {
        let name = name
            .replace(".weight_g", ".parametrizations.weight.original0")
            .replace(".weight_v", ".parametrizations.weight.original1");
        (format!("{prefix}{name}"), shape, bytes)
    });
    renamed.collect::<Vec<_>>().into_iter()
}

/// The directory of a narrow IMTalker, and the tensors of its generator's file.
fn narrow(version: Version) -> (Setup, Vec<Named>) {
    let setup = Setup::new(b"");
    let config = json(&RendererConfig::narrow(version));
    setup.write("checkpoints/renderer.json", config.as_bytes());
    let mut tensors: Vec<Named> =
        prefixed("gen.", named("renderer.safetensors", &config)).collect();
    tensors.extend(
        [
            "gen.latent_token_encoder.res_blocks.0.skip.0.kernel",
            "gen.latent_token_decoder.style_conv_layers.0.noise.weight",
            "gen.dense_feature_encoder.equalconv.weight",
            "gen.frame_decoder.transformer_blocks.3.blocks.1.attn_mask",
            "gen.frame_decoder.upconv_blocks.0.norm.norm.num_batches_tracked",
            "disc.convs.0.weight",
        ]
        .map(beside),
    );
    setup.write("checkpoints/renderer.ckpt", &checkpoint(&tensors));

    let config = json(&GeneratorConfig::narrow(version));
    setup.write("checkpoints/generator.json", config.as_bytes());
    let mut tensors: Vec<Named> =
        prefixed("model.", named("generator.safetensors", &config)).collect();
    let table = match version {
        Version::First => ["model.fmt.pos_embed", "model.fmt.alignment_mask"],
        Version::Second => [
            "model.fmt.rotary_emb.inv_freq",
            "model.audio_encoder.wav2vec2.masked_spec_embed",
        ],
    };
    tensors.extend(table.map(beside));
    let config = json(&Wav2vecConfig::narrow());
    setup.write(
        "checkpoints/wav2vec2-base-960h/config.json",
        config.as_bytes(),
    );
    let speech = named("wav2vec2.safetensors", &config);
    tensors.extend(prefixed("model.audio_encoder.wav2vec2.", speech));
    setup.write("checkpoints/generator.ckpt", &checkpoint(&tensors));
    (setup, tensors)
}

fn import(setup: &Setup) -> Result<(), ImportError> {
    let mut progress = |_: &str, _, _| ControlFlow::Continue(());
    super::import(&setup.source(), &setup.target(), &mut progress)
}

fn open(weights: &Path) -> imtalker::Networks {
    imtalker::Networks::open(&Options {
        weights: weights.to_owned(),
        device: "cpu".to_owned(),
        precision: Precision::F32,
        threads: 1,
        max_batch: 1,
    })
    .unwrap()
}

#[test]
fn both_versions_are_imported_and_run() {
    for version in [Version::First, Version::Second] {
        let (setup, _) = narrow(version);
        import(&setup).unwrap();
        let manifest = Manifest::read(&setup.target()).unwrap();
        assert_eq!(manifest.model, IMTALKER);
        assert!(manifest.holds(IMTALKER) && !manifest.holds(MUSETALK));
        assert_eq!(open(&setup.target()).description().version, version);
    }
}

#[test]
fn a_directory_may_hold_both_models() {
    let (setup, _) = narrow(Version::Second);
    setup.write("net/net.pth", &Original::flat(fitting()).zip());
    let own = PARTS.iter().filter(|part| part.model == Some(IMTALKER));
    let parts: Vec<Part> = std::iter::once(&PART).chain(own).copied().collect();
    let mut progress = |_: &str, _, _| ControlFlow::Continue(());
    run(&parts, &setup.source(), &setup.target(), &mut progress).unwrap();
    let manifest = Manifest::read(&setup.target()).unwrap();
    assert!(manifest.holds(MUSETALK) && manifest.holds(IMTALKER));
    assert_eq!(manifest.model, "musetalk-1.5 imtalker");
    let tensors = |name: &str| manifest.files[name].tensors.unwrap();
    assert_eq!(tensors("net.safetensors"), 3);
    assert!(tensors("renderer.safetensors") > 300);
    assert!(manifest.files.contains_key("wav2vec2.json"));
}

#[test]
fn a_shape_that_cannot_be_is_refused_before_anything_is_built() {
    let (setup, _) = narrow(Version::Second);
    for (wrong, reason) in [
        (
            RendererConfig {
                side: 1 << 20,
                ..RendererConfig::narrow(Version::Second)
            },
            "out of range",
        ),
        (
            RendererConfig {
                side: 192,
                ..RendererConfig::narrow(Version::Second)
            },
            "no multiple of 128",
        ),
        (
            RendererConfig {
                heads: 3,
                ..RendererConfig::narrow(Version::Second)
            },
            "cannot be shared by 3 heads",
        ),
    ] {
        setup.write("checkpoints/renderer.json", json(&wrong).as_bytes());
        let error = import(&setup).unwrap_err().to_string();
        assert!(
            error.contains("checkpoints/renderer.json") && error.contains(reason),
            "{error}"
        );
    }
}

#[test]
fn an_ear_of_its_own_is_taken_before_the_published_one() {
    let (setup, mut tensors) = narrow(Version::Second);
    let published = named("wav2vec2.safetensors", &json(&Wav2vecConfig::narrow()));
    let published: Vec<Named> = prefixed("wav2vec2.", published)
        .map(|(name, shape, bytes)| (name, shape, vec![0; bytes.len()]))
        .chain([beside("lm_head.weight")])
        .collect();
    let file = original(&published).legacy();
    setup.write("checkpoints/wav2vec2-base-960h/pytorch_model.bin", &file);
    import(&setup).unwrap();
    let own = setup.imported("wav2vec2.safetensors");
    fs::remove_dir_all(setup.target()).unwrap();

    tensors.retain(|(name, ..)| !name.contains("audio_encoder."));
    setup.write("checkpoints/generator.ckpt", &checkpoint(&tensors));
    import(&setup).unwrap();
    let other = setup.imported("wav2vec2.safetensors");
    assert_eq!(own.len(), other.len());
    assert_ne!(own, other);

    fs::remove_file(
        setup
            .source()
            .join("checkpoints/wav2vec2-base-960h/pytorch_model.bin"),
    )
    .unwrap();
    fs::remove_dir_all(setup.target()).unwrap();
    let error = import(&setup).unwrap_err();
    assert!(matches!(error, ImportError::Missing { .. }), "{error}");
    assert!(error.to_string().contains("wav2vec2-base-960h/"), "{error}");
}

#[test]
fn a_tensor_that_is_missing_or_unknown_is_named() {
    let (setup, mut tensors) = narrow(Version::Second);
    tensors.retain(|(name, ..)| name != "model.fmt.c_embedder.bias");
    tensors.push(beside("model.fmt.something.new"));
    setup.write("checkpoints/generator.ckpt", &checkpoint(&tensors));
    let error = import(&setup).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "nothing of the network is called \"state_dict.model.fmt.something.new\"; \
             there is no tensor \"fmt.c_embedder.bias\", which must be [32]"
        ),
        "{error}"
    );
    assert!(!setup.target().exists());
}

#[test]
fn published_shapes_are_told_by_names() {
    let shape = |target: &str, ends: &[&str]| {
        let told = part(target).told.unwrap();
        let has = |end: &str| ends.contains(&end);
        (told.text)(None, &has).unwrap()
    };
    let renderer = |ends: &[&str]| -> RendererConfig {
        serde_json::from_str(&shape("renderer.safetensors", ends)).unwrap()
    };
    let second = RendererConfig::published(Version::Second);
    assert_eq!(renderer(&[crate::renderer::SECOND]), second);
    assert_eq!(renderer(&[]), RendererConfig::published(Version::First));
    let generator = |ends: &[&str]| -> GeneratorConfig {
        serde_json::from_str(&shape("generator.safetensors", ends)).unwrap()
    };
    let first = GeneratorConfig::published(Version::First);
    assert_eq!(generator(&[crate::motion::FIRST]), first);
    assert_eq!(generator(&[]), GeneratorConfig::published(Version::Second));
    let speech: Wav2vecConfig = serde_json::from_str(&shape("wav2vec2.safetensors", &[])).unwrap();
    assert_eq!(speech, Wav2vecConfig::default());
    // Millions of parameters; the published renderer has two more that are not used.
    for (target, config, expected) in [
        ("renderer.safetensors", json(&second), 121),
        ("generator.safetensors", json(&first), 38),
        ("wav2vec2.safetensors", json(&speech), 94),
    ] {
        let schema = (part(target).schema)(&config).unwrap();
        let count: i64 = schema
            .values()
            .map(|shape| shape.iter().product::<i64>())
            .sum();
        assert_eq!(count / 1_000_000, expected, "{target}: {count}");
    }
    let other = Wav2vecConfig {
        do_stable_layer_norm: true,
        ..speech
    };
    let refused = (part("wav2vec2.safetensors").schema)(&json(&other)).unwrap_err();
    assert!(refused.contains("not of the kind"), "{refused}");
}
