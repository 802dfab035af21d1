//! Where in one reading of a sentence the sounds of another reading of it lie.
//!
//! Some engines give nothing but sound. espeak-ng says what it says when, so its reading of the same sentence in the same
//! language is laid over theirs, and its marks are carried over: the way aeneas, among others, finds words in audio books.

mod features;
mod letters;
mod path;

use self::features::{FRAME, features};
pub(super) use self::letters::pairs;
use self::path::path;
use crate::time::{AUDIO_RATE, Samples};

/// A map from the time of one reading to the time of another, which never goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Warp {
    /// Moments of the one and the other that coincide, in order; two at least.
    anchors: Vec<(Samples, Samples)>,
}

impl Warp {
    /// The map under which `anchors` coincide, and the beginnings and the `ends`. Anchors that are out of order are left out.
    pub(super) fn new(anchors: &[(Samples, Samples)], ends: (Samples, Samples)) -> Self {
        let mut kept = vec![(Samples::ZERO, Samples::ZERO)];
        for &(one, other) in anchors {
            let after = kept
                .last()
                .is_none_or(|last| one > last.0 && other >= last.1);
            if after && one < ends.0 && other <= ends.1 {
                kept.push((one, other));
            }
        }
        kept.push(ends);
        Self { anchors: kept }
    }

    /// The map under which two readings sound most alike. Sounds are mono and come with their rates.
    pub(super) fn between(one: (&[f32], u32), other: (&[f32], u32)) -> Self {
        let length = |(sound, rate): (&[f32], u32)| {
            let rate = u64::from(rate.max(1));
            Samples(sound.len() as u64 * u64::from(AUDIO_RATE) / rate)
        };
        let (first, second) = (features(one.0, one.1), features(other.0, other.1));
        let frame = |number: usize| Samples(number as u64 * FRAME.0);
        let anchors: Vec<_> = path(&first, &second)
            .into_iter()
            .map(|(a, b)| (frame(a), frame(b)))
            .collect();
        Self::new(&anchors, (length(one), length(other)))
    }

    /// When what happens at `at` of the one happens in the other.
    pub(super) fn at(&self, at: Samples) -> Samples {
        let next = self.anchors.partition_point(|(one, _)| *one <= at);
        let before = next
            .checked_sub(1)
            .and_then(|index| self.anchors.get(index));
        match (before, self.anchors.get(next)) {
            (Some(before), Some(after)) => {
                let span = after.0.saturating_sub(before.0).0.max(1);
                let room = after.1.saturating_sub(before.1).0;
                before.1 + Samples(at.saturating_sub(before.0).0 * room / span)
            }
            (Some(last), None) => last.1,
            (None, _) => Samples::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use proptest::prelude::*;

    use super::*;
    use crate::language::Language;
    use crate::speech::espeak::Reader;
    use crate::speech::{Cancel, Engine, Espeak, MarkKind, Utterance};
    use crate::text::Manner;

    #[test]
    fn between_anchors_time_runs_evenly() {
        let s = Samples;
        let warp = Warp::new(
            &[
                (s(100), s(50)),
                (s(90), s(60)),
                (s(200), s(250)),
                (s(900), s(10)),
            ],
            (s(1_000), s(500)),
        );
        for (one, other) in [
            (0, 0),
            (50, 25),
            (100, 50),
            (150, 150),
            (200, 250),
            (600, 375),
            (1_000, 500),
            (5_000, 500),
        ] {
            assert_eq!(warp.at(s(one)), s(other), "{one}");
        }
        assert_eq!(Warp::new(&[], (s(0), s(0))).at(s(7)), s(0));
    }

    /// Tones of different heights and loudness, each as long as said; 22,050 samples a second.
    fn melody(lengths: &[usize], rate: u32) -> Vec<f32> {
        let mut sound = Vec::new();
        for (number, &milliseconds) in lengths.iter().enumerate() {
            let pitch = [300.0, 0.0, 900.0, 2_200.0, 500.0, 0.0, 1_500.0][number % 7];
            let loudness = [0.4, 0.0, 0.3, 0.1, 0.5, 0.0, 0.2][number % 7];
            for n in 0..milliseconds * rate as usize / 1_000 {
                let phase = std::f64::consts::TAU * pitch * n as f64 / f64::from(rate);
                sound.push((loudness * phase.sin()) as f32);
            }
        }
        sound
    }

    #[test]
    fn the_same_sounds_are_found_at_other_times_and_rates() {
        let one = [120, 60, 200, 90, 150, 250, 180];
        let other = [160, 40, 130, 140, 220, 120, 300];
        let warp = Warp::between(
            (&melody(&one, 22_050), 22_050),
            (&melody(&other, 16_000), 16_000),
        );
        let starts = |lengths: &[usize]| -> Vec<u64> {
            let ends = lengths.iter().scan(0, |end, length| {
                *end += *length as u64;
                Some(*end)
            });
            ends.take(6).collect()
        };
        for (one, other) in starts(&one).into_iter().zip(starts(&other)) {
            let found = warp.at(Samples::from_millis(one)).0 / 48;
            assert!(found.abs_diff(other) <= 20, "{one} is {other}, not {found}");
        }
    }

    /// A woman who takes her time is laid over by a man who does not.
    #[test]
    fn words_are_found_in_another_reading() {
        let cancel = Cancel::default();
        let reader = Reader::open().unwrap();
        for (text, language, voice) in [
            (
                "Сегодня хорошая погода, солнце светит, и мы пойдём гулять в старый парк.",
                Language::Ru,
                "ru",
            ),
            (
                "It was late, nobody was left in the streets; even the dogs had gone to sleep.",
                Language::En,
                "en-us",
            ),
        ] {
            let mut said = Vec::new();
            let mut marks = Vec::new();
            let utterance = Utterance {
                text: text.to_owned(),
                language,
                voice: String::new(),
                keeping: None,
                manner: Manner {
                    rate: 65,
                    ..Manner::default()
                },
            };
            let spoken = Espeak::new()
                .unwrap()
                .speak(&utterance, &cancel, &mut |speech| {
                    said.extend(speech.pcm);
                    marks.extend(speech.marks);
                    ControlFlow::Continue(())
                });
            spoken.unwrap();
            let reading = reader.read(text, voice, &cancel).unwrap();
            let warp = Warp::between((&reading.sound, reading.rate), (&said, AUDIO_RATE));
            let words = |kind: &MarkKind| matches!(kind, MarkKind::Word(_));
            let told = marks
                .iter()
                .filter(|mark| words(&mark.kind))
                .map(|mark| mark.at);
            let found = reading.marks.iter().filter(|(_, kind)| words(kind));
            let found = found.map(|(at, _)| {
                warp.at(Samples(
                    at * u64::from(AUDIO_RATE) / u64::from(reading.rate),
                ))
            });
            let errors: Vec<u64> = told
                .zip(found)
                .map(|(told, found)| told.0.abs_diff(found.0) / 48)
                .collect();
            assert!(errors.len() >= 10);
            let mean = errors.iter().sum::<u64>() / errors.len() as u64;
            assert!(mean <= 40, "{mean} ms: {errors:?}");
            assert!(errors.iter().all(|error| *error <= 150), "{errors:?}");
        }
    }

    proptest! {
        #[test]
        fn time_never_goes_back(
            anchors in proptest::collection::vec((0_u64..1_000, 0_u64..1_000), 0..20),
            ends in (0_u64..1_000, 0_u64..1_000),
            times in proptest::collection::vec(0_u64..2_000, 0..20),
        ) {
            let anchors: Vec<_> = anchors.into_iter().map(|(a, b)| (Samples(a), Samples(b))).collect();
            let warp = Warp::new(&anchors, (Samples(ends.0), Samples(ends.1)));
            let mut times = times;
            times.sort_unstable();
            let mapped: Vec<_> = times.into_iter().map(|time| warp.at(Samples(time))).collect();
            prop_assert!(mapped.is_sorted());
            prop_assert!(mapped.iter().all(|time| *time <= Samples(ends.1)));
        }

        #[test]
        fn any_sound_is_survived(
            one in proptest::collection::vec(-1.0_f32..1.0, 0..3_000),
            other in proptest::collection::vec(proptest::num::f32::ANY, 0..3_000),
            rate in 1_u32..100_000,
        ) {
            Warp::between((&one, rate), (&other, 16_000));
        }
    }
}
