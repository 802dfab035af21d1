//! A photo says something: `cargo run --release -p avatar-core --example photo -- face.jpg > face.y4m`, which players and ffmpeg open.
#![allow(clippy::print_stderr, reason = "an example talks to people")]

use std::error::Error;
use std::io::Write;

use avatar_codec::Picture;
use avatar_core::face::Face;
use avatar_core::face::photo::{Options, Photo, PhotoFace, Styles};
use avatar_core::speech::{Mark, MarkKind};
use avatar_core::time::{FrameRate, Samples};

/// "hello, I am a photo", a phoneme every 90 ms.
const SAID: [&str; 16] = [
    "h", "ə", "l", "ˈoʊ", "", "ˈaɪ", "æ", "m", "ɐ", "f", "ˈoʊ", "t", "oʊ", "", "", "",
];

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("name a PNG or JPEG")?;
    let (photo, notes) = Photo::read(&std::fs::read(file)?, &Options::default())?;
    for note in notes {
        eprintln!("{note}");
    }
    let rate = FrameRate::new(25).ok_or("no such frame rate")?;
    let mut face = PhotoFace::new(&photo, rate, 42, &Styles::default());
    let (width, height) = photo.size();
    let mut picture = Picture::new(width, height);
    let mut out = std::io::stdout().lock();
    writeln!(out, "YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 C420mpeg2")?;
    let marks: Vec<Mark> = (0..)
        .zip(SAID)
        .map(|(n, phoneme)| Mark {
            at: Samples::from_millis(400 + n * 90),
            kind: MarkKind::Phoneme(phoneme.to_owned()),
        })
        .collect();
    let sound: Vec<f32> = (0..48_000 * 3)
        .map(|n| 0.3 * (n as f32 * 0.02).sin())
        .collect();
    face.hear(&sound, &marks);
    for _ in 0..60 {
        face.paint(&mut picture)?;
        out.write_all(b"FRAME\n")?;
        for plane in [&picture.y, &picture.u, &picture.v] {
            out.write_all(plane)?;
        }
    }
    Ok(())
}
