//! How loud speech is, as EBU R 128 measures it.

use ebur128::{EbuR128, Mode};

use crate::time::AUDIO_RATE;

/// How loud every voice is to be, in LUFS: EBU R 128's own −23 is too quiet for telephones and laptops, and above this
/// the peaks of speech would have to be cut.
pub const LOUDNESS: f64 = -19.0;

/// The loudness of some sound, mono.
pub struct Loudness {
    rate: u32,
    /// Samples of the shortest sound that can be measured: 400 ms (ITU-R BS.1770-5 annex 1).
    shortest: usize,
    meter: Option<EbuR128>,
    /// What was heard, as long as that is too little to be measured.
    brief: Vec<f32>,
    heard: u64,
}

impl Loudness {
    /// Of nothing, at 48 kHz.
    pub fn new() -> Self {
        Self::at(AUDIO_RATE)
    }

    /// Of nothing, at `rate` samples a second.
    pub fn at(rate: u32) -> Self {
        Self {
            rate,
            shortest: rate as usize * 2 / 5,
            meter: EbuR128::new(1, rate, Mode::I).ok(),
            brief: Vec::new(),
            heard: 0,
        }
    }

    /// Takes in more.
    pub fn hear(&mut self, pcm: &[f32]) {
        self.heard += pcm.len() as u64;
        if self.brief.len() < self.shortest {
            self.brief.extend_from_slice(pcm);
        }
        self.add(pcm);
    }

    fn add(&mut self, pcm: &[f32]) {
        if let Some(meter) = &mut self.meter
            && meter.add_frames_f32(pcm).is_err()
        {
            self.meter = None;
        }
    }

    /// How much was heard, in seconds.
    pub fn seconds(&self) -> f64 {
        self.heard as f64 / f64::from(self.rate.max(1))
    }

    /// In LUFS; `None` where it is too little, or silence.
    pub fn known(&self) -> Option<f64> {
        let loudness = self.meter.as_ref()?.loudness_global().ok()?;
        loudness.is_finite().then_some(loudness)
    }

    /// The same, that of the shortest words included: they are measured as if they were repeated.
    pub fn finish(&mut self) -> Option<f64> {
        let brief = std::mem::take(&mut self.brief);
        if !brief.is_empty() && brief.len() < self.shortest {
            for _ in 0..self.shortest.div_ceil(brief.len()) {
                self.add(&brief);
            }
        }
        self.known()
    }
}

impl Default for Loudness {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Loudness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loudness")
            .field("heard", &self.heard)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(samples: usize, gain: f32) -> Vec<f32> {
        let step = 997.0 * std::f32::consts::TAU / AUDIO_RATE as f32;
        (0..samples)
            .map(|n| gain * (n as f32 * step).sin())
            .collect()
    }

    /// EBU Tech 3341, case 1: a tone of 1 kHz at −23 dB is −23 LUFS in two channels, and 3 less in one.
    #[test]
    fn a_tone_is_as_loud_as_the_standard_says() {
        let gain = 10_f32.powf(-23.0 / 20.0);
        let mut loudness = Loudness::new();
        loudness.hear(&tone(96_000, gain));
        let found = loudness.finish().unwrap();
        assert!((found + 26.0).abs() < 0.1, "{found}");
    }

    #[test]
    fn a_word_is_as_loud_as_a_sentence() {
        let mut word = Loudness::new();
        word.hear(&tone(9_600, 0.1));
        assert_eq!(word.known(), None);
        let mut sentence = Loudness::new();
        sentence.hear(&tone(96_000, 0.1));
        let (word, sentence) = (word.finish().unwrap(), sentence.finish().unwrap());
        assert!((word - sentence).abs() < 0.5, "{word} {sentence}");
    }

    #[test]
    fn silence_has_no_loudness() {
        let mut loudness = Loudness::new();
        loudness.hear(&vec![0.0; 96_000]);
        assert_eq!(loudness.finish(), None);
        assert_eq!(Loudness::new().finish(), None);
    }
}
