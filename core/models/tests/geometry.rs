//! Geometry and blending against what OpenCV and Pillow make of the same pictures (`parity/geometry.py`).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::collections::BTreeMap;

use avatar_models::pose::View;
use avatar_models::prepare::{
    Bounds, Element, MaskMode, MaskShape, Raster, Resampling, Softness, blur, lanczos, resample,
};

fn golden() -> BTreeMap<String, String> {
    serde_json::from_str(include_str!("../parity/geometry.json")).unwrap()
}

fn noise(width: usize, height: usize, channels: usize) -> Raster {
    let mut state = 12345u32;
    let values = (0..width * height * channels).map(|_| {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12345);
        u8::try_from(state >> 24).unwrap()
    });
    Raster::new(width, height, channels, values.collect()).unwrap()
}

/// The noise with 255 where it is above `level` and 0 elsewhere.
fn spots(level: u8) -> Raster {
    let values = noise(60, 48, 1).into_data().into_iter();
    let values = values.map(|value| if value > level { 255 } else { 0 });
    Raster::new(60, 48, 1, values.collect()).unwrap()
}

fn face_classes() -> Raster {
    const ELLIPSES: [(u8, i64, i64, i64, i64); 8] = [
        (17, 256, 200, 200, 190),
        (14, 260, 470, 110, 90),
        (1, 250, 250, 150, 200),
        (17, 140, 330, 40, 30),
        (10, 250, 250, 30, 60),
        (12, 250, 345, 60, 18),
        (13, 250, 380, 55, 20),
        (11, 250, 362, 40, 10),
    ];
    let class = |x: i64, y: i64| {
        let inside = |&&(_, cx, cy, rx, ry): &&(u8, i64, i64, i64, i64)| {
            ((x - cx) * ry).pow(2) + ((y - cy) * rx).pow(2) <= (rx * ry).pow(2)
        };
        ELLIPSES
            .iter()
            .rev()
            .find(inside)
            .map_or(0, |found| found.0)
    };
    let classes = (0..512).flat_map(|y| (0..512).map(move |x| class(x, y)));
    Raster::new(512, 512, 1, classes.collect()).unwrap()
}

fn hexadecimal(data: &[u8]) -> String {
    data.iter().map(|value| format!("{value:02x}")).collect()
}

fn fingerprint(data: &[u8]) -> String {
    let hash = data.iter().fold(0xCBF2_9CE4_8422_2325u64, |hash, value| {
        (hash ^ u64::from(*value)).wrapping_mul(0x100_0000_01B3)
    });
    format!("{hash:016x}")
}

#[test]
fn sizes_change_as_in_the_originals() {
    let golden = golden();
    let cases = [
        ((37, 29), (24, 20)),
        ((61, 50), (16, 16)),
        ((9, 11), (20, 24)),
        ((12, 12), (12, 5)),
    ];
    for ((width, height), (to_width, to_height)) in cases {
        let picture = noise(width, height, 3);
        let name = format!("{width}x{height} to {to_width}x{to_height}");
        let made = [
            ("lanczos", lanczos(&picture, to_width, to_height)),
            (
                "bilinear",
                resample(&picture, to_width, to_height, Resampling::Bilinear),
            ),
            (
                "bicubic",
                resample(&picture, to_width, to_height, Resampling::Bicubic),
            ),
        ];
        for (title, made) in made {
            let expected = &golden[&format!("{title} {name}")];
            assert_eq!(&hexadecimal(made.data()), expected, "{title} {name}");
        }
    }
}

#[test]
fn blurs_are_those_of_the_original() {
    let golden = golden();
    for side in [1, 3, 5, 7, 9, 19, 39, 91] {
        let made = blur(&noise(33, 21, 1), side);
        let expected = &golden[&format!("blur {side}")];
        assert_eq!(&hexadecimal(made.data()), expected, "{side}");
    }
}

#[test]
fn regions_grow_and_shrink_as_in_the_original() {
    let golden = golden();
    let grown = Element::arrowhead().dilate(&spots(251));
    assert_eq!(hexadecimal(grown.data()), golden["dilate"]);
    let flat = Element::flat_ellipse();
    let shrunk = flat.erode(&flat.erode(&spots(3)));
    assert_eq!(hexadecimal(shrunk.data()), golden["erode"]);
}

#[test]
fn masks_are_those_of_the_original() {
    let golden = golden();
    let classes = face_classes();
    let cases = [
        (MaskMode::Jaw, 90, 90, Softness::Realtime, "jaw 90 90 0.1"),
        (MaskMode::Jaw, 40, 120, Softness::Offline, "jaw 40 120 0.05"),
        (MaskMode::Raw, 90, 90, Softness::Realtime, "raw 90 90 0.1"),
        (MaskMode::Neck, 90, 90, Softness::Realtime, "neck 90 90 0.1"),
    ];
    let face = Bounds {
        x0: 11,
        y0: 7,
        x1: 42,
        y1: 51,
    };
    for (mode, left_cheek, right_cheek, softness, name) in cases {
        let shape = MaskShape {
            mode,
            left_cheek,
            right_cheek,
            softness,
        };
        let region = shape.region(&classes);
        assert_eq!(
            fingerprint(region.data()),
            golden[&format!("region {name}")],
            "{name}"
        );
        let mask = shape.mask(&classes, face, face.surroundings());
        assert_eq!(
            hexadecimal(mask.data()),
            golden[&format!("mask {name}")],
            "{name}"
        );
    }
    let face = Bounds {
        x0: 100,
        y0: 80,
        x1: 300,
        y1: 340,
    };
    let mask = MaskShape::default().mask(&classes, face, face.surroundings());
    assert_eq!((mask.width(), mask.height()), (390, 390));
    assert_eq!(fingerprint(mask.data()), golden["mask large"]);
}

#[test]
fn the_landmark_network_sees_what_the_original_sees() {
    let golden = golden();
    for (width, height) in [(50, 31), (30, 70), (400, 300)] {
        let seen = View::whole(width, height).of(&noise(width, height, 3));
        let expected = &golden[&format!("pose view {width}x{height}")];
        assert_eq!(&fingerprint(seen.data()), expected, "{width}x{height}");
    }
}
