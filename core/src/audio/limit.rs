//! Peaks, rounded off.

/// Where peaks begin to be rounded off. Speech has peaks 20 dB above its loudness; without this, the few highest
/// would clip at the loudness aimed for.
const KNEE: f32 = 0.7;
/// What peaks never exceed: −1 dB, since encoders add a little.
const CEILING: f32 = 0.89;

/// Multiplies samples, and rounds off what becomes too loud.
pub fn amplify(pcm: &mut [f32], gain: f32) {
    for sample in pcm {
        *sample = round_off(*sample * gain);
    }
}

/// Leaves everything below the knee alone and brings everything above it smoothly under 1.
pub fn round_off(sample: f32) -> f32 {
    let over = sample.abs() - KNEE;
    if over <= 0.0 {
        return sample;
    }
    let room = CEILING - KNEE;
    sample.signum() * (KNEE + room * (over / room).tanh())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_off_is_smooth_and_bounded() {
        let steps = (0..4_000).map(|step| step as f32 / 1_000.0);
        let rounded: Vec<f32> = steps.map(round_off).collect();
        assert!(rounded.is_sorted());
        assert!(rounded.windows(2).all(|pair| pair[1] - pair[0] < 0.0011));
        assert!(rounded.last().is_some_and(|highest| *highest <= CEILING));
        assert!((round_off(-0.5) + 0.5).abs() < f32::EPSILON);
        assert!((round_off(-2.0) + round_off(2.0)).abs() < f32::EPSILON);
    }
}
