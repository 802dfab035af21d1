//! Colours are those that the profile of a picture means.

use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use moxcms::ColorProfile;

use super::super::exif;
use super::super::profile::{code_points, described};
use super::super::*;
use super::{jpeg, png};

/// Skin, lips, eyes, cloth: what screens can show of what cameras see.
const PATCHES: [[u8; 3]; 8] = [
    [224, 172, 140],
    [141, 85, 60],
    [180, 70, 75],
    [70, 110, 150],
    [90, 130, 60],
    [200, 190, 60],
    [128, 128, 128],
    [40, 35, 45],
];

/// Pixels of a patch each way.
const SIDE: u32 = 32;

type Matrix = [[f64; 3]; 3];

/// From light in sRGB to that of Display P3 and of Adobe RGB (from their chromaticities, which all have the same white), and to
/// XYZ under D50 (ICC.1:2022, annex E).
const TO_P3: Matrix = [
    [0.822_462, 0.177_538, 0.0],
    [0.033_194, 0.966_806, 0.0],
    [0.017_083, 0.072_397, 0.910_520],
];
const TO_ADOBE: Matrix = [
    [0.715_170, 0.284_830, 0.0],
    [0.0, 1.0, 0.0],
    [0.0, 0.041_160, 0.958_840],
];
const TO_XYZ: Matrix = [
    [0.436_075, 0.385_065, 0.143_080],
    [0.222_505, 0.716_879, 0.060_617],
    [0.013_932, 0.097_105, 0.714_173],
];

fn times(matrix: Matrix, vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
}

/// IEC 61966-2-1.
fn light(code: u8) -> f64 {
    let code = f64::from(code) / 255.0;
    if code <= 0.040_45 {
        code / 12.92
    } else {
        ((code + 0.055) / 1.055).powf(2.4)
    }
}

fn code(light: f64) -> u8 {
    let code = if light <= 0.003_130_8 {
        light * 12.92
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    };
    (code * 255.0).round() as u8
}

/// CIE 1976, from light in sRGB.
fn lab(light: [f64; 3]) -> [f64; 3] {
    let white = [0.964_22, 1.0, 0.825_21];
    let xyz = times(TO_XYZ, light);
    let root = |n: usize| {
        let part = xyz[n] / white[n];
        if part > 0.008_856 {
            part.cbrt()
        } else {
            7.787 * part + 16.0 / 116.0
        }
    };
    let (x, y, z) = (root(0), root(1), root(2));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

fn far(a: [u8; 3], b: [u8; 3]) -> f64 {
    let (a, b) = (lab(a.map(light)), lab(b.map(light)));
    let squares = a.iter().zip(b).map(|(a, b)| (a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

/// The patches side by side, each `stored` in some way.
fn picture(stored: impl Fn([u8; 3]) -> [u8; 3]) -> RgbImage {
    RgbImage::from_fn(SIDE * PATCHES.len() as u32, SIDE * 2, |x, _| {
        Rgb(stored(PATCHES[(x / SIDE) as usize]))
    })
}

fn in_p3(patch: [u8; 3]) -> [u8; 3] {
    times(TO_P3, patch.map(light)).map(code)
}

fn in_adobe(patch: [u8; 3]) -> [u8; 3] {
    times(TO_ADOBE, patch.map(light)).map(|light| (light.powf(1.0 / 2.2) * 255.0).round() as u8)
}

/// How far the worst patch of a file is from what it should be.
fn worst(bytes: &[u8], wanted: [[u8; 3]; 8]) -> f64 {
    let decoded = decode::decode(bytes).unwrap();
    let seen = (0..8).map(|n| {
        let x = i64::from(n * SIDE + SIDE / 2);
        decoded.pixel(x, i64::from(SIDE))
    });
    let distances = seen.zip(wanted).map(|(seen, wanted)| far(seen, wanted));
    distances.fold(0.0, f64::max)
}

/// A segment put before all others of a JPEG.
fn with_segment(file: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u16 + 2).to_be_bytes();
    [&file[..2], &[0xff, marker], &length, content, &file[2..]].concat()
}

fn with_icc(file: &[u8], icc: &[u8]) -> Vec<u8> {
    // In pieces, the last first.
    let pieces: Vec<&[u8]> = icc.chunks(40_000).collect();
    let mut file = file.to_vec();
    for (n, piece) in pieces.iter().enumerate() {
        let head = [
            b"ICC_PROFILE\0".as_slice(),
            &[n as u8 + 1, pieces.len() as u8],
        ]
        .concat();
        file = with_segment(&file, 0xe2, &[&head, *piece].concat());
    }
    file
}

#[test]
fn profiles_are_followed_in_every_kind_of_file() {
    type Stored = fn([u8; 3]) -> [u8; 3];
    let spaces: [(&str, Vec<u8>, Stored); 2] = [
        ("Display P3", profile_of_screen(P3, light), in_p3),
        (
            "Adobe RGB",
            profile_of_screen(ADOBE, |code| (f64::from(code) / 255.0).powf(2.2)),
            in_adobe,
        ),
    ];
    for (name, icc, stored) in spaces {
        let picture = picture(stored);
        let (width, height) = picture.dimensions();
        let mut as_png = Vec::new();
        let mut encoder = PngEncoder::new(&mut as_png);
        encoder.set_icc_profile(icc.clone()).unwrap();
        encoder
            .write_image(&picture, width, height, ExtendedColorType::Rgb8)
            .unwrap();
        let mut as_webp = Vec::new();
        let mut encoder = WebPEncoder::new_lossless(&mut as_webp);
        encoder.set_icc_profile(icc.clone()).unwrap();
        encoder
            .write_image(&picture, width, height, ExtendedColorType::Rgb8)
            .unwrap();
        // libheif's encoder keeps the profile of a PNG.
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("from.png");
        std::fs::write(&file, &as_png).unwrap();
        let by_heif = |extension: &str, options: &[&str]| {
            let to = place.path().join(format!("to.{extension}"));
            let mut encode = std::process::Command::new("heif-enc");
            encode
                .args(options)
                .args(["-q", "95", "-p", "chroma=444", "-o"]);
            let output = encode.arg(&to).arg(&file).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            std::fs::read(to).unwrap()
        };
        for (kind, bytes) in [
            ("PNG", as_png.clone()),
            ("WebP", as_webp),
            ("JPEG", with_icc(&jpeg(&picture, 98), &icc)),
            ("HEIC", by_heif("heic", &[])),
            ("AVIF", by_heif("avif", &["-A"])),
        ] {
            let off = worst(&bytes, PATCHES);
            assert!(off < 3.0, "{name} in {kind}: ΔE {off:.1}");
        }
        // Without its profile it would be another picture.
        assert!(worst(&png(&picture.into()), PATCHES) > 3.0, "{name}");
    }
}

#[test]
fn what_has_no_profile_or_a_broken_one_is_srgb() {
    let picture = picture(|patch| patch);
    assert_eq!(worst(&png(&picture.clone().into()), PATCHES), 0.0);
    let broken = with_icc(&jpeg(&picture, 98), b"no profile at all");
    assert!(worst(&broken, PATCHES) < 2.0);
    let other = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    let grey = png(&image::DynamicImage::ImageRgb8(picture.clone())
        .into_luma8()
        .into());
    let decoded = decode::decode(&grey).unwrap();
    assert_eq!(decoded.pixel(i64::from(SIDE * 6 + 9), 9), [128; 3]);
    // A grey picture whose numbers are light.
    let mut linear = Vec::new();
    let mut encoder = PngEncoder::new(&mut linear);
    encoder.set_icc_profile(other).unwrap();
    let pixels = vec![55_u8; 64 * 64];
    encoder
        .write_image(&pixels, 64, 64, ExtendedColorType::L8)
        .unwrap();
    let [red, green, blue] = decode::decode(&linear).unwrap().pixel(9, 9);
    assert!(
        red.abs_diff(128) <= 2 && red == green && green == blue,
        "{red}"
    );
}

/// As cameras write it: Adobe RGB stands in the EXIF, and nowhere else.
#[test]
fn cameras_adobe_rgb_needs_no_profile() {
    let file = jpeg(&picture(in_adobe), 98);
    for (index, right) in [(b"R03\0", true), (b"R98\0", false)] {
        let exif = [b"Exif\0\0".to_vec(), exif::tests::indexed(index, true)].concat();
        let off = worst(&with_segment(&file, 0xe1, &exif), PATCHES);
        assert_eq!(off < 3.0, right, "ΔE {off:.1}");
    }
}

/// A chunk put behind a PNG's header.
fn with_chunk(file: &[u8], kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let body = [kind, content].concat();
    let length = (content.len() as u32).to_be_bytes();
    let sum = super::reading::checksum(&body);
    [&file[..33], &length, &body, &sum, &file[33..]].concat()
}

#[test]
fn what_a_png_says_of_its_colours_itself_is_followed() {
    // Primaries of Display P3, the curve of sRGB (ITU-T H.273).
    let file = with_chunk(&png(&picture(in_p3).into()), b"cICP", &[12, 13, 0, 1]);
    assert!(worst(&file, PATCHES) < 3.0);
    // Numbers that are light.
    let linear = picture(|patch| patch.map(|part| (light(part) * 255.0).round() as u8));
    let file = with_chunk(&png(&linear.into()), b"gAMA", &100_000_u32.to_be_bytes());
    assert!(worst(&file, PATCHES) < 6.0);
    let mut chromaticities = Vec::new();
    for part in [
        31_270_u32, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000,
    ] {
        chromaticities.extend(part.to_be_bytes());
    }
    let file = with_chunk(&png(&picture(in_p3).into()), b"cHRM", &chromaticities);
    assert!(worst(&file, PATCHES) < 3.0);
    // 1/2.2 and its own primaries are what is written for sRGB.
    assert!(described(Some(0.454_55), None).is_none());
    assert!(described(None, None).is_none());
    assert!(
        code_points(1, 13).is_none() && code_points(2, 2).is_none() && code_points(6, 1).is_some()
    );
}

/// Pictures with a wide range of light are shown with their white as white.
#[test]
fn white_of_wide_ranges_is_white() {
    // 203 candela per square metre, ITU-R BT.2408.
    for (transfer, white) in [(16, 148_u8), (18, 191)] {
        let profile = code_points(9, transfer).unwrap();
        let pixels = vec![white; 3 * 64];
        let shown = profile::to_srgb(pixels, profile::Samples::Rgb, Some(&profile));
        assert!(shown[0] >= 250, "{transfer}: {}", shown[0]);
        let dark = profile::to_srgb(vec![40; 3 * 64], profile::Samples::Rgb, Some(&profile));
        assert!((1..90).contains(&dark[0]), "{transfer}: {}", dark[0]);
    }
}

/// What inks that are not pure, printed over one another, leave of white light.
fn printed(inks: [f64; 4]) -> [f64; 3] {
    let through = [
        [0.02, 0.33, 0.72],
        [0.66, 0.03, 0.22],
        [0.88, 0.72, 0.03],
        [0.03, 0.03, 0.03],
    ];
    let mut light = [1.0; 3];
    for (ink, colour) in inks.iter().zip(through) {
        for (light, part) in light.iter_mut().zip(colour) {
            *light *= 1.0 - ink * (1.0 - part);
        }
    }
    light
}

/// What red, green and blue are in XYZ under D50.
const P3: Matrix = [
    [0.515_102, 0.241_182, -0.001_050],
    [0.291_965, 0.692_236, 0.041_882],
    [0.157_153, 0.066_582, 0.784_378],
];
const ADOBE: Matrix = [
    [0.609_741, 0.311_111, 0.019_470],
    [0.205_276, 0.625_671, 0.060_867],
    [0.149_185, 0.063_217, 0.744_568],
];

/// An ICC profile of three colours and a curve, as version 2 has them.
fn profile_of_screen(colours: Matrix, curve: impl Fn(u8) -> f64) -> Vec<u8> {
    let mut table = b"curv\0\0\0\0\0\0\x01\0".to_vec();
    for code in 0..=255 {
        table.extend(((curve(code) * 65_535.0).round() as u16).to_be_bytes());
    }
    let [red, green, blue] = colours.map(place);
    profile(
        b"mntrRGB XYZ ",
        &[
            (b"rXYZ", &red),
            (b"gXYZ", &green),
            (b"bXYZ", &blue),
            (b"wtpt", &place(D50)),
            (b"rTRC", &table),
            (b"gTRC", &table),
            (b"bTRC", &table),
        ],
    )
}

const D50: [f64; 3] = [0.9642, 1.0, 0.8249];

fn place(xyz: [f64; 3]) -> Vec<u8> {
    let mut place = b"XYZ \0\0\0\0".to_vec();
    for part in xyz {
        place.extend(((part * 65_536.0).round() as i32).to_be_bytes());
    }
    place
}

/// An ICC profile of some kind with some tags (ICC.1:2022, section 7).
fn profile(kind: &[u8; 12], tags: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut head = vec![0; 128];
    head[8..12].copy_from_slice(&[2, 0x40, 0, 0]);
    head[12..24].copy_from_slice(kind);
    head[36..40].copy_from_slice(b"acsp");
    head[68..80].copy_from_slice(&place(D50)[8..]);
    head.extend((tags.len() as u32).to_be_bytes());
    let mut start = head.len() + tags.len() * 12;
    for (tag, content) in tags {
        head.extend(*tag);
        head.extend((start as u32).to_be_bytes());
        head.extend((content.len() as u32).to_be_bytes());
        start += content.len();
    }
    head[..4].copy_from_slice(&(start as u32).to_be_bytes());
    tags.iter().for_each(|(_, content)| head.extend(*content));
    head
}

/// An ICC profile for these inks, with a table of 17 points for each (ICC.1:2022, section 10.11).
fn profile_of_inks() -> Vec<u8> {
    const POINTS: usize = 17;
    let mut table = b"mft1\0\0\0\0\x04\x03\x11\0".to_vec();
    for n in 0..9 {
        table.extend(if n % 4 == 0 { 0x1_0000_u32 } else { 0 }.to_be_bytes());
    }
    let straight = || 0..=255_u8;
    (0..4).for_each(|_| table.extend(straight()));
    for n in 0..POINTS.pow(4) {
        let ink = |place: u32| (n / POINTS.pow(place) % POINTS) as f64 / (POINTS - 1) as f64;
        let [l, a, b] = lab(printed([ink(3), ink(2), ink(1), ink(0)]));
        let parts = [l * 2.55, a + 128.0, b + 128.0];
        table.extend(parts.map(|part| part.round().clamp(0.0, 255.0) as u8));
    }
    (0..3).for_each(|_| table.extend(straight()));
    profile(
        b"prtrCMYKLab ",
        &[(b"wtpt", &place(D50)), (b"A2B0", &table)],
    )
}

#[test]
fn inks_are_printed_as_their_profile_says() {
    let inks: [[u8; 4]; 8] = [
        [0, 0, 0, 0],
        [30, 96, 110, 0],
        [60, 130, 140, 60],
        [20, 190, 150, 10],
        [180, 90, 20, 30],
        [110, 40, 190, 20],
        [0, 0, 0, 128],
        [120, 110, 100, 200],
    ];
    let wanted = inks.map(|inks| printed(inks.map(|ink| f64::from(ink) / 255.0)).map(code));
    let (width, height) = (SIDE as usize * 8, SIDE as usize * 2);
    // As Adobe's programs store them: the other way round.
    let pixels = (0..width * height)
        .flat_map(|n| inks[n % width / SIDE as usize].map(|ink| 255 - ink))
        .collect::<Vec<u8>>();
    let image = turbojpeg::Image {
        pixels: pixels.as_slice(),
        width,
        pitch: width * 4,
        height,
        format: turbojpeg::PixelFormat::CMYK,
    };
    let file = turbojpeg::compress(image, 98, turbojpeg::Subsamp::None).unwrap();
    assert!(file.windows(5).any(|five| five == b"Adobe"));
    let off = worst(&with_icc(&file, &profile_of_inks()), wanted);
    assert!(off < 3.0, "ΔE {off:.1}");
    assert!(worst(&file, wanted) > 5.0);
    // Without a profile white stays white, and black all over is black.
    let decoded = decode::decode(&file).unwrap();
    assert_eq!(decoded.pixel(9, 9), [255; 3]);
}
