//! What is needed to look at faces: mouths to show, and pictures as files.

use std::fs::File;
use std::path::Path;

use avatar_codec::Picture;

/// Mouths by name: open, jaw, width, round, press, bite, tongue.
pub(super) const MOUTHS: [(&str, [f32; 7]); 9] = [
    ("rest", [0.0; 7]),
    ("a", [0.85, 0.85, 0.1, 0.0, 0.0, 0.0, 0.0]),
    ("e", [0.45, 0.4, 0.5, 0.0, 0.0, 0.0, 0.0]),
    ("i", [0.26, 0.12, 0.9, 0.0, 0.0, 0.0, 0.0]),
    ("o", [0.5, 0.5, 0.0, 0.75, 0.0, 0.0, 0.0]),
    ("u", [0.2, 0.2, 0.0, 1.0, 0.0, 0.0, 0.0]),
    ("m", [0.0, 0.05, 0.0, 0.0, 1.0, 0.0, 0.0]),
    ("f", [0.12, 0.1, 0.1, 0.0, 0.0, 1.0, 0.0]),
    ("l", [0.35, 0.3, 0.1, 0.0, 0.0, 0.0, 1.0]),
];

/// Red, green and blue of a picture.
pub(super) fn rgb(picture: &Picture) -> Vec<u8> {
    let mut out = Vec::with_capacity(picture.width * picture.height * 3);
    for y in 0..picture.height {
        for x in 0..picture.width {
            let half = y / 2 * (picture.width / 2) + x / 2;
            let luma = (f32::from(picture.y[y * picture.width + x]) - 16.0) / 219.0;
            let blue = (f32::from(picture.u[half]) - 128.0) / 224.0;
            let red = (f32::from(picture.v[half]) - 128.0) / 224.0;
            let green = luma - 0.187_324 * blue - 0.468_124 * red;
            let colour = [luma + 1.5748 * red, green, luma + 1.8556 * blue];
            out.extend(colour.map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8));
        }
    }
    out
}

/// Writes a PNG of them.
pub(super) fn save(file: &Path, (width, height): (usize, usize), bytes: &[u8]) {
    let mut encoder = png::Encoder::new(File::create(file).unwrap(), width as u32, height as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(bytes).unwrap();
}
