//! Which steps of speech a frame is told of, as MuseTalk cuts them.

use std::ops::Range;

use tch::{Device, Kind, TchError, Tensor};

use super::{SAMPLE_RATE, STEP, STEPS};
use crate::layers::Output;

const STEP_RATE: usize = SAMPLE_RATE / STEP;
/// How far around its own place a step is influenced by sound, beyond its beginning: two columns of the spectrogram, and
/// half a window.
const REACH: usize = 2 * 160 + 200;

/// Which steps of speech the frames of a video are told of: ten for each, from a little before it.
pub struct Windowing {
    frame_rate: usize,
    /// Where tokens stand among the fifty of a frame, as waves: [tokens, features].
    places: Tensor,
}

impl Windowing {
    /// `layers` tokens of `features` to each step.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn new(frame_rate: usize, layers: i64, features: i64) -> Result<Self, TchError> {
        Ok(Self {
            frame_rate: frame_rate.max(1),
            places: places(i64::try_from(STEPS).unwrap_or_default() * layers, features)?,
        })
    }

    /// Floating-point numbers to one frame.
    pub fn size(&self) -> usize {
        self.places.numel()
    }

    /// How many frames so many samples of a whole speech are. MuseTalk computes this in floating point, and has one frame
    /// less for about one length in ten thousand.
    pub fn frames(&self, samples: usize) -> usize {
        samples * self.frame_rate / SAMPLE_RATE
    }

    /// The sample that a frame begins with.
    pub fn sample(&self, frame: usize) -> usize {
        (frame * SAMPLE_RATE).div_ceil(self.frame_rate)
    }

    /// The first step that a frame is told of. There is none before 0: silence.
    pub fn step(&self, frame: usize) -> i64 {
        let before = 2 * STEP_RATE.div_ceil(self.frame_rate);
        let here = frame * STEP_RATE / self.frame_rate;
        i64::try_from(here).unwrap_or(i64::MAX) - i64::try_from(before).unwrap_or_default()
    }

    /// How many samples must have been heard for a frame's last step to be settled but for what attention adds.
    pub fn reach(&self, frame: usize) -> usize {
        let steps = i64::try_from(STEPS).unwrap_or_default();
        let last = usize::try_from(self.step(frame) + steps - 1).unwrap_or_default();
        last * STEP + REACH
    }

    /// The tokens of `frames`, [n, tokens, features], from `states` [steps, layers, features] of the steps from `first`
    /// on. What is outside of those is silence.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn tokens(&self, states: &Tensor, first: usize, frames: Range<usize>) -> Output {
        let (steps, layers, features) = states.size3()?;
        let first = i64::try_from(first).unwrap_or(i64::MAX);
        // One step of silence stands for all.
        let silence = Tensor::f_zeros([1, layers, features], (Kind::Float, Device::Cpu))?;
        let states = Tensor::f_cat(&[states, &silence], 0)?;
        let count = i64::try_from(frames.len()).unwrap_or_default();
        let mut picked = Vec::with_capacity(frames.len() * STEPS);
        for frame in frames {
            let begin = self.step(frame) - first;
            picked.extend((begin..).take(STEPS).map(|step| {
                if (0..steps).contains(&step) {
                    step
                } else {
                    steps
                }
            }));
        }
        let tokens = self.places.size().first().copied().unwrap_or_default();
        states
            .f_index_select(0, &Tensor::f_from_slice(&picked)?)?
            .f_view([count, tokens, features])?
            .f_add(&self.places)
    }
}

/// Sines and cosines of positions, each pair slower than the one before.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "small counts; computed in f64 and kept in f32"
)]
fn places(tokens: i64, features: i64) -> Output {
    let mut waves = Vec::new();
    for token in 0..tokens {
        for feature in 0..features {
            let even = feature - feature % 2;
            let rate = (-(even as f64) * 10_000f64.ln() / features as f64).exp();
            let angle = token as f64 * rate;
            let wave = if feature == even {
                angle.sin()
            } else {
                angle.cos()
            };
            waves.push(wave as f32);
        }
    }
    Tensor::f_from_slice(&waves)?.f_view([tokens, features])
}
