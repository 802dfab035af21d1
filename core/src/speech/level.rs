//! All voices equally loud.
//!
//! A voice has one gain, which is known from what it said before and does not change while it speaks: what is said softly
//! is heard softly. Only while a voice is heard for the first time is the gain found as it goes, and then it moves too
//! slowly to be noticed.

use crate::audio::{LOUDNESS, Loudness, round_off};
use crate::time::AUDIO_RATE;

/// Gains beyond this make noise of silence, in decibels.
const MOST: f64 = 24.0;
/// How far the gain of a voice that is heard for the first time moves, in decibels a second.
const PACE: f64 = 3.0;
/// How often it is looked at.
const STEP: usize = AUDIO_RATE as usize / 10;
/// How far back a voice's loudness is remembered, in seconds of speech.
const MEMORY: f64 = 60.0;

/// How loud a voice is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct VoiceLevel {
    /// The mean power of what was heard, and of how many seconds.
    known: Option<(f64, f64)>,
}

impl VoiceLevel {
    /// Learns from a sentence of so many seconds.
    pub(super) fn learn(&mut self, lufs: f64, seconds: f64) {
        let power = 10_f64.powf(lufs / 10.0);
        let (before, weight) = self.known.unwrap_or((power, 0.0));
        let weight = weight.min(MEMORY);
        let total = (weight + seconds).max(f64::EPSILON);
        self.known = Some(((before * weight + power * seconds) / total, total));
    }

    /// What brings it to the loudness of all, in decibels.
    pub(super) fn gain(&self) -> Option<f64> {
        let (power, _) = self.known?;
        Some(gain_for(10.0 * power.log10()))
    }
}

fn gain_for(lufs: f64) -> f64 {
    (LOUDNESS - lufs).clamp(-MOST, MOST)
}

/// The level of one utterance.
#[derive(Debug)]
pub(super) struct Leveller {
    loudness: Loudness,
    /// In decibels; `None` until something is known.
    gain: Option<f64>,
    /// Whether the voice was heard before, so that its gain stays.
    settled: bool,
    /// What waits for a gain.
    waiting: Vec<f32>,
    /// How much of that was measured.
    measured: usize,
}

impl Leveller {
    pub(super) fn new(voice: &VoiceLevel) -> Self {
        let gain = voice.gain();
        Self {
            loudness: Loudness::new(),
            gain,
            settled: gain.is_some(),
            waiting: Vec::new(),
            measured: 0,
        }
    }

    /// Takes in sound and appends to `out` what is ready. Of a voice that was never heard, the first 400 ms wait for each
    /// other.
    pub(super) fn hear(&mut self, pcm: &[f32], out: &mut Vec<f32>) {
        if self.settled {
            self.loudness.hear(pcm);
            let gain = self.gain.unwrap_or_default();
            apply(pcm, gain, gain, out);
            return;
        }
        self.waiting.extend_from_slice(pcm);
        while let Some(step) = self.waiting.get(self.measured..self.measured + STEP) {
            self.loudness.hear(step);
            self.measured += STEP;
            if let Some(lufs) = self.loudness.known() {
                self.approach(gain_for(lufs), out);
            }
        }
    }

    /// Gives out what was measured, at a gain that goes some way towards `wanted` in the last of it.
    fn approach(&mut self, wanted: f64, out: &mut Vec<f32>) {
        let most = PACE * STEP as f64 / f64::from(AUDIO_RATE);
        let from = self.gain.unwrap_or(wanted);
        let to = from + (wanted - from).clamp(-most, most);
        let measured: Vec<f32> = self.waiting.drain(..self.measured).collect();
        let (before, last) = measured.split_at(measured.len() - STEP);
        apply(before, from, from, out);
        apply(last, from, to, out);
        (self.gain, self.measured) = (Some(to), 0);
    }

    /// That was all: appends the rest to `out`, and tells the voice's loudness and for how many seconds it was heard.
    pub(super) fn finish(&mut self, out: &mut Vec<f32>) -> Option<(f64, f64)> {
        let waiting = std::mem::take(&mut self.waiting);
        let rest = waiting.get(self.measured..).unwrap_or_default();
        self.loudness.hear(rest);
        let seconds = self.loudness.seconds();
        let lufs = self.loudness.finish();
        let gain = self.gain.or(lufs.map(gain_for)).unwrap_or_default();
        apply(&waiting, gain, gain, out);
        Some((lufs?, seconds))
    }
}

/// Appends `pcm` to `out`, from one gain to the other.
fn apply(pcm: &[f32], from: f64, to: f64, out: &mut Vec<f32>) {
    let factor = |decibels: f64| 10_f64.powf(decibels / 20.0) as f32;
    let (from, to) = (factor(from), factor(to));
    let step = (to - from) / pcm.len().max(1) as f32;
    let louder = pcm
        .iter()
        .zip(0_u32..)
        .map(|(sample, n)| round_off(sample * (from + step * n as f32)));
    out.extend(louder);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Syllables at four a second, at some gain.
    fn speech(seconds: f64, gain: f32) -> Vec<f32> {
        (0..(seconds * 48_000.0) as u32)
            .map(|n| {
                let at = n as f32 / 48_000.0;
                let syllable = (at * 8.0 * std::f32::consts::PI).sin().max(0.0);
                gain * syllable * (at * 1_200.0).sin()
            })
            .collect()
    }

    fn levelled(voice: &mut VoiceLevel, sound: &[f32], pieces: usize) -> Vec<f32> {
        let (mut leveller, mut out) = (Leveller::new(voice), Vec::new());
        for piece in sound.chunks(pieces) {
            leveller.hear(piece, &mut out);
        }
        if let Some((lufs, seconds)) = leveller.finish(&mut out) {
            voice.learn(lufs, seconds);
        }
        assert_eq!(out.len(), sound.len());
        out
    }

    fn loudness(sound: &[f32]) -> f64 {
        let mut loudness = Loudness::new();
        loudness.hear(sound);
        loudness.finish().unwrap()
    }

    #[test]
    fn loud_and_soft_voices_come_out_the_same() {
        // The softest is at -40 LUFS: what is much softer is not raised all the way.
        for gain in [0.03, 0.1, 0.9] {
            let mut voice = VoiceLevel::default();
            for seconds in [3.0, 2.0, 0.25, 4.0] {
                let found = loudness(&levelled(&mut voice, &speech(seconds, gain), 777));
                assert!(
                    (found - LOUDNESS).abs() < 1.0,
                    "{gain}, {seconds} s: {found}"
                );
            }
        }
    }

    #[test]
    fn a_known_voice_keeps_its_gain() {
        let mut voice = VoiceLevel::default();
        levelled(&mut voice, &speech(5.0, 0.05), 4_000);
        // A whisper stays one.
        let whisper = levelled(&mut voice, &speech(1.0, 0.01), 4_000);
        assert!(loudness(&whisper) < LOUDNESS - 12.0);
        let ratios = whisper
            .iter()
            .zip(speech(1.0, 0.01))
            .filter(|(_, before)| before.abs() > 1e-4);
        let ratios: Vec<f32> = ratios.map(|(after, before)| after / before).collect();
        assert!(
            ratios
                .iter()
                .all(|ratio| (ratio / ratios[0] - 1.0).abs() < 1e-3)
        );
    }

    #[test]
    fn a_new_voice_moves_slowly_and_nothing_clips() {
        let mut voice = VoiceLevel::default();
        let sound = [speech(0.5, 0.02), speech(4.0, 0.3)].concat();
        let found = levelled(&mut voice, &sound, 1_000);
        assert!(found.iter().all(|sample| sample.abs() < 0.9));
        let gains: Vec<(f64, f64)> = found
            .iter()
            .zip(&sound)
            .zip(0_u32..)
            .filter(|((after, before), _)| before.abs() > 1e-3 && after.abs() < 0.6)
            .map(|((after, before), n)| {
                let gain = 20.0 * f64::from(after / before).log10();
                (f64::from(n) / f64::from(AUDIO_RATE), gain)
            })
            .collect();
        for pair in gains.windows(2) {
            let (time, change) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
            assert!(
                change.abs() < 1.1 * PACE * time + 0.01,
                "{change} dB in {time} s"
            );
        }
    }

    #[test]
    fn what_is_next_to_silence_is_not_made_a_voice() {
        let whisper = speech(2.0, 0.003);
        let found = levelled(&mut VoiceLevel::default(), &whisper, 4_000);
        let raised = loudness(&found) - loudness(&whisper);
        assert!((raised - MOST).abs() < 0.1, "{raised} dB");
    }

    #[test]
    fn silence_stays_silence() {
        let mut voice = VoiceLevel::default();
        assert!(
            levelled(&mut voice, &[0.0; 48_000], 1_000)
                .iter()
                .all(|sample| *sample == 0.0)
        );
        assert!(voice.gain().is_none());
    }
}
