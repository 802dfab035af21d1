//! The networks of a library with the C interface that draw filmed faces.

use std::sync::Arc;

use avatar_neural::{Library, NeuralError, Options, Precision};

use super::networks::{
    Description, Listener, Manner, NetworkError, Networks, Portrait, Request, Subject, own,
};
use crate::config::{Neural, NeuralPrecision};
use crate::time::{FrameRate, Samples};

impl From<NeuralError> for NetworkError {
    fn from(error: NeuralError) -> Self {
        match error {
            NeuralError::Memory(text) => Self::Memory(text),
            NeuralError::Device(text) => Self::Device(text),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// What a library is asked to load.
pub(super) fn options(neural: &Neural) -> Options {
    let limit = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Options {
        device: neural.device.clone(),
        precision: match neural.precision {
            NeuralPrecision::Auto => Precision::Auto,
            NeuralPrecision::Single => Precision::Single,
            NeuralPrecision::Half => Precision::Half,
            NeuralPrecision::Brain => Precision::Brain,
        },
        threads: limit(neural.threads),
        max_batch: limit(neural.batch),
        ..Options::new(&neural.weights)
    }
}

/// Opens the library that `neural` names and loads its networks, which may take minutes. Only a process that needs them
/// calls this, after it was forked.
///
/// # Errors
///
/// [`NetworkError`]
pub fn open(neural: &Neural) -> Result<Arc<dyn Networks>, NetworkError> {
    let library = Library::open(&neural.library)?;
    let networks = library.networks(&options(neural))?;
    tracing::info!(library = %library.title(), networks = ?networks.description(), "networks are loaded");
    Ok(Arc::new(Loaded(networks)))
}

struct Loaded(avatar_neural::Networks);

impl Networks for Loaded {
    fn description(&self) -> Description {
        let description = self.0.description();
        Description {
            face_side: description.face_side,
            tokens: description.tokens,
            sample_rate: description.sample_rate,
            max_batch: description.max_batch,
            lookahead: Samples::from_millis(u64::from(description.lookahead_ms)),
            finds_faces: false,
        }
    }

    fn listener(
        &self,
        _: &dyn Portrait,
        _: Option<&Manner>,
        rate: FrameRate,
    ) -> Result<Box<dyn Listener>, NetworkError> {
        Ok(Box::new(self.0.listener(rate.per_second())?))
    }

    fn portrait(&self, subject: Subject<'_>) -> Result<Box<dyn Portrait>, NetworkError> {
        match subject {
            Subject::Filmed(latents) => Ok(Box::new(self.0.portrait(latents)?)),
            Subject::Photo { .. } => Err(NetworkError::Failed(
                "these networks draw nobody but those who were filmed".to_owned(),
            )),
        }
    }

    fn faces(&self, batch: &mut [Request<'_>]) -> Result<(), NetworkError> {
        let requests = batch.iter_mut().map(|request| {
            Ok(avatar_neural::Request {
                portrait: own(request.portrait)?,
                index: request.index,
                tokens: request.tokens,
                face: &mut *request.face,
            })
        });
        let mut requests = requests.collect::<Result<Vec<_>, NetworkError>>()?;
        Ok(self.0.faces(&mut requests)?)
    }
}

impl Listener for avatar_neural::Listener {
    fn hear(
        &mut self,
        pcm: &[f32],
        last: bool,
        tokens: &mut Vec<f32>,
    ) -> Result<usize, NetworkError> {
        Ok(Self::hear(self, pcm, last, tokens)?)
    }
}

impl Portrait for avatar_neural::Portrait {
    fn frames(&self) -> usize {
        Self::frames(self)
    }
}
