//! What a face costs: `cargo bench -p avatar-core --no-default-features --bench face`.
#![allow(clippy::expect_used, reason = "nobody depends on a benchmark")]

use std::hint::black_box;

use avatar_codec::Picture;
use avatar_core::face::{Face, Presenter};
use avatar_core::speech::{Mark, MarkKind};
use avatar_core::time::{FrameRate, Samples};
use criterion::{Criterion, criterion_group, criterion_main};

/// One second of speech: a phoneme every 80 ms, a word every 400 ms.
fn second(n: u64) -> (Vec<f32>, Vec<Mark>) {
    const SAID: [&str; 12] = [
        "d", "ˈo", "b", "r", "y", "j", "dʲ", "ˈe", "n", "ʃ", "u", "a",
    ];
    let start = n * 48_000;
    let pcm = (0..48_000)
        .map(|n: u32| {
            let n = n as f32;
            0.3 * (n * 0.02).sin() * (n * 0.000_5).sin().abs()
        })
        .collect();
    let mut marks = Vec::new();
    for (n, phoneme) in SAID.iter().enumerate() {
        let at = Samples(start + n as u64 * 3_840);
        if n % 5 == 0 {
            marks.push(Mark {
                at,
                kind: MarkKind::Word("speaking".into()),
            });
        }
        marks.push(Mark {
            at,
            kind: MarkKind::Phoneme((*phoneme).into()),
        });
    }
    (pcm, marks)
}

fn paint(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("paint");
    let rate = FrameRate::new(25).expect("an allowed rate");
    for (name, size, speaks) in [
        ("speaking, 512", 512, true),
        ("silent, 512", 512, false),
        ("speaking, 1080", 1080, true),
    ] {
        group.bench_function(name, |bencher| {
            let mut presenter =
                Presenter::new("anna", size, size, rate, 1).expect("a known avatar");
            let mut picture = Picture::new(size, size);
            let mut frame = 0;
            bencher.iter(|| {
                if frame % 25 == 0 {
                    let (pcm, marks) = second(frame / 25);
                    if speaks {
                        presenter.hear(&pcm, &marks);
                    } else {
                        presenter.hear(&vec![0.0; pcm.len()], &[]);
                    }
                }
                frame += 1;
                presenter
                    .paint(black_box(&mut picture))
                    .expect("a picture of its size");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, paint);
criterion_main!(benches);
