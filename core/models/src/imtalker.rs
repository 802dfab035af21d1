//! IMTalker: what is loaded together, and what sessions share. One photo and speech in, pictures of somebody who speaks out.

mod crop;
mod ear;
mod painter;
mod performance;
mod photo;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use tch::{Device, Kind, no_grad};

pub use crop::{Framing, square};
pub use painter::Request;
pub use performance::{LOOK_AHEAD_MS, Manner, Performance};
pub use photo::Photo;

use crate::config;
use crate::detect::S3fd;
use crate::error::ModelsError;
use crate::motion::GeneratorConfig;
use crate::musetalk::{Options, expect_batch};
use crate::prepare::Raster;
use crate::renderer::{RendererConfig, Version};
use crate::wav2vec::{FRAME_RATE, SAMPLE_RATE, Wav2vecConfig};
use crate::weights::{Scope, Weights, WeightsError};
use ear::Ear;
use painter::Painter;

/// What callers must know of the networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    /// Which of the published versions draws.
    pub version: Version,
    /// Pixels to each side of a picture.
    pub side: usize,
    /// Floating-point numbers to the motion of one frame.
    pub motion: usize,
    /// Samples a second of speech.
    pub sample_rate: usize,
    /// Pictures a second.
    pub frame_rate: usize,
    /// How many pictures are drawn at once, at the most.
    pub max_batch: usize,
    /// Frames that motion is made for at once, at the most.
    pub window: usize,
    /// Milliseconds of speech after a frame's end that are heard before its motion is made.
    pub look_ahead_ms: u32,
    /// Whether faces are found in photos; else those are taken whole.
    pub finds_faces: bool,
}

/// A network of `directory` and its configuration, `name.safetensors` and `name.json`.
fn network<C: DeserializeOwned, T>(
    directory: &Path,
    name: &str,
    (device, kind): (Device, Kind),
    fault: impl Fn(&C) -> Option<String>,
    build: impl Fn(&Scope<'_>, &C) -> Result<T, WeightsError>,
) -> Result<(T, C), ModelsError> {
    let file = directory.join(format!("{name}.json"));
    let config: C = config::read(&file)?;
    if let Some(fault) = fault(&config) {
        return Err(ModelsError::Argument(format!(
            "{}: {fault}",
            file.display()
        )));
    }
    let network = Weights::whole(directory, name, (device, kind), |scope| {
        build(scope, &config)
    })?;
    Ok((network, config))
}

/// The networks of IMTalker, ready. Sessions in any threads share them.
pub struct Networks {
    ear: Arc<Mutex<Ear>>,
    painter: Mutex<Painter>,
    description: Description,
}

impl Networks {
    /// Loads the networks and runs them once. All compute in 32 bits unless told otherwise: 16 of IEEE's kind overflow here.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]
    pub fn open(options: &Options) -> Result<Self, ModelsError> {
        no_grad(|| Self::load(options))
    }

    fn load(options: &Options) -> Result<Self, ModelsError> {
        let place @ (device, _) = options.place(Kind::Float)?;
        let directory = options.weights.as_path();
        let (renderer, shape) = network(
            directory,
            "renderer",
            place,
            RendererConfig::fault,
            crate::renderer::Renderer::new,
        )?;
        let (generator, config) = network(
            directory,
            "generator",
            place,
            GeneratorConfig::fault,
            crate::motion::Generator::new,
        )?;
        let (speech, hearing) = network(
            directory,
            "wav2vec2",
            place,
            Wav2vecConfig::fault,
            crate::wav2vec::Wav2vec::new,
        )?;
        if (config.motion, config.speech) != (shape.motion, hearing.hidden_size) {
            return Err(ModelsError::Argument(format!(
                "{}: motion of {} numbers from speech of {} features does not go with a renderer of {} and an ear of {}",
                directory.display(),
                config.motion,
                config.speech,
                shape.motion,
                hearing.hidden_size
            )));
        }
        // Only photos that are to be cropped need it.
        let detector = directory
            .join("s3fd.safetensors")
            .exists()
            .then(|| Weights::whole(directory, "s3fd", (device, Kind::Float), S3fd::new))
            .transpose()?;
        let count = |number: i64| usize::try_from(number).unwrap_or_default();
        let description = Description {
            version: shape.version,
            side: count(shape.side),
            motion: count(shape.motion),
            sample_rate: SAMPLE_RATE,
            frame_rate: FRAME_RATE,
            max_batch: options.max_batch.max(1),
            window: config.window,
            look_ahead_ms: LOOK_AHEAD_MS,
            finds_faces: detector.is_some(),
        };
        let networks = Self {
            ear: Arc::new(Mutex::new(Ear::new(speech, generator, config))),
            painter: Mutex::new(Painter::new(renderer, shape, detector, place)),
            description,
        };
        networks.warm()?;
        Ok(networks)
    }

    /// What callers must know.
    pub fn description(&self) -> Description {
        self.description
    }

    /// Looks at a photo, red, green and blue, of whom pictures are to be drawn.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]
    pub fn photo(&self, picture: &Raster, framing: Framing) -> Result<Photo, ModelsError> {
        picture.expect_colour("photo")?;
        let painter = self.painter.lock().unwrap_or_else(PoisonError::into_inner);
        no_grad(|| painter.look(picture, framing))
    }

    /// Begins to listen to one speech, for pictures of `photo`.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]; [`ModelsError::Argument`] for a manner that cannot be.
    pub fn performance(&self, photo: &Photo, manner: &Manner) -> Result<Performance, ModelsError> {
        Performance::new(Arc::clone(&self.ear), photo.reference()?, manner)
    }

    /// Draws one picture for each request, all at once. They may be of different sessions and photos; none is influenced by the
    /// others.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]; [`ModelsError::Memory`] where fewer at once might do.
    pub fn pictures(&self, requests: &mut [Request<'_>]) -> Result<(), ModelsError> {
        expect_batch(requests.len(), self.description.max_batch, "pictures")?;
        let painter = self.painter.lock().unwrap_or_else(PoisonError::into_inner);
        no_grad(|| painter.paint(requests))
    }

    /// Runs everything once.
    fn warm(&self) -> Result<(), ModelsError> {
        let Description { side, motion, .. } = self.description;
        let photo = self.photo(&Raster::black(side, side, 3), Framing::Whole)?;
        let mut motions = vec![0.0; motion];
        let silence = vec![0.0; SAMPLE_RATE / FRAME_RATE];
        let manner = Manner::default();
        self.performance(&photo, &manner)?
            .hear(&silence, true, &mut motions)?;
        let mut picture = vec![0; side * side * 3];
        self.pictures(&mut [Request {
            photo: &photo,
            motion: &motions,
            picture: &mut picture,
        }])
    }
}
