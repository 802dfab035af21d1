//! Frames for people to look at: `FACE_PHOTOS=a.png:b.jpg FACE_FRAMES=folder cargo test photo::contact -- --ignored`.

use std::path::Path;

use avatar_codec::Picture;

use super::super::motion::{Look, Pose};
use super::super::performance::Moment;
use super::super::sheet::{MOUTHS, rgb, save};
use super::*;
use crate::face::Mouth;
use crate::time::FrameRate;

/// Mouths that speech makes, beside those of all faces: open, jaw, width, round, press, bite, tongue.
const SPOKEN: [[f32; 7]; 6] = [
    [0.26, 0.22, -0.2, 1.0, 0.0, 0.0, 0.0],
    [0.12, 0.12, -0.2, 0.95, 0.0, 0.0, 0.0],
    [0.54, 0.50, -0.1, 0.8, 0.0, 0.0, 0.0],
    [0.20, 0.15, 0.0, 0.5, 0.0, 0.0, 0.0],
    [0.19, 0.03, 0.42, 0.0, 0.0, 0.0, 0.2],
    [0.26, 0.04, -0.15, 0.55, 0.0, 0.0, 0.2],
];

/// Everything a sheet shows, in rows of five.
fn moments() -> Vec<(Moment, Styles)> {
    let plain = Styles::default();
    let mouths = MOUTHS.iter().map(|(_, measures)| measures);
    let mut moments: Vec<(Moment, Styles)> = mouths
        .chain(&SPOKEN)
        .map(|measures| {
            let mouth = Mouth::from_measures(*measures);
            let moment = Moment {
                mouth,
                ..Moment::default()
            };
            (moment, plain)
        })
        .collect();
    for shut in [0.3, 0.6, 0.8, 1.0] {
        let look = Look {
            shut,
            gaze: (0.0, 0.0),
        };
        let moment = Moment {
            look,
            ..Moment::default()
        };
        moments.push((moment, plain));
    }
    for (pose, gaze) in [
        ([0.0, -0.3, 0.0], [0.4, 0.0]),
        ([0.0, 0.3, 0.0], [-0.4, 0.0]),
        ([0.25, 0.0, 0.0], [0.0, 0.2]),
        ([-0.25, 0.0, 0.2], [0.0, -0.2]),
    ] {
        let styles = Styles {
            pose,
            gaze,
            ..plain
        };
        let pose = Pose {
            breath: 1.0,
            brows: 2.0,
            ..Pose::default()
        };
        let moment = Moment {
            pose,
            ..Moment::default()
        };
        moments.push((moment, styles));
    }
    moments
}

#[test]
#[ignore = "writes pictures for people to look at"]
fn frames_to_look_at() {
    const COLUMNS: usize = 5;
    let folder = std::env::var("FACE_FRAMES").unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    let photos = std::env::var("FACE_PHOTOS").unwrap();
    for (n, name) in photos.split(':').enumerate() {
        let bytes = std::fs::read(name).unwrap();
        for (crop, size) in [
            (true, (512, 512)),
            (true, (256, 256)),
            (false, (512, 512)),
            (true, (640, 360)),
        ] {
            let options = Options {
                crop,
                size,
                ..Options::default()
            };
            let (photo, notes) = Photo::read(&bytes, &options).unwrap();
            println!("{name} {size:?} {:?} {notes:?}", photo.0.lips);
            println!(
                "{:?} {:?} chin {}",
                photo.0.frame, photo.0.eyes, photo.0.chin
            );
            let moments = moments();
            let wide = size.0 * COLUMNS;
            let mut sheet = vec![0; wide * size.1 * moments.len().div_ceil(COLUMNS) * 3];
            let mut picture = Picture::new(size.0, size.1);
            for (at, (moment, styles)) in moments.iter().enumerate() {
                let rate = FrameRate::new(25).unwrap();
                let mut face = PhotoFace::new(&photo, rate, 1, styles);
                face.show(moment, &mut picture);
                for (row, line) in rgb(&picture).chunks_exact(size.0 * 3).enumerate() {
                    let start = ((at / COLUMNS * size.1 + row) * wide + at % COLUMNS * size.0) * 3;
                    sheet[start..start + line.len()].copy_from_slice(line);
                }
            }
            let file = format!("{folder}/{n}-{}-{}x{}.png", u8::from(crop), size.0, size.1);
            let rows = moments.len().div_ceil(COLUMNS);
            save(Path::new(&file), (wide, size.1 * rows), &sheet);
        }
    }
}
