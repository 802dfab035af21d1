//! Frames made ready by networks filled from names.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use avatar_models::error::ModelsError;
use avatar_models::prepare::{
    Bounds, FaceGeometry, MaskMode, MaskShape, Preparer, PreparerOptions, Raster,
};
use avatar_models::probe::{write_detectors, write_directory};
use avatar_models::speech::WhisperConfig;
use avatar_models::unet::UnetConfig;
use avatar_models::vae::VaeConfig;

fn noise(width: usize, height: usize) -> Raster {
    let mut state = 12345u32;
    let values = (0..width * height * 3).map(|_| {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12345);
        u8::try_from(state >> 24).unwrap()
    });
    Raster::new(width, height, 3, values.collect()).unwrap()
}

fn preparer() -> Preparer {
    let directory = tempfile::tempdir().unwrap();
    let (unet, vae) = (UnetConfig::narrow(), VaeConfig::narrow());
    write_directory(directory.path(), &unet, &vae, &WhisperConfig::narrow()).unwrap();
    write_detectors(directory.path()).unwrap();
    Preparer::open(&PreparerOptions {
        weights: directory.path().to_owned(),
        device: "cpu".to_owned(),
        threads: 0,
        geometry: FaceGeometry::default(),
        mask: MaskShape {
            mode: MaskMode::Neck,
            ..MaskShape::default()
        },
    })
    .unwrap()
}

#[test]
fn frames_are_made_ready() {
    let preparer = preparer();

    // These weights see a face in noise, and none in the dark.
    let face = preparer.find(&noise(32, 32)).unwrap().unwrap();
    assert_eq!(face, face.within(32, 32));
    assert!(!face.is_empty());
    assert_eq!(preparer.find(&Raster::black(32, 32, 3)).unwrap(), None);

    let frame = noise(160, 120);
    let face = Bounds {
        x0: 40,
        y0: 30,
        x1: 100,
        y1: 110,
    };
    let prepared = preparer.prepare(&frame, face).unwrap();
    assert_eq!(prepared.crop, face.surroundings());
    let mask = &prepared.mask;
    assert_eq!((mask.width(), mask.height()), (120, 120));
    assert!(mask.data().iter().any(|value| *value > 0));
    assert_eq!(
        *mask,
        mask.clone().keep(face.from_corner_of(prepared.crop)),
        "black outside the face"
    );
    assert_eq!(prepared.latents.len(), 8 * 32 * 32);

    // The chin is part of the second latent alone.
    let mut chinless = frame.clone();
    chinless.rows_mut().nth(100).unwrap().fill(0);
    let (hidden, seen) = prepared.latents.split_at(4 * 32 * 32);
    let other = preparer.prepare(&chinless, face).unwrap().latents;
    let (other_hidden, other_seen) = other.split_at(4 * 32 * 32);
    assert_eq!(hidden, other_hidden);
    assert_ne!(seen, other_seen);

    let (outside, small) = (Bounds { x1: 161, ..face }, Bounds { x1: 43, ..face });
    for face in [outside, small] {
        let refused = preparer.prepare(&frame, face);
        assert!(matches!(refused, Err(ModelsError::Argument(_))));
    }
}
