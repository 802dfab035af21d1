//! Faces that are filmed, their mouths redrawn by a network.

mod blend;
pub(super) mod colour;
mod cutout;
mod cycle;
mod film;
mod framing;
mod gallery;
mod library;
mod manifest;
mod networks;
pub mod preparation;
mod projector;
mod raster;
#[cfg(test)]
pub(crate) mod specimen;

pub(crate) use cycle::Cycle;
pub use film::Film;
pub use gallery::{Exhibit, Gallery, is_id};
pub use library::open;
pub use manifest::{Bounds, FrameBounds, LATENTS, Manifest, ManifestError, MaskMode};
pub use networks::{Description, Listener, NetworkError, Networks, Portrait, Request};
pub use projector::Projector;
pub use raster::RasterError;
