//! Clips as they are read, against what the ffmpeg command makes of the same files.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use avatar_codec::{ClipError, ClipReader, ClipSettings, RgbPicture};
use tempfile::TempDir;

fn ffmpeg(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(arguments)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    output.stdout
}

/// A moving picture with a clock in it.
fn film(directory: &TempDir, name: &str, source: &str, codec: &[&str]) -> PathBuf {
    let file = directory.path().join(name);
    let mut arguments = vec!["-f", "lavfi", "-i", source];
    arguments.extend(codec);
    arguments.push(file.to_str().unwrap());
    ffmpeg(&arguments);
    file
}

fn read(file: &Path, settings: ClipSettings) -> Vec<RgbPicture> {
    let mut reader = ClipReader::open(file, settings).unwrap();
    let size = reader.size();
    let mut pictures = Vec::new();
    while let Some(picture) = reader.read().unwrap() {
        assert_eq!((picture.width, picture.height), size);
        pictures.push(picture);
    }
    assert!(reader.read().unwrap().is_none(), "it stays at its end");
    pictures
}

/// What the ffmpeg command makes of a file with a filter.
fn expected(file: &Path, filter: &str, (width, height): (u32, u32)) -> Vec<RgbPicture> {
    let filter =
        format!("{filter},scale={width}:{height}:flags=bicubic+accurate_rnd+full_chroma_int");
    let raw = ffmpeg(&[
        "-i",
        file.to_str().unwrap(),
        "-vf",
        &filter,
        "-pix_fmt",
        "rgb24",
        "-f",
        "rawvideo",
        "-",
    ]);
    raw.chunks((width * height * 3) as usize)
        .map(|data| RgbPicture {
            width,
            height,
            data: data.to_vec(),
        })
        .collect()
}

/// The mean difference of two pictures' bytes.
fn difference(a: &RgbPicture, b: &RgbPicture) -> f64 {
    assert_eq!((a.width, a.height), (b.width, b.height));
    let sum: u64 = a
        .data
        .iter()
        .zip(&b.data)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    f64::from(u32::try_from(sum).unwrap()) / f64::from(u32::try_from(a.data.len()).unwrap())
}

fn check(pictures: &[RgbPicture], expected: &[RgbPicture]) {
    assert_eq!(pictures.len(), expected.len());
    for (index, (picture, expected)) in pictures.iter().zip(expected).enumerate() {
        let difference = difference(picture, expected);
        assert!(difference < 0.5, "picture {index} differs by {difference}");
    }
    // Pictures of another moment would not pass for the right ones.
    assert!(difference(&pictures[0], &pictures[1]) > 1.0);
}

const BT709: [&str; 6] = [
    "-colorspace",
    "bt709",
    "-color_primaries",
    "bt709",
    "-color_trc",
    "bt709",
];

#[test]
fn pictures_are_those_of_the_original() {
    let directory = tempfile::tempdir().unwrap();
    let source = "testsrc2=size=320x240:rate=25:duration=0.6";
    let film = film(&directory, "a.mp4", source, &["-c:v", "libx264"]);
    let pictures = read(&film, ClipSettings::default());
    assert_eq!(pictures.len(), 15);
    check(&pictures, &expected(&film, "null", (320, 240)));
}

#[test]
fn rates_become_even() {
    let directory = tempfile::tempdir().unwrap();
    for (name, rate) in [
        ("slow.mp4", "12"),
        ("fast.mp4", "30"),
        ("broadcast.mp4", "30000/1001"),
    ] {
        let source = format!("testsrc2=size=160x120:rate={rate}:duration=1");
        let film = film(&directory, name, &source, &["-c:v", "libx264"]);
        let pictures = read(&film, ClipSettings::default());
        let expected = expected(&film, "fps=25", (160, 120));
        assert_eq!(pictures.len(), expected.len(), "{name}");
        for (index, (picture, expected)) in pictures.iter().zip(&expected).enumerate() {
            let difference = difference(picture, expected);
            assert!(
                difference < 0.5,
                "{name}: picture {index} differs by {difference}"
            );
        }
        let reader = ClipReader::open(&film, ClipSettings::default()).unwrap();
        assert_eq!(reader.expected(), Some(25), "{name}");
    }
}

#[test]
fn large_and_odd_pictures_are_made_to_fit() {
    let directory = tempfile::tempdir().unwrap();
    let settings = ClipSettings {
        max_height: 120,
        ..ClipSettings::default()
    };
    let source = "testsrc2=size=426x240:rate=25:duration=0.2";
    let codec = [&["-c:v", "libx264"], BT709.as_slice()].concat();
    let large = film(&directory, "large.mp4", source, &codec);
    check(
        &read(&large, settings),
        &expected(&large, "null", (214, 120)),
    );
    let source = "testsrc2=size=160x120:rate=25:duration=0.2,format=yuv444p10,scale=101:77";
    let codec = ["-c:v", "ffv1"];
    let odd = film(&directory, "odd.mkv", source, &codec);
    check(&read(&odd, settings), &expected(&odd, "null", (102, 78)));
    let source = "testsrc2=size=160x120:rate=25:duration=0.2,setsar=4/3";
    let wide = film(&directory, "wide.mp4", source, &["-c:v", "libx264"]);
    check(&read(&wide, settings), &expected(&wide, "null", (214, 120)));
}

#[test]
fn phones_are_held_upright() {
    let directory = tempfile::tempdir().unwrap();
    let source = "testsrc2=size=160x120:rate=25:duration=0.2";
    let film = film(&directory, "a.mp4", source, &["-c:v", "libx264"]);
    let plain = std::fs::read(&film).unwrap();
    // The matrix in the track's header: ISO/IEC 14496-12 section 8.3.2.
    let at = plain.windows(4).position(|bytes| bytes == b"tkhd").unwrap() + 44;
    let quarter: [i32; 9] = [0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30];
    let back: [i32; 9] = [0, -(1 << 16), 0, 1 << 16, 0, 0, 0, 0, 1 << 30];
    let over: [i32; 9] = [-(1 << 16), 0, 0, 0, -(1 << 16), 0, 0, 0, 1 << 30];
    for (matrix, filter, size) in [
        (quarter, "null", (120, 160)),
        (back, "null", (120, 160)),
        (over, "null", (160, 120)),
    ] {
        let mut turned = plain.clone();
        for (index, value) in matrix.iter().enumerate() {
            turned[at + 4 * index..at + 4 * index + 4].copy_from_slice(&value.to_be_bytes());
        }
        std::fs::write(&film, turned).unwrap();
        let pictures = read(&film, ClipSettings::default());
        check(&pictures, &expected(&film, filter, size));
    }
}

#[test]
fn what_is_skipped_is_not_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let source = "testsrc2=size=160x120:rate=12:duration=1";
    let film = film(&directory, "a.mp4", source, &["-c:v", "libx264"]);
    let all = read(&film, ClipSettings::default());
    let mut reader = ClipReader::open(&film, ClipSettings::default()).unwrap();
    for (index, picture) in all.iter().enumerate() {
        if index % 3 == 1 {
            assert_eq!(reader.read().unwrap().as_ref(), Some(picture), "{index}");
        } else {
            assert!(reader.skip().unwrap());
        }
    }
    assert!(!reader.skip().unwrap());
}

#[test]
fn what_is_no_film_is_refused_in_words() {
    let directory = tempfile::tempdir().unwrap();
    let open = |file: &Path| ClipReader::open(file, ClipSettings::default()).map(|_| ());
    let missing = directory.path().join("missing.mp4");
    let error = open(&missing).unwrap_err();
    assert!(matches!(error, ClipError::Unreadable { .. }), "{error}");
    assert!(error.to_string().contains("missing.mp4"), "{error}");
    let text = directory.path().join("text.mp4");
    std::fs::write(&text, "no film at all").unwrap();
    assert!(matches!(open(&text), Err(ClipError::Unreadable { .. })));
    let sound = film(
        &directory,
        "sound.m4a",
        "sine=duration=0.2",
        &["-c:a", "aac"],
    );
    assert!(matches!(open(&sound), Err(ClipError::NoVideo { .. })));
}

#[test]
fn a_film_that_breaks_off_is_read_to_there() {
    let directory = tempfile::tempdir().unwrap();
    let source = "testsrc2=size=160x120:rate=25:duration=2";
    let film = film(&directory, "a.ts", source, &["-c:v", "libx264", "-g", "5"]);
    let whole = std::fs::read(&film).unwrap();
    std::fs::write(&film, &whole[..whole.len() / 2]).unwrap();
    let pictures = read(&film, ClipSettings::default());
    assert!((10..45).contains(&pictures.len()), "{}", pictures.len());
}
