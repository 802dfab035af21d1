//! Sound as samples.

mod resample;

pub use resample::{ResampleError, Resampler};
