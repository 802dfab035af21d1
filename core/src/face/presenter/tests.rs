use std::sync::Arc;

use super::*;
use crate::speech::MarkKind;

fn rate() -> FrameRate {
    FrameRate::new(25).unwrap()
}

fn presenter(size: usize, seed: u64) -> Presenter {
    Presenter::new("anna", size, size, rate(), seed).unwrap()
}

/// Two seconds of speech after half a second of silence, then silence: sound and marks.
fn speech() -> (Vec<f32>, Vec<Mark>) {
    let said = [
        "ˈa", "r", "o", "b", "dʲ", "ˈe", "n", "ʃ", "u", "ma", "aɪ", "f", "a", "l",
    ];
    let mut pcm = vec![0.0; 24_000];
    pcm.extend((0..96_000).map(|n| 0.3 * (n as f32 * 0.03).sin()));
    pcm.extend(vec![0.0; 72_000]);
    let mut marks = vec![Mark {
        at: Samples::ZERO,
        kind: MarkKind::Phoneme(String::new()),
    }];
    for n in 0..24 {
        let at = Samples::from_millis(500 + n * 83);
        if n % 6 == 0 {
            marks.push(Mark {
                at,
                kind: MarkKind::Word("speaking".into()),
            });
        }
        marks.push(Mark {
            at,
            kind: MarkKind::Phoneme(said[n as usize % said.len()].into()),
        });
    }
    marks.push(Mark {
        at: Samples::from_millis(2_500),
        kind: MarkKind::End,
    });
    (pcm, marks)
}

fn frames(presenter: &mut Presenter, count: usize) -> Vec<Picture> {
    let (width, height) = presenter.size;
    let mut picture = Picture::new(width, height);
    (0..count)
        .map(|_| {
            presenter.paint(&mut picture).unwrap();
            picture.clone()
        })
        .collect()
}

#[test]
fn the_first_avatar_is_anna() {
    assert_eq!(avatars()[0].id, "anna");
    for avatar in avatars() {
        assert!(Presenter::new(avatar.id, 64, 64, rate(), 0).is_ok());
    }
}

#[test]
fn who_or_what_cannot_be_painted_is_refused() {
    let refused =
        |avatar, width, height| Presenter::new(avatar, width, height, rate(), 0).unwrap_err();
    assert_eq!(
        refused("nobody", 512, 512),
        PresenterError::UnknownAvatar("nobody".into())
    );
    for (width, height) in [(63, 64), (512, 511), (62, 512), (512, 1922), (0, 0)] {
        assert_eq!(
            refused("anna", width, height),
            PresenterError::Size(width, height)
        );
    }
}

#[test]
fn a_picture_of_another_size_is_refused() {
    let mut picture = Picture::new(128, 130);
    assert!(presenter(128, 0).paint(&mut picture).is_err());
}

/// The same seed and speech make the same frames, however the speech is cut into calls.
#[test]
fn frames_do_not_depend_on_how_speech_is_cut() {
    const FRAMES: u64 = 60;
    let (pcm, marks) = speech();
    let mut whole = presenter(128, 5);
    whole.hear(&pcm, &marks);
    let whole = frames(&mut whole, FRAMES as usize);
    for step in [1_920, 2_400, 9_600, 31_000] {
        let mut cut = presenter(128, 5);
        let mut picture = Picture::new(128, 128);
        let mut heard = 0;
        for n in 0..FRAMES {
            let needed = rate().start_of(n + 1) + cut.lookahead();
            while (heard as u64) < needed.0 {
                let next = (heard + step).min(pcm.len());
                let due: Vec<Mark> = marks
                    .iter()
                    .filter(|mark| (heard..next).contains(&(mark.at.0 as usize)))
                    .cloned()
                    .collect();
                cut.hear(&pcm[heard..next], &due);
                heard = next;
            }
            cut.paint(&mut picture).unwrap();
            assert!(
                picture == whole[n as usize],
                "frame {n}, {step} samples at a time"
            );
        }
    }
}

#[test]
fn seeds_make_different_frames() {
    let (pcm, marks) = speech();
    let [a, b] = [1, 2].map(|seed| {
        let mut presenter = presenter(128, seed);
        presenter.hear(&pcm, &marks);
        frames(&mut presenter, 50)
    });
    assert!(a != b);
}

/// Encoders get the background for nothing: not one sample of it changes.
#[test]
fn the_background_does_not_change() {
    let (pcm, marks) = speech();
    let mut presenter = presenter(256, 9);
    presenter.hear(&pcm, &marks);
    let frames = frames(&mut presenter, 60);
    let first = &frames[0];
    let still = |x: usize, y: usize| {
        frames
            .iter()
            .all(|frame| frame.y[y * 256 + x] == first.y[y * 256 + x])
    };
    for y in 0..256 {
        for x in (0..40).chain(216..256) {
            assert!(y > 170 || still(x, y), "{x}, {y}");
        }
    }
    for x in 0..256 {
        assert!((0..6).all(|y| still(x, y)));
    }
    let moving = (0..256 * 256).filter(|n| !still(n % 256, n / 256)).count();
    assert!(moving > 256 * 256 / 20, "the presenter moves");
}

/// How much of the mouth's region is darker than skin and lips ever are.
fn darkness(picture: &Picture, region: Region) -> usize {
    let rows = picture
        .y
        .chunks_exact(picture.width)
        .skip(region.y)
        .take(region.height);
    let samples = rows.flat_map(|row| row.iter().skip(region.x).take(region.width));
    samples.filter(|sample| **sample < 70).count()
}

#[test]
fn the_mouth_opens_in_its_region_and_is_shut_in_silence() {
    let (pcm, marks) = speech();
    for avatar in avatars() {
        let mut presenter = Presenter::new(avatar.id, 512, 512, rate(), 3).unwrap();
        presenter.hear(&pcm, &marks);
        let region = presenter.mouth_region();
        let mut picture = Picture::new(512, 512);
        let mut silent = Vec::new();
        let mut speaking = Vec::new();
        for n in 0..95 {
            presenter.paint(&mut picture).unwrap();
            let dark = darkness(&picture, region);
            match n {
                0..=9 | 67.. => {
                    assert_eq!(presenter.mouth().open, 0.0, "frame {n}");
                    silent.push(dark);
                }
                15..=60 => speaking.push(dark),
                _ => {}
            }
        }
        let shut = silent.iter().max().unwrap();
        let open = speaking.iter().max().unwrap();
        assert!(open > &(shut + 150), "{}: {shut} {open}", avatar.id);
    }
}

#[test]
fn any_even_size_is_painted_whole() {
    for (width, height) in [
        (64, 64),
        (66, 74),
        (130, 1_000),
        (1_280, 720),
        (540, 960),
        (1_920, 64),
    ] {
        let mut presenter = Presenter::new("anna", width, height, rate(), 1).unwrap();
        let (pcm, marks) = speech();
        presenter.hear(&pcm, &marks);
        let mut picture = Picture::new(width, height);
        for _ in 0..20 {
            presenter.paint(&mut picture).unwrap();
        }
        // The room is light everywhere; a sample never written would be black.
        let corners = [0, width - 1, (height - 1) * width, width * height - 1];
        assert!(
            corners.iter().all(|corner| picture.y[*corner] > 40),
            "{width} × {height}"
        );
        let region = presenter.mouth_region();
        assert!(region.x + region.width <= width && region.y + region.height <= height);
    }
}

#[test]
fn sessions_share_what_is_painted_once() {
    let (one, other) = (presenter(96, 1), presenter(96, 2));
    assert!(Arc::ptr_eq(one.stage.painted(), other.stage.painted()));
}

#[test]
fn other_rates_keep_the_same_time() {
    let (pcm, marks) = speech();
    let opening = |rate: u32| {
        let mut presenter =
            Presenter::new("anna", 64, 64, FrameRate::new(rate).unwrap(), 1).unwrap();
        presenter.hear(&pcm, &marks);
        let mut picture = Picture::new(64, 64);
        let mut first = None;
        for n in 0..rate * 2 {
            presenter.paint(&mut picture).unwrap();
            if presenter.mouth().open > 0.15 {
                first.get_or_insert(f64::from(n) / f64::from(rate));
            }
        }
        first.unwrap()
    };
    for rate in FrameRate::ALLOWED {
        let late = opening(rate) - 0.5;
        assert!(
            late.abs() <= 0.06 + 1.0 / f64::from(rate),
            "{late} s at {rate} fps"
        );
    }
}
