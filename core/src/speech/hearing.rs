//! Sound that somebody speaks themselves, made ready like that of an engine: heard as it is, with the mouth shapes it has.

use std::collections::VecDeque;
use std::fmt;

use super::ear::{Ear, Timbre};
use super::{Mark, MarkKind, Speech};
use crate::time::{AUDIO_RATE, Samples};

/// Sound is judged every 10 ms.
const HOP: usize = AUDIO_RATE as usize / 100;
/// At least this much is handed on at once, but at the end.
const STRETCH: usize = HOP;
/// What the loudest of it is brought to for the ear, which knows voices of our loudness, in decibels.
const LOUD: f32 = -16.0;
/// How fast the loudest is forgotten, in decibels a hop: a speaker who turns away is followed in a few seconds.
const FORGETTING: f32 = 0.03;
/// What is not quieter for two seconds, counted in blocks of 100 ms, is noise: whoever speaks draws breath.
const BLOCK: usize = 10;
const BLOCKS: usize = 20;
/// Whatever is not louder than the noise by this is noise, in decibels.
const ABOVE_NOISE: f32 = 10.0;
/// What is quieter is silence in any case, in decibels.
const SILENCE: f32 = -54.0;
/// Hops for which a voice is believed to go on.
const HANGOVER: u32 = 15;

/// Hears one speaker.
pub(crate) struct Hearing {
    ear: Ear,
    gate: Gate,
    /// Sound of a hop that is not complete.
    brief: Vec<f32>,
    /// What was heard and not handed on.
    ready: Vec<f32>,
    marks: Vec<Mark>,
    given: Samples,
}

/// Tells a voice from the noise of its microphone.
#[derive(Debug)]
struct Gate {
    loudest: f32,
    /// The quietest hop of each block, the newest last.
    quietest: VecDeque<f32>,
    /// Hops of the newest block.
    hops: usize,
    open: u32,
}

impl Gate {
    /// What a hop is multiplied with for the ear.
    fn gain(&mut self, hop: &[f32]) -> f32 {
        let power = hop.iter().map(|sample| sample * sample).sum::<f32>() / hop.len().max(1) as f32;
        let level = 10.0 * power.max(1e-12).log10();
        if self.hops.is_multiple_of(BLOCK) {
            self.quietest.push_back(level);
        }
        if self.quietest.len() > BLOCKS {
            self.quietest.pop_front();
        }
        self.hops += 1;
        if let Some(newest) = self.quietest.back_mut() {
            *newest = newest.min(level);
        }
        let noise = self.quietest.iter().copied().fold(0.0, f32::min);
        let floor = (noise + ABOVE_NOISE).max(SILENCE);
        if level > floor {
            self.open = HANGOVER;
        } else {
            self.open = self.open.saturating_sub(1);
        }
        if self.open == 0 {
            return 0.0;
        }
        self.loudest = level.max(self.loudest - FORGETTING).max(SILENCE);
        10_f32.powf((LOUD - self.loudest) / 20.0)
    }
}

impl Default for Hearing {
    fn default() -> Self {
        Self {
            ear: Ear::new(Timbre::default()),
            gate: Gate {
                loudest: SILENCE,
                quietest: VecDeque::new(),
                hops: 0,
                open: 0,
            },
            brief: Vec::new(),
            ready: Vec::new(),
            marks: Vec::new(),
            given: Samples::ZERO,
        }
    }
}

impl fmt::Debug for Hearing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hearing")
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}

impl Hearing {
    /// Takes in more, mono at 48 kHz; returns what can be handed on.
    pub(crate) fn hear(&mut self, pcm: &[f32]) -> Option<Speech> {
        self.ready.extend_from_slice(pcm);
        self.brief.extend_from_slice(pcm);
        let brief = std::mem::take(&mut self.brief);
        let mut hops = brief.chunks_exact(HOP);
        for hop in &mut hops {
            self.listen(hop);
        }
        self.brief = hops.remainder().to_vec();
        // What is not marked yet must wait.
        let known = self.ear.known().saturating_sub(self.given).0;
        let length = usize::try_from(known).unwrap_or_default();
        (length >= STRETCH).then(|| self.give(length))
    }

    fn listen(&mut self, hop: &[f32]) {
        let gain = self.gate.gain(hop);
        let levelled: Vec<f32> = hop.iter().map(|sample| sample * gain).collect();
        self.ear.hear(&levelled, &mut self.marks);
    }

    /// What could not be handed on yet, marked as if silence followed, for those who can wait no longer. More may come.
    pub(crate) fn rest(&mut self) -> Option<Speech> {
        let length = self.ready.len().saturating_sub(self.brief.len());
        if length == 0 {
            return None;
        }
        let end = self.given + Samples(length as u64);
        // The ear itself waits for what really follows.
        self.ear.clone().finish(end, &mut self.marks);
        Some(self.give(length))
    }

    /// That was all: what is left.
    pub(crate) fn finish(mut self) -> Speech {
        let brief = std::mem::take(&mut self.brief);
        if !brief.is_empty() {
            self.listen(&brief);
        }
        let end = self.given + Samples(self.ready.len() as u64);
        self.ear.finish(end, &mut self.marks);
        let mark = |kind| Mark { at: end, kind };
        self.marks.push(mark(MarkKind::Phoneme(String::new())));
        self.marks.push(mark(MarkKind::End));
        self.give(self.ready.len())
    }

    fn give(&mut self, length: usize) -> Speech {
        let rest = self.ready.split_off(length.min(self.ready.len()));
        let pcm = std::mem::replace(&mut self.ready, rest);
        // Of what was handed on as a rest before, only what still sounds is news.
        let late = self.marks.partition_point(|mark| mark.at < self.given);
        self.marks.drain(..late.saturating_sub(1));
        for mark in &mut self.marks {
            mark.at = mark.at.max(self.given);
        }
        self.given += Samples(pcm.len() as u64);
        let later = match self.ready.is_empty() {
            true => self.marks.len(),
            false => self.marks.partition_point(|mark| mark.at < self.given),
        };
        let later = self.marks.split_off(later);
        let marks = std::mem::replace(&mut self.marks, later);
        Speech { pcm, marks }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A vowel of two formants, four syllables a second.
    fn voice(seconds: f32, gain: f32) -> Vec<f32> {
        (0..(seconds * AUDIO_RATE as f32) as u32)
            .map(|n| {
                let at = n as f32 / AUDIO_RATE as f32;
                let pulse = (at * 120.0).fract() * 2.0 - 1.0;
                let syllable = (at * 8.0 * std::f32::consts::PI).sin().max(0.0);
                gain * syllable * pulse
            })
            .collect()
    }

    fn noise(seconds: f32, gain: f32) -> Vec<f32> {
        let mut state = 1_u32;
        (0..(seconds * AUDIO_RATE as f32) as u32)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                gain * (state as f32 / u32::MAX as f32 * 2.0 - 1.0)
            })
            .collect()
    }

    fn heard(sound: &[f32], piece: usize) -> (Vec<f32>, Vec<Mark>) {
        let (mut pcm, mut marks) = (Vec::new(), Vec::new());
        let mut take = |speech: Speech| {
            assert!(
                speech
                    .marks
                    .iter()
                    .all(|mark| mark.at.0 >= pcm.len() as u64)
            );
            pcm.extend(speech.pcm);
            marks.extend(speech.marks);
        };
        let mut hearing = Hearing::default();
        sound
            .chunks(piece)
            .filter_map(|piece| hearing.hear(piece))
            .for_each(&mut take);
        take(hearing.finish());
        (pcm, marks)
    }

    fn shapes(marks: &[Mark]) -> usize {
        let open =
            |mark: &&Mark| matches!(&mark.kind, MarkKind::Phoneme(sound) if !sound.is_empty());
        marks.iter().filter(open).count()
    }

    #[test]
    fn voices_are_seen_however_quiet_and_noise_is_not() {
        for gain in [0.9, 0.1, 0.02] {
            let (_, marks) = heard(&voice(3.0, gain), 960);
            assert!(shapes(&marks) > 8, "{gain}: {marks:?}");
        }
        for gain in [0.001, 0.01, 0.05] {
            let (_, marks) = heard(&noise(20.0, gain), 960);
            // It takes as long to know noise.
            let late = marks.iter().filter(|mark| mark.at.0 > 120_000);
            let late: Vec<Mark> = late.cloned().collect();
            assert!(shapes(&late) < 4, "{gain}: {}", shapes(&late));
        }
    }

    #[test]
    fn what_is_handed_on_early_sounds_the_same_and_looks_much_the_same() {
        let sound = voice(2.0, 0.5);
        let mut hearing = Hearing::default();
        let (mut pcm, mut marks) = (Vec::new(), Vec::new());
        for piece in sound.chunks(9_600) {
            let heard = hearing.hear(piece);
            let rest = hearing.rest();
            assert!(
                rest.as_ref()
                    .is_some_and(|rest| rest.pcm.len() >= 20 * HOP / 4)
            );
            for speech in heard.into_iter().chain(rest) {
                let from = pcm.len() as u64;
                pcm.extend(speech.pcm);
                let within = |mark: &Mark| (from..pcm.len() as u64).contains(&mark.at.0);
                assert!(speech.marks.iter().all(within), "{:?}", speech.marks);
                marks.extend(speech.marks);
            }
            assert!(hearing.rest().is_none());
        }
        let rest = hearing.finish();
        pcm.extend(rest.pcm);
        assert_eq!(pcm, sound);
        assert!(marks.is_sorted_by_key(|mark| mark.at));
        let whole = shapes(&heard(&sound, 9_600).1);
        assert!(
            shapes(&marks).abs_diff(whole) <= 10,
            "{} {whole}",
            shapes(&marks)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn the_sound_is_as_it_was_however_it_comes(piece in 1..20_000_usize, seconds in 0.0..1.5_f32) {
            let sound = voice(seconds, 0.5);
            let (pcm, marks) = heard(&sound, piece);
            prop_assert_eq!(&pcm, &sound);
            prop_assert_eq!(&marks, &heard(&sound, 480).1);
            prop_assert!(marks.is_sorted_by_key(|mark| mark.at));
        }
    }
}
