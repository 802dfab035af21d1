//! Pictures of photos.

use std::fs;

use avatar_models::error::ModelsError;
use avatar_models::imtalker::{Framing, Manner, Networks, Request, square};
use avatar_models::musetalk::{Options, Precision};
use avatar_models::prepare::Raster;
use avatar_models::probe::write_detectors;
use avatar_models::renderer::{RendererConfig, Version};
use avatar_models::weights::ramp;

use crate::performances::perform;
use crate::{MOTION, networks, options, photo, picture, speech, values, write};

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
