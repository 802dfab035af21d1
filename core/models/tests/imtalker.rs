//! Pictures from a photo and speech, with narrow networks made from names.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::fs;
use std::path::Path;

use avatar_models::error::ModelsError;
use avatar_models::imtalker::{Framing, LOOK_AHEAD_MS, Manner, Networks, Photo, Request, square};
use avatar_models::motion::{Conditions, Generator, GeneratorConfig, Guidance, Noise, Sampler};
use avatar_models::musetalk::{Options, Precision};
use avatar_models::prepare::Raster;
use avatar_models::probe::{Inputs, write_detectors, write_imtalker};
use avatar_models::renderer::{Renderer, RendererConfig, Version};
use avatar_models::wav2vec::{FRAME, Wav2vec, Wav2vecConfig};
use avatar_models::weights::ramp;
use tch::{Tensor, no_grad};
use tempfile::TempDir;

const MOTION: usize = 32;

fn write(directory: &Path, version: Version) {
    let renderer = RendererConfig::narrow(version);
    let generator = GeneratorConfig::narrow(version);
    write_imtalker(directory, &renderer, &generator, &Wav2vecConfig::narrow()).unwrap();
}

fn options(directory: &Path) -> Options {
    Options {
        weights: directory.to_owned(),
        device: "cpu".to_owned(),
        precision: Precision::F32,
        // Tests run side by side; threads that wait for each other would be in their way.
        threads: 1,
        max_batch: 4,
    }
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

/// The motion of each frame, of speech in pieces; and at which frames a call began to give some.
fn perform(
    networks: &Networks,
    photo: &Photo,
    manner: &Manner,
    pcm: &[f32],
    piece: usize,
) -> (Vec<f32>, Vec<usize>) {
    let mut performance = networks.performance(photo, manner).unwrap();
    assert_eq!(performance.size(), MOTION);
    let (mut motions, mut borders) = (Vec::new(), Vec::new());
    let mut heard = 0;
    let mut room = vec![0.0; 7 * MOTION];
    let mut pieces = pcm.chunks(piece).peekable();
    while let Some(piece) = pieces.next() {
        heard += piece.len();
        let last = pieces.peek().is_none();
        let mut given = performance.hear(piece, last, &mut room).unwrap();
        if given > 0 {
            borders.push(motions.len() / MOTION);
        }
        while given > 0 {
            motions.extend_from_slice(&room[..given * MOTION]);
            given = performance.hear(&[], last, &mut room).unwrap();
        }
        if !last {
            let ahead = 16 * LOOK_AHEAD_MS as usize;
            let made = motions.len() / MOTION;
            assert!(
                made == 0 || made * FRAME + ahead <= heard,
                "{made} of {heard}"
            );
            // What lies back so far has its motion.
            assert!(
                (made + 10) * FRAME + ahead + FRAME > heard,
                "{made} of {heard}"
            );
        }
    }
    assert_eq!(performance.hear(&[], true, &mut room).unwrap(), 0);
    assert!(matches!(
        performance.hear(&[0.0], true, &mut room),
        Err(ModelsError::Argument(_))
    ));
    (motions, borders)
}

#[test]
fn speech_in_pieces_gives_as_many_frames_as_whole() {
    let (_directory, networks) = networks(Version::Second);
    let photo = photo(&networks, "photo");
    for (samples, pieces) in [
        (51_234, vec![320, 1000, 6400, 8000, 16_000, 33_333, 51_234]),
        (640, vec![100, 640]),
        (641, vec![640]),
        (1, vec![1]),
        (32_000, vec![8000, 31_999]),
    ] {
        let pcm = speech(samples);
        for piece in pieces {
            let (motions, _) = perform(&networks, &photo, &Manner::default(), &pcm, piece);
            let frames = motions.len() / MOTION;
            assert_eq!(frames, samples.div_ceil(FRAME), "{samples} in {piece}");
            assert!(motions.iter().all(|number| number.is_finite()));
        }
    }
}

/// The motion of a whole speech as the original makes it, window by window.
fn original(version: Version, photo: &Raster, pcm: &[f32], manner: &Manner) -> Vec<f32> {
    let inputs = Inputs::default();
    let shape = RendererConfig::narrow(version);
    let weights = inputs.renderer_weights();
    let renderer = Renderer::new(&weights.root(), &shape).unwrap();
    let weights = inputs.weights();
    let ear = Wav2vec::new(&weights.root(), &Wav2vecConfig::narrow()).unwrap();
    let config = GeneratorConfig::narrow(version);
    let weights = inputs.weights();
    let generator = Generator::new(&weights.root(), &config).unwrap();

    let side = photo.width() as i64;
    let seen = Tensor::from_slice(photo.data())
        .view([side, side, 3])
        .permute([2, 0, 1])
        .to_kind(tch::Kind::Float)
        .contiguous()
        .unsqueeze(0)
        / 255.0;
    let reference = renderer.motion.forward(&seen).unwrap();

    let x = Tensor::from_slice(pcm);
    let x: Tensor = (&x - x.mean(None)) / (x.var(false) + 1e-7).sqrt();
    let features = ear.forward(&values(&x)).unwrap();
    let frames = features.size()[1];
    let row = |values: &[f32]| Tensor::from_slice(values).view([1, 1, -1]);
    let projections = &generator.projections;
    let manners = projections
        .pose
        .forward(&row(&manner.pose.unwrap()))
        .unwrap()
        + projections
            .gaze
            .forward(&row(&manner.gaze.unwrap()))
            .unwrap();
    let conditions = Conditions {
        audio: projections.audio.forward(&features).unwrap(),
        manner: manners.expand([1, frames, -1], false),
    };
    let sampler = Sampler::new(&generator, &config, manner.guidance);
    let mut past = sampler.beginning().unwrap();
    let mut motions = Vec::new();
    for first in (0..frames).step_by(50) {
        let noise = Noise::new(manner.seed)
            .frames(first as usize, 50, 32)
            .unwrap();
        let told = conditions.padded(first, 50).unwrap();
        let motion = sampler.window(&noise, &told, &past, &reference).unwrap();
        past = sampler.passed(&past, &motion, &told, 50).unwrap();
        motions.extend(values(&motion));
    }
    motions.truncate(frames as usize * MOTION);
    motions
}

#[test]
fn speech_heard_whole_is_treated_as_the_original_does() {
    for version in [Version::First, Version::Second] {
        let (_directory, networks) = networks(version);
        let side = RendererConfig::narrow(version).input();
        let picture = picture("photo", side, side);
        let photo = networks.photo(&picture, Framing::Whole).unwrap();
        let pcm = speech(16_000 * 5 + 77);
        let manner = Manner {
            seed: 7,
            pose: Some([0.1, -0.2, 0.3]),
            gaze: Some([0.1, 0.2]),
            guidance: Guidance {
                moments: 4,
                scale: 1.5,
            },
            ..Manner::default()
        };
        let (found, _) = perform(&networks, &photo, &manner, &pcm, pcm.len());
        let expected = no_grad(|| original(version, &picture, &pcm, &manner));
        assert_eq!(found.len(), expected.len());
        let apart = found.iter().zip(&expected).map(|(a, b)| (a - b).abs());
        let apart = apart.fold(0.0, f32::max);
        assert!(apart < 1e-4, "{version:?}: {apart}");
    }
}

#[test]
fn borders_are_no_rougher_than_what_lies_between() {
    let (_directory, networks) = networks(Version::Second);
    let photo = photo(&networks, "photo");
    let pcm = speech(16_000 * 12);
    let rough = |motions: &[f32], frame: usize| {
        let (before, after) = motions[(frame - 1) * MOTION..(frame + 1) * MOTION].split_at(MOTION);
        let distance = before.iter().zip(after).map(|(a, b)| (a - b) * (a - b));
        f64::from(distance.sum::<f32>().sqrt())
    };
    for piece in [6400, 8000, 16_000] {
        let (motions, borders) = perform(&networks, &photo, &Manner::default(), &pcm, piece);
        let frames = motions.len() / MOTION;
        let (mut at, mut between) = (Vec::new(), Vec::new());
        for frame in 1..frames {
            if borders.contains(&frame) {
                at.push(rough(&motions, frame));
            } else {
                between.push(rough(&motions, frame));
            }
        }
        assert!(at.len() > 8, "{borders:?}");
        let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
        let most = between.iter().copied().fold(0.0, f64::max);
        assert!(
            mean(&at) <= mean(&between) && at.iter().all(|one| *one <= most),
            "{piece}: {} and {}",
            mean(&at),
            mean(&between)
        );
    }
}

#[test]
fn the_seed_and_the_manner_decide() {
    let (_directory, networks) = networks(Version::Second);
    let photo = photo(&networks, "photo");
    let pcm = speech(20_000);
    let performed = |manner: Manner| perform(&networks, &photo, &manner, &pcm, 8000).0;
    let usual = Manner::default();
    let motions = performed(usual);
    assert_eq!(motions, performed(usual));
    for other in [
        Manner { seed: 43, ..usual },
        Manner {
            pose: Some([0.1, 0.0, 0.0]),
            ..usual
        },
        Manner {
            gaze: Some([0.0, 0.1]),
            ..usual
        },
        Manner {
            guidance: Guidance {
                scale: 1.0,
                ..usual.guidance
            },
            ..usual
        },
        Manner {
            guidance: Guidance {
                moments: 5,
                ..usual.guidance
            },
            ..usual
        },
        Manner { calm: 0.4, ..usual },
    ] {
        assert_ne!(motions, performed(other), "{other:?}");
    }
    let still = performed(Manner { calm: 1.0, ..usual });
    let (first, others) = still.split_at(MOTION);
    assert!(others.chunks(MOTION).all(|motion| motion == first));

    for wrong in [
        Manner {
            guidance: Guidance {
                moments: 1,
                ..usual.guidance
            },
            ..usual
        },
        Manner {
            guidance: Guidance {
                scale: f64::NAN,
                ..usual.guidance
            },
            ..usual
        },
        Manner { calm: 1.5, ..usual },
        Manner { step: 51, ..usual },
        Manner {
            gaze: Some([0.0, f32::INFINITY]),
            ..usual
        },
    ] {
        let refused = networks.performance(&photo, &wrong);
        assert!(
            matches!(refused, Err(ModelsError::Argument(_))),
            "{wrong:?}"
        );
    }
}

#[test]
fn pictures_are_the_same_alone_and_in_company() {
    for version in [Version::First, Version::Second] {
        let (_directory, networks) = networks(version);
        let description = networks.description();
        assert_eq!(description.version, version);
        assert_eq!((description.side, description.frame_rate), (128, 25));
        let photos = [photo(&networks, "one"), photo(&networks, "other")];
        let motions = values(&ramp("motions", &[4, 32], 0.0, 1.0).unwrap());
        let size = description.side * description.side * 3;
        let mut together = vec![0; 4 * size];
        let mut alone = together.clone();
        let draw = |pictures: &mut [u8], batch: usize| {
            let requests = pictures.chunks_mut(size).zip(motions.chunks(MOTION));
            let mut requests: Vec<Request<'_>> = requests
                .zip(photos.iter().cycle())
                .map(|((picture, motion), photo)| Request {
                    photo,
                    motion,
                    picture,
                })
                .collect();
            for batch in requests.chunks_mut(batch) {
                networks.pictures(batch).unwrap();
            }
        };
        draw(&mut together, 4);
        draw(&mut alone, 1);
        let apart = together.iter().zip(&alone).map(|(a, b)| a.abs_diff(*b));
        // What sums in another order make of a number just below the next.
        assert!(apart.max().unwrap() <= 1);
        let pictures: Vec<&[u8]> = together.chunks(size).collect();
        for index in 1..4 {
            assert_ne!(pictures[0], pictures[index]);
        }
        let mut small = vec![0; size - 3];
        let refused = networks.pictures(&mut [Request {
            photo: &photos[0],
            motion: &motions[..MOTION],
            picture: &mut small,
        }]);
        assert!(matches!(refused, Err(ModelsError::Argument(_))));
    }
}

#[test]
fn numbers_of_16_bits_do_as_well() {
    let (directory, networks) = networks(Version::Second);
    let coarse = Networks::open(&Options {
        precision: Precision::Bf16,
        ..options(directory.path())
    })
    .unwrap();
    let pcm = speech(5000);
    let size = 128 * 128 * 3;
    let mut pictures = [vec![0; size], vec![0; size]];
    for (networks, picture) in [&networks, &coarse].into_iter().zip(&mut pictures) {
        let photo = photo(networks, "photo");
        let (motions, _) = perform(networks, &photo, &Manner::default(), &pcm, 5000);
        assert!(motions.iter().all(|number| number.is_finite()));
        let motion = values(&ramp("motion", &[32], 0.0, 1.0).unwrap());
        let mut requests = [Request {
            photo: &photo,
            motion: &motion,
            picture,
        }];
        networks.pictures(&mut requests).unwrap();
    }
    let [fine, coarse] = pictures;
    let apart = fine
        .iter()
        .zip(&coarse)
        .map(|(a, b)| f64::from(a.abs_diff(*b)));
    let mean = apart.sum::<f64>() / size as f64;
    assert!(mean < 8.0, "{mean}");
}

#[test]
fn a_face_is_found_or_the_middle_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), Version::Second);
    let whole = Networks::open(&options(directory.path())).unwrap();
    assert!(!whole.description().finds_faces);
    let dark = Raster::black(64, 48, 3);
    assert!(matches!(
        whole.photo(&dark, Framing::Face),
        Err(ModelsError::Argument(_))
    ));
    drop(whole);

    write_detectors(directory.path()).unwrap();
    let networks = Networks::open(&options(directory.path())).unwrap();
    for picture in [&dark, &picture("noise", 64, 48)] {
        let photo = networks.photo(picture, Framing::Face).unwrap();
        // These weights see a face in noise, and in the dark.
        assert!(photo.face().is_some());
        let crop = photo.crop();
        assert_eq!(crop, square(photo.face(), 64, 48));
        assert_eq!(crop.width(), crop.height());
        assert_eq!(crop.within(64, 48), crop);
    }
    let photo = networks.photo(&dark, Framing::Whole).unwrap();
    assert_eq!((photo.crop().width(), photo.crop().height()), (64, 48));
}

#[test]
fn weights_of_another_version_are_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), Version::Second);
    let file = directory.path().join("renderer.json");
    let other = serde_json::to_string(&RendererConfig::narrow(Version::First)).unwrap();
    fs::write(&file, other).unwrap();
    let error = Networks::open(&options(directory.path())).err().unwrap();
    assert!(
        error
            .to_string()
            .contains("\"dense_feature_encoder.down_block_0."),
        "{error}"
    );
    let other = serde_json::to_string(&RendererConfig {
        widths: [8, 8, 16, 16, 32, 64],
        ..RendererConfig::narrow(Version::Second)
    });
    fs::write(&file, other.unwrap()).unwrap();
    let error = Networks::open(&options(directory.path())).err().unwrap();
    assert!(matches!(error, ModelsError::Weights(_)));
    assert!(
        error.to_string().contains("and must be [64, 32, 3, 3]"),
        "{error}"
    );
    fs::write(&file, r#"{"version":3}"#).unwrap();
    let error = Networks::open(&options(directory.path())).err().unwrap();
    assert!(
        error.to_string().contains("there is no version 3"),
        "{error}"
    );
}
