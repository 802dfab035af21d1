use proptest::prelude::*;

use super::*;
use crate::time::FrameRate;

fn frame() -> Samples {
    FrameRate::new(25).unwrap().frame()
}

fn phoneme(millis: u64, phoneme: &str) -> Mark {
    Mark {
        at: Samples::from_millis(millis),
        kind: MarkKind::Phoneme(phoneme.into()),
    }
}

fn end(millis: u64) -> Mark {
    Mark {
        at: Samples::from_millis(millis),
        kind: MarkKind::End,
    }
}

/// Phonemes of 80 ms each from 500 ms on, then silence.
fn saying(phonemes: &[&str]) -> Articulation {
    let mut articulation = Articulation::new(frame());
    articulation.hear(&phoneme(0, ""));
    for (said, n) in phonemes.iter().zip(0..) {
        articulation.hear(&phoneme(500 + 80 * n, said));
    }
    articulation.hear(&end(500 + 80 * phonemes.len() as u64));
    articulation
}

/// The middle of phoneme `n`.
fn middle(n: u64) -> Samples {
    Samples::from_millis(500 + 80 * n + 40)
}

fn at(articulation: &Articulation, at: Samples) -> Mouth {
    articulation.at(at, at + frame() + LOOKAHEAD, None)
}

#[test]
fn lips_meet_between_the_widest_vowels() {
    for sound in ["m", "bʲ", "p", "ˈpː"] {
        let mouth = at(&saying(&["a", sound, "a"]), middle(1));
        assert_eq!(mouth.open, 0.0, "{sound}");
        assert_eq!(mouth.press, 1.0, "{sound}");
        assert_eq!(mouth.bite, 0.0, "{sound}");
    }
}

#[test]
fn lips_meet_in_some_frame_however_short_the_sound() {
    for offset in 0..40 {
        let mut articulation = Articulation::new(frame());
        articulation.hear(&phoneme(0, "a"));
        articulation.hear(&phoneme(300 + offset, "b"));
        articulation.hear(&phoneme(320 + offset, "a"));
        let shut =
            (0..20).any(|n| at(&articulation, Samples::from_millis(20 + 40 * n)).open == 0.0);
        assert!(shut, "offset {offset}");
    }
}

#[test]
fn the_lower_lip_meets_the_upper_teeth() {
    for sound in ["f", "vʲ"] {
        let mouth = at(&saying(&["a", sound, "a"]), middle(1));
        assert!(
            mouth.bite > 0.95 && mouth.press == 0.0,
            "{sound}: {mouth:?}"
        );
        assert!((0.08..0.2).contains(&mouth.open), "{sound}: {mouth:?}");
    }
}

#[test]
fn round_vowels_are_round_and_spread_ones_spread() {
    for sound in ["u", "o", "w", "y", "ʊ"] {
        let mouth = at(&saying(&["t", sound, "t"]), middle(1));
        assert!(mouth.round > 0.6, "{sound}: {mouth:?}");
    }
    for sound in ["i", "e", "ɪ"] {
        let mouth = at(&saying(&["t", sound, "t"]), middle(1));
        assert!(
            mouth.round < 0.05 && mouth.width > 0.3,
            "{sound}: {mouth:?}"
        );
    }
}

#[test]
fn rounding_begins_before_its_vowel() {
    let toward_u = at(&saying(&["s", "u"]), middle(0));
    let toward_i = at(&saying(&["s", "i"]), middle(0));
    assert!(toward_u.round > 0.2 + toward_i.round);
}

#[test]
fn vowels_open_by_their_height() {
    let open = |vowel| at(&saying(&["t", vowel, "t"]), middle(1)).open;
    assert!(open("a") > open("e") + 0.1);
    assert!(open("e") > open("i") + 0.05);
    assert!(open("i") > 0.15);
}

#[test]
fn diphthongs_change_on_the_way() {
    let mut articulation = Articulation::new(frame());
    articulation.hear(&phoneme(0, ""));
    articulation.hear(&phoneme(500, "aʊ"));
    articulation.hear(&phoneme(700, "t"));
    let early = at(&articulation, Samples::from_millis(530));
    let late = at(&articulation, Samples::from_millis(670));
    assert!(early.open > late.open + 0.1 && late.round > early.round + 0.3);
}

#[test]
fn lips_close_soon_after_the_last_sound_and_stay_closed() {
    for last in ["a", "o", "s", "k"] {
        let articulation = saying(&["a", last]);
        let over = 500 + 160;
        for millis in (over + 120)..(over + 3_000) {
            let mouth = at(&articulation, Samples::from_millis(millis));
            assert!(mouth.open < 0.01, "{last} at {millis} ms: {mouth:?}");
        }
    }
}

#[test]
fn lips_are_closed_until_shortly_before_the_first_sound() {
    let articulation = saying(&["a"]);
    for millis in 0..420 {
        assert!(at(&articulation, Samples::from_millis(millis)).open < 0.01);
    }
    assert!(
        at(&articulation, middle(0)).open > 0.4,
        "{:?}",
        at(&articulation, middle(0))
    );
}

#[test]
fn a_pause_within_speech_closes_the_lips() {
    let mut articulation = Articulation::new(frame());
    articulation.hear(&phoneme(0, "a"));
    articulation.hear(&phoneme(400, ""));
    articulation.hear(&phoneme(900, "a"));
    for millis in 520..820 {
        assert!(at(&articulation, Samples::from_millis(millis)).open < 0.01);
    }
}

#[test]
fn what_makes_no_sound_moves_no_lips() {
    let articulation = saying(&["a", "a", "a"]);
    let silent = articulation.at(middle(1), middle(4), Some(0.0));
    let loud = articulation.at(middle(1), middle(4), Some(1.0));
    assert_eq!((silent.open, silent.jaw), (0.0, 0.0));
    assert!(loud.open > 0.7);
}

#[test]
fn sound_without_marks_moves_the_lips_by_its_loudness() {
    let articulation = Articulation::new(frame());
    let open = |level| articulation.at(middle(1), middle(4), Some(level)).open;
    assert!(open(1.0) > open(0.6) && open(0.6) > 0.1 && open(0.05) == 0.0);
}

#[test]
fn sound_after_an_utterance_without_marks_is_seen_again() {
    let articulation = saying(&["a"]);
    let later = Samples::from_millis(2_000);
    assert!(articulation.at(later, later + LOOKAHEAD, Some(0.9)).open > 0.4);
}

const SOUNDS: [&str; 14] = [
    "a", "m", "f", "u", "s", "i", "", "aɪ", "b", "ʃ", "k", "_:", "ʀ", "Ж",
];

proptest! {
    /// Whatever is said, however absurdly fast, a mouth moves no faster than it can and stays a mouth.
    #[test]
    fn mouths_move_no_faster_than_they_can(
        lengths in prop::collection::vec((0_u64..9_000, 0_usize..SOUNDS.len()), 1..80),
        loudness in prop::option::of(0.0_f32..1.0),
    ) {
        let mut articulation = Articulation::new(frame());
        let mut now = 0;
        for (length, sound) in &lengths {
            articulation.hear(&Mark { at: Samples(now), kind: MarkKind::Phoneme(SOUNDS[*sound].into()) });
            now += length;
        }
        articulation.hear(&Mark { at: Samples(now), kind: MarkKind::End });
        let mut mouth = Mouth::default();
        for n in 0..(now / frame().0 + 10) {
            let middle = Samples(n * frame().0 + frame().0 / 2);
            let wanted = articulation.at(middle, middle + LOOKAHEAD, loudness);
            let next = moved(mouth, wanted, 0.04);
            let (was, is) = (mouth.measures(), next.measures());
            for (((was, is), (low, high)), most) in was.iter().zip(is)
                .zip(Mouth::LOW.measures().into_iter().zip(Mouth::HIGH.measures()))
                .zip(FASTEST.measures())
            {
                prop_assert!((is - was).abs() <= most * 0.04 + 1e-4);
                prop_assert!((low..=high).contains(&is));
            }
            mouth = next;
        }
    }

    /// What is not yet known does not matter: marks beyond the horizon change nothing.
    #[test]
    fn the_future_beyond_the_horizon_does_not_matter(
        lengths in prop::collection::vec((480_u64..9_000, 0_usize..SOUNDS.len()), 2..60),
        moment in 0_u64..200_000,
    ) {
        let (mut all, mut known) = (Articulation::new(frame()), Articulation::new(frame()));
        let horizon = Samples(moment + frame().0 + LOOKAHEAD.0);
        let mut now = 0;
        for (length, sound) in &lengths {
            let mark = Mark { at: Samples(now), kind: MarkKind::Phoneme(SOUNDS[*sound].into()) };
            all.hear(&mark);
            if mark.at < horizon {
                known.hear(&mark);
            }
            now += length;
        }
        prop_assert_eq!(
            all.at(Samples(moment), horizon, None),
            known.at(Samples(moment), horizon, None)
        );
    }

    /// Forgetting the past changes nothing either.
    #[test]
    fn what_is_forgotten_is_not_missed(
        lengths in prop::collection::vec((1_u64..9_000, 0_usize..SOUNDS.len()), 2..60),
        moment in 0_u64..200_000,
    ) {
        let mut articulation = Articulation::new(frame());
        let mut now = 0;
        for (length, sound) in &lengths {
            articulation.hear(&Mark { at: Samples(now), kind: MarkKind::Phoneme(SOUNDS[*sound].into()) });
            now += length;
        }
        let horizon = Samples(moment) + LOOKAHEAD;
        let before = articulation.at(Samples(moment), horizon, None);
        articulation.forget(Samples(moment));
        prop_assert_eq!(articulation.at(Samples(moment), horizon, None), before);
    }
}
