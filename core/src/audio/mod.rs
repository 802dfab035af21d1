//! Sound as samples.

mod limit;
mod loudness;
mod resample;
mod stretch;

pub use limit::{amplify, round_off};
pub use loudness::{LOUDNESS, Loudness};
pub use resample::{ResampleError, Resampler};
pub use stretch::Stretcher;
