//! What tests of photos share.

mod colours;
mod glasses;
mod mouths;
mod reading;
mod showing;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use image::{DynamicImage, ImageFormat, RgbImage};

use super::*;
use crate::time::FrameRate;

fn rate() -> FrameRate {
    FrameRate::new(25).unwrap()
}

/// A photograph of a smiling face that `scripts/photograph.sh` fetches.
fn file() -> PathBuf {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.photograph/astronaut.png");
    assert!(
        file.is_file(),
        "there is no {}; get it with: scripts/photograph.sh",
        file.display()
    );
    file
}

fn bytes() -> &'static [u8] {
    static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| std::fs::read(file()).unwrap());
    &BYTES
}

fn photograph() -> RgbImage {
    image::load_from_memory(bytes()).unwrap().into_rgb8()
}

fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut cursor = std::io::Cursor::new(&mut bytes);
    picture.write_to(&mut cursor, ImageFormat::Png).unwrap();
    bytes
}

fn jpeg(picture: &RgbImage, quality: i32) -> Vec<u8> {
    let image = turbojpeg::Image {
        pixels: picture.as_raw().as_slice(),
        width: picture.width() as usize,
        pitch: picture.width() as usize * 3,
        height: picture.height() as usize,
        format: turbojpeg::PixelFormat::RGB,
    };
    let file = turbojpeg::compress(image, quality, turbojpeg::Subsamp::None).unwrap();
    file.to_vec()
}

fn sized(size: (usize, usize)) -> Options {
    Options {
        size,
        ..Options::default()
    }
}

fn read(bytes: &[u8], size: (usize, usize)) -> (Photo, Vec<Note>) {
    Photo::read(bytes, &sized(size)).unwrap()
}
