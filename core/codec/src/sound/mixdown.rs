//! Several channels made one, as loud as it is heard.

/// Places of loudspeakers, as WAVE headers (`dwChannelMask`) and libavutil count them.
const FRONT_LEFT: u64 = 1;
const FRONT_RIGHT: u64 = 1 << 1;
const FRONT_CENTRE: u64 = 1 << 2;
const LOW_FREQUENCY: u64 = 1 << 3;

/// What the places of so many channels are where nobody says (as FFmpeg and WAVE have it).
const USUAL: [u64; 9] = [0, 0x4, 0x3, 0xb, 0x33, 0x37, 0x3f, 0x70f, 0x63f];

/// Of the sum of left and right.
const FRONT: f32 = 0.5;
/// 3 dB below both together, and above one (ITU-R BS.775 table 2).
const CENTRE: f32 = std::f32::consts::FRAC_1_SQRT_2;
/// 3 dB below one of the front.
const SURROUND: f32 = 0.5 * std::f32::consts::FRAC_1_SQRT_2;

/// Channels are weighed against each other over so much, in seconds.
const WINDOW: f32 = 0.1;
/// A sum with less power than this share of its loudest channel's has lost something: 5 dB.
const LOST: f32 = 0.32;
/// With more than this, it has it again.
const KEPT: f32 = 0.4;
/// Going over from one to another takes so long, in seconds.
const FADE: f32 = 0.01;

/// Makes one channel of several, following what is in them.
///
/// The sum is weighed as ITU-R BS.775 has it. Where channels cancel each other out or all but one are silent, the loudest
/// alone is taken: a voice that is there in any channel is never quieter by more than 6 dB.
#[derive(Debug, Default)]
pub(super) struct Mixer {
    /// How each channel is weighed in the sum.
    weights: Vec<f32>,
    mask: u64,
    /// The mean power of each channel, and of the sum.
    powers: Vec<f32>,
    sum: f32,
    /// Which channel is taken alone.
    alone: Option<usize>,
    /// What each channel is multiplied with now.
    gains: Vec<f32>,
}

impl Mixer {
    /// One channel of `samples`, `channels` of which are heard at a time, where `mask` says, `rate` times a second.
    pub(super) fn mix(
        &mut self,
        samples: Vec<f32>,
        channels: usize,
        mask: u64,
        rate: u32,
    ) -> Vec<f32> {
        if channels <= 1 {
            return samples;
        }
        if self.weights.len() != channels || self.mask != mask {
            *self = Self::new(channels, mask);
        }
        let hop = (rate as f32 * FADE).max(1.0) as usize;
        let mut mixed = Vec::with_capacity(samples.len() / channels);
        for stretch in samples.chunks(hop * channels) {
            self.weigh(stretch, rate);
            let target = match self.alone {
                Some(alone) => {
                    let one = |channel| if channel == alone { 1.0 } else { 0.0 };
                    (0..channels).map(one).collect()
                }
                None => self.weights.clone(),
            };
            let count = stretch.len() / channels;
            let before = std::mem::replace(&mut self.gains, target);
            for (n, step) in stretch.chunks_exact(channels).enumerate() {
                let share = (n + 1) as f32 / count as f32;
                let gains = before.iter().zip(&self.gains);
                let value: f32 = gains
                    .zip(step)
                    .map(|((before, now), x)| x * (before + (now - before) * share))
                    .sum();
                mixed.push(value.clamp(-1.0, 1.0));
            }
        }
        mixed
    }

    fn new(channels: usize, mask: u64) -> Self {
        let weights = weights(channels, mask);
        Self {
            gains: weights.clone(),
            weights,
            mask,
            powers: vec![0.0; channels],
            sum: 0.0,
            alone: None,
        }
    }

    /// Takes in what is heard, and decides.
    fn weigh(&mut self, stretch: &[f32], rate: u32) {
        let channels = self.weights.len();
        let count = (stretch.len() / channels).max(1) as f32;
        let mut powers = vec![0.0_f32; channels];
        let mut sum = 0.0;
        for step in stretch.chunks_exact(channels) {
            for (power, x) in powers.iter_mut().zip(step) {
                *power += x * x / count;
            }
            let mixed: f32 = self.weights.iter().zip(step).map(|(w, x)| w * x).sum();
            sum += mixed * mixed / count;
        }
        // The first of a sound decides at once.
        let first = self.powers.iter().all(|power| *power < SILENCE);
        let share = count / (WINDOW * rate.max(1) as f32);
        let share = if first { 1.0 } else { share.min(1.0) };
        for (mean, power) in self.powers.iter_mut().zip(powers) {
            *mean += (power - *mean) * share;
        }
        self.sum += (sum - self.sum) * share;
        let heard = self.powers.iter().enumerate();
        let Some((loudest, power)) = heard.max_by(|a, b| a.1.total_cmp(b.1)) else {
            return;
        };
        if *power < SILENCE {
            return;
        }
        let kept = self.sum / power;
        if kept < LOST {
            self.alone = Some(loudest);
        } else if kept > KEPT {
            self.alone = None;
        }
        let begins = first && self.alone.is_some();
        if begins {
            // Nothing was heard that could click.
            self.gains = (0..channels)
                .map(|channel| if channel == loudest { 1.0 } else { 0.0 })
                .collect();
        }
    }
}

/// −80 dB
const SILENCE: f32 = 1e-8;

fn weights(channels: usize, mask: u64) -> Vec<f32> {
    let usual = USUAL.get(channels).copied().unwrap_or_default();
    let known = |mask: u64| mask.count_ones() as usize == channels;
    let mask = if known(mask) { mask } else { usual };
    if !known(mask) {
        return vec![1.0 / channels as f32; channels];
    }
    let mut places = (0..64)
        .map(|bit| 1_u64 << bit)
        .filter(|bit| mask & bit != 0);
    let weight = |place| match place {
        FRONT_LEFT | FRONT_RIGHT => FRONT,
        FRONT_CENTRE => CENTRE,
        LOW_FREQUENCY => 0.0,
        _ => SURROUND,
    };
    std::iter::repeat_with(|| places.next().map_or(0.0, weight))
        .take(channels)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 48_000;

    fn tone(n: usize) -> f32 {
        0.4 * (n as f32 * 0.05).sin()
    }

    /// The level, in decibels above a tone's, of what becomes of channels that `at` gives.
    fn level(channels: usize, mask: u64, at: impl Fn(usize, usize) -> f32) -> f32 {
        let samples: Vec<f32> = (0..RATE as usize * channels)
            .map(|index| at(index / channels, index % channels))
            .collect();
        let mut mixer = Mixer::default();
        let mixed: Vec<f32> = samples
            .chunks(997 * channels)
            .flat_map(|piece| mixer.mix(piece.to_vec(), channels, mask, RATE))
            .collect();
        assert_eq!(mixed.len(), RATE as usize);
        let power = |sound: &mut dyn Iterator<Item = f32>| sound.map(|x| x * x).sum::<f32>();
        let wanted = power(&mut (0..mixed.len()).map(tone));
        10.0 * (power(&mut mixed.into_iter()) / wanted).log10()
    }

    #[test]
    fn a_voice_is_as_loud_wherever_it_is() {
        let both = level(2, 0, |n, _| tone(n));
        assert!(both.abs() < 0.1, "{both}");
        let opposite = level(
            2,
            0,
            |n, channel| if channel == 0 { tone(n) } else { -tone(n) },
        );
        assert!(opposite.abs() < 0.5, "{opposite}");
        let left = level(2, 0, |n, channel| if channel == 0 { tone(n) } else { 0.0 });
        assert!(left.abs() < 0.5, "{left}");
        for (channels, mask) in [(6, 0x3f), (6, 0x60f), (6, 0), (5, 0x37), (3, 0x7), (8, 0)] {
            for voice in 0..channels {
                let one = |n, channel| if channel == voice { tone(n) } else { 0.0 };
                let level = level(channels, mask, one);
                assert!(
                    (-6.0..=1.0).contains(&level),
                    "{voice} of {channels}: {level}"
                );
            }
        }
        let centre = level(
            6,
            0x3f,
            |n, channel| if channel == 2 { tone(n) } else { 0.0 },
        );
        assert!((centre + 3.01).abs() < 0.1, "{centre}");
    }

    #[test]
    fn speakers_on_either_side_are_followed() {
        let turn = |n: usize| n / 12_000 % 2;
        let level = level(
            2,
            0,
            |n, channel| if channel == turn(n) { tone(n) } else { 0.0 },
        );
        assert!(level > -2.5, "{level}");
    }
}
