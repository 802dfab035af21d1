//! What each pixel of a face is.

mod bisenet;
mod trunk;

pub use bisenet::{Bisenet, Class, SIDE};
