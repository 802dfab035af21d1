//! Photos speak.

use std::sync::LazyLock;

use avatar_codec::Picture;
use image::{DynamicImage, Rgba, RgbaImage};
use proptest::prelude::*;

use super::super::*;
use super::{bytes, photograph, png, rate, read};
use crate::face::motion::Look;
use crate::face::performance::Moment;
use crate::face::presenter::Region;
use crate::face::{Face, Mouth};
use crate::speech::{Mark, MarkKind};
use crate::time::Samples;

/// The photograph at 256 × 256, read once.
fn photo() -> &'static Photo {
    static PHOTO: LazyLock<Photo> = LazyLock::new(|| read(bytes(), (256, 256)).0);
    &PHOTO
}

fn face(seed: u64) -> PhotoFace {
    PhotoFace::new(photo(), rate(), seed, &Styles::default())
}

#[test]
fn what_is_transparent_is_white_and_grey_stays_grey() {
    let clear = RgbaImage::from_fn(64, 64, |x, _| {
        Rgba([200, 10, 10, if x < 32 { 0 } else { 255 }])
    });
    let decoded = decode::decode(&png(&clear.into())).unwrap();
    assert_eq!(decoded.pixel(3, 3), [255; 3]);
    assert_eq!(decoded.pixel(60, 3), [200, 10, 10]);
    let grey = DynamicImage::ImageRgb8(photograph()).into_luma8();
    let (photo, notes) = read(&png(&grey.into()), (128, 128));
    assert_eq!(notes, []);
    let mut face = PhotoFace::new(&photo, rate(), 1, &Styles::default());
    let mut picture = Picture::new(128, 128);
    let mouth = Mouth::from_measures([0.85, 0.85, 0.1, 0.0, 0.0, 0.0, 0.0]);
    let moment = Moment {
        mouth,
        ..Moment::default()
    };
    face.show(&moment, &mut picture);
    let coloured = picture
        .u
        .iter()
        .chain(&picture.v)
        .filter(|code| code.abs_diff(128) > 2);
    assert_eq!(coloured.count(), 0, "a grey photo has a grey mouth");
}

/// Two seconds of speech after half a second of silence, then silence: sound and marks.
fn speech() -> (Vec<f32>, Vec<Mark>) {
    let said = [
        "ˈa", "r", "o", "b", "ˈe", "n", "ʃ", "u", "m", "a", "f", "a", "p", "a",
    ];
    let mut pcm = vec![0.0; 24_000];
    pcm.extend((0..96_000).map(|n| 0.3 * (n as f32 * 0.03).sin()));
    pcm.extend(vec![0.0; 72_000]);
    let mark = |millis, kind| Mark {
        at: Samples::from_millis(millis),
        kind,
    };
    let mut marks = vec![mark(0, MarkKind::Phoneme(String::new()))];
    for n in 0..20 {
        let phoneme = said[n as usize % said.len()];
        marks.push(mark(500 + n * 100, MarkKind::Phoneme(phoneme.into())));
    }
    marks.push(mark(2_500, MarkKind::End));
    (pcm, marks)
}

/// How much of the mouth's region is dark.
fn darkness(picture: &Picture, region: Region) -> usize {
    let rows = picture.y.chunks_exact(picture.width);
    let rows = rows.skip(region.y).take(region.height);
    let samples = rows.flat_map(|row| row.iter().skip(region.x).take(region.width));
    samples.filter(|sample| **sample < 75).count()
}

/// The counterpart of `tests/lipsync.rs`: the measure is taken from the pictures, the truth from the articulation.
#[test]
fn the_mouth_seen_follows_the_speech_and_shuts_in_silence() {
    let (pcm, marks) = speech();
    let mut face = face(3);
    face.hear(&pcm, &marks);
    let region = face.mouth_region();
    let mut picture = Picture::new(256, 256);
    let (mut seen, mut meant) = (Vec::new(), Vec::new());
    for n in 0..95 {
        face.paint(&mut picture).unwrap();
        let dark = darkness(&picture, region) as f32;
        if matches!(n, 0..=8 | 68..) {
            assert_eq!(face.mouth().open, 0.0, "frame {n}");
        }
        seen.push(dark);
        meant.push(face.mouth().open);
    }
    let silent: Vec<f32> = seen[..9].iter().chain(&seen[68..]).copied().collect();
    let shut = silent.iter().copied().fold(0.0, f32::max);
    let open = seen.iter().copied().fold(0.0, f32::max);
    assert!(open > shut + 60.0, "{shut} {open}");
    let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
    let (a, b) = (mean(&seen), mean(&meant));
    let pairs = || seen.iter().zip(&meant).map(|(x, y)| (x - a, y - b));
    let together: f32 = pairs().map(|(x, y)| x * y).sum();
    let alone: f32 =
        pairs().map(|(x, _)| x * x).sum::<f32>() * pairs().map(|(_, y)| y * y).sum::<f32>();
    let correlation = together / alone.sqrt();
    assert!(correlation > 0.85, "{correlation}");
    // Pressed lips show no more than resting ones.
    let pressed = Moment {
        mouth: Mouth::from_measures([0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]),
        ..Moment::default()
    };
    face.show(&pressed, &mut picture);
    assert!(darkness(&picture, region) as f32 <= shut + 6.0);
}

/// A session that is fed knows no more than it must.
#[test]
fn what_comes_in_pieces_shows_no_seam() {
    let (pcm, marks) = speech();
    let frame = rate().frame();
    let mut picture = Picture::new(256, 256);
    let mut whole = Vec::new();
    let mut face_of_all = face(3);
    face_of_all.hear(&pcm, &marks);
    for _ in 0..75 {
        face_of_all.paint(&mut picture).unwrap();
        whole.push(picture.clone());
    }
    for millis in [20, 100, 500, 700] {
        let piece = Samples::from_millis(millis).0 as usize;
        let mut face = face(3);
        let (mut known, mut told, mut painted) = (Samples::ZERO, 0, 0);
        for sound in pcm.chunks(piece) {
            known += Samples(sound.len() as u64);
            let news = marks.partition_point(|mark| mark.at < known);
            face.hear(sound, &marks[told..news]);
            told = news;
            while painted < whole.len()
                && Samples(frame.0 * (painted as u64 + 1)) + face.lookahead() <= known
            {
                face.paint(&mut picture).unwrap();
                assert!(picture == whole[painted], "{millis} ms: frame {painted}");
                painted += 1;
            }
        }
        assert_eq!(painted, whole.len());
    }
}

#[test]
fn eyes_shut_and_look_about() {
    let mut face = face(1);
    let mut shown = |look: Look| {
        let mut picture = Picture::new(256, 256);
        let moment = Moment {
            look,
            ..Moment::default()
        };
        face.show(&moment, &mut picture);
        picture
    };
    let open = shown(Look::default());
    let shut = shown(Look {
        shut: 1.0,
        gaze: (0.0, 0.0),
    });
    let aside = shown(Look {
        shut: 0.0,
        gaze: (5.0, 0.0),
    });
    let frame = photo().0.frame;
    let margin = view::MARGIN as f32;
    for side in [-0.5, 0.5] {
        let (x, y) = frame.pixel((side, 0.0));
        let (x, y) = ((x - margin) as usize, (y - margin) as usize);
        let mean = |picture: &Picture, dx: usize| {
            let at = |n: usize| i32::from(picture.y[(y - 1 + n / 3) * 256 + x - 1 + n % 3 + dx]);
            (0..9).map(at).sum::<i32>() / 9
        };
        assert!(
            mean(&shut, 0) > mean(&open, 0) + 15,
            "skin is seen, no iris"
        );
        assert!(mean(&aside, 4) < mean(&open, 4), "the iris went aside");
    }
    let moved = (0..256 * 256).filter(|n| open.y[*n] != shut.y[*n]).count();
    assert!(moved < 256 * 256 / 12, "only eyes move: {moved}");
}

/// At rest with a shut mouth, the picture is the photo; the test closes the gap that the photograph has.
#[test]
fn at_rest_nothing_is_changed() {
    let mut measured_shut = read(bytes(), (128, 96)).0;
    let inner = std::sync::Arc::get_mut(&mut measured_shut.0).unwrap();
    inner.lips.shape.gap = 0.0;
    let mut face = PhotoFace::new(&measured_shut, rate(), 1, &Styles::default());
    let mut picture = Picture::new(128, 96);
    face.show(&Moment::default(), &mut picture);
    let plane = &measured_shut.0.planes.y;
    for (row, line) in picture.y.chunks_exact(128).enumerate() {
        let from = plane.span(row + view::MARGIN, view::MARGIN, 128).unwrap();
        assert_eq!(line, from, "row {row}");
    }
}

#[test]
fn frames_repeat_for_a_seed_and_move_little_from_one_to_the_next() {
    let (pcm, marks) = speech();
    let frames = |seed| {
        let mut face = face(seed);
        face.hear(&pcm, &marks);
        let mut picture = Picture::new(256, 256);
        let paint = |_| {
            face.paint(&mut picture).unwrap();
            picture.clone()
        };
        (0..90).map(paint).collect::<Vec<_>>()
    };
    let (first, again, other) = (frames(1), frames(1), frames(2));
    assert!(first == again);
    assert!(first != other);
    for (n, pair) in first.windows(2).enumerate() {
        let sum: u64 = (pair[0].y.iter().zip(&pair[1].y))
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        let mean = sum as f32 / (256.0 * 256.0);
        assert!(mean < 3.5, "frame {n} to the next: {mean}");
        // A head that hangs still looks dead.
        assert!(mean > 0.0, "frame {n}");
    }
}

/// Whatever the pose, no part of the picture is left unpainted or comes from nowhere.
#[test]
fn poses_move_the_head_and_show_no_edge() {
    let dark = photo().0.planes.y.data.iter().copied().min().unwrap();
    let mut rest = Picture::new(256, 256);
    face(1).show(&Moment::default(), &mut rest);
    for pose in [
        [0.35, 0.35, 0.5],
        [-0.35, -0.35, -0.5],
        [9.0, f32::NAN, f32::INFINITY],
    ] {
        let styles = Styles {
            pose,
            gaze: [2.0, -2.0],
            liveliness: 1.0,
        };
        let mut face = PhotoFace::new(photo(), rate(), 1, &styles);
        let mut picture = Picture::new(256, 256);
        face.show(&Moment::default(), &mut picture);
        assert!(picture.y.iter().all(|sample| *sample + 2 >= dark));
        let moved = picture
            .y
            .iter()
            .zip(&rest.y)
            .filter(|(a, b)| a.abs_diff(**b) > 8);
        assert!(moved.count() > 256 * 256 / 20, "{pose:?}");
    }
}

#[test]
fn a_session_keeps_little() {
    let (photo, _) = read(bytes(), (512, 512));
    let face = PhotoFace::new(&photo, rate(), 1, &Styles::default());
    assert!(face.bytes() < 2_000_000, "{}", face.bytes());
    let planes: usize = photo
        .0
        .planes
        .each()
        .iter()
        .map(|(plane, _)| plane.data.len())
        .sum();
    assert!(planes < 1_000_000, "{planes}");
}

#[test]
fn a_picture_of_another_size_is_refused() {
    assert!(face(0).paint(&mut Picture::new(256, 258)).is_err());
}

fn mouths() -> impl Strategy<Value = Mouth> {
    proptest::array::uniform7(-1.5_f32..1.5).prop_map(Mouth::from_measures)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Wherever in a photo a face is, however the picture is shaped.
    #[test]
    fn any_size_and_cut_is_painted(
        width in 32_usize..300, height in 32_usize..300,
        left in 0_u32..150, top in 0_u32..50, crop in any::<bool>(), mouth in mouths(),
        shut in 0.0_f32..1.0, gaze in (-9.0_f32..9.0, -9.0_f32..9.0),
    ) {
        let photograph = photograph();
        let cut = image::imageops::crop_imm(&photograph, left, top, 330 - left, 230 - top).to_image();
        let options = Options { crop, size: (width * 2, height * 2), ..Options::default() };
        let (photo, _) = match Photo::read(&png(&cut.into()), &options) {
            Ok(read) => read,
            Err(PhotoError::NoFace) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let mut face = PhotoFace::new(&photo, rate(), 1, &Styles::default());
        let mut picture = Picture::new(width * 2, height * 2);
        let moment = Moment { mouth, look: Look { shut, gaze }, ..Moment::default() };
        face.show(&moment, &mut picture);
        let region = face.mouth_region();
        prop_assert!(region.x + region.width <= width * 2);
        prop_assert!(region.y + region.height <= height * 2);
    }
}
