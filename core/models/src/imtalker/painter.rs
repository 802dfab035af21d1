//! Pictures of any sessions, drawn together.

use tch::{Device, Kind, Tensor};

use super::photo::Held;
use super::{Framing, Photo, square};
use crate::detect::{ChannelOrder, S3fd, detections};
use crate::error::ModelsError;
use crate::layers::Output;
use crate::prepare::{Bounds, Raster, Resampling, resample};
use crate::renderer::{Renderer, RendererConfig};

/// The longest side of what faces are looked for in: larger photos are made smaller for that, so that memory does not depend on them.
const LONGEST: usize = 1600;

/// One picture to draw.
pub struct Request<'a> {
    /// Of whom.
    pub photo: &'a Photo,
    /// How the face is held: a performance's motion of one frame.
    pub motion: &'a [f32],
    /// Where the picture goes: as many rows as pixels, each red, green and blue.
    pub picture: &'a mut [u8],
}

/// The renderer, and what finds faces.
pub(super) struct Painter {
    renderer: Renderer,
    config: RendererConfig,
    detector: Option<S3fd>,
    device: Device,
    kind: Kind,
}

impl Painter {
    pub(super) fn new(
        renderer: Renderer,
        config: RendererConfig,
        detector: Option<S3fd>,
        (device, kind): (Device, Kind),
    ) -> Self {
        Self {
            renderer,
            config,
            detector,
            device,
            kind,
        }
    }

    /// A photo, and what stays the same of it.
    pub(super) fn look(&self, picture: &Raster, framing: Framing) -> Result<Photo, ModelsError> {
        let size = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        let (width, height) = (size(picture.width()), size(picture.height()));
        let (face, crop) = match framing {
            Framing::Face => {
                let face = self.face(picture)?;
                (face, square(face, width, height))
            }
            Framing::Whole => {
                let whole = Bounds {
                    x0: 0,
                    y0: 0,
                    x1: i32::MAX,
                    y1: i32::MAX,
                };
                (None, whole.within(picture.width(), picture.height()))
            }
        };
        let side = usize::try_from(self.config.input()).unwrap_or_default();
        let seen = resample(&picture.crop(crop), side, side, Resampling::Bicubic);
        let seen = seen
            .tensor(self.device)?
            .f_div_scalar(255.0)?
            .f_to_kind(self.kind)?;
        let appearance = self.renderer.identity.forward(&seen)?;
        let reference = self.renderer.motion.forward(&seen)?;
        let maps = self.renderer.adapted(&reference, &appearance.identity)?;
        let source = self.renderer.transfer.source(&appearance, &maps)?;
        let held = Held {
            identity: appearance.identity,
            reference,
            source,
        };
        Ok(Photo::new(held, face, crop))
    }

    /// The surest face.
    fn face(&self, picture: &Raster) -> Result<Option<Bounds>, ModelsError> {
        let Some(detector) = &self.detector else {
            return Err(ModelsError::Argument(
                "faces cannot be found: s3fd.safetensors is not among the weights".to_owned(),
            ));
        };
        let longest = picture.width().max(picture.height());
        let shrunk = |side: usize| (side * LONGEST).div_ceil(longest).max(1);
        let smaller = (longest > LONGEST).then(|| {
            let (width, height) = (shrunk(picture.width()), shrunk(picture.height()));
            resample(picture, width, height, Resampling::Bilinear)
        });
        let seen = smaller.as_ref().unwrap_or(picture);
        let levels = detector.forward(&ChannelOrder::Bgr.prepare(&seen.tensor(self.device)?)?)?;
        #[expect(clippy::cast_precision_loss, reason = "sides of pictures")]
        let scale = picture.width() as f32 / seen.width() as f32;
        let surest = detections(&levels)?.into_iter().next();
        Ok(surest.map(|face| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "cut to whole pixels, by definition"
            )]
            let [x0, y0, x1, y1] = face.corners.map(|at| (at * scale) as i32);
            Bounds { x0, y0, x1, y1 }
        }))
    }

    pub(super) fn paint(&self, requests: &mut [Request<'_>]) -> Result<(), ModelsError> {
        if requests.is_empty() {
            return Ok(());
        }
        let size = |number: i64| usize::try_from(number).unwrap_or_default();
        let (motion, bytes) = (
            size(self.config.motion),
            size(self.config.side * self.config.side * 3),
        );
        let (mut motions, mut photos) = (Vec::new(), Vec::new());
        for request in requests.iter() {
            if request.motion.len() != motion || request.picture.len() != bytes {
                return Err(ModelsError::Argument(format!(
                    "{} numbers of motion and {} bytes of picture; {motion} and {bytes} are due",
                    request.motion.len(),
                    request.picture.len()
                )));
            }
            motions.extend_from_slice(request.motion);
            photos.push(request.photo.held());
        }
        let motions = Tensor::f_from_slice(&motions)?
            .f_view([-1, self.config.motion])?
            .f_to_device(self.device)?
            .f_to_kind(self.kind)?;
        let identities: Vec<&Tensor> = photos.iter().map(|photo| &photo.identity).collect();
        let identities = Tensor::f_cat(&identities, 0)?;
        let maps = self.renderer.adapted(&motions, &identities)?;
        let sources: Vec<_> = photos.iter().map(|photo| &photo.source).collect();
        let moved = self.renderer.transfer.forward(&maps, &sources)?;
        let pictures = self.renderer.synthesis.forward(&moved)?;
        let pictures = whole(&pictures)?.f_to_device(Device::Cpu)?;
        for (index, request) in (0..).zip(requests) {
            let count = request.picture.len();
            pictures.f_get(index)?.f_copy_data(request.picture, count)?;
        }
        Ok(())
    }
}

/// Pictures [n, 3, h, w] from 0 to 1 as bytes, cut to whole numbers as the original does it, [n, h, w, 3].
fn whole(pictures: &Tensor) -> Output {
    pictures
        .f_to_kind(Kind::Float)?
        .f_mul_scalar(255.0)?
        .f_clamp(0.0, 255.0)?
        .f_to_kind(Kind::Uint8)?
        .f_permute([0, 2, 3, 1])?
        .f_contiguous()
}
