//! Speech as the motion generator hears it: wav2vec2, whose features of 50 a second are brought to 25 before they attend to each other.

mod config;
mod convolutions;
mod encoder;

use tch::{Device, Kind, TchError, Tensor};

pub use config::Wav2vecConfig;

use crate::layers::{Linear, Output};
use crate::weights::{Scope, WeightsError};
use convolutions::{Convolutions, Positions};
use encoder::{Layer, Norm, norm};

/// Samples a second, of one channel.
pub const SAMPLE_RATE: usize = 16_000;
/// Frames a second.
pub const FRAME_RATE: usize = 25;
/// Samples of a frame.
pub const FRAME: usize = SAMPLE_RATE / FRAME_RATE;

/// Speech to features of each frame.
pub struct Wav2vec {
    convolutions: Convolutions,
    projection_norm: Norm,
    projection: Linear,
    positions: Positions,
    norm: Norm,
    layers: Vec<Layer>,
}

impl Wav2vec {
    /// Names are relative to `wav2vec2`.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>, config: &Wav2vecConfig) -> Result<Self, WeightsError> {
        let width = config.hidden_size;
        let channels = config.channels();
        let projection = scope.at("feature_projection");
        let encoder = scope.at("encoder");
        Ok(Self {
            convolutions: Convolutions::new(&scope.at("feature_extractor.conv_layers"), config)?,
            projection_norm: norm(&projection.at("layer_norm"), channels, config)?,
            projection: Linear::new(&projection.at("projection"), channels, width)?,
            positions: Positions::new(&encoder.at("pos_conv_embed.conv"), config)?,
            norm: norm(&encoder.at("layer_norm"), width, config)?,
            layers: (0..config.num_hidden_layers)
                .map(|index| Layer::new(&encoder.at(format_args!("layers.{index}")), config))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Where it computes, and in what numbers.
    pub fn place(&self) -> (Kind, Device) {
        (self.projection.kind(), self.projection.device())
    }

    /// The features [1, frames, hidden] of `pcm`, normalised already: as many frames as have begun. The last sample goes on to the end of the
    /// last frame.
    ///
    /// # Errors
    ///
    /// libtorch's, and [`TchError::Shape`] for no speech at all.
    pub fn forward(&self, pcm: &[f32]) -> Output {
        let frames = pcm.len().div_ceil(FRAME);
        let Some(&last) = pcm.last() else {
            return Err(TchError::Shape("there is no speech".to_owned()));
        };
        let mut whole = pcm.to_vec();
        whole.resize(frames * FRAME, last);
        let (kind, device) = self.place();
        let x = Tensor::f_from_slice(&whole)?
            .f_view([1, 1, -1])?
            .f_to_device(device)?
            .f_to_kind(kind)?;
        self.encode(&self.convolve(&x, i64::try_from(frames).unwrap_or_default())?)
    }

    /// Features [1, channels, frames] of samples [1, 1, samples], before they attend to each other.
    fn convolve(&self, samples: &Tensor, frames: i64) -> Output {
        self.convolutions
            .forward(samples)?
            .f_upsample_linear1d([frames], true, None)
    }

    /// What is made of features [1, channels, frames].
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn encode(&self, features: &Tensor) -> Output {
        let x = self.projection_norm.forward(&features.f_transpose(1, 2)?)?;
        let x = self.projection.forward(&x)?;
        let mut x = self.norm.forward(&x.f_add(&self.positions.forward(&x)?)?)?;
        for layer in &self.layers {
            x = layer.forward(&x)?;
        }
        Ok(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::{Filler, Weights, ramp};

    /// So that it does not matter where a window begins.
    #[test]
    fn every_other_feature_is_a_frame() {
        tch::set_num_threads(1);
        let weights = Weights::named(Filler::default(), Device::Cpu, Kind::Float);
        let network = Wav2vec::new(&weights.root(), &Wav2vecConfig::narrow()).unwrap();
        for frames in [1, 2, 7, 50] {
            let samples = ramp("samples", &[1, 1, 640 * frames], 0.0, 1.0).unwrap();
            let features = network.convolutions.forward(&samples).unwrap();
            assert_eq!(features.size()[2], 2 * frames - 1);
            let found = network.convolve(&samples, frames).unwrap();
            let expected = features.slice(2, 0, None, 2);
            assert_eq!(found.size(), expected.size());
            let apart = (found - expected).abs().max().double_value(&[]);
            assert!(apart < 1e-5, "{frames}: {apart}");
        }
    }

    #[test]
    fn frames_that_have_begun_are_heard() {
        let weights = Weights::named(Filler::default(), Device::Cpu, Kind::Float);
        let network = Wav2vec::new(&weights.root(), &Wav2vecConfig::narrow()).unwrap();
        let features = |samples: usize| network.forward(&vec![0.1; samples]).map(|x| x.size());
        assert_eq!(features(1).unwrap(), [1, 1, 32]);
        assert_eq!(features(640).unwrap(), [1, 1, 32]);
        assert_eq!(features(641).unwrap(), [1, 2, 32]);
        assert!(matches!(features(0), Err(TchError::Shape(_))));
    }
}
