//! Speech for faces to say, and the time that a frame of it takes.

use std::hint::black_box;

use avatar_codec::Picture;
use avatar_core::face::Face;
use avatar_core::speech::{Mark, MarkKind};
use avatar_core::time::Samples;
use criterion::Bencher;

/// What is measured: its name, pixels each way, and whether the face speaks.
pub(crate) const SCENES: [(&str, usize, bool); 3] = [
    ("speaking, 512", 512, true),
    ("silent, 512", 512, false),
    ("speaking, 1080", 1080, true),
];

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

/// Measures a frame of a face that `speaks`, or listens to silence.
pub(crate) fn paint(bencher: &mut Bencher<'_>, face: &mut dyn Face, size: usize, speaks: bool) {
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
}
