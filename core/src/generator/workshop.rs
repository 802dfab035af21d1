//! What sessions are made with.

use std::sync::Arc;

use thiserror::Error;

use crate::config::{Config, Video};
use crate::face::{Face, FaceError, Presenter};
use crate::session::Job;
use crate::speech::Engine;

/// Makes the face of a job.
pub type Faces = dyn Fn(&Job, &Config) -> Result<Box<dyn Face>, FaceError> + Send + Sync;

/// What sessions are made with.
#[derive(Clone)]
pub struct Workshop {
    /// Speaks.
    pub engine: Arc<dyn Engine>,
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
    /// The configured face cannot be made.
    #[error("the face cannot be made: {0}")]
    Face(#[from] FaceError),
}

impl Workshop {
    /// What is built in: espeak-ng and the drawn presenters.
    ///
    /// # Errors
    ///
    /// [`WorkshopError`]
    #[cfg(feature = "espeak")]
    pub fn builtin(config: &Config) -> Result<Self, WorkshopError> {
        let engine = crate::speech::Espeak::new()?;
        // Painted once now rather than while the first session waits.
        presenter(&config.avatar, 0, config)?;
        Ok(Self {
            engine: Arc::new(engine),
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
