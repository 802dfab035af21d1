//! Whether bytes without a header can be samples of a voice.

/// Samples of a voice are not louder than this, as a share of full scale, by their mean square.
const LOUD: f64 = 0.4;
/// Nor is their mean further from zero.
const OFF: f64 = 0.25;

/// Whether `bytes` can be samples of 16 bits of a voice, the lower eight first.
///
/// Compressed sound, an archive or samples of another width are noise at full scale when they are read as such samples: loud
/// (−4.8 dB), and each sample as far from the next as from zero. Speech is never both. Texts are far from zero, all of them on
/// one side.
pub(super) fn plausible(bytes: &[u8]) -> bool {
    let (pairs, _) = bytes.as_chunks::<2>();
    let samples = || {
        pairs
            .iter()
            .map(|pair| f64::from(i16::from_le_bytes(*pair)) / 32_768.0)
    };
    let count = pairs.len().max(1) as f64;
    let mean = samples().sum::<f64>() / count;
    let power = samples().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
    let steps = samples().zip(samples().skip(1));
    let change = steps.map(|(one, next)| (next - one).powi(2)).sum::<f64>() / count;
    let noise = power > LOUD * LOUD && change > power;
    mean.abs() < OFF && !noise
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(samples: impl Iterator<Item = f64>) -> Vec<u8> {
        samples
            .flat_map(|x| ((x * 32_767.0) as i16).to_le_bytes())
            .collect()
    }

    fn noise() -> impl Iterator<Item = f64> {
        let mut state = 1_u32;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0
        })
    }

    #[test]
    fn a_voice_is_told_from_noise_and_text() {
        let tone = |loud: f64| move |n: u32| loud * (f64::from(n) * 0.05).sin();
        assert!(plausible(&[]) && plausible(&[0; 4_000]));
        assert!(plausible(&bytes((0..8_000).map(tone(0.3)))));
        // As loud as can be; a hiss, as of an s.
        assert!(plausible(&bytes((0..8_000).map(tone(1.0)))));
        assert!(plausible(&bytes(noise().map(|x| x * 0.3).take(8_000))));
        assert!(!plausible(&bytes(noise().take(8_000))));
        assert!(!plausible(&b"all work and no play ".repeat(99)));
    }
}
