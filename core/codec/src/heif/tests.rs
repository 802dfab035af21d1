//! Files that libheif's own `heif-enc` makes of pictures that the tests make.

use std::fs;
use std::io::Write;
use std::process::Command;

use super::*;

const LIMITS: HeifLimits = HeifLimits {
    least: 16,
    side: 4_000,
    most: 1_000_000,
};

/// Four quarters that can be told from one another.
fn colour(x: usize, y: usize, width: usize, height: usize) -> [u8; 3] {
    match (x < width / 2, y < height / 2) {
        (true, true) => [200, 40, 40],
        (false, true) => [40, 180, 40],
        (true, false) => [40, 40, 200],
        (false, false) => [190, 190, 190],
    }
}

/// A file made from a picture in PNG, which ffmpeg makes of its pixels.
fn file(extension: &str, (width, height): (usize, usize), options: &[&str]) -> Vec<u8> {
    let place = tempfile::tempdir().unwrap();
    let named = |name: &str| place.path().join(name);
    let mut ppm = fs::File::create(named("picture.ppm")).unwrap();
    writeln!(ppm, "P6 {width} {height} 255").unwrap();
    for n in 0..width * height {
        ppm.write_all(&colour(n % width, n / width, width, height))
            .unwrap();
    }
    drop(ppm);
    let done = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    done(
        Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(named("picture.ppm"))
            .arg(named("picture.png")),
    );
    let made = named(&format!("made.{extension}"));
    let mut encode = Command::new("heif-enc");
    if extension == "avif" {
        encode.arg("-A");
    }
    done(
        encode
            .args(["-q", "90"])
            .args(options)
            .arg("-o")
            .arg(&made)
            .arg(named("picture.png")),
    );
    fs::read(made).unwrap()
}

fn near(image: &HeifImage, (x, y): (usize, usize), wanted: [u8; 3]) {
    let at = (y * image.width as usize + x) * 3;
    let seen = image.pixels.get(at..at + 3).unwrap();
    let near = seen.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 14);
    assert!(near, "{seen:?} at {x}, {y}, not {wanted:?}");
}

fn looks(image: &HeifImage, width: usize, height: usize) {
    assert_eq!(
        (image.width as usize, image.height as usize),
        (width, height)
    );
    assert_eq!(image.pixels.len(), width * height * 3);
    for (x, y) in [
        (10, 10),
        (width - 10, 10),
        (10, height - 10),
        (width - 10, height - 10),
    ] {
        near(image, (x, y), colour(x, y, width, height));
    }
}

#[test]
fn pictures_of_both_kinds_are_decoded() {
    for extension in ["heic", "avif"] {
        // Of odd sides too, which their codings do not have.
        for size in [(128, 96), (131, 97)] {
            let bytes = file(extension, size, &[]);
            assert!(is_heif(&bytes), "{extension}");
            let image = decode_heif(&bytes, &LIMITS).unwrap();
            looks(&image, size.0, size.1);
            assert!(!image.alpha);
        }
    }
}

#[test]
fn ten_bits_become_eight() {
    let image = decode_heif(&file("avif", (128, 96), &["-b", "10"]), &LIMITS).unwrap();
    looks(&image, 128, 96);
}

#[test]
fn files_that_break_off_are_refused() {
    for extension in ["heic", "avif"] {
        let bytes = file(extension, (256, 256), &[]);
        for part in [2, 4, 10] {
            let cut = bytes.get(..bytes.len() - bytes.len() / part).unwrap();
            let error = decode_heif(cut, &LIMITS).unwrap_err();
            let known = matches!(error, HeifError::Unreadable | HeifError::Corrupt);
            assert!(known, "{extension} {part}: {error}");
        }
    }
}

#[test]
fn sizes_have_bounds() {
    let bytes = file("avif", (128, 96), &[]);
    for limits in [
        HeifLimits {
            least: 97,
            ..LIMITS
        },
        HeifLimits {
            most: 128 * 96 - 1,
            ..LIMITS
        },
        HeifLimits {
            side: 127,
            ..LIMITS
        },
    ] {
        let refused = decode_heif(&bytes, &limits);
        let wanted = HeifError::Size {
            width: 128,
            height: 96,
        };
        assert_eq!(refused, Err(wanted));
    }
}

#[test]
fn films_and_other_files_are_not_of_this_kind() {
    for bytes in [
        b"".as_slice(),
        b"\0\0\0\x18ftypisom\0\0\x02\0isommp41",
        b"\0\0\0\x18ftypisomheic\0\0isom",
        b"\0\0\0\x10ftypisom\0\0\0\0heic",
        b"\xff\xd8\xff\xe0",
    ] {
        assert!(!is_heif(bytes), "{bytes:?}");
    }
    assert!(is_heif(b"\0\0\0\x1cftypmif1\0\0\0\0isomavif"));
    let empty = b"\0\0\0\x1cftypmif1\0\0\0\0isomavif\0\0\0\0";
    assert_eq!(decode_heif(empty, &LIMITS), Err(HeifError::Unreadable));
}
