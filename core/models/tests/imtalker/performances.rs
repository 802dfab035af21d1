//! Motion for speech, whole and in pieces.

use avatar_models::error::ModelsError;
use avatar_models::imtalker::{Framing, LOOK_AHEAD_MS, Manner, Networks, Photo};
use avatar_models::motion::{Conditions, Generator, GeneratorConfig, Guidance, Noise, Sampler};
use avatar_models::prepare::Raster;
use avatar_models::probe::Inputs;
use avatar_models::renderer::{Renderer, RendererConfig, Version};
use avatar_models::wav2vec::{FRAME, Wav2vec, Wav2vecConfig};
use tch::{Tensor, no_grad};

use crate::{MOTION, networks, photo, picture, speech, values};

/// The motion of each frame, of speech in pieces; and at which frames a call began to give some.
pub(crate) fn perform(
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
                (made + manner.step.max(10)) * FRAME + ahead + FRAME > heard,
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
    for (piece, step) in [(6400, 0), (8000, 0), (16_000, 0), (3200, 5), (16_000, 25)] {
        let manner = Manner {
            step,
            ..Manner::default()
        };
        let (motions, borders) = perform(&networks, &photo, &manner, &pcm, piece);
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
