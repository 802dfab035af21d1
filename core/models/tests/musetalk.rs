//! Faces from speech, with narrow networks made from names.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod narrow;

use std::path::Path;

use avatar_models::error::ModelsError;
use avatar_models::musetalk::{FACE_SIDE, Networks, Options, Portrait, Precision, Request};
use avatar_models::probe::write_directory;
use avatar_models::speech::{Listener, WhisperConfig};
use avatar_models::unet::UnetConfig;
use avatar_models::vae::VaeConfig;
use avatar_models::weights::ramp;
use narrow::options;
use tch::Tensor;
use tempfile::TempDir;

const FACE: usize = FACE_SIDE * FACE_SIDE * 3;

fn write(directory: &Path) {
    let (unet, vae) = (UnetConfig::narrow(), VaeConfig::narrow());
    write_directory(directory, &unet, &vae, &WhisperConfig::narrow()).unwrap();
}

fn networks() -> (TempDir, Networks) {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let networks = Networks::open(&options(directory.path())).unwrap();
    (directory, networks)
}

/// An avatar of three frames.
fn portrait(directory: &TempDir, networks: &Networks, name: &str) -> Portrait {
    let file = directory.path().join(format!("{name}.safetensors"));
    let latents = ramp(name, &[3, 8, 32, 32], 0.0, 1.0).unwrap();
    Tensor::write_safetensors(&[("latents", latents)], &file).unwrap();
    networks.portrait(&file).unwrap()
}

/// A second of something like speech.
fn speech() -> Vec<f32> {
    let noise = Vec::<f32>::try_from(ramp("speech", &[16_000], 0.0, 0.3).unwrap()).unwrap();
    (0u16..)
        .zip(noise)
        .map(|(index, sample)| sample * (f32::from(index) / 900.0).sin())
        .collect()
}

#[test]
fn a_face_is_painted_for_each_frame_of_speech() {
    let (directory, networks) = networks();
    let portrait = portrait(&directory, &networks, "anna");
    let size = networks.description().tokens;
    let mut tokens = vec![0.0; 25 * size];
    let mut listener = networks.listener(25).unwrap();
    assert_eq!(listener.hear(&speech(), true, &mut tokens).unwrap(), 25);

    let mut faces = vec![0; 3 * FACE];
    let mut requests: Vec<Request<'_>> = faces
        .chunks_exact_mut(FACE)
        .zip(tokens.chunks_exact(size))
        .enumerate()
        .map(|(index, (face, tokens))| Request {
            portrait: &portrait,
            index,
            tokens,
            face,
        })
        .collect();
    networks.faces(&mut requests).unwrap();
    let (first, second) = faces.split_at(FACE);
    assert!(first != &second[..FACE]);
    assert!(first.iter().min() < first.iter().max());
}

#[test]
fn a_face_does_not_depend_on_its_neighbours() {
    let (directory, networks) = networks();
    let anna = portrait(&directory, &networks, "anna");
    let otto = portrait(&directory, &networks, "otto");
    let tokens = |name: &str| {
        let size = i64::try_from(networks.description().tokens).unwrap();
        Vec::<f32>::try_from(ramp(name, &[size], 0.0, 1.0).unwrap()).unwrap()
    };
    let (mine, other, another) = (tokens("mine"), tokens("other"), tokens("another"));
    let batch = |requests: &[(&Portrait, usize, &[f32])]| {
        let mut faces = vec![0; requests.len() * FACE];
        let mut requests: Vec<Request<'_>> = faces
            .chunks_exact_mut(FACE)
            .zip(requests)
            .map(|(face, &(portrait, index, tokens))| Request {
                portrait,
                index,
                tokens,
                face,
            })
            .collect();
        networks.faces(&mut requests).unwrap();
        faces
    };
    let alone = batch(&[(&anna, 1, &mine)]);
    let among = batch(&[(&otto, 2, &other), (&anna, 1, &mine), (&anna, 0, &mine)]);
    let others = batch(&[(&anna, 0, &mine), (&anna, 1, &mine), (&otto, 0, &another)]);
    assert!(among[FACE..2 * FACE] == others[FACE..2 * FACE]);
    // A batch of another size may be summed up in another order, which is seen where a value is rounded.
    let most = alone
        .iter()
        .zip(&among[FACE..])
        .map(|(one, other)| one.abs_diff(*other))
        .max();
    assert!(most <= Some(1), "{most:?}");
    assert!(alone != among[..FACE]);
}

#[test]
fn fewer_bits_paint_about_the_same_face() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let paint = |precision| {
        let options = Options {
            precision,
            ..options(directory.path())
        };
        let networks = Networks::open(&options).unwrap();
        let portrait = portrait(&directory, &networks, "anna");
        let mut tokens = vec![0.0; networks.description().tokens];
        let mut listener = networks.listener(25).unwrap();
        assert_eq!(listener.hear(&speech(), true, &mut tokens).unwrap(), 1);
        let mut face = vec![0; FACE];
        networks
            .faces(&mut [Request {
                portrait: &portrait,
                index: 1,
                tokens: &tokens,
                face: &mut face,
            }])
            .unwrap();
        face
    };
    let full = paint(Precision::Native);
    // Those of 16 bits that a CPU computes with at speed.
    let face = paint(Precision::Bf16);
    assert!(face != full);
    let apart = face.iter().zip(&full);
    let apart: u64 = apart
        .map(|(one, other)| u64::from(one.abs_diff(*other)))
        .sum();
    assert!(apart < 4 * FACE as u64, "{apart}");
}

#[test]
fn networks_and_portraits_are_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    fn handed<T: Send>() {}
    shared::<Networks>();
    shared::<Portrait>();
    handed::<Listener>();
}

#[test]
fn what_makes_no_sense_is_refused() {
    let (directory, networks) = networks();
    let anna = portrait(&directory, &networks, "anna");
    let tokens = vec![0.0; networks.description().tokens];
    let refused = |index, tokens: &[f32], bytes| {
        let mut face = vec![0; bytes];
        let result = networks.faces(&mut [Request {
            portrait: &anna,
            index,
            tokens,
            face: &mut face,
        }]);
        matches!(result, Err(ModelsError::Argument(_)))
    };
    assert!(refused(3, &tokens, FACE));
    assert!(refused(0, &tokens[1..], FACE));
    assert!(refused(0, &tokens, FACE - 1));
    assert!(!refused(2, &tokens, FACE));
    assert!(matches!(
        networks.listener(0),
        Err(ModelsError::Argument(_))
    ));
    let elsewhere = Options {
        device: "cuda:99".to_owned(),
        ..options(directory.path())
    };
    assert!(matches!(
        Networks::open(&elsewhere),
        Err(ModelsError::Argument(_))
    ));
}

#[test]
fn weights_that_do_not_fit_are_named() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path());
    let config = UnetConfig {
        block_out_channels: vec![32, 64, 64, 96],
        ..UnetConfig::narrow()
    };
    let text = serde_json::to_string(&config).unwrap();
    std::fs::write(directory.path().join("musetalk.json"), text).unwrap();
    let Err(ModelsError::Weights(error)) = Networks::open(&options(directory.path())) else {
        panic!("it was opened");
    };
    let text = error.to_string();
    assert!(text.contains("down_blocks.3.resnets.0"), "{text}");
    assert!(text.contains("96"), "{text}");

    std::fs::remove_file(directory.path().join("whisper.json")).unwrap();
    assert!(matches!(
        Networks::open(&options(directory.path())),
        Err(ModelsError::Io { .. })
    ));
}
