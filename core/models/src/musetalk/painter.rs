//! Faces of any sessions, painted together.

use std::path::Path;

use tch::{Cuda, Device, Kind, Tensor};

use super::{FACE_SIDE, Portrait};
use crate::error::ModelsError;
use crate::layers::Output;
use crate::unet::{Unet, UnetConfig};
use crate::vae::{Decoder, Encoder, VaeConfig};
use crate::weights::Weights;

/// One face to paint.
pub struct Request<'a> {
    /// Whose.
    pub portrait: &'a Portrait,
    /// Which frame of its clip.
    pub index: usize,
    /// What is said there: a listener's tokens of one frame.
    pub tokens: &'a [f32],
    /// Where the face goes: 256 rows of 256 pixels, each red, green and blue.
    pub face: &'a mut [u8],
}

/// The UNet and the decoder of the autoencoder.
pub(super) struct Painter {
    unet: Unet,
    decoder: Decoder,
    /// By how much the UNet's latents are multiplied.
    scale: f64,
    /// The shape of a frame's tokens.
    tokens: [i64; 2],
    device: Device,
    kind: Kind,
    shapes: Vec<usize>,
}

impl Painter {
    pub(super) fn load(
        directory: &Path,
        (unet, vae): (&UnetConfig, &VaeConfig),
        (device, kind): (Device, Kind),
        max_batch: usize,
        tokens: [i64; 2],
    ) -> Result<Self, ModelsError> {
        let scale = vae.scaling_factor;
        let place = (device, kind);
        let unet = Weights::whole(directory, "unet", place, |scope| Unet::new(scope, unet))?;
        let decoder = Weights::whole(directory, "vae", place, |scope| {
            // Only preparing an avatar needs the encoder, but a file without it is not what it should be.
            Encoder::new(scope, vae)?;
            Decoder::new(scope, vae)
        })?;
        if device.is_cuda() {
            // Batches have few shapes, so it pays to look for the fastest way of each.
            Cuda::cudnn_set_benchmark(true);
        }
        Ok(Self {
            unet,
            decoder,
            scale,
            tokens,
            device,
            kind,
            shapes: shapes(device, max_batch),
        })
    }

    /// The sizes of batches to run once before they are needed.
    pub(super) fn shapes(&self) -> &[usize] {
        &self.shapes
    }

    pub(super) fn paint(&self, requests: &mut [Request<'_>]) -> Result<(), ModelsError> {
        if requests.is_empty() {
            return Ok(());
        }
        let (latents, tokens) = self.gather(requests)?;
        let latents = self.unet.forward(&latents, &tokens)?;
        let pictures = self.decoder.forward(&latents.f_div_scalar(self.scale)?)?;
        let pictures = bytes(&pictures)?.f_to_device(Device::Cpu)?;
        for (index, request) in (0..).zip(requests) {
            let count = request.face.len();
            pictures.f_get(index)?.f_copy_data(request.face, count)?;
        }
        Ok(())
    }

    /// The latents and the tokens of a batch.
    fn gather(&self, requests: &[Request<'_>]) -> Result<(Tensor, Tensor), ModelsError> {
        let [count, features] = self.tokens;
        let size = usize::try_from(count * features).unwrap_or_default();
        let mut latents = Vec::with_capacity(requests.len());
        let mut tokens = Vec::with_capacity(requests.len() * size);
        for request in requests {
            let Request {
                portrait, index, ..
            } = request;
            if *index >= portrait.frames() {
                return Err(ModelsError::Argument(format!(
                    "frame {index} of an avatar that has {}",
                    portrait.frames()
                )));
            }
            if request.tokens.len() != size || request.face.len() != FACE_SIDE * FACE_SIDE * 3 {
                return Err(ModelsError::Argument(format!(
                    "{} numbers of speech and {} bytes of face; {size} and {} are due",
                    request.tokens.len(),
                    request.face.len(),
                    FACE_SIDE * FACE_SIDE * 3
                )));
            }
            latents.push(portrait.latent(*index)?);
            tokens.extend_from_slice(request.tokens);
        }
        // A GPU is given the next shape it knows: what fills it up repeats the last.
        let padded = self.padded(requests.len());
        if let Some(last) = latents.last().map(Tensor::shallow_clone) {
            latents.resize_with(padded, || last.shallow_clone());
        }
        tokens.resize(padded * size, 0.0);
        let tokens = Tensor::f_from_slice(&tokens)?
            .f_view([-1, count, features])?
            .f_to_device(self.device)?
            .f_to_kind(self.kind)?;
        Ok((Tensor::f_stack(&latents, 0)?, tokens))
    }

    fn padded(&self, count: usize) -> usize {
        if !self.device.is_cuda() {
            return count;
        }
        let shape = self.shapes.iter().copied().find(|&shape| shape >= count);
        shape.unwrap_or(count)
    }
}

/// The sizes of batches that are run once before they are needed. A CPU takes any size as it comes; a GPU is slow at the first
/// of each, so it is only ever given these.
fn shapes(device: Device, max_batch: usize) -> Vec<usize> {
    if !device.is_cuda() {
        return vec![1];
    }
    let mut shapes: Vec<usize> = [1, 2, 4, 8]
        .into_iter()
        .chain((4..).flat_map(|power| [1 << power, 3 << (power - 1)]))
        .take_while(|&shape| shape < max_batch)
        .collect();
    shapes.push(max_batch);
    shapes
}

/// Pictures [n, 3, h, w] from −1 to 1 as bytes, [n, h, w, 3].
fn bytes(pictures: &Tensor) -> Output {
    pictures
        .f_to_kind(Kind::Float)?
        .f_div_scalar(2.0)?
        .f_add_scalar(0.5)?
        .f_clamp(0.0, 1.0)?
        .f_mul_scalar(255.0)?
        .f_round()?
        .f_to_kind(Kind::Uint8)?
        .f_permute([0, 2, 3, 1])?
        .f_contiguous()
}
