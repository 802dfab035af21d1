//! Photos are read, and faces found in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::{Rgb, RgbImage};
use proptest::prelude::*;

use super::super::bitmap::Bitmap;
use super::super::cascade::Cascade;
use super::super::*;
use super::{bytes, jpeg, photograph, png, read, sized};

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
        let decoded = decode::decode(&turned(&jpeg(&stored, 95), orientation)).unwrap();
        assert_eq!((decoded.width, decoded.height), (96, 64), "{orientation}");
        for (x, y) in [(20, 14), (76, 14), (20, 50), (76, 50)] {
            let (seen, meant) = (decoded.pixel(x, y), upright.get_pixel(x as u32, y as u32).0);
            let near = seen.iter().zip(meant).all(|(a, b)| a.abs_diff(b) < 24);
            assert!(near, "{orientation}: {seen:?} at {x}, {y}, not {meant:?}");
        }
    }
}

fn webp(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::WebP)
        .unwrap();
    bytes.into_inner()
}

/// Files of a picture of a PNG, by the tools that people make such files with.
fn made_by(program: &str, arguments: &[&str], picture: &RgbImage, extension: &str) -> Vec<u8> {
    let place = tempfile::tempdir().unwrap();
    let (from, to) = (
        place.path().join("from.png"),
        place.path().join(format!("to.{extension}")),
    );
    fs::write(&from, png(&picture.clone().into())).unwrap();
    let replaced = arguments.iter().map(|argument| match *argument {
        "FROM" => from.as_os_str(),
        "TO" => to.as_os_str(),
        other => other.as_ref(),
    });
    let output = std::process::Command::new(program)
        .args(replaced)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    fs::read(to).unwrap()
}

#[test]
fn a_face_is_found_in_all_kinds_of_files() {
    let part = image::imageops::crop_imm(&photograph(), 60, 0, 320, 320).to_image();
    let heif: &[&str] = &["-q", "80", "-o", "TO", "FROM"];
    let avif: &[&str] = &["-A", "-q", "80", "-o", "TO", "FROM"];
    let lossy: &[&str] = &["-v", "error", "-i", "FROM", "-quality", "85", "TO"];
    let wanted = read(&png(&part.clone().into()), (256, 256)).0.0.frame;
    for (name, bytes) in [
        ("JPEG", jpeg(&part, 85)),
        ("WebP without loss", webp(&part)),
        ("WebP", made_by("ffmpeg", lossy, &part, "webp")),
        ("HEIC", made_by("heif-enc", heif, &part, "heic")),
        ("AVIF", made_by("heif-enc", avif, &part, "avif")),
    ] {
        let (photo, notes) = read(&bytes, (256, 256));
        assert_eq!(notes, [], "{name}");
        let frame = photo.0.frame;
        assert!((frame.unit / wanted.unit - 1.0).abs() < 0.05, "{name}");
        // What is cut off is noticed.
        for part in [2, 4, 10] {
            let cut = &bytes[..bytes.len() - bytes.len() / part];
            let refused = Photo::read(cut, &Options::default());
            assert!(
                matches!(refused, Err(PhotoError::Damaged(_))),
                "{name}: {part}"
            );
        }
    }
}

#[test]
fn a_hundred_megapixels_are_read_where_they_need_not_be_held() {
    let (width, height) = (12_032, 9_024);
    let image = turbojpeg::Image {
        pixels: vec![90_u8; width * height],
        width,
        pitch: width,
        height,
        format: turbojpeg::PixelFormat::GRAY,
    };
    let file = turbojpeg::compress(image.as_deref(), 70, turbojpeg::Subsamp::Gray).unwrap();
    let decoded = decode::decode(&file).unwrap();
    assert_eq!((decoded.width, decoded.height), (2_048, 1_536));
    assert!(decoded.pixel(1_000, 700)[0].abs_diff(90) < 3);
    // Progressive ones have to be held whole.
    let mut encoder = turbojpeg::Compressor::new().unwrap();
    encoder.set_progressive(true).unwrap();
    encoder.set_subsamp(turbojpeg::Subsamp::Gray).unwrap();
    let held = encoder.compress_to_vec(image.as_deref()).unwrap();
    let error = decode::decode(&held).unwrap_err().to_string();
    assert!(
        error.contains("too large: 12032×9024") && error.contains("64 million"),
        "{error}"
    );
}

#[test]
fn what_is_of_no_use_is_refused_with_a_reason() {
    let refused = |bytes: &[u8], says: &str| {
        let error = Photo::read(bytes, &Options::default()).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    };
    refused(b"", "JPEG, PNG, WebP, HEIC or AVIF");
    refused(
        b"GIF89a and so on",
        "JPEG, PNG, WebP, HEIC or AVIF; this seems to be a GIF",
    );
    refused(&bytes()[..1_000], "breaks off");
    refused(&png(&RgbImage::new(40, 200).into()), "too small: 40×200");
    refused(
        &png(&RgbImage::from_pixel(300, 300, Rgb([90, 120, 200])).into()),
        "no face",
    );
    // A header that promises a gigabyte, and nothing behind it.
    let mut bomb = png(&RgbImage::new(64, 64).into());
    bomb[16..24].copy_from_slice(&[0, 0, 0x80, 0, 0, 0, 0x80, 0]);
    let mut crc = checksum(&bomb[12..29]);
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
pub(super) fn checksum(bytes: &[u8]) -> [u8; 4] {
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

/// A picture turned clockwise by some degrees, about a place.
fn tilted(picture: &RgbImage, degrees: f32, (x, y): (f32, f32), side: u32) -> RgbImage {
    let bitmap = Bitmap {
        width: picture.width(),
        height: picture.height(),
        bytes: picture.as_raw().clone(),
    };
    let (sine, cosine) = degrees.to_radians().sin_cos();
    RgbImage::from_fn(side, side, |column, row| {
        let half = side as f32 / 2.0;
        let (dx, dy) = (column as f32 + 0.5 - half, row as f32 + 0.5 - half);
        let from = (x + dx * cosine + dy * sine, y + dy * cosine - dx * sine);
        Rgb(bitmap.sample(from.0, from.1).map(|part| part.round() as u8))
    })
}

/// Heads lean, and cameras do: to both sides alike.
#[test]
fn turned_faces_are_found_and_measured() {
    // Eyes at (202, 101) and (247.5, 102.7); the whole portrait, and a close-up of the face.
    let middle = (224.7_f32, 101.9_f32);
    let finder = finder::Finder::shared(Path::new(CASCADES)).unwrap();
    for (about, side) in [((224.0, 150.0), 300), ((224.0, 120.0), 170)] {
        for degrees in [-40.0, -30.0, -20.0, -10.0, 0.0, 10.0, 20.0, 30.0, 40.0_f32] {
            let picture = tilted(&photograph(), degrees, about, side);
            let (photo, notes) = read(&png(&picture.clone().into()), (256, 256));
            assert_eq!(notes, [], "{degrees} of {side}");
            let bitmap = decode::decode(&png(&picture.into())).unwrap();
            let (found, count) = finder.find(&bitmap).unwrap();
            assert_eq!(count, 1, "{degrees} of {side}");
            let (frame, _) = eyes::look(
                &bitmap,
                frame::Frame::of(found.eyes[0], found.eyes[1]),
                found.seen,
            );
            let (sine, cosine) = degrees.to_radians().sin_cos();
            let (dx, dy) = (middle.0 - about.0, middle.1 - about.1);
            let half = side as f32 / 2.0;
            let wanted = (
                half + dx * cosine - dy * sine,
                half + dy * cosine + dx * sine,
            );
            let off = (frame.origin.0 - wanted.0).hypot(frame.origin.1 - wanted.1);
            assert!(off < 4.0, "{degrees} of {side}: {off}");
            let leans = frame.axis.1.atan2(frame.axis.0).to_degrees() - degrees;
            assert!((leans - 2.0).abs() < 6.0, "{degrees} of {side}: {leans}");
            assert!(photo.0.lips.seen);
        }
    }
}

/// Cloth, sky and walls; what the cascades take for faces has neither eyes nor a mouth.
#[test]
fn what_has_neither_eyes_nor_mouth_is_no_face() {
    let whole = photograph();
    for [x, y, width, height] in [[0, 230, 512, 282], [120, 200, 200, 180], [300, 0, 212, 200]] {
        let part = image::imageops::crop_imm(&whole, x, y, width, height).to_image();
        let refused = Photo::read(&png(&part.into()), &Options::default());
        assert!(
            matches!(refused, Err(PhotoError::NoFace)),
            "{x} {y}: {refused:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn damaged_files_are_refused_or_read(
        at in proptest::collection::vec((0_usize..4_000, any::<u8>()), 1..12), cut in 0_usize..4_000, kind in 0..3,
    ) {
        let small = image::imageops::thumbnail(&photograph(), 80, 80);
        let mut bytes = match kind {
            0 => jpeg(&small, 75),
            1 => webp(&small),
            _ => png(&small.into()),
        };
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
