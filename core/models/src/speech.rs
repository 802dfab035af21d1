//! Speech as the UNet hears it: fifty tokens a frame, from all layers of Whisper's encoder.

mod encoder;
mod listener;
mod mel;
mod window;

use tch::{Kind, Tensor};

pub use encoder::{Encoder, WhisperConfig};
pub use listener::{LOOK_AHEAD_MS, Listener};
pub use mel::LogMel;
pub use window::Windowing;

use crate::layers::Output;
use crate::weights::{Scope, WeightsError};

/// Samples a second, of one channel.
pub const SAMPLE_RATE: usize = 16_000;
/// Samples that the encoder sees at once: 30 s.
pub const PIECE: usize = 480_000;
/// Samples to one step of the encoder's, of which there are 50 a second.
pub const STEP: usize = 320;
/// Steps that one frame is told of.
pub const STEPS: usize = 10;

/// Speech to the states of Whisper's encoder.
pub struct Speech {
    mel: LogMel,
    encoder: Encoder,
}

impl Speech {
    /// `scope` is that of the encoder.
    ///
    /// # Errors
    ///
    /// [`WeightsError`]
    pub fn new(scope: &Scope<'_>, config: &WhisperConfig) -> Result<Self, WeightsError> {
        let encoder = Encoder::new(scope, config)?;
        Ok(Self {
            mel: LogMel::new(encoder.device())?,
            encoder,
        })
    }

    /// Features of a token.
    pub fn features(&self) -> i64 {
        self.encoder.features()
    }

    /// States to a step, each of which is a token.
    pub fn layers(&self) -> i64 {
        self.encoder.layers()
    }

    /// The states of at most 30 s of speech, [steps, layers, features] on the CPU: as many steps as were heard to
    /// their end.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn piece(&self, pcm: &[f32]) -> Output {
        let steps = i64::try_from(pcm.len().min(PIECE) / STEP).unwrap_or_default();
        let states = self.encoder.forward(&self.mel.forward(pcm)?)?;
        Tensor::f_stack(&states, 2)?
            .f_get(0)?
            .f_narrow(0, 0, steps)?
            .f_to_kind(Kind::Float)?
            .f_to_device(tch::Device::Cpu)
    }

    /// The states of a whole speech, [steps, layers, features] on the CPU. The encoder is shown 30 s at a time.
    ///
    /// # Errors
    ///
    /// libtorch's.
    pub fn states(&self, pcm: &[f32]) -> Output {
        let pieces = pcm
            .chunks(PIECE)
            .map(|piece| self.piece(piece))
            .collect::<Result<Vec<_>, _>>()?;
        if pieces.is_empty() {
            return Tensor::f_zeros(
                [0, self.layers(), self.features()],
                (Kind::Float, tch::Device::Cpu),
            );
        }
        Tensor::f_cat(&pieces, 0)
    }
}
