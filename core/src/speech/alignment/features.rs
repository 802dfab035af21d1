//! What a moment of speech sounds like, whoever speaks.

use realfft::RealFftPlanner;

use crate::time::{AUDIO_RATE, Samples};

/// From one moment to the next: 10 ms.
pub(super) const FRAME: Samples = Samples::from_millis(10);

/// Bands of hearing between [`LOWEST`] and [`HIGHEST`].
const BANDS: usize = 20;
const LOWEST: f32 = 100.0;
const HIGHEST: f32 = 6_500.0;
/// What is as much quieter than the loudest moment is silence, in decibels.
const RANGE: f32 = 50.0;
/// How much the loudness counts, in bands.
const LOUDNESS: f32 = 3.0;

/// A moment: the loudness of each band against the mean of all, and the loudness of all. In decibels.
pub(super) type Moment = [f32; BANDS + 1];

/// The moments of a mono sound of `rate` samples a second.
pub(super) fn features(sound: &[f32], rate: u32) -> Vec<Moment> {
    let step = (u64::from(rate) * FRAME.0 / u64::from(AUDIO_RATE)).max(1) as usize;
    // 25 ms are looked at.
    let window = (step * 5 / 2).max(16);
    let size = window.next_power_of_two();
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(size);
    let (mut input, mut spectrum) = (fft.make_input_vec(), fft.make_output_vec());
    let bands = bands(size, rate);
    let mut moments = Vec::with_capacity(sound.len() / step + 1);
    for begin in (0..sound.len()).step_by(step) {
        input.fill(0.0);
        let heard = sound.get(begin..).unwrap_or_default().iter().take(window);
        for (number, (to, from)) in input.iter_mut().zip(heard).enumerate() {
            let phase = std::f32::consts::TAU * (number as f32 + 0.5) / window as f32;
            let finite = if from.is_finite() {
                from.clamp(-8.0, 8.0)
            } else {
                0.0
            };
            *to = finite * (0.5 - 0.5 * phase.cos());
        }
        if fft.process(&mut input, &mut spectrum).is_err() {
            return Vec::new();
        }
        let power: Vec<f32> = spectrum
            .iter()
            .map(|bin| bin.norm_sqr() / window as f32)
            .collect();
        let mut moment = [0.0; BANDS + 1];
        for (level, (first, last)) in moment.iter_mut().zip(&bands) {
            *level = power.get(*first..*last).unwrap_or_default().iter().sum();
        }
        if let Some(all) = moment.last_mut() {
            *all = power.iter().sum();
        }
        moments.push(moment);
    }
    level(&mut moments);
    moments
}

/// The bins of each band, evenly spaced as the ear hears (O'Shaughnessy's formula for mel).
fn bands(size: usize, rate: u32) -> Vec<(usize, usize)> {
    let mel = |hertz: f32| 2_595.0 * (1.0 + hertz / 700.0).log10();
    let hertz = |mel: f32| 700.0 * (10_f32.powf(mel / 2_595.0) - 1.0);
    let (low, high) = (mel(LOWEST), mel(HIGHEST));
    let bin = |edge: usize| {
        let mel = low + (high - low) * edge as f32 / BANDS as f32;
        (hertz(mel) * size as f32 / rate.max(1) as f32).round() as usize
    };
    (0..BANDS)
        .map(|band| (bin(band), bin(band + 1).max(bin(band) + 1)))
        .collect()
}

/// Powers to decibels, as they stand out: each band against its own mean, so that voices and microphones do not count, and
/// the loudness against the loudest.
fn level(moments: &mut [Moment]) {
    let loudest = moments
        .iter()
        .flat_map(|moment| moment.last())
        .fold(1e-9_f32, |a, b| a.max(*b));
    let decibels = |power: f32| (10.0 * (power / loudest).max(1e-9).log10()).max(-RANGE - 10.0);
    let mut means = [0.0; BANDS + 1];
    let mut voiced = 0.0_f32;
    for moment in moments.iter_mut() {
        for level in moment.iter_mut() {
            *level = decibels(*level);
        }
        if moment.last().is_some_and(|all| *all > -RANGE) {
            voiced += 1.0;
            for (mean, level) in means.iter_mut().zip(moment.iter()) {
                *mean += level;
            }
        }
    }
    for moment in moments {
        let all = moment.last().copied().unwrap_or_default();
        for (level, mean) in moment.iter_mut().zip(means) {
            *level = if all > -RANGE {
                *level - mean / voiced.max(1.0)
            } else {
                0.0
            };
        }
        if let Some(last) = moment.last_mut() {
            *last = all.max(-RANGE) * LOUDNESS;
        }
    }
}
