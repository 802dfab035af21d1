//! Sound of one sample rate made into sound of another, sample for sample where it belongs.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};
use thiserror::Error;

use crate::time::AUDIO_RATE;

/// Why sound could not be resampled.
#[derive(Debug, Error)]
pub enum ResampleError {
    /// Nobody sends sound of such a rate.
    #[error("a sample rate of {0} Hz is not supported")]
    Rate(u32),
    /// The resampler failed.
    #[error("resampling failed: {0}")]
    Failed(String),
}

/// The rates taken.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=384_000;

/// Brings mono sound from one rate to another piece by piece.
///
/// No delay is left in the result: what was heard at `t` seconds is heard at `t` seconds, and `n` samples become
/// `n * to / from`, rounded to the nearest.
pub struct Resampler {
    from: u32,
    to: u32,
    /// `None` where nothing is to be done.
    filter: Option<Fft<f32>>,
    /// Not enough yet for the filter.
    waiting: Vec<f32>,
    /// Samples taken in.
    taken: u64,
    /// Samples still to be dropped: the delay of the filter.
    delay: usize,
    /// Samples given out.
    given: u64,
}

impl Resampler {
    /// A resampler from `rate` samples a second to [`AUDIO_RATE`].
    ///
    /// # Errors
    ///
    /// [`ResampleError::Rate`] outside 4 to 384 kHz.
    pub fn new(rate: u32) -> Result<Self, ResampleError> {
        Self::between(rate, AUDIO_RATE)
    }

    /// A resampler from `from` samples a second to `to`.
    ///
    /// # Errors
    ///
    /// [`ResampleError::Rate`] outside 4 to 384 kHz.
    pub fn between(from: u32, to: u32) -> Result<Self, ResampleError> {
        if let Some(rate) = [from, to].into_iter().find(|rate| !RATES.contains(rate)) {
            return Err(ResampleError::Rate(rate));
        }
        let filter = if from == to {
            None
        } else {
            Some(filter(from, to)?)
        };
        Ok(Self {
            from,
            to,
            delay: filter.as_ref().map_or(0, |filter| filter.output_delay()),
            filter,
            waiting: Vec::new(),
            taken: 0,
            given: 0,
        })
    }

    /// How many samples more than those told of must have been taken in at most.
    pub fn lag(&self) -> u64 {
        let Some(filter) = &self.filter else {
            return 0;
        };
        let delay = filter.output_delay() as u64 * u64::from(self.from);
        filter.input_frames_next() as u64 + delay.div_ceil(u64::from(self.to))
    }

    /// Takes in sound and appends what can be told of it to `out`.
    ///
    /// # Errors
    ///
    /// [`ResampleError::Failed`].
    pub fn push(&mut self, sound: &[f32], out: &mut Vec<f32>) -> Result<(), ResampleError> {
        self.taken += sound.len() as u64;
        self.feed(sound, out)
    }

    /// Appends the rest to `out`. The next sound begins anew at zero.
    ///
    /// # Errors
    ///
    /// [`ResampleError::Failed`].
    pub fn finish(&mut self, out: &mut Vec<f32>) -> Result<(), ResampleError> {
        let total = self.expected();
        let silence = vec![
            0.0;
            self.filter
                .as_ref()
                .map_or(0, |filter| filter.input_frames_next())
        ];
        while self.given < total {
            self.feed(&silence, out)?;
        }
        self.waiting.clear();
        (self.taken, self.given) = (0, 0);
        if let Some(filter) = &mut self.filter {
            filter.reset();
            self.delay = filter.output_delay();
        }
        Ok(())
    }

    /// How much is to be given out for what was taken in so far.
    fn expected(&self) -> u64 {
        let (taken, from) = (u128::from(self.taken), u128::from(self.from));
        let total = (taken * u128::from(self.to) + from / 2) / from;
        u64::try_from(total).unwrap_or(u64::MAX)
    }

    fn feed(&mut self, sound: &[f32], out: &mut Vec<f32>) -> Result<(), ResampleError> {
        let total = self.expected();
        let Some(filter) = &mut self.filter else {
            out.extend_from_slice(sound);
            self.given += sound.len() as u64;
            return Ok(());
        };
        self.waiting.extend_from_slice(sound);
        let failed = |error: &dyn std::fmt::Display| ResampleError::Failed(error.to_string());
        let block = filter.input_frames_next();
        let mut made = vec![0.0; filter.output_frames_max()];
        let mut blocks = self.waiting.chunks_exact(block);
        for block in &mut blocks {
            let input =
                SequentialSlice::new(block, 1, block.len()).map_err(|error| failed(&error))?;
            let frames = made.len();
            let mut output =
                SequentialSlice::new_mut(&mut made, 1, frames).map_err(|error| failed(&error))?;
            let (_, count) = filter
                .process_into_buffer(&input, &mut output, None)
                .map_err(|error| failed(&error))?;
            let late = self.delay.min(count);
            self.delay -= late;
            // The sound must not become longer by the silence that presses its end out of the filter.
            let room = usize::try_from(total - self.given).unwrap_or(usize::MAX);
            let made: Vec<f32> = made
                .iter()
                .take(count)
                .skip(late)
                .take(room)
                .copied()
                .collect();
            self.given += made.len() as u64;
            out.extend_from_slice(&made);
        }
        let rest = blocks.remainder().len();
        self.waiting.drain(..self.waiting.len() - rest);
        Ok(())
    }
}

/// A filter that works in blocks of about 20 ms.
fn filter(from: u32, to: u32) -> Result<Fft<f32>, ResampleError> {
    // The filter's middle lies at half a block, rounded down: only in an even number of smallest blocks is that
    // a whole number of samples on both sides.
    let smallest = 2 * from / greatest_common_divisor(from, to);
    let block = (from / 50).next_multiple_of(smallest);
    let failed =
        |error: rubato::ResamplerConstructionError| ResampleError::Failed(error.to_string());
    Fft::new_custom(
        from as usize,
        to as usize,
        block as usize,
        1,
        1,
        WindowFunction::BlackmanHarris2,
        FixedSync::Both,
    )
    .map_err(failed)
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resample(rate: u32, sound: &[f32], pieces: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(rate).unwrap();
        let mut out = Vec::new();
        for piece in sound.chunks(pieces) {
            resampler.push(piece, &mut out).unwrap();
        }
        resampler.finish(&mut out).unwrap();
        out
    }

    fn tone(rate: u32, hertz: f32, samples: usize) -> Vec<f32> {
        let step = hertz * std::f32::consts::TAU / rate as f32;
        (0..samples)
            .map(|sample| 0.5 * (step * sample as f32).sin())
            .collect()
    }

    #[test]
    fn a_tone_stays_where_and_what_it_was() {
        for rate in [
            8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
        ] {
            let found = resample(rate, &tone(rate, 440.0, rate as usize), 441);
            let wanted = tone(AUDIO_RATE, 440.0, AUDIO_RATE as usize);
            assert_eq!(found.len(), wanted.len());
            let inner = 2_000..46_000;
            let worst = found[inner.clone()]
                .iter()
                .zip(&wanted[inner])
                .map(|(found, wanted)| (found - wanted).abs())
                .fold(0.0, f32::max);
            // A shift of a hundredth of a sample would already be 0.0003.
            assert!(worst < 0.000_2, "{rate} Hz: {worst}");
        }
    }

    #[test]
    fn a_click_is_heard_at_its_time() {
        for at in [0_usize, 147, 1_470, 14_700, 22_049] {
            let mut sound = vec![0.0; 22_050];
            sound[at] = 1.0;
            let found = resample(22_050, &sound, 1_000);
            let loudest =
                (0..found.len()).max_by(|a, b| found[*a].abs().total_cmp(&found[*b].abs()));
            let wanted = at as f64 * 48_000.0 / 22_050.0;
            assert!((loudest.unwrap() as f64 - wanted).abs() <= 0.5, "{at}");
        }
    }

    #[test]
    fn it_can_be_used_again() {
        let sound = tone(22_050, 300.0, 5_000);
        let mut resampler = Resampler::new(22_050).unwrap();
        let (mut once, mut again) = (Vec::new(), Vec::new());
        resampler.push(&sound, &mut once).unwrap();
        resampler.finish(&mut once).unwrap();
        resampler.push(&sound, &mut again).unwrap();
        resampler.finish(&mut again).unwrap();
        assert_eq!(once, again);
    }

    #[test]
    fn absurd_rates_are_refused() {
        for rate in [0, 1, 3_999, 384_001, u32::MAX] {
            assert!(
                matches!(Resampler::new(rate), Err(ResampleError::Rate(refused)) if refused == rate)
            );
        }
    }

    #[test]
    fn speech_is_brought_down_to_what_is_heard() {
        let sound = tone(AUDIO_RATE, 440.0, AUDIO_RATE as usize);
        let mut resampler = Resampler::between(AUDIO_RATE, 16_000).unwrap();
        let mut found = Vec::new();
        for piece in sound.chunks(441) {
            resampler.push(piece, &mut found).unwrap();
            let told = found.len() as u64 * 3;
            assert!(told + resampler.lag() >= resampler.taken);
        }
        resampler.finish(&mut found).unwrap();
        let wanted = tone(16_000, 440.0, 16_000);
        assert_eq!(found.len(), wanted.len());
        let inner = found[600..15_400].iter().zip(&wanted[600..15_400]);
        let worst = inner.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 0.000_2, "{worst}");
    }

    proptest! {
        #[test]
        fn lengths_agree_however_it_comes(samples in 0_usize..30_000, pieces in 1_usize..5_000, rate in prop::sample::select(vec![8_000_u32, 16_000, 22_050, 24_000, 44_100, 48_000])) {
            let sound = tone(rate, 200.0, samples);
            let found = resample(rate, &sound, pieces);
            let wanted = (samples as f64 * 48_000.0 / f64::from(rate)).round();
            prop_assert_eq!(found.len(), wanted as usize);
            prop_assert_eq!(found, resample(rate, &sound, samples.max(1)));
        }
    }
}
