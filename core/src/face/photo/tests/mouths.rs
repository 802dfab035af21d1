//! Mouths of a broad smile, as they are seen.

use std::sync::LazyLock;

use avatar_codec::Picture;

use super::super::*;
use super::{bytes, rate, read};
use crate::face::Mouth;
use crate::face::performance::Moment;

const SIDE: usize = 512;

fn photo() -> &'static Photo {
    static PHOTO: LazyLock<Photo> = LazyLock::new(|| read(bytes(), (SIDE, SIDE)).0);
    &PHOTO
}

/// The luma of the photograph with this mouth: open, jaw, width, round, press, bite, tongue.
fn shown(measures: [f32; 7]) -> Seen {
    let mut face = PhotoFace::new(photo(), rate(), 1, &Styles::default());
    let mut picture = Picture::new(SIDE, SIDE);
    let moment = Moment {
        mouth: Mouth::from_measures(measures),
        ..Moment::default()
    };
    face.show(&moment, &mut picture);
    Seen(picture)
}

struct Seen(Picture);

/// Samples of luma for each distance between the pupils.
fn unit() -> f32 {
    photo().0.frame.unit
}

impl Seen {
    /// The luma at a place in the mouth's measure.
    fn at(&self, x: f32, y: f32) -> f32 {
        let measured = &photo().0;
        let mouth = measured.lips.shape;
        let place = (mouth.x + x, mouth.y + mouth.slope * x + y);
        let (x, y) = measured.frame.pixel(place);
        let at = |at: f32| at as usize - view::MARGIN;
        f32::from(self.0.y[at(y) * SIDE + at(x)])
    }

    /// How wide and how high what is dark is between the lips.
    fn opening(&self) -> (f32, f32) {
        let steps = |from: f32, to: f32| {
            let count = ((to - from) * unit()) as usize;
            (0..count).map(move |n| from + n as f32 / unit())
        };
        let dark = |x: f32| steps(0.0, 0.40).filter(|y| self.at(x, *y) < 75.0).count();
        // The shadow in the corners of closed lips is no opening.
        let columns = steps(-0.6, 0.6).filter(|x| dark(*x) >= 4).count();
        let rows = steps(-0.2, 0.2).map(dark).max().unwrap();
        (columns as f32 / unit(), rows as f32 / unit())
    }

    /// The luma of the upper teeth from left to right, without what changes slowly, `y` below the upper lip's edge in the photo.
    fn pattern(&self, y: f32) -> Vec<f32> {
        let bulge = photo().0.lips.shape.bulge;
        let half = photo().0.lips.shape.half_width;
        let row = (-28..=28).map(|n| n as f32 / unit());
        let row: Vec<f32> = row
            .map(|x| self.at(x, y + bulge * (1.0 - (x / half).powi(2))))
            .collect();
        let mean = |n: usize| {
            let near = &row[n.saturating_sub(8)..(n + 9).min(row.len())];
            near.iter().sum::<f32>() / near.len() as f32
        };
        (0..row.len()).map(|n| row[n] - mean(n)).collect()
    }
}

/// From −1 to 1.
fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt().max(1e-6)
}

#[test]
fn rounded_lips_of_a_smile_are_round() {
    let wide = shown([0.85, 0.85, 0.1, 0.0, 0.0, 0.0, 0.0]).opening().0;
    for (name, measures, most) in [
        ("u", [0.26, 0.22, -0.2, 1.0, 0.0, 0.0, 0.0], 2.8),
        ("o", [0.54, 0.50, -0.1, 0.8, 0.0, 0.0, 0.0], 2.5),
    ] {
        let (width, height) = shown(measures).opening();
        assert!(height > 0.08, "{name}: {width} {height}");
        assert!(width < most * height, "{name}: {width} {height}");
        assert!(width < 0.6 * wide, "{name}: {width}, a: {wide}");
    }
    // Corners come in, and to the height of the middle.
    let measured = &photo().0;
    let shape = measured.lips.shape;
    let jaw = |round: f32| {
        let mouth = Mouth {
            round,
            ..Mouth::default()
        };
        jaw::Jaw::new(shape, measured.chin, mouth)
    };
    let (rest, round) = (jaw(0.0), jaw(1.0));
    assert!(round.half_width() < 0.62 * rest.half_width());
    let smile = |jaw: &jaw::Jaw| jaw.edges(0.0).upper - jaw.edges(0.99).upper;
    assert!(smile(&rest) > 0.10);
    assert!(smile(&round).abs() < 0.03, "{}", smile(&round));
}

/// The dark line from the nose to the corner, against the skin about it.
#[test]
fn folds_of_a_smile_relax_when_lips_are_round() {
    let depth = |seen: &Seen| {
        let least = |y: f32| {
            let row = (0..45).map(|n| seen.at(-0.75 + n as f32 / unit(), y));
            let row: Vec<f32> = row.collect();
            let mean = row.iter().sum::<f32>() / row.len() as f32;
            mean - row.iter().copied().fold(f32::MAX, f32::min)
        };
        [-0.14, -0.12, -0.10, -0.08].map(least).iter().sum::<f32>() / 4.0
    };
    let rest = depth(&shown([0.0; 7]));
    let round = depth(&shown([0.26, 0.22, -0.2, 1.0, 0.0, 0.0, 0.0]));
    assert!(rest > 15.0, "the photograph's fold: {rest}");
    assert!(round < 0.75 * rest, "{rest} {round}");
}

#[test]
fn teeth_that_the_photo_shows_are_the_photos() {
    let planes = &photo().0.planes.y;
    let picture = Picture {
        y: (0..SIDE)
            .flat_map(|row| {
                let row = planes.span(row + view::MARGIN, view::MARGIN, SIDE);
                row.unwrap().to_vec()
            })
            .collect(),
        ..Picture::new(SIDE, SIDE)
    };
    let original = Seen(picture);
    let open = shown([0.85, 0.85, 0.1, 0.0, 0.0, 0.0, 0.0]);
    for y in [0.05, 0.07, 0.09] {
        let alike = correlation(&original.pattern(y), &open.pattern(y));
        assert!(alike > 0.8, "{y}: {alike}");
    }
    // Not as bright beneath the lip and towards the corners as in the middle.
    let (bulge, half) = (photo().0.lips.shape.bulge, photo().0.lips.shape.half_width);
    let mean = |x: f32, y: f32| {
        let line = bulge * (1.0 - (x / half).powi(2));
        let near = (-6..=6).map(|n| open.at(x + n as f32 / unit(), y + line));
        near.sum::<f32>() / 13.0
    };
    assert!(mean(0.0, 0.09) > mean(0.0, 0.02) + 25.0);
    for side in [-0.38, 0.38] {
        assert!(mean(0.0, 0.09) > mean(side, 0.05) + 25.0, "{side}");
    }
}

/// Where a photo shows no teeth, they are made up: one can be told from the next.
#[test]
fn teeth_that_are_made_up_are_no_bar() {
    let mut shut = read(bytes(), (SIDE, SIDE)).0;
    let measured = std::sync::Arc::get_mut(&mut shut.0).unwrap();
    measured.lips.shape.gap = 0.0;
    let enamel = teeth::Enamel {
        bright: [0.85, 0.82, 0.76],
        shaded: [0.5, 0.4, 0.35],
        seen: false,
    };
    let bitmap = decode::decode(bytes()).unwrap();
    let teeth = teeth::Teeth::new(&bitmap, &measured.frame, &measured.lips.shape, &enamel);
    let line = measured.lips.shape.bulge;
    let luma = |x: f32| teeth.at((x, line + 0.02)).0[0];
    // A tooth's middle, and where it meets the next.
    assert!(luma(0.066) > luma(0.001) + 8.0);
    assert!(luma(0.066) > luma(0.132) + 8.0);
    assert!(luma(0.066) > luma(0.40) + 40.0);
    let cover = |x: f32, y: f32| teeth.at((x, line + y)).1;
    assert!(cover(0.066, 0.02) > 0.95 && cover(0.066, 0.09) < 0.05);
    assert!(teeth.bytes() < 64 * 1024, "{}", teeth.bytes());
}
