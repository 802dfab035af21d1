//! A sentence of an engine that makes whole ones, as it is to be heard.

use super::{Mark, MarkKind};
use crate::audio::round_off;
use crate::time::{AUDIO_RATE, Samples};

/// One sentence: its sound, still at its engine's rate, and its marks, already in [`Samples`] from its beginning.
#[derive(Debug)]
pub(super) struct Shaped {
    pub(super) rate: u32,
    pub(super) sound: Vec<f32>,
    pub(super) marks: Vec<Mark>,
}

/// What is quieter is silence: −57 dB.
const SILENCE: f32 = 45.0 / 32_768.0;
/// And so is what is this much quieter than the loudest sample, for engines that are never quite silent: −48 dB.
const RANGE: f32 = 0.004;
/// Silence left before the first sound, so that the mouth can open.
const LEAD: Samples = Samples::from_millis(40);

impl Shaped {
    /// Cuts silence off both ends and puts `pause` at the end, applies `gain`; `None` if there is only silence. Marks come with
    /// the sample of `sound` they lie at, in order.
    pub(super) fn new(
        sound: &[f32],
        rate: u32,
        marks: impl IntoIterator<Item = (u64, MarkKind)>,
        gain: f32,
        pause: Samples,
    ) -> Option<Self> {
        let loudest = sound
            .iter()
            .fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()));
        let silence = SILENCE.max(loudest * RANGE);
        let loud = |sample: &f32| sample.abs() > silence;
        let first = sound.iter().position(loud)?;
        let last = sound.iter().rposition(loud)?;
        let begin = first.saturating_sub(samples(LEAD, rate));
        let heard = sound.get(begin..=last)?;
        let mut sound: Vec<f32> = heard
            .iter()
            .map(|sample| round_off(sample * gain))
            .collect();
        let spoken = at(sound.len() as u64, rate);
        sound.resize(sound.len() + samples(pause, rate), 0.0);
        let mut marks: Vec<Mark> = marks
            .into_iter()
            .map(|(sample, kind)| Mark {
                at: at(sample.saturating_sub(begin as u64), rate).min(spoken),
                kind,
            })
            .collect();
        close(&mut marks, spoken);
        Some(Self { rate, sound, marks })
    }

    /// A length in samples of this sound.
    pub(super) fn samples(&self, length: Samples) -> usize {
        samples(length, self.rate)
    }
}

/// Says that the mouth shuts where the sound ends, once.
fn close(marks: &mut Vec<Mark>, spoken: Samples) {
    let shut = MarkKind::Phoneme(String::new());
    let phoneme = |mark: &&Mark| matches!(mark.kind, MarkKind::Phoneme(_));
    if marks
        .iter()
        .rev()
        .find(phoneme)
        .is_some_and(|last| last.kind != shut)
    {
        marks.push(Mark {
            at: spoken,
            kind: shut,
        });
    }
}

fn samples(length: Samples, rate: u32) -> usize {
    usize::try_from(length.0 * u64::from(rate) / u64::from(AUDIO_RATE)).unwrap_or(usize::MAX)
}

/// When sample `index` is heard.
fn at(index: u64, rate: u32) -> Samples {
    let rate = u64::from(rate.max(1));
    Samples((index * u64::from(AUDIO_RATE) + rate / 2) / rate)
}
