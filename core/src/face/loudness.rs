//! How loud the speech is at a moment, as an ear would say.

use std::collections::VecDeque;

use crate::time::Samples;

/// Sound is measured in stretches of 10 ms.
const HOP: u64 = 480;

/// Loudness is taken over this many stretches to either side.
const REACH: u64 = 5;

/// What is this much quieter than the loudest is silence, in decibels.
const RANGE: f32 = 34.0;

/// The quietest that is ever taken for the loudest, in decibels below full scale.
const FLOOR: f32 = -42.0;

/// How fast the loudest is forgotten, in decibels a stretch.
const DECAY: f32 = 0.02;

/// The loudness of everything heard lately, 0…1 against the loudest before it.
#[derive(Debug)]
pub(super) struct Loudness {
    levels: VecDeque<f32>,
    /// How many stretches were dropped before the first kept.
    dropped: u64,
    loudest: f32,
    sum: f64,
    filled: u64,
}

impl Loudness {
    pub(super) fn new() -> Self {
        Self {
            levels: VecDeque::new(),
            dropped: 0,
            loudest: FLOOR,
            sum: 0.0,
            filled: 0,
        }
    }

    /// Takes in more sound. One sample after the other, so that it does not matter how sound is cut.
    pub(super) fn hear(&mut self, pcm: &[f32]) {
        for sample in pcm {
            let sample = if sample.is_finite() {
                f64::from(*sample)
            } else {
                0.0
            };
            self.sum += sample * sample;
            self.filled += 1;
            if self.filled == HOP {
                let power = (self.sum / HOP as f64) as f32;
                self.measure(10.0 * power.max(1e-12).log10());
                self.sum = 0.0;
                self.filled = 0;
            }
        }
    }

    fn measure(&mut self, decibels: f32) {
        self.loudest = (self.loudest - DECAY).max(decibels).max(FLOOR);
        let level = ((decibels - self.loudest + RANGE) / RANGE).clamp(0.0, 1.0);
        self.levels.push_back(level);
    }

    /// Forgets what was heard from `from` on. What is quieter than a stretch before that is taken for silence.
    pub(super) fn cut(&mut self, from: Samples) {
        let whole = (from.0 / HOP).saturating_sub(self.dropped);
        self.levels
            .truncate(usize::try_from(whole).unwrap_or(usize::MAX));
        self.filled = from.0 % HOP;
        self.sum = 0.0;
    }

    /// Forgets what lies well before `at`.
    pub(super) fn forget(&mut self, at: Samples) {
        let keep = (at.0 / HOP).saturating_sub(4 * REACH);
        while self.dropped < keep && self.levels.pop_front().is_some() {
            self.dropped += 1;
        }
    }

    /// The loudness about `at`, or `None` where nothing was heard.
    pub(super) fn at(&self, at: Samples) -> Option<f32> {
        let centre = at.0 as f32 / HOP as f32 - 0.5;
        let first = (at.0 / HOP).saturating_sub(REACH);
        let mut total = 0.0;
        let mut weights = 0.0;
        for n in first..=first + 2 * REACH {
            let Some(level) = n
                .checked_sub(self.dropped)
                .and_then(|n| self.levels.get(usize::try_from(n).ok()?))
            else {
                continue;
            };
            let off = (n as f32 - centre).abs() / REACH as f32;
            let weight = (1.0 - off * off).max(0.0).powi(2);
            total += weight * level;
            weights += weight;
        }
        (weights > 0.0).then(|| total / weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(samples: usize, gain: f32) -> Vec<f32> {
        (0..samples)
            .map(|n| gain * (n as f32 * 0.05).sin())
            .collect()
    }

    #[test]
    fn speech_is_loud_and_silence_is_not() {
        let mut loudness = Loudness::new();
        loudness.hear(&tone(24_000, 0.3));
        loudness.hear(&vec![0.0; 24_000]);
        assert!(loudness.at(Samples(12_000)).unwrap() > 0.95);
        assert_eq!(loudness.at(Samples(36_000)), Some(0.0));
        assert_eq!(loudness.at(Samples(96_000)), None);
    }

    #[test]
    fn faint_noise_is_silence() {
        let mut loudness = Loudness::new();
        loudness.hear(&tone(48_000, 1e-4));
        assert_eq!(loudness.at(Samples(24_000)), Some(0.0));
    }

    #[test]
    fn it_does_not_matter_how_sound_is_cut() {
        let sound = tone(48_000, 0.2);
        let (mut whole, mut cut) = (Loudness::new(), Loudness::new());
        whole.hear(&sound);
        for piece in sound.chunks(77) {
            cut.hear(piece);
        }
        assert_eq!(whole.levels, cut.levels);
    }
}
