//! What a preparation asks of networks.

use avatar_neural::Rectangle;

use super::Bounds;

/// A frame made ready.
#[derive(Debug, Clone, PartialEq)]
pub struct PreparedFrame {
    /// What the mask covers.
    pub crop: Bounds,
    /// How much of the drawn face is seen: a byte for each pixel of the crop.
    pub mask: Vec<u8>,
    /// What the face is drawn from: [`avatar_neural::LATENTS`] numbers.
    pub latents: Vec<f32>,
}

/// Networks that look at frames, which are rows of red, green and blue.
pub trait Preparer {
    /// The part of a frame that is to be drawn, unless there is no face in it.
    ///
    /// # Errors
    ///
    /// The networks' words.
    fn find(&mut self, frame: &[u8], width: u32, height: u32) -> Result<Option<Bounds>, String>;

    /// Makes a frame ready whose face is at `face`.
    ///
    /// # Errors
    ///
    /// The networks' words.
    fn prepare(
        &mut self,
        frame: &[u8],
        width: u32,
        height: u32,
        face: Bounds,
    ) -> Result<PreparedFrame, String>;
}

impl From<Rectangle> for Bounds {
    fn from(rectangle: Rectangle) -> Self {
        let Rectangle { x0, y0, x1, y1 } = rectangle;
        Self { x0, y0, x1, y1 }
    }
}

impl From<Bounds> for Rectangle {
    fn from(bounds: Bounds) -> Self {
        let Bounds { x0, y0, x1, y1 } = bounds;
        Self { x0, y0, x1, y1 }
    }
}

impl Preparer for avatar_neural::Preparer {
    fn find(&mut self, frame: &[u8], width: u32, height: u32) -> Result<Option<Bounds>, String> {
        let found = Self::find(self, frame, width, height).map_err(|error| error.to_string())?;
        Ok(found.map(Bounds::from))
    }

    fn prepare(
        &mut self,
        frame: &[u8],
        width: u32,
        height: u32,
        face: Bounds,
    ) -> Result<PreparedFrame, String> {
        let prepared = Self::prepare(self, frame, width, height, face.into())
            .map_err(|error| error.to_string())?;
        Ok(PreparedFrame {
            crop: prepared.crop.into(),
            mask: prepared.mask,
            latents: prepared.latents,
        })
    }
}
