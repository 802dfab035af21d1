//! What sessions are made with.

use std::sync::Arc;

use thiserror::Error;

use crate::config::{Config, Video};
use crate::face::{Face, FaceError, Presenter};
use crate::session::Job;
use crate::speech::{Ensemble, EnsembleError};

/// Makes the face of a job.
pub type Faces = dyn Fn(&Job, &Config) -> Result<Box<dyn Face>, FaceError> + Send + Sync;

/// What sessions are made with.
pub struct Workshop {
    /// Those who speak.
    pub ensemble: Ensemble,
    /// Makes faces.
    pub faces: Arc<Faces>,
}

/// Why there is nothing to make sessions with.
#[derive(Debug, Error)]
pub enum WorkshopError {
    /// The speech engine did not start.
    #[cfg(feature = "espeak")]
    #[error("the speech engine did not start: {0}")]
    Engine(#[from] crate::speech::EspeakError),
    /// An engine of the operator's cannot be asked.
    #[error(transparent)]
    Ensemble(#[from] EnsembleError),
    /// The configured face cannot be made.
    #[error("the face cannot be made: {0}")]
    Face(#[from] FaceError),
}

impl Workshop {
    /// What is built in, espeak-ng and the drawn presenters, and the engines of the configuration.
    ///
    /// # Errors
    ///
    /// [`WorkshopError`]
    #[cfg(feature = "espeak")]
    pub fn builtin(config: &Config) -> Result<Self, WorkshopError> {
        let engine = Arc::new(crate::speech::Espeak::new()?);
        let ensemble = Ensemble::solo("espeak-ng", engine).join(&config.speech)?;
        // Painted once now rather than while the first session waits.
        presenter(&config.avatar, 0, config)?;
        Ok(Self {
            ensemble,
            faces: Arc::new(|job, config| presenter(&job.avatar, job.id.seed(), config)),
        })
    }
}

fn presenter(avatar: &str, seed: u64, config: &Config) -> Result<Box<dyn Face>, FaceError> {
    let Video {
        width,
        height,
        frame_rate,
    } = config.video;
    let presenter = Presenter::new(avatar, width as usize, height as usize, frame_rate, seed)
        .map_err(|error| FaceError::Failed(error.to_string()))?;
    Ok(Box::new(presenter))
}
