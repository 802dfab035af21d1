//! Sound as samples.

mod resample;
mod stretch;

pub use resample::{ResampleError, Resampler};
pub use stretch::Stretcher;
