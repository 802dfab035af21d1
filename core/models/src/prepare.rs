//! An avatar's frames made ready: where the face is, how it is blended in, and what the network starts from.
//!
//! The geometry and the blending are MuseTalk's, to the pixel; `parity/geometry.py` compares them with OpenCV and
//! Pillow.

mod blur;
mod bounds;
mod face;
mod lanczos;
mod mask;
mod morphology;
mod preparer;
mod raster;
mod resampling;
mod separable;

pub use blur::blur;
pub use bounds::Bounds;
pub use face::FaceGeometry;
pub use lanczos::lanczos;
pub use mask::{MaskMode, MaskShape, Softness};
pub use morphology::Element;
pub use preparer::{Prepared, Preparer, PreparerOptions};
pub use raster::Raster;
pub use resampling::{Resampling, resample};
