//! What goes wrong between us and a server.

use reqwest::StatusCode;
use thiserror::Error;

/// Why a request was not answered, or not to the end.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    /// Whoever wanted the answer no longer does.
    #[error("cancelled")]
    Cancelled,
    /// Something took too long.
    #[error("{0}")]
    Late(&'static str),
    /// The connection was not made.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// The connection was lost, or the answer ended in the middle.
    #[error("its answer was cut off: {0}")]
    Cut(String),
    /// It answered with a status other than success.
    #[error("it answered {0}")]
    Refused(StatusCode),
}

impl Fault {
    /// Whether asking once more may help.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Cut(_) => true,
            Self::Refused(status) => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Cancelled | Self::Late(_) => false,
        }
    }

    /// What of it is for clients; the rest, about the network it stands in, is for the log.
    pub(crate) fn for_clients(&self) -> String {
        match self {
            Self::Unreachable(_) => "it cannot be reached".to_owned(),
            Self::Cut(_) => "its answer was cut off".to_owned(),
            other => other.to_string(),
        }
    }
}
