//! Faces that networks draw: the mouths of those who were filmed, and all of those on a photo.

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
mod print;
mod projector;
mod raster;
#[cfg(test)]
pub(crate) mod specimen;
mod talker;
mod tween;

pub(crate) use cycle::Cycle;
pub use film::Film;
pub use gallery::{Exhibit, Gallery, is_id};
pub use library::open;
pub use manifest::{Bounds, FrameBounds, LATENTS, Manifest, ManifestError, MaskMode};
pub use networks::{
    Description, Listener, Manner, NetworkError, Networks, Portrait, Request, Subject,
};
pub use print::Print;
pub use projector::Projector;
pub use raster::RasterError;
pub use talker::{open_talker, talks};
