//! MuseTalk 1.5: what is loaded together, and what sessions share.

mod painter;
mod portrait;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tch::{Cuda, Device, Kind, no_grad};

use painter::Painter;
pub use painter::Request;
pub use portrait::Portrait;

use crate::config;
use crate::error::ModelsError;
use crate::speech::{LOOK_AHEAD_MS, Listener, SAMPLE_RATE, STEPS, Speech, WhisperConfig};
use crate::unet::UnetConfig;
use crate::vae::VaeConfig;
use crate::weights::Weights;

/// Pixels to each side of a face.
pub const FACE_SIDE: usize = 256;

/// In what numbers networks compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// 32 bits on a CPU, 16 on a GPU.
    #[default]
    Native,
    /// 32 bits.
    F32,
    /// 16 bits, IEEE.
    F16,
    /// 16 bits with the range of 32.
    Bf16,
}

impl Precision {
    /// The numbers that these are, where the native ones are `native`.
    fn kind(self, native: Kind) -> Kind {
        match self {
            Self::Native => native,
            Self::F32 => Kind::Float,
            Self::F16 => Kind::Half,
            Self::Bf16 => Kind::BFloat16,
        }
    }
}

/// What to load, and where to.
#[derive(Debug, Clone)]
pub struct Options {
    /// The directory of imported weights.
    pub weights: PathBuf,
    /// `auto`, `cpu`, `cuda` or `cuda:N`.
    pub device: String,
    /// In what numbers to compute.
    pub precision: Precision,
    /// Threads of a CPU; 0 for one to each core.
    pub threads: usize,
    /// How many faces are painted at once, at the most.
    pub max_batch: usize,
}

impl Options {
    /// Where to compute, and in what numbers, which are `native` on a GPU unless told otherwise. Threads are set.
    pub(crate) fn place(&self, native: Kind) -> Result<(Device, Kind), ModelsError> {
        let device = device(&self.device)?;
        let native = if device.is_cuda() {
            native
        } else {
            Kind::Float
        };
        set_threads(self.threads);
        Ok((device, self.precision.kind(native)))
    }
}

/// How many threads of a CPU compute; 0 leaves it as it is.
pub(crate) fn set_threads(threads: usize) {
    if let Ok(threads @ 1..) = i32::try_from(threads) {
        tch::set_num_threads(threads);
    }
}

/// No more pictures at once than were announced. They are called `what`.
pub(crate) fn expect_batch(count: usize, most: usize, what: &str) -> Result<(), ModelsError> {
    if count <= most {
        return Ok(());
    }
    Err(ModelsError::Argument(format!(
        "{count} {what} at once, and {most} were announced"
    )))
}

/// What callers must know of the networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// Pixels to each side of a face.
    pub face_side: usize,
    /// Floating-point numbers to the tokens of one frame.
    pub tokens: usize,
    /// Samples a second of speech.
    pub sample_rate: usize,
    /// How many faces are painted at once, at the most.
    pub max_batch: usize,
    /// Milliseconds of speech after a frame's beginning that are heard before its tokens are known.
    pub look_ahead_ms: u32,
}

/// The device called `name`.
///
/// # Errors
///
/// [`ModelsError::Argument`] where there is none such.
pub fn device(name: &str) -> Result<Device, ModelsError> {
    let cuda = |index: usize| {
        let count = usize::try_from(Cuda::device_count()).unwrap_or_default();
        if index < count {
            Ok(Device::Cuda(index))
        } else {
            Err(ModelsError::Argument(format!(
                "there is no device \"{name}\": libtorch sees {count} GPUs"
            )))
        }
    };
    match name {
        "" | "auto" => Ok(Device::cuda_if_available()),
        "cpu" => Ok(Device::Cpu),
        "cuda" => cuda(0),
        _ => match name.strip_prefix("cuda:").map(str::parse) {
            Some(Ok(index)) => cuda(index),
            _ => Err(ModelsError::Argument(format!(
                "a device is \"auto\", \"cpu\", \"cuda\" or \"cuda:N\", and not \"{name}\""
            ))),
        },
    }
}

/// The networks of MuseTalk 1.5, ready. Sessions in any threads share them.
pub struct Networks {
    speech: Arc<Mutex<Speech>>,
    painter: Mutex<Painter>,
    device: Device,
    kind: Kind,
    /// The shape of an avatar's latent: channels and sides.
    latent: [i64; 3],
    description: Description,
}

impl Networks {
    /// Loads the networks and runs each size of batch once, so that none is slow later.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]
    pub fn open(options: &Options) -> Result<Self, ModelsError> {
        no_grad(|| Self::load(options))
    }

    fn load(options: &Options) -> Result<Self, ModelsError> {
        let (device, kind) = options.place(Kind::Half)?;
        let max_batch = options.max_batch.max(1);
        let directory = &options.weights;

        let whisper: WhisperConfig = config::read(&directory.join("whisper.json"))?;
        let unet: UnetConfig = config::read(&directory.join("musetalk.json"))?;
        let vae: VaeConfig = config::read(&directory.join("vae.json"))?;
        if whisper.d_model != unet.cross_attention_dim {
            return Err(ModelsError::Argument(format!(
                "{}: speech of {} features does not go with a UNet that listens to {}",
                directory.display(),
                whisper.d_model,
                unet.cross_attention_dim
            )));
        }

        let speech = Weights::whole(directory, "whisper", (device, kind), |scope| {
            Speech::new(scope, &whisper)
        })?;
        let steps = i64::try_from(STEPS).unwrap_or_default();
        let tokens = [steps * speech.layers(), speech.features()];

        let painter = Painter::load(directory, (&unet, &vae), (device, kind), max_batch, tokens)?;
        let side = i64::try_from(FACE_SIDE).unwrap_or_default() / vae.scale();
        let networks = Self {
            speech: Arc::new(Mutex::new(speech)),
            painter: Mutex::new(painter),
            device,
            kind,
            latent: [unet.in_channels, side, side],
            description: Description {
                face_side: FACE_SIDE,
                tokens: usize::try_from(tokens.iter().product::<i64>()).unwrap_or_default(),
                sample_rate: SAMPLE_RATE,
                max_batch,
                look_ahead_ms: LOOK_AHEAD_MS,
            },
        };
        networks.warm()?;
        Ok(networks)
    }

    /// What callers must know.
    pub fn description(&self) -> Description {
        self.description
    }

    /// Listens to one speech, for a video of `frame_rate` frames a second.
    ///
    /// # Errors
    ///
    /// [`ModelsError::Argument`] for a rate that is none.
    pub fn listener(&self, frame_rate: u32) -> Result<Listener, ModelsError> {
        Listener::new(Arc::clone(&self.speech), frame_rate)
    }

    /// Loads the latents of a prepared avatar.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]
    pub fn portrait(&self, latents: &Path) -> Result<Portrait, ModelsError> {
        Portrait::read(latents, self.latent, self.device, self.kind)
    }

    /// Paints one face for each request, all at once. They may be of different sessions and avatars; none is
    /// influenced by the others.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]; [`ModelsError::Memory`] where fewer at once might do.
    pub fn faces(&self, requests: &mut [Request<'_>]) -> Result<(), ModelsError> {
        expect_batch(requests.len(), self.description.max_batch, "faces")?;
        let painter = self.painter.lock().unwrap_or_else(PoisonError::into_inner);
        no_grad(|| painter.paint(requests))
    }

    /// Runs everything once in the shapes it will have.
    fn warm(&self) -> Result<(), ModelsError> {
        let silence = vec![0.0; SAMPLE_RATE];
        self.listener(25)?.hear(&silence, true, &mut [])?;
        let portrait = Portrait::blank(self.latent, self.device, self.kind)?;
        let tokens = vec![0.0; self.description.tokens];
        let painter = self.painter.lock().unwrap_or_else(PoisonError::into_inner);
        for &batch in painter.shapes() {
            let mut faces = vec![0; batch * FACE_SIDE * FACE_SIDE * 3];
            let mut requests: Vec<Request<'_>> = faces
                .chunks_exact_mut(FACE_SIDE * FACE_SIDE * 3)
                .map(|face| Request {
                    portrait: &portrait,
                    index: 0,
                    tokens: &tokens,
                    face,
                })
                .collect();
            painter.paint(&mut requests)?;
        }
        Ok(())
    }
}
