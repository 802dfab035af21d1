//! Sound without the silence at its ends, which engines add as they please, and with ends that do not click.

use std::collections::VecDeque;

/// Sound is judged in blocks of 5 ms.
const BLOCK: usize = 240;
/// Blocks of silence left before the first sound, so that the mouth can open.
const LEAD: usize = 8;
/// Blocks left after the last, in which it dies away.
const DECAY: usize = 6;
/// What is quieter than this is silence, as the power of a block: −56 dB.
const SILENCE: f32 = 2.5e-6;
/// And so is what is this much quieter than the loudest block so far, as a ratio of powers: −50 dB.
const RANGE: f32 = 1e-5;

/// Lets sound through from the first that is heard to the last. Silence within is let through once it is known to be
/// within.
#[derive(Debug, Default)]
pub(super) struct Trim {
    /// Less than a block.
    rest: Vec<f32>,
    loudest: f32,
    begun: bool,
    /// Silence before the first sound, as much of it as is to be left; or silence that may be the last.
    silence: VecDeque<[f32; BLOCK]>,
    /// The last two blocks let through, which may have to fade out: the last may be cut short.
    last: VecDeque<[f32; BLOCK]>,
}

impl Trim {
    /// Takes in sound, and appends to `out` what can be let through.
    pub(super) fn hear(&mut self, pcm: &[f32], out: &mut Vec<f32>) {
        self.rest.extend_from_slice(pcm);
        let whole = std::mem::take(&mut self.rest);
        let mut blocks = whole.chunks_exact(BLOCK);
        for block in &mut blocks {
            if let Ok(block) = block.try_into() {
                self.judge(block, out);
            }
        }
        self.rest = blocks.remainder().to_vec();
    }

    fn judge(&mut self, block: [f32; BLOCK], out: &mut Vec<f32>) {
        let power = block.iter().map(|sample| sample * sample).sum::<f32>() / BLOCK as f32;
        self.loudest = self.loudest.max(power);
        let silent = power < SILENCE.max(self.loudest * RANGE);
        self.silence.push_back(block);
        if silent {
            if !self.begun && self.silence.len() > LEAD {
                self.silence.pop_front();
            }
            return;
        }
        if !std::mem::replace(&mut self.begun, true)
            && let Some(first) = self.silence.front_mut()
        {
            fade(first.iter_mut());
        }
        while let Some(block) = self.silence.pop_front() {
            self.pass(block, out);
        }
    }

    /// Lets a block through, two later than it came.
    fn pass(&mut self, block: [f32; BLOCK], out: &mut Vec<f32>) {
        self.last.push_back(block);
        if self.last.len() > 2 {
            out.extend(self.last.pop_front().into_iter().flatten());
        }
    }

    /// There is no more: appends the end to `out`. What comes next begins anew.
    pub(super) fn end(&mut self, out: &mut Vec<f32>) {
        let mut padding = 0;
        if !self.rest.is_empty() {
            let mut block = [0.0; BLOCK];
            let rest = std::mem::take(&mut self.rest);
            padding = BLOCK - rest.len();
            for (to, from) in block.iter_mut().zip(rest) {
                *to = from;
            }
            self.judge(block, out);
        }
        if self.begun {
            let decays = self.silence.len() > DECAY;
            let blocks = self.last.iter().chain(self.silence.iter().take(DECAY));
            let mut end: Vec<f32> = blocks.flatten().copied().collect();
            // It fades to where the sound ends, which need not be where a block does.
            if !decays {
                end.truncate(end.len() - padding);
            }
            fade(end.iter_mut().rev());
            out.append(&mut end);
        }
        *self = Self {
            loudest: self.loudest,
            ..Self::default()
        };
    }
}

/// Raises samples from nothing to what they are, which they are a block later.
fn fade<'a>(samples: impl Iterator<Item = &'a mut f32>) {
    for (sample, n) in samples.take(BLOCK).zip(0_u8..) {
        let at = f32::from(n) / BLOCK as f32;
        *sample *= at * at * (3.0 - 2.0 * at);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trimmed(sound: &[f32], pieces: usize) -> Vec<f32> {
        let (mut trim, mut out) = (Trim::default(), Vec::new());
        for piece in sound.chunks(pieces.max(1)) {
            trim.hear(piece, &mut out);
        }
        trim.end(&mut out);
        out
    }

    fn tone(samples: usize) -> Vec<f32> {
        (0..samples)
            .map(|n| 0.3 * (n as f32 * 0.03).cos())
            .collect()
    }

    #[test]
    fn silence_goes_from_the_ends_and_stays_within() {
        let silence = vec![0.0; 24_000];
        let sound = [&silence[..], &tone(4_800), &silence, &tone(4_800), &silence].concat();
        let found = trimmed(&sound, 1_000);
        let wanted = LEAD * BLOCK + 4_800 + 24_000 + 4_800 + DECAY * BLOCK;
        assert!(
            found.len().abs_diff(wanted) <= BLOCK,
            "{} {wanted}",
            found.len()
        );
        assert!(trimmed(&silence, 77).is_empty());
    }

    #[test]
    fn ends_in_the_midst_of_sound_do_not_click() {
        let found = trimmed(&tone(5_000), 512);
        assert!(found.len() >= 5_000);
        assert!(found[0].abs() < 1e-3 && found[found.len() - 1].abs() < 1e-3);
        let steepest = found.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        assert!(steepest.fold(0.0, f32::max) < 0.011);
        // Within, nothing changes.
        assert_eq!(found[1_000..4_000], tone(5_000)[1_000..4_000]);
    }

    #[test]
    fn a_faint_hiss_at_the_ends_is_silence() {
        let hiss: Vec<f32> = (0..48_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) as f32 / u32::MAX as f32 - 0.5) * 2e-3)
            .collect();
        let found = trimmed(&[&hiss[..], &tone(9_600), &hiss].concat(), 4_096);
        assert!(
            found.len() < 9_600 + (LEAD + DECAY + 1) * BLOCK,
            "{}",
            found.len()
        );
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_sound_is_cut(pieces in 1_usize..3_000) {
            let silence = vec![0.0; 3_333];
            let sound = [&silence[..], &tone(7_777), &silence, &tone(999)].concat();
            prop_assert_eq!(trimmed(&sound, pieces), trimmed(&sound, usize::MAX));
        }
    }
}
