//! Photos are read, and faces found in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use proptest::prelude::*;

use super::super::bitmap::Bitmap;
use super::super::cascade::Cascade;
use super::super::*;
use super::{bytes, photograph, png, read, sized};

/// OpenCV's own boxes; `golden/boxes.py` makes them.
#[test]
fn boxes_are_opencvs() {
    #[derive(serde::Deserialize)]
    struct Golden {
        cut: [u32; 4],
        mirrored: bool,
        cascade: String,
        pace: f64,
        votes: usize,
        least: usize,
        found: Vec<[i32; 5]>,
    }
    let golden: Vec<Golden> = serde_json::from_str(include_str!("../golden/boxes.json")).unwrap();
    let photograph = photograph();
    for golden in golden {
        let [x, y, width, height] = golden.cut;
        let mut cut = image::imageops::crop_imm(&photograph, x, y, width, height).to_image();
        if golden.mirrored {
            cut = image::imageops::flip_horizontal(&cut);
        }
        let bitmap = Bitmap {
            width,
            height,
            bytes: cut.into_raw(),
        };
        let cascade = Cascade::read(Path::new(CASCADES), &golden.cascade).unwrap();
        let wanted = search::Search {
            pace: golden.pace,
            votes: golden.votes,
            least: golden.least,
            most: usize::MAX,
        };
        let found = search::search(&cascade, &bitmap.grey(), wanted);
        let near = |found: &search::Found, golden: &[i32; 5]| {
            let boxes = [found.x, found.y, found.width, found.height];
            boxes.iter().zip(golden).all(|(a, b)| (a - b).abs() <= 2)
        };
        // A window more or less may tip a group that just has votes enough.
        let sure = |votes: usize| votes > golden.votes + 1;
        for expected in golden.found.iter().filter(|found| sure(found[4] as usize)) {
            assert!(
                found.iter().any(|found| near(found, expected)),
                "{} {:?} {}: {expected:?} not in {found:?}",
                golden.cascade,
                golden.cut,
                golden.mirrored
            );
        }
        for found in found.iter().filter(|found| sure(found.votes)) {
            assert!(
                golden.found.iter().any(|golden| near(found, golden)),
                "{} {:?} {}: {found:?} too many",
                golden.cascade,
                golden.cut,
                golden.mirrored
            );
        }
    }
}

/// Where eyes, mouth and chin are in the photograph, seen with one's own eyes.
#[test]
fn features_are_where_people_see_them() {
    let (photo, notes) = read(bytes(), (512, 512));
    assert_eq!(notes, []);
    let measured = &photo.0;
    let bitmap = decode::decode(bytes()).unwrap();
    let finder = finder::Finder::shared(Path::new(CASCADES)).unwrap();
    let (found, _) = finder.find(&bitmap).unwrap();
    let (frame, _) = eyes::look(
        &bitmap,
        frame::Frame::of(found.eyes[0], found.eyes[1]),
        found.seen,
    );
    let near = |(x, y): (f32, f32), (to_x, to_y): (f32, f32), by: f32, what: &str| {
        assert!(
            (x - to_x).hypot(y - to_y) < by,
            "{what}: {x} {y}, not {to_x} {to_y}"
        );
    };
    near(frame.pixel((-0.5, 0.0)), (202.0, 101.0), 3.0, "left eye");
    near(frame.pixel((0.5, 0.0)), (247.5, 102.7), 3.0, "right eye");
    let mouth = measured.lips.shape;
    let corner = |side: f32| {
        let x = mouth.x + side * mouth.half_width;
        frame.pixel((x, mouth.y + mouth.slope * side * mouth.half_width))
    };
    near(corner(-1.0), (204.5, 140.5), 4.5, "left corner");
    near(corner(1.0), (243.5, 142.0), 4.5, "right corner");
    assert!(mouth.gap > 0.06, "teeth are seen: {mouth:?}");
    let chin = frame.pixel((mouth.x, measured.chin)).1;
    assert!((chin - 176.0).abs() < 8.0, "chin: {chin}");
}

/// Bytes that say nothing but an orientation, before a JPEG's own.
fn turned(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut tiff = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xff, 0xe1, 0, tiff.len() as u8 + 2]);
    bytes.extend(tiff);
    bytes.extend(&jpeg[2..]);
    bytes
}

#[test]
fn all_eight_orientations_come_out_upright() {
    // Four quarters that can be told from one another.
    let upright = RgbImage::from_fn(96, 64, |x, y| match (x < 48, y < 32) {
        (true, true) => Rgb([220, 30, 30]),
        (false, true) => Rgb([30, 220, 30]),
        (true, false) => Rgb([30, 30, 220]),
        (false, false) => Rgb([220, 220, 220]),
    });
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    // How a camera held that way would have stored it.
    let stored = [
        upright.clone(),
        flip_horizontal(&upright),
        rotate180(&upright),
        flip_vertical(&upright),
        flip_horizontal(&rotate90(&upright)),
        rotate270(&upright),
        flip_horizontal(&rotate270(&upright)),
        rotate90(&upright),
    ];
    for (orientation, stored) in (1..=8).zip(stored) {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, 95)
            .encode_image(&stored)
            .unwrap();
        let decoded = decode::decode(&turned(&jpeg, orientation)).unwrap();
        assert_eq!((decoded.width, decoded.height), (96, 64), "{orientation}");
        for (x, y) in [(20, 14), (76, 14), (20, 50), (76, 50)] {
            let (seen, meant) = (decoded.pixel(x, y), upright.get_pixel(x as u32, y as u32).0);
            let near = seen.iter().zip(meant).all(|(a, b)| a.abs_diff(b) < 24);
            assert!(near, "{orientation}: {seen:?} at {x}, {y}, not {meant:?}");
        }
    }
}

#[test]
fn what_is_of_no_use_is_refused_with_a_reason() {
    let refused = |bytes: &[u8], says: &str| {
        let error = Photo::read(bytes, &Options::default()).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    };
    refused(b"", "PNG or a JPEG");
    refused(b"GIF89a and so on", "PNG or a JPEG");
    refused(&bytes()[..1_000], "damaged");
    refused(&png(&RgbImage::new(40, 200).into()), "too small: 40×200");
    refused(
        &png(&RgbImage::from_pixel(300, 300, Rgb([90, 120, 200])).into()),
        "no face",
    );
    // A header that promises a gigabyte, and nothing behind it.
    let mut bomb = png(&RgbImage::new(64, 64).into());
    bomb[16..24].copy_from_slice(&[0, 0, 0x80, 0, 0, 0, 0x80, 0]);
    let mut crc = flate(&bomb[12..29]);
    bomb[29..33].swap_with_slice(&mut crc);
    refused(&bomb, "too large: 32768×32768");
    let missing = Options {
        cascades: PathBuf::from("/nowhere"),
        ..Options::default()
    };
    let error = Photo::read(bytes(), &missing).unwrap_err().to_string();
    assert!(
        error.contains("opencv-data") && error.contains("/nowhere"),
        "{error}"
    );
    for size in [(62, 64), (64, 65), (0, 0), (2_000, 512)] {
        let error = Photo::read(bytes(), &sized(size)).unwrap_err();
        assert!(matches!(error, PhotoError::Size(..)));
    }
}

/// Cascades that cannot be read are tried again when they are mended; those that were read are not read again.
#[test]
fn cascades_are_read_once() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    assert!(finder::Finder::shared(place).is_err());
    for entry in fs::read_dir(CASCADES).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), place.join(entry.file_name())).unwrap();
    }
    let first = finder::Finder::shared(place).unwrap();
    fs::remove_dir_all(place).unwrap();
    let second = finder::Finder::shared(place).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
}

/// The checksum of a PNG's chunk.
fn flate(bytes: &[u8]) -> [u8; 4] {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    (!crc).to_be_bytes()
}

#[test]
fn of_several_faces_the_largest_is_shown() {
    let one = photograph();
    let part = image::imageops::crop_imm(&one, 110, 0, 240, 260).to_image();
    let small = image::imageops::thumbnail(&part, 150, 162);
    let mut both = RgbImage::from_pixel(420, 300, Rgb([180, 180, 180]));
    image::imageops::replace(&mut both, &small, 10, 60);
    image::imageops::replace(&mut both, &part, 170, 20);
    let (photo, notes) = read(&png(&both.into()), (256, 256));
    assert_eq!(notes, [Note::Faces(2)]);
    assert!(notes[0].to_string().contains("2 faces"));
    // As large in the picture as when it is alone.
    let unit = |photo: &Photo| photo.0.frame.unit;
    let alone = read(bytes(), (256, 256)).0;
    assert!((unit(&photo) - unit(&alone)).abs() < 4.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn damaged_files_are_refused_or_read(
        at in proptest::collection::vec((0_usize..4_000, any::<u8>()), 1..12), cut in 0_usize..4_000, jpeg in any::<bool>(),
    ) {
        let small = image::imageops::thumbnail(&photograph(), 80, 80);
        let mut bytes = Vec::new();
        if jpeg {
            JpegEncoder::new(&mut bytes).encode_image(&small).unwrap();
        } else {
            bytes = png(&small.into());
        }
        for (place, byte) in at {
            let length = bytes.len();
            bytes[place % length] = byte;
        }
        if cut % 3 == 0 {
            bytes.truncate(cut);
        }
        // It is enough that nothing breaks.
        let _ = decode::decode(&bytes);
    }
}
