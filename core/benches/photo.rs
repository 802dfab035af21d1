//! What a photo that speaks costs: `cargo bench -p avatar-core --no-default-features --bench photo`, after `scripts/photograph.sh`.
#![allow(clippy::expect_used, reason = "nobody depends on a benchmark")]

mod performance;

use std::path::Path;

use avatar_core::face::photo::{Options, Photo, PhotoFace, Styles};
use avatar_core::time::FrameRate;
use criterion::{Criterion, criterion_group, criterion_main};

fn read(size: usize) -> Photo {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.photograph/astronaut.png");
    let bytes = std::fs::read(file).expect("what scripts/photograph.sh fetches");
    let options = Options {
        size: (size, size),
        ..Options::default()
    };
    Photo::read(&bytes, &options)
        .expect("a photo with a face")
        .0
}

fn photo(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("photo");
    let rate = FrameRate::new(25).expect("an allowed rate");
    for (name, size, speaks) in performance::SCENES {
        let photo = read(size);
        group.bench_function(name, |bencher| {
            let mut face = PhotoFace::new(&photo, rate, 1, &Styles::default());
            performance::paint(bencher, &mut face, size, speaks);
        });
    }
    group.sample_size(10);
    group.bench_function("read, 512", |bencher| bencher.iter(|| read(512)));
    group.finish();
}

criterion_group!(benches, photo);
criterion_main!(benches);
