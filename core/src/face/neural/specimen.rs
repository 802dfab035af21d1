//! A small prepared avatar, for tests.

use std::fs;
use std::path::Path;

use super::manifest::{Bounds, FrameBounds, LATENTS, Manifest, MaskMode};

/// An avatar of `frames` frames: a square face in the middle, a pixel further to the right in each, and a crop of half as
/// much again.
pub(crate) fn manifest(width: u32, height: u32, frames: usize) -> Manifest {
    let (w, h) = (width as i32, height as i32);
    let half = (w.min(h) - 20) / 2;
    let frames = (0..frames as i32).map(|shift| {
        let (x, y) = (w / 2 + 1 + shift, h / 2 + 3);
        let around = |reach: i32| Bounds::from([x - reach, y - reach, x + reach, y + reach]);
        FrameBounds {
            face: around(half),
            crop: around(half + 6),
        }
    });
    Manifest {
        format: Manifest::FORMAT,
        name: "Specimen".to_owned(),
        model: Manifest::MODEL.to_owned(),
        frame_rate: 25,
        width,
        height,
        mode: MaskMode::Jaw,
        left_cheek: 90,
        right_cheek: 90,
        extra_margin: 10,
        bbox_shift: 0,
        frames: frames.collect(),
    }
}

/// Writes it to `directory`: frames of one grey each, a shade lighter from one to the next, and masks that let the lower
/// half of the face show.
pub(crate) fn write(directory: &Path, manifest: &Manifest) {
    for part in ["frames", "masks"] {
        fs::create_dir_all(directory.join(part)).unwrap();
    }
    for (index, frame) in manifest.frames.iter().enumerate() {
        let pixels = (manifest.width * manifest.height * 3) as usize;
        png(
            &Manifest::frame_file(directory, index),
            (manifest.width, manifest.height),
            png::ColorType::Rgb,
            &vec![100 + index as u8; pixels],
        );
        let (width, height) = (frame.crop.width(), frame.crop.height());
        let mask: Vec<u8> = (0..width * height)
            .map(|at| if at / width >= height / 2 { 255 } else { 0 })
            .collect();
        png(
            &Manifest::mask_file(directory, index),
            (width, height),
            png::ColorType::Grayscale,
            &mask,
        );
    }
    fs::write(directory.join(LATENTS), b"latents").unwrap();
    let text = serde_json::to_string(manifest).unwrap();
    fs::write(directory.join(Manifest::FILE), text).unwrap();
}

/// Writes one picture.
pub(crate) fn png(file: &Path, (width, height): (u32, u32), colour: png::ColorType, bytes: &[u8]) {
    let mut encoder = png::Encoder::new(fs::File::create(file).unwrap(), width, height);
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(bytes).unwrap();
}
