//! What sessions are made with.

use std::sync::Arc;

use thiserror::Error;

use super::Opener;
use crate::config::{Config, Video};
use crate::face::{Face, FaceError, Presenter, avatars, neural};
use crate::session::Job;
use crate::speech::Engine;

/// Makes the face of a job.
pub type Faces = dyn Fn(&Job, &Config) -> Result<Box<dyn Face>, FaceError> + Send + Sync;

/// What sessions are made with.
#[derive(Clone)]
pub struct Workshop {
    /// Speaks.
    pub engine: Arc<dyn Engine>,
    /// Makes faces that are drawn.
    pub faces: Arc<Faces>,
    /// Opens the networks that draw filmed ones, if there are any.
    pub networks: Option<Arc<Opener>>,
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
    /// What is built in: espeak-ng and the drawn presenters; and the networks of the configured library, which is opened only
    /// when a generator starts.
    ///
    /// # Errors
    ///
    /// [`WorkshopError`]
    #[cfg(feature = "espeak")]
    pub fn builtin(config: &Config) -> Result<Self, WorkshopError> {
        let engine = crate::speech::Espeak::new()?;
        // Painted once now rather than while the first session waits.
        if avatars().iter().any(|avatar| avatar.id == config.avatar) {
            presenter(&config.avatar, 0, config)?;
        }
        Ok(Self {
            engine: Arc::new(engine),
            faces: Arc::new(|job, config| presenter(&job.avatar, job.id.seed(), config)),
            networks: config
                .neural
                .clone()
                .map(|neural| -> Arc<Opener> { Arc::new(move || neural::open(&neural)) }),
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
