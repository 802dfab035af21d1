//! What the UNet is shown of an avatar.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use tch::{Device, Kind, Tensor};

use crate::error::ModelsError;
use crate::layers::Output;
use crate::weights::WeightsError;

/// The latents of a prepared avatar, one for each frame of its clip, where the networks are.
pub struct Portrait {
    /// Tensors may be handed from thread to thread and not used in two at once.
    latents: Mutex<Tensor>,
    frames: usize,
}

impl Portrait {
    /// Reads the tensor `latents` [frames, channels, side, side] of a file of safetensors.
    pub(super) fn read(
        file: &Path,
        [channels, height, width]: [i64; 3],
        device: Device,
        kind: Kind,
    ) -> Result<Self, ModelsError> {
        let tensors = Tensor::read_safetensors(file).map_err(|error| ModelsError::Io {
            file: file.to_owned(),
            reason: error.to_string(),
        })?;
        let title = || file.display().to_string();
        let expected = |frames| vec![frames, channels, height, width];
        let Some((name, latents)) = tensors.into_iter().find(|(name, _)| name == "latents") else {
            return Err(ModelsError::Weights(WeightsError::Missing {
                file: title(),
                name: "latents".to_owned(),
                expected: expected(-1),
            }));
        };
        let found = latents.size();
        let frames = found.first().copied().unwrap_or_default().max(1);
        if found != expected(frames) {
            return Err(ModelsError::Weights(WeightsError::Shape {
                file: title(),
                name,
                expected: expected(frames),
                found,
            }));
        }
        Ok(Self {
            latents: Mutex::new(latents.f_to_kind(kind)?.f_to_device(device)?),
            frames: usize::try_from(frames).unwrap_or_default(),
        })
    }

    /// One frame of nothing.
    pub(super) fn blank(
        [channels, height, width]: [i64; 3],
        device: Device,
        kind: Kind,
    ) -> Result<Self, ModelsError> {
        let latents = Tensor::f_zeros([1, channels, height, width], (kind, device))?;
        Ok(Self {
            latents: Mutex::new(latents),
            frames: 1,
        })
    }

    /// How many frames its clip has.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// The latent of frame `index`, a view.
    pub(super) fn latent(&self, index: usize) -> Output {
        let latents = self.latents.lock().unwrap_or_else(PoisonError::into_inner);
        latents.f_get(i64::try_from(index).unwrap_or(i64::MAX))
    }
}
