//! Figures by which two implementations of a network can be compared without any file.
//!
//! Parameters and inputs are made from their names. Each row is one output, told by its mean, its standard deviation and three
//! of its elements; those expected were computed by the original implementations.

mod detectors;
mod directory;
mod figures;
mod inputs;
mod motion;
mod musetalk;
mod renderer;
mod speech;

use tch::{TchError, Tensor};
use thiserror::Error;

pub use directory::{write_detectors, write_directory, write_imtalker};
pub use figures::Figures;
pub use inputs::Inputs;

use crate::weights::WeightsError;

/// Why a row could not be computed.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// A network could not be built.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A file cannot be written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// libtorch complains.
    #[error(transparent)]
    Library(#[from] TchError),
}

/// One output to compare.
pub struct Row {
    /// What it is called.
    pub name: &'static str,
    /// What the original implementation gives.
    pub expected: Figures,
    /// Computes it.
    pub output: fn(&Inputs) -> Result<Tensor, ProbeError>,
}

/// Every row there is.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    [
        musetalk::ROWS,
        speech::ROWS,
        motion::ROWS,
        renderer::ROWS,
        detectors::ROWS,
    ]
    .into_iter()
    .flatten()
}
