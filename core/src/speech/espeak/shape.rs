//! A sentence as espeak-ng made it, as it is to be heard.

use super::desk::Rendering;
use super::marks::Line;
use crate::audio::round_off;
use crate::speech::{Mark, MarkKind};
use crate::time::{AUDIO_RATE, Samples};

/// One sentence: its sound, still at espeak-ng's rate, and its marks, already in [`Samples`] from its beginning.
#[derive(Debug)]
pub(super) struct Shaped {
    pub(super) rate: u32,
    pub(super) sound: Vec<f32>,
    pub(super) marks: Vec<Mark>,
}

/// What espeak-ng leaves where it is silent stays below this: −57 dB.
const SILENCE: u16 = 45;
/// Silence left before the first sound, so that the mouth can open.
const LEAD: Samples = Samples::from_millis(40);
impl Shaped {
    /// Cuts silence off both ends and puts `pause` at the end, applies `gain`; `None` if there is only silence.
    pub(super) fn new(rendering: Rendering, line: Line, gain: f32, pause: Samples) -> Option<Self> {
        let rate = rendering.rate;
        let loud = |sample: &i16| sample.unsigned_abs() > SILENCE;
        let first = rendering.sound.iter().position(loud)?;
        let last = rendering.sound.iter().rposition(loud)?;
        let begin = first.saturating_sub(samples(LEAD, rate));
        let heard = rendering.sound.get(begin..=last)?;
        let mut sound: Vec<f32> = heard
            .iter()
            .map(|sample| round_off(f32::from(*sample) / 32_768.0 * gain))
            .collect();
        let spoken = at(sound.len() as u64, rate);
        sound.resize(sound.len() + samples(pause, rate), 0.0);
        let mut marks: Vec<Mark> = line
            .into_marks()
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
