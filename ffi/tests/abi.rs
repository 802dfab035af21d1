//! The library as C programs see it.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "the helpers of a test may panic as the test itself does"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use avatar_models::motion::GeneratorConfig;
use avatar_models::probe::{write_detectors, write_directory, write_imtalker};
use avatar_models::renderer::{RendererConfig, Version};
use avatar_models::speech::WhisperConfig;
use avatar_models::unet::UnetConfig;
use avatar_models::vae::VaeConfig;
use avatar_models::wav2vec::Wav2vecConfig;
use avatar_models::weights::ramp;
use tch::Tensor;

/// The library under test: `$AVATAR_MODELS`, or the newest that was built here.
fn library() -> PathBuf {
    if let Some(library) = std::env::var_os("AVATAR_MODELS") {
        return library.into();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    ["checked", "release", "debug"]
        .map(|profile| target.join(profile).join("libavatar_models.so"))
        .into_iter()
        .filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))
        .max()
        .map(|(_, path)| path.canonicalize().unwrap())
        .expect("no library is built: cargo build -p avatar-models-ffi")
}

/// Weights of narrow networks, as an import leaves them, and the latents of three frames.
fn write_weights(directory: &Path) {
    let (unet, vae) = (UnetConfig::narrow(), VaeConfig::narrow());
    write_directory(directory, &unet, &vae, &WhisperConfig::narrow()).unwrap();
    let latents = ramp("latents", &[3, 8, 32, 32], 0.0, 1.0).unwrap();
    Tensor::write_safetensors(
        &[("latents", latents)],
        directory.join("latents.safetensors"),
    )
    .unwrap();
}

/// The same weights where original files would be, each in a container that an import takes.
fn write_originals(weights: &Path, originals: &Path) {
    for (from, to) in [
        ("musetalk.json", "musetalkV15/musetalk.json"),
        ("unet.safetensors", "musetalkV15/unet.pth"),
        ("vae.json", "sd-vae/config.json"),
        (
            "vae.safetensors",
            "sd-vae/diffusion_pytorch_model.safetensors",
        ),
        ("whisper.json", "whisper/config.json"),
        ("whisper.json", "whisper/preprocessor_config.json"),
        ("whisper.safetensors", "whisper/model.safetensors"),
    ] {
        let to = originals.join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(weights.join(from), to).unwrap();
    }
}

#[test]
fn a_c_program_gets_what_the_header_says() {
    let library = library();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let work = tempfile::tempdir().unwrap();
    let program = work.path().join("abi");
    let compiled = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g"])
        .arg("-I")
        .arg(here.join("include"))
        .arg(here.join("tests/abi.c"))
        .arg(&library)
        // The library finds libtorch by itself.
        .args(["-Wl,--allow-shlib-undefined", "-lm", "-lpthread", "-o"])
        .arg(&program)
        .status()
        .expect("a C compiler");
    assert!(compiled.success());

    let (weights, originals) = (work.path().join("weights"), work.path().join("originals"));
    write_weights(&weights);
    write_originals(&weights, &originals);
    let detectors = work.path().join("detectors");
    fs::create_dir(&detectors).unwrap();
    write_detectors(&detectors).unwrap();
    for name in ["vae.json", "vae.safetensors"] {
        fs::copy(weights.join(name), detectors.join(name)).unwrap();
    }
    let talker = work.path().join("talker");
    let renderer = RendererConfig::narrow(Version::Second);
    let generator = GeneratorConfig::narrow(Version::Second);
    write_imtalker(&talker, &renderer, &generator, &Wav2vecConfig::narrow()).unwrap();
    fs::hard_link(
        detectors.join("s3fd.safetensors"),
        talker.join("s3fd.safetensors"),
    )
    .unwrap();
    let output = Command::new(&program)
        .args([&weights, &originals, &detectors, &talker])
        .arg(work.path())
        .env("LD_LIBRARY_PATH", library.parent().unwrap())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {complaint}", output.status);
    assert_eq!(told, "as the header says\n");
}
