//! How something is to be said, besides by whom.

/// What engines are asked to do where they can; those that cannot say it as ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// How fast, in percent of the voice's own rate.
    pub rate: u16,
    /// How high, in hundredths of a semitone above the voice's own pitch.
    pub pitch: i16,
    /// How loud, in tenths of a decibel above what is usual. Every engine's sound is made so.
    pub volume: i16,
    /// The sentence goes on after it, so it does not end with the silence of one.
    pub goes_on: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            rate: 100,
            pitch: 0,
            volume: 0,
            goes_on: false,
        }
    }
}

impl Manner {
    /// Rates that are still speech, in percent.
    pub const RATES: std::ops::RangeInclusive<u16> = 30..=300;
    /// An octave either way.
    pub const PITCHES: std::ops::RangeInclusive<i16> = -1_200..=1_200;
    /// From what is as good as silent to twice as loud.
    pub const VOLUMES: std::ops::RangeInclusive<i16> = -600..=60;

    /// Faster by `factor`.
    pub(super) fn faster(self, factor: f64) -> Self {
        let rate = (f64::from(self.rate) * factor).round();
        let (least, most) = (
            f64::from(*Self::RATES.start()),
            f64::from(*Self::RATES.end()),
        );
        Self {
            rate: rate.clamp(least, most) as u16,
            ..self
        }
    }

    /// Higher by so many semitones.
    pub(super) fn higher(self, semitones: f64) -> Self {
        Self {
            pitch: added(self.pitch, semitones * 100.0, Self::PITCHES),
            ..self
        }
    }

    /// Louder by so many decibels.
    pub(super) fn louder(self, decibels: f64) -> Self {
        Self {
            volume: added(self.volume, decibels * 10.0, Self::VOLUMES),
            ..self
        }
    }

    /// What samples are multiplied with.
    pub fn gain(self) -> f32 {
        10_f32.powf(f32::from(self.volume) / 200.0)
    }
}

fn added(value: i16, more: f64, range: std::ops::RangeInclusive<i16>) -> i16 {
    let sum = f64::from(value) + more.round();
    sum.clamp(f64::from(*range.start()), f64::from(*range.end())) as i16
}
