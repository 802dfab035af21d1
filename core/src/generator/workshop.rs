//! What sessions are made with.

use std::sync::Arc;

use thiserror::Error;

use super::Opener;
use crate::config::{Config, Video};
use crate::face::{Face, FaceError, Presenter, avatars, neural};
use crate::session::Job;
use crate::speech::{Ensemble, EnsembleError};

/// Makes the face of a job.
pub type Faces = dyn Fn(&Job, &Config) -> Result<Box<dyn Face>, FaceError> + Send + Sync;

/// What sessions are made with.
pub struct Workshop {
    /// Those who speak.
    pub ensemble: Ensemble,
    /// Makes faces that are drawn.
    pub faces: Arc<Faces>,
    /// Opens the networks that draw filmed ones, if there are any.
    pub networks: Option<Arc<Opener>>,
    /// Opens those that make photos speak; without them photos are bent.
    pub talker: Option<Arc<Opener>>,
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
    /// What is built in, espeak-ng (with the feature `espeak`) and the drawn presenters; the engines of the configuration; and those networks of the
    /// configured library whose weights are there. It is opened only when a generator starts.
    ///
    /// # Errors
    ///
    /// [`WorkshopError`]
    pub fn builtin(config: &Config) -> Result<Self, WorkshopError> {
        #[cfg(feature = "espeak")]
        let built_in = Ensemble::solo("espeak-ng", Arc::new(crate::speech::Espeak::new()?));
        #[cfg(not(feature = "espeak"))]
        let built_in = Ensemble::solo("none", Arc::new(crate::speech::NoVoice));
        let ensemble = built_in.join(&config.speech)?;
        // Painted once now rather than while the first session waits.
        if avatars().iter().any(|avatar| avatar.id == config.avatar) {
            presenter(&config.avatar, 0, config)?;
        }
        let filmed = config.neural.clone();
        let filmed = filmed.filter(|neural| neural.avatars.is_some());
        let talks = config.neural.clone();
        let talks = talks.filter(|neural| neural::talks(&neural.weights));
        let rate = config.video.frame_rate;
        Ok(Self {
            ensemble,
            faces: Arc::new(|job, config| presenter(&job.avatar, job.id.seed(), config)),
            networks: filmed
                .map(|neural| -> Arc<Opener> { Arc::new(move || neural::open(&neural)) }),
            talker: talks.map(|neural| -> Arc<Opener> {
                Arc::new(move || neural::open_talker(&neural, rate))
            }),
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
