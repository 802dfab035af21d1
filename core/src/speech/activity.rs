//! Whether somebody speaks.

use earshot::Detector;

use crate::audio::{ResampleError, Resampler};
use crate::time::AUDIO_RATE;

/// The detector's rate, in samples a second, and the length of what it judges.
const RATE: u32 = 16_000;
const FRAME: usize = 256;
/// What is as likely or more is a voice.
const LIKELY: f32 = 0.5;
/// Frames of 16 ms: a voice that has been there for so many speaks, and one that has not been there for so many does not any more.
const BEGINS: u32 = 4;
const ENDS: u32 = 20;

/// Listens to one microphone.
pub(crate) struct Activity {
    resampler: Resampler,
    detector: Box<Detector>,
    /// What is not a whole frame yet.
    rest: Vec<f32>,
    voiced: u32,
    unvoiced: u32,
    speaks: bool,
}

impl Activity {
    /// # Errors
    ///
    /// [`ResampleError`]
    pub(crate) fn new() -> Result<Self, ResampleError> {
        Ok(Self {
            resampler: Resampler::between(AUDIO_RATE, RATE)?,
            detector: Detector::default_boxed(),
            rest: Vec::new(),
            voiced: 0,
            unvoiced: 0,
            speaks: false,
        })
    }

    /// Takes in more, mono at 48 kHz; returns whether somebody speaks.
    ///
    /// # Errors
    ///
    /// [`ResampleError`]
    pub(crate) fn hear(&mut self, pcm: &[f32]) -> Result<bool, ResampleError> {
        self.resampler.push(pcm, &mut self.rest)?;
        let rest = std::mem::take(&mut self.rest);
        let mut frames = rest.chunks_exact(FRAME);
        for frame in &mut frames {
            let frame: Vec<f32> = frame.iter().map(|sample| sample.clamp(-1.0, 1.0)).collect();
            let score = self.detector.predict_f32(&frame);
            self.judge(score >= LIKELY);
        }
        self.rest = frames.remainder().to_vec();
        Ok(self.speaks)
    }

    fn judge(&mut self, voice: bool) {
        if voice {
            self.voiced += 1;
            self.unvoiced = 0;
        } else {
            self.voiced = 0;
            self.unvoiced += 1;
        }
        self.speaks = match self.speaks {
            true => self.unvoiced < ENDS,
            false => self.voiced >= BEGINS,
        };
    }
}

#[cfg(test)]
#[cfg(feature = "espeak")]
mod tests {
    use super::*;
    use crate::speech::spoken;

    /// For each 20 ms whether somebody speaks.
    fn judged(pcm: &[f32]) -> Vec<bool> {
        let mut activity = Activity::new().unwrap();
        let pieces = pcm.chunks(960);
        pieces.map(|piece| activity.hear(piece).unwrap()).collect()
    }

    #[test]
    fn a_voice_is_told_from_noise() {
        let second = usize::try_from(AUDIO_RATE).unwrap();
        let mut chance = 1_u32;
        let mut noise = |length: usize| -> Vec<f32> {
            let next = |_| {
                chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (f64::from(chance) / f64::from(u32::MAX) - 0.5) as f32 * 0.01
            };
            (0..length).map(next).collect()
        };
        let speech = spoken("Wait a moment, I have a question about the second one.");
        let sound = [noise(second), speech.clone(), noise(second)].concat();
        let judged = judged(&sound);
        let (before, after) = (50, 50 + speech.len() / 960);
        assert!(
            !judged[..before].iter().any(|speaks| *speaks),
            "noise is no voice"
        );
        let heard = judged[before..after]
            .iter()
            .filter(|speaks| **speaks)
            .count();
        assert!(
            heard * 10 > (after - before) * 8,
            "{heard} of {}",
            after - before
        );
        let begins = judged.iter().position(|speaks| *speaks).unwrap();
        assert!(begins < before + 15, "after {} ms", (begins - before) * 20);
        assert!(!judged[judged.len() - 10..].iter().any(|speaks| *speaks));
    }
}
