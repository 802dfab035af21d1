//! The spectrogram that Whisper hears.

use tch::{Device, Kind, TchError, Tensor};

use super::{PIECE, SAMPLE_RATE};
use crate::layers::Output;

const WINDOW: i64 = 400;
const HOP: i64 = 160;
const BANDS: usize = 80;
const BINS: usize = 201;

/// Below this the scale of pitches is linear.
const KNEE_HZ: f64 = 1000.0;
const KNEE: f64 = 15.0;

fn pitch(hertz: f64) -> f64 {
    if hertz < KNEE_HZ {
        hertz * 3.0 / 200.0
    } else {
        KNEE + 27.0 * (hertz / KNEE_HZ).ln() / 6.4f64.ln()
    }
}

fn hertz(pitch: f64) -> f64 {
    if pitch < KNEE {
        pitch * 200.0 / 3.0
    } else {
        KNEE_HZ * ((pitch - KNEE) * 6.4f64.ln() / 27.0).exp()
    }
}

/// How much of each frequency goes into each band, [bands, frequencies]: triangles of equal area on Slaney's scale.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "small counts; computed in f64 and kept in f32"
)]
fn filters() -> Vec<f32> {
    let top = SAMPLE_RATE as f64 / 2.0;
    let corner = |index: usize| hertz(pitch(top) * index as f64 / (BANDS + 1) as f64);
    let mut filters = Vec::with_capacity(BANDS * BINS);
    for band in 0..BANDS {
        let (low, middle, high) = (corner(band), corner(band + 1), corner(band + 2));
        filters.extend((0..BINS).map(|bin| {
            let frequency = top * bin as f64 / (BINS - 1) as f64;
            let rise = (frequency - low) / (middle - low);
            let fall = (high - frequency) / (high - middle);
            (rise.min(fall).max(0.0) * 2.0 / (high - low)) as f32
        }));
    }
    filters
}

/// Sound to a spectrogram of 80 bands, a hundred columns a second, as OpenAI's Whisper has it.
pub struct LogMel {
    filters: Tensor,
    window: Tensor,
    device: Device,
}

impl LogMel {
    /// Computed on `device`.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn new(device: Device) -> Result<Self, TchError> {
        let filters = Tensor::f_from_slice(&filters())?;
        let shape = [BANDS, BINS].map(|side| i64::try_from(side).unwrap_or_default());
        Ok(Self {
            filters: filters.f_reshape(shape)?.f_to_device(device)?,
            window: Tensor::f_hann_window(WINDOW, (Kind::Float, device))?,
            device,
        })
    }

    /// [1, 80, 3000] of 30 s: silence follows what is shorter, and what is longer is cut.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn forward(&self, pcm: &[f32]) -> Output {
        let heard = pcm.get(..PIECE).unwrap_or(pcm);
        let silence = i64::try_from(PIECE - heard.len()).unwrap_or_default();
        let sound = Tensor::f_from_slice(heard)?
            .f_to_device(self.device)?
            .f_constant_pad_nd([0, silence])?;
        // Each column is around its own moment, so the ends are mirrored by half a window.
        let sound = sound
            .f_unsqueeze(0)?
            .f_reflection_pad1d([WINDOW / 2, WINDOW / 2])?;
        let window = Some(&self.window);
        let spectrum = sound.f_stft(WINDOW, HOP, WINDOW, window, false, true, true, false)?;
        let columns = i64::try_from(PIECE).unwrap_or_default() / HOP;
        let power = spectrum.f_narrow(-1, 0, columns)?.f_abs()?.f_square()?;
        let mel = self.filters.f_matmul(&power)?;
        let mut mel = mel.f_clamp_min(1e-10)?.f_log10()?;
        let floor = mel.f_max()?.f_sub_scalar(8.0)?;
        mel = mel.f_maximum(&floor)?;
        mel.f_add_scalar(4.0)?.f_div_scalar(4.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_slaneys() {
        let filters = filters();
        let sum: f64 = filters.iter().copied().map(f64::from).sum();
        let most = filters.iter().copied().fold(0.0, f32::max);
        assert!((sum - 1.999_024_1).abs() < 1e-6, "{sum}");
        assert!((most - 0.025_880_7).abs() < 1e-7, "{most}");
        assert_eq!(filters.iter().filter(|&&share| share != 0.0).count(), 391);
    }
}
