//! Faces that are filmed, their mouths redrawn by a network.

mod manifest;

pub use manifest::{Bounds, FrameBounds, LATENTS, Manifest, ManifestError, MaskMode};
