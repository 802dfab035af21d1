//! One frame made ready.

use std::path::PathBuf;

use tch::{Device, Kind, TchError, Tensor, no_grad};

use super::face::SMALLEST;
use super::{Bounds, FaceGeometry, MaskShape, Raster, Resampling, lanczos, resample};
use crate::config;
use crate::detect::{ChannelOrder, S3fd, detections};
use crate::error::ModelsError;
use crate::musetalk::{FACE_SIDE, device, set_threads};
use crate::parse::{self, Bisenet};
use crate::pose::{Rtmpose, View};
use crate::vae::{Encoder, VaeConfig};
use crate::weights::Weights;

/// What to load, and how frames are made ready.
#[derive(Debug, Clone)]
pub struct PreparerOptions {
    /// The directory of imported weights.
    pub weights: PathBuf,
    /// `auto`, `cpu`, `cuda` or `cuda:N`.
    pub device: String,
    /// Threads of a CPU; 0 for one to each core.
    pub threads: usize,
    /// Which part of a frame is drawn.
    pub geometry: FaceGeometry,
    /// How it is blended in.
    pub mask: MaskShape,
}

/// What is kept of a frame beside the frame itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// The part that the mask is of; it may reach beyond the frame.
    pub crop: Bounds,
    /// How much of the drawn face is seen: of one channel, and black outside the face.
    pub mask: Raster,
    /// What the network starts from: the face without its lower half, and with it; [8, 32, 32].
    pub latents: Vec<f32>,
}

/// Makes frames ready. All of it computes in 32 bits.
pub struct Preparer {
    detector: S3fd,
    landmarks: Rtmpose,
    parser: Bisenet,
    encoder: Encoder,
    scaling: f64,
    device: Device,
    geometry: FaceGeometry,
    mask: MaskShape,
}

impl Preparer {
    /// Loads the networks.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]
    pub fn open(options: &PreparerOptions) -> Result<Self, ModelsError> {
        no_grad(|| Self::load(options))
    }

    fn load(options: &PreparerOptions) -> Result<Self, ModelsError> {
        let device = device(&options.device)?;
        set_threads(options.threads);
        let directory = &options.weights;
        let vae: VaeConfig = config::read(&directory.join("vae.json"))?;
        // Its other half is of no use here.
        let place = (device, Kind::Float);
        let weights = Weights::read(&directory.join("vae.safetensors"), device, Kind::Float)?;
        Ok(Self {
            detector: Weights::whole(directory, "s3fd", place, S3fd::new)?,
            landmarks: Weights::whole(directory, "dwpose", place, Rtmpose::new)?,
            parser: Weights::whole(directory, "bisenet", place, Bisenet::new)?,
            encoder: Encoder::new(&weights.root(), &vae)?,
            scaling: vae.scaling_factor,
            device,
            geometry: options.geometry,
            mask: options.mask,
        })
    }

    /// The part to be drawn of a frame, red, green and blue, unless there is no face in it.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]
    pub fn find(&self, frame: &Raster) -> Result<Option<Bounds>, ModelsError> {
        frame.expect_colour("frame")?;
        Ok(no_grad(|| self.look(frame))?)
    }

    fn look(&self, frame: &Raster) -> Result<Option<Bounds>, TchError> {
        // MuseTalk shows the detector its colours the wrong way round, and boxes are to be MuseTalk's.
        let picture = ChannelOrder::Rgb.prepare(&frame.tensor(self.device)?)?;
        let Some(face) = detections(&self.detector.forward(&picture)?)?
            .into_iter()
            .next()
        else {
            return Ok(None);
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "cut to whole pixels, by definition"
        )]
        let [x0, y0, x1, y1] = face.corners.map(|at| at.max(0.0) as i32);
        let size = (frame.width(), frame.height());
        let view = View::whole(size.0, size.1);
        let seen = Rtmpose::prepare(&view.of(frame).tensor(self.device)?)?;
        let landmarks = self.landmarks.landmarks(&view, &seen)?;
        let detected = Bounds { x0, y0, x1, y1 };
        Ok(self.geometry.bounds(&landmarks, detected, size))
    }

    /// Makes a frame ready, `face` being the part to be drawn.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]; [`ModelsError::Argument`] where no face can be there.
    pub fn prepare(&self, frame: &Raster, face: Bounds) -> Result<Prepared, ModelsError> {
        frame.expect_colour("frame")?;
        let too_small = face.width().min(face.height()) < SMALLEST;
        if too_small || face != face.within(frame.width(), frame.height()) {
            return Err(ModelsError::Argument(format!(
                "there can be no face at {face:?} in a frame of {} by {}",
                frame.width(),
                frame.height()
            )));
        }
        let crop = face.surroundings();
        let classes = no_grad(|| self.classes(&frame.crop(crop)))?;
        let mask = self.mask.mask(&classes, face, crop);
        let drawn = lanczos(&frame.crop(face), FACE_SIDE, FACE_SIDE);
        Ok(Prepared {
            crop,
            mask: mask.keep(face.from_corner_of(crop)),
            latents: no_grad(|| self.latents(&drawn))?,
        })
    }

    /// What each pixel of a face's surroundings is, in a picture of [`parse::SIDE`] squared.
    fn classes(&self, surroundings: &Raster) -> Result<Raster, TchError> {
        let (side, triangle) = (parse::SIDE, Resampling::Bilinear);
        let picture = resample(surroundings, side, side, triangle)
            .tensor(self.device)?
            .f_div_scalar(255.0)?;
        let logits = self.parser.forward(&Bisenet::prepare(&picture)?)?;
        let classes = logits
            .f_argmax(1, false)?
            .f_to_kind(Kind::Uint8)?
            .f_flatten(0, -1)?;
        Ok(Raster::new(side, side, 1, Vec::try_from(classes)?)
            .unwrap_or_else(|| Raster::black(side, side, 1)))
    }

    /// The latents of a face without its lower half, and with it.
    fn latents(&self, face: &Raster) -> Result<Vec<f32>, TchError> {
        let whole = face
            .tensor(self.device)?
            .f_div_scalar(255.0)?
            .f_sub_scalar(0.5)?
            .f_div_scalar(0.5)?;
        let (_, _, height, _) = whole.size4()?;
        let black = whole
            .f_narrow(2, height / 2, height - height / 2)?
            .f_full_like(-1.0)?;
        let masked = Tensor::f_cat(&[whole.f_narrow(2, 0, height / 2)?, black], 2)?;
        self.encoder
            .forward(&Tensor::f_cat(&[masked, whole], 0)?)?
            .f_mul_scalar(self.scaling)?
            .f_to_kind(Kind::Float)?
            .f_contiguous()?
            .f_flatten(0, -1)?
            .try_into()
    }
}
