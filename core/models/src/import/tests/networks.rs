//! Networks tell what they ask for, and run from what was imported.

use super::*;

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
