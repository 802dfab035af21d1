//! What a photo that speaks costs: `cargo bench -p avatar-core --no-default-features --bench photo`, after `scripts/photograph.sh`.
#![allow(clippy::expect_used, reason = "nobody depends on a benchmark")]

use std::hint::black_box;
use std::path::Path;

use avatar_codec::Picture;
use avatar_core::face::Face;
use avatar_core::face::photo::{Options, Photo, PhotoFace, Styles};
use avatar_core::speech::{Mark, MarkKind};
use avatar_core::time::{FrameRate, Samples};
use criterion::{Criterion, criterion_group, criterion_main};

/// One second of speech: a phoneme every 80 ms.
fn second(n: u64) -> (Vec<f32>, Vec<Mark>) {
    const SAID: [&str; 12] = [
        "d", "ˈo", "b", "r", "y", "j", "dʲ", "ˈe", "n", "ʃ", "u", "a",
    ];
    let pcm = (0..48_000)
        .map(|n: u32| 0.3 * (n as f32 * 0.02).sin())
        .collect();
    let mark = |(at, phoneme): (u64, &&str)| Mark {
        at: Samples(n * 48_000 + at * 3_840),
        kind: MarkKind::Phoneme((*phoneme).into()),
    };
    (pcm, (0..).zip(&SAID).map(mark).collect())
}

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
    for (name, size, speaks) in [
        ("speaking, 512", 512, true),
        ("silent, 512", 512, false),
        ("speaking, 1080", 1080, true),
    ] {
        let photo = read(size);
        group.bench_function(name, |bencher| {
            let mut face = PhotoFace::new(&photo, rate, 1, &Styles::default());
            let mut picture = Picture::new(size, size);
            let mut frame = 0;
            bencher.iter(|| {
                if frame % 25 == 0 {
                    let (pcm, marks) = second(frame / 25);
                    if speaks {
                        face.hear(&pcm, &marks);
                    } else {
                        face.hear(&vec![0.0; pcm.len()], &[]);
                    }
                }
                frame += 1;
                face.paint(black_box(&mut picture))
                    .expect("a picture of its size");
            });
        });
    }
    group.sample_size(10);
    group.bench_function("read, 512", |bencher| bencher.iter(|| read(512)));
    group.finish();
}

criterion_group!(benches, photo);
criterion_main!(benches);
