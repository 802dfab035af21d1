//! Sound said faster or slower at the same pitch.

use std::num::{NonZeroU16, NonZeroU32};

use wsola::TimeStretch;

/// How much sound the filter looks at beyond the end of what it gives, in milliseconds: a window of 30 and a search of 12.
const LOOKAHEAD: usize = 42;

/// Stretches mono sound piece by piece: `n` samples become `n / factor`, rounded to the nearest.
pub struct Stretcher {
    filter: TimeStretch,
    factor: f64,
    /// Samples a second.
    rate: NonZeroU32,
    /// Samples taken in.
    taken: u64,
    /// Samples given out.
    given: u64,
    room: Vec<f32>,
}

impl Stretcher {
    /// A stretcher of sound of `rate` samples a second, which is then said `factor` times as fast: from a quarter to four
    /// times. `None` where there is no such rate.
    pub fn new(rate: u32, factor: f32) -> Option<Self> {
        let rate = NonZeroU32::new(rate)?;
        let mut filter = TimeStretch::new(rate, NonZeroU16::MIN).ok()?;
        filter.set_tempo(factor);
        Some(Self {
            factor: f64::from(filter.tempo()),
            room: vec![0.0; filter.min_output_buff_size() * 4],
            filter,
            rate,
            taken: 0,
            given: 0,
        })
    }

    /// Takes in sound and appends what can be told of it to `out`.
    pub fn push(&mut self, sound: &[f32], out: &mut Vec<f32>) {
        self.taken += sound.len() as u64;
        self.filter.push(sound);
        self.pull(out);
    }

    /// Appends the rest to `out`. Nothing may be taken in after this.
    pub fn finish(&mut self, out: &mut Vec<f32>) {
        // The filter gives no sound for which it cannot look ahead.
        let silence = self.rate.get() as usize * LOOKAHEAD / 1000 + self.room.len();
        self.filter.push(&vec![0.0; silence]);
        self.pull(out);
        self.filter.set_draining();
        self.pull(out);
    }

    fn pull(&mut self, out: &mut Vec<f32>) {
        let expected = (self.taken as f64 / self.factor).round() as u64;
        // It says so when it needs more.
        while let Ok(length) = self.filter.pull(&mut self.room) {
            let most = usize::try_from(expected.saturating_sub(self.given)).unwrap_or(usize::MAX);
            out.extend(self.room.iter().take(length.min(most)));
            self.given += length.min(most) as u64;
            if length == 0 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: u32 = 24_000;

    fn tone(hertz: f32, samples: usize) -> Vec<f32> {
        let step = hertz * std::f32::consts::TAU / RATE as f32;
        (0..samples)
            .map(|n| 0.5 * (n as f32 * step).sin())
            .collect()
    }

    fn stretch(sound: &[f32], factor: f32, piece: usize) -> Vec<f32> {
        let mut stretcher = Stretcher::new(RATE, factor).unwrap();
        let mut out = Vec::new();
        for piece in sound.chunks(piece) {
            stretcher.push(piece, &mut out);
        }
        stretcher.finish(&mut out);
        out
    }

    /// How often `sound` rises through zero in a second.
    fn pitch(sound: &[f32]) -> f32 {
        let rises = sound
            .windows(2)
            .filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0);
        rises.count() as f32 * RATE as f32 / sound.len() as f32
    }

    #[test]
    fn it_takes_another_time_at_the_same_pitch() {
        for factor in [0.25, 0.5, 0.8, 1.25, 2.0, 4.0] {
            let found = stretch(&tone(200.0, 48_000), factor, 480);
            assert_eq!(found.len(), (48_000.0 / factor).round() as usize);
            let inner = &found[1_000..found.len() - 2_000];
            let heard = pitch(inner);
            assert!((heard - 200.0).abs() < 6.0, "{factor}: {heard} Hz");
            let loudest = inner.iter().copied().fold(0.0, f32::max);
            assert!((0.4..0.6).contains(&loudest), "{factor}: {loudest}");
        }
    }

    #[test]
    fn the_last_word_is_heard() {
        let mut sound = vec![0.0; 24_000];
        sound.extend(tone(200.0, 4_800));
        for factor in [0.5, 3.0] {
            let found = stretch(&sound, factor, 1_000);
            let end = &found[found.len() - 200..];
            assert!(end.iter().any(|sample| sample.abs() > 0.2), "{factor}");
        }
    }

    proptest! {
        #[test]
        fn lengths_agree_however_it_comes(samples in 0_usize..20_000, piece in 1_usize..5_000, percent in 25_u16..400) {
            let factor = f32::from(percent) / 100.0;
            let sound = tone(150.0, samples);
            let found = stretch(&sound, factor, piece);
            prop_assert_eq!(found.len(), (samples as f64 / f64::from(factor)).round() as usize);
        }
    }
}
