//! What a face costs: `cargo bench -p avatar-core --no-default-features --bench face`.
#![allow(clippy::expect_used, reason = "nobody depends on a benchmark")]

mod performance;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use avatar_codec::Picture;
use avatar_core::face::Presenter;
use avatar_core::face::neural::FrameBounds;
use avatar_core::face::neural::{Bounds, Film, Gallery, LATENTS, Manifest, MaskMode, Projector};
use avatar_core::time::FrameRate;
use criterion::{Criterion, criterion_group, criterion_main};

fn paint(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("paint");
    let rate = FrameRate::new(25).expect("an allowed rate");
    for (name, size, speaks) in performance::SCENES {
        group.bench_function(name, |bencher| {
            let mut presenter =
                Presenter::new("anna", size, size, rate, 1).expect("a known avatar");
            performance::paint(bencher, &mut presenter, size, speaks);
        });
    }
    group.finish();
}

/// A prepared avatar of noise with a face as large as in a portrait, in a directory.
fn noise(directory: &Path, (width, height): (u32, u32)) {
    let side = i32::try_from(height * 2 / 5).expect("a small number");
    let (x, y) = (
        i32::try_from(width).expect("a small number") / 2 - side / 2,
        side / 2,
    );
    let frame = FrameBounds {
        face: Bounds::from([x, y, x + side, y + side]),
        crop: Bounds::from([
            x - side / 4,
            y - side / 4,
            x + side * 5 / 4,
            y + side * 5 / 4,
        ]),
    };
    let manifest = Manifest {
        format: Manifest::FORMAT,
        name: "Noise".to_owned(),
        model: Manifest::MODEL.to_owned(),
        frame_rate: 25,
        width,
        height,
        mode: MaskMode::Jaw,
        left_cheek: 90,
        right_cheek: 90,
        extra_margin: 10,
        bbox_shift: 0,
        frames: vec![frame; 50],
    };
    for part in ["frames", "masks"] {
        fs::create_dir_all(directory.join(part)).expect("a directory");
    }
    let write = |file: &Path, (width, height): (u32, u32), colour, bytes: &[u8]| {
        let file = fs::File::create(file).expect("a file");
        let mut encoder = png::Encoder::new(file, width, height);
        encoder.set_color(colour);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().expect("a header");
        writer.write_image_data(bytes).expect("a picture");
    };
    let pixels: Vec<u8> = (0..width * height * 3)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let crop = (frame.crop.width(), frame.crop.height());
    let mask: Vec<u8> = (0..crop.0 * crop.1)
        .map(|at| if at / crop.0 > crop.1 / 2 { 200 } else { 0 })
        .collect();
    for index in 0..manifest.frames.len() {
        let file = Manifest::frame_file(directory, index);
        write(&file, (width, height), png::ColorType::Rgb, &pixels);
        let file = Manifest::mask_file(directory, index);
        write(&file, crop, png::ColorType::Grayscale, &mask);
    }
    fs::write(directory.join(LATENTS), []).expect("a file");
    let text = serde_json::to_string(&manifest).expect("a manifest");
    fs::write(directory.join(Manifest::FILE), text).expect("a file");
}

/// What a filmed avatar's frame costs beside its face.
fn show(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("show");
    let place = tempfile::tempdir().expect("a directory");
    for (name, size) in [("filmed-512", (512, 512)), ("filmed-1080", (1920, 1080))] {
        noise(&place.path().join(name), size);
        let gallery = Gallery::new(place.path());
        let exhibit = gallery.find(name).expect("a prepared avatar");
        let film = Film::open(&exhibit, &place.path().join("film"), size);
        let mut projector = Projector::new(Arc::new(film));
        let mut picture = Picture::new(size.0 as usize, size.1 as usize);
        let mut frame = 0;
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let face = Some(vec![frame as u8; 256 * 256 * 3]);
                projector
                    .show(frame % 50, face, black_box(&mut picture))
                    .expect("a frame");
                frame += 1;
            });
        });
    }
    group.finish();
}

criterion_group!(benches, paint, show);
criterion_main!(benches);
