//! What goes wrong between us and an engine.

use avatar_codec::DecodeError;
use thiserror::Error;

use crate::audio::ResampleError;
use crate::net;
use crate::speech::SpeechError;

/// Why a request brought no sound, or not all of it.
#[derive(Debug, Error)]
pub(super) enum Fault {
    /// It was not answered, or not to the end.
    #[error(transparent)]
    Net(#[from] net::Fault),
    /// It answered with something else than sound.
    #[error("it answered with {0} instead of sound")]
    NotSound(String),
    /// It sends more than the text can be.
    #[error("it does not stop talking")]
    Endless,
    /// It answered with nothing, or with silence.
    #[error("it answered without sound")]
    Empty,
    /// A fault of ours.
    #[error("{0}")]
    Ours(String),
}

impl Fault {
    /// Whether asking once more may help.
    pub(super) fn passes(&self) -> bool {
        match self {
            Self::Net(fault) => fault.passes(),
            Self::Empty => true,
            Self::NotSound(_) | Self::Endless | Self::Ours(_) => false,
        }
    }

    /// Whether nobody wants it any more.
    pub(super) fn is_cancelled(&self) -> bool {
        matches!(self, Self::Net(net::Fault::Cancelled))
    }
}

impl From<Fault> for SpeechError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Net(net::Fault::Cancelled) => Self::Cancelled,
            Fault::Net(net::Fault::Late(_)) => Self::Timeout,
            Fault::Net(fault) => Self::Failed(fault.for_clients()),
            Fault::Empty => Self::Empty,
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<DecodeError> for Fault {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Source(error) => {
                let text = error.to_string();
                match error
                    .into_inner()
                    .map(|inner| inner.downcast::<net::Fault>())
                {
                    Some(Ok(fault)) => Self::Net(*fault),
                    _ => Self::Net(net::Fault::Cut(text)),
                }
            }
            DecodeError::Truncated => {
                Self::Net(net::Fault::Cut("it ends in the middle".to_owned()))
            }
            DecodeError::Damaged { format, .. } => Self::NotSound(format!("damaged {format}")),
            DecodeError::Silent(format) => Self::NotSound(format!("{format} without sound")),
            DecodeError::Coding { format, coding } => {
                Self::NotSound(format!("{format} with the coding {coding}"))
            }
        }
    }
}

impl From<ResampleError> for Fault {
    fn from(error: ResampleError) -> Self {
        match error {
            ResampleError::Rate(rate) => Self::NotSound(format!("{rate} samples a second")),
            ResampleError::Failed(reason) => Self::Ours(reason),
        }
    }
}
