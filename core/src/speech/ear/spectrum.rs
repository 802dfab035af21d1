//! Short pieces of sound as energies in bands that are as wide as an ear's.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use crate::time::AUDIO_RATE;

/// Samples looked at: 32 ms, two periods of the lowest voices.
pub(super) const WINDOW: usize = 1536;
/// Samples transformed.
const LENGTH: usize = 2048;
/// Bands on the mel scale.
const BANDS: usize = 26;
/// Where the lowest begins and the highest ends, in Hz. There is nothing above in speech of 16 kHz.
const RANGE: (f32, f32) = (80.0, 8_000.0);

/// What is measured of one piece, in decibels. The first five are how much louder one part of the spectrum is than another,
/// so that they do not depend on how loud the whole is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measures {
    /// 450–1,000 Hz against 150–400 Hz: the first formant, which rises as the jaw falls.
    pub(super) height: f32,
    /// 1,600–2,800 Hz against 700–1,300 Hz: the second formant, high for spread lips and low for round ones.
    pub(super) front: f32,
    /// 3,500–8,000 Hz against 150–1,000 Hz: the noise of fricatives.
    pub(super) noise: f32,
    /// 5,000–8,000 Hz against 2,200–4,000 Hz: s against ʃ.
    pub(super) sharp: f32,
    /// 800–3,000 Hz against 150–400 Hz: little of it is left of a voice behind closed lips.
    pub(super) clear: f32,
    /// The level of the whole against full scale.
    pub(super) level: f32,
}

/// Takes measures.
#[derive(Clone)]
pub(super) struct Spectrum {
    transform: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    input: Vec<f32>,
    output: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// For every bin, the bands it belongs to and its shares in them.
    filters: Vec<[(usize, f32); 2]>,
    centres: [f32; BANDS],
}

fn mel(hertz: f32) -> f32 {
    2595.0 * (1.0 + hertz / 700.0).log10()
}

fn hertz(mel: f32) -> f32 {
    700.0 * (10_f32.powf(mel / 2595.0) - 1.0)
}

impl Spectrum {
    pub(super) fn new() -> Self {
        let transform = RealFftPlanner::new().plan_fft_forward(LENGTH);
        let (low, high) = (mel(RANGE.0), mel(RANGE.1));
        let edges: [f32; BANDS + 2] =
            std::array::from_fn(|n| hertz(low + (high - low) * n as f32 / (BANDS + 1) as f32));
        let filters = (0..=LENGTH / 2).map(|bin| {
            let frequency = bin as f32 * AUDIO_RATE as f32 / LENGTH as f32;
            let shares = edges.windows(3).map(|edges| match *edges {
                [low, centre, high] => {
                    let up = (frequency - low) / (centre - low);
                    let down = (high - frequency) / (high - centre);
                    up.min(down)
                }
                _ => 0.0,
            });
            let mut shares = shares.enumerate().filter(|(_, share)| *share > 0.0);
            [(); 2].map(|()| shares.next().unwrap_or((0, 0.0)))
        });
        let mut centres = [0.0; BANDS];
        for (centre, edge) in centres.iter_mut().zip(edges.iter().skip(1)) {
            *centre = *edge;
        }
        let turn = std::f32::consts::TAU / (WINDOW - 1) as f32;
        Self {
            filters: filters.collect(),
            window: (0..WINDOW)
                .map(|n| 0.5 - 0.5 * (n as f32 * turn).cos())
                .collect(),
            input: transform.make_input_vec(),
            output: transform.make_output_vec(),
            scratch: transform.make_scratch_vec(),
            centres,
            transform,
        }
    }

    /// Measures [`WINDOW`] samples.
    pub(super) fn measure(&mut self, sound: &[f32]) -> Measures {
        self.input.fill(0.0);
        let mut power = 0.0;
        for ((to, sample), weight) in self.input.iter_mut().zip(sound).zip(&self.window) {
            *to = sample * weight;
            power += *to * *to;
        }
        let done = self.transform.process_with_scratch(
            &mut self.input,
            &mut self.output,
            &mut self.scratch,
        );
        let mut bands = [0.0_f32; BANDS];
        // The lengths are those the transform was planned for.
        if done.is_ok() {
            for (value, filters) in self.output.iter().zip(&self.filters) {
                for (band, share) in filters {
                    if let Some(sum) = bands.get_mut(*band) {
                        *sum += share * value.norm_sqr();
                    }
                }
            }
        }
        let level = |low: f32, high: f32| {
            let inside = self.centres.iter().zip(&bands);
            let inside = inside.filter(|(centre, _)| (low..=high).contains(*centre));
            let (sum, count) = inside.fold((0.0, 0.0), |(sum, count), (_, energy)| {
                (sum + energy, count + 1.0)
            });
            decibels(sum / f32::max(count, 1.0) + 1e-9)
        };
        let against = |upper: (f32, f32), lower: (f32, f32)| {
            (level(upper.0, upper.1) - level(lower.0, lower.1)).clamp(-40.0, 40.0)
        };
        Measures {
            height: against((450.0, 1_000.0), (150.0, 400.0)),
            front: against((1_600.0, 2_800.0), (700.0, 1_300.0)),
            noise: against((3_500.0, 8_000.0), (150.0, 1_000.0)),
            sharp: against((5_000.0, 8_000.0), (2_200.0, 4_000.0)),
            clear: against((800.0, 3_000.0), (150.0, 400.0)),
            level: decibels(power / WINDOW as f32 + 1e-12),
        }
    }
}

fn decibels(power: f32) -> f32 {
    10.0 * power.log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tones of so many Hz, each as strong as is said.
    fn measured(tones: &[(f32, f32)]) -> Measures {
        let sound: Vec<f32> = (0..WINDOW)
            .map(|n| {
                let at = n as f32 / AUDIO_RATE as f32 * std::f32::consts::TAU;
                let tones = tones.iter();
                tones.map(|(hertz, gain)| gain * (at * hertz).sin()).sum()
            })
            .collect();
        Spectrum::new().measure(&sound)
    }

    #[test]
    fn formants_are_told_apart() {
        let (a, i, u) = (
            measured(&[(240.0, 0.1), (750.0, 0.2), (1_200.0, 0.1)]),
            measured(&[(280.0, 0.2), (2_300.0, 0.05)]),
            // Its second formant lies where that of a is the first, but is weak.
            measured(&[(300.0, 0.2), (750.0, 0.02)]),
        );
        assert!(a.height > i.height + 10.0 && a.height > u.height);
        assert!(i.front > a.front + 20.0 && i.front > u.front + 20.0);
        let (s, sh) = (
            measured(&[(6_500.0, 0.2)]),
            measured(&[(3_000.0, 0.2), (3_700.0, 0.2)]),
        );
        assert!(s.sharp > 20.0 && sh.sharp < -20.0);
        assert!(s.noise > 20.0 && a.noise < -20.0);
    }

    #[test]
    fn loudness_changes_the_level_alone() {
        let sound: Vec<f32> = (0..WINDOW).map(|n| (n as f32 * 0.1).sin()).collect();
        let softer: Vec<f32> = sound.iter().map(|sample| sample * 0.1).collect();
        let mut spectrum = Spectrum::new();
        let (loud, soft) = (spectrum.measure(&sound), spectrum.measure(&softer));
        assert!((loud.level - soft.level - 20.0).abs() < 0.01);
        assert!((loud.height - soft.height).abs() < 0.1);
        assert!(spectrum.measure(&[0.0; WINDOW]).level < -100.0);
    }
}
