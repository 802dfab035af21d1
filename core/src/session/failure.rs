//! Why a session failed.

use serde::{Deserialize, Serialize};

/// Why a session failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable word for programs.
    pub code: FailureCode,
    /// A sentence for people.
    pub text: String,
}

impl Failure {
    /// What is said when a file could not be written.
    pub(crate) fn of_writing(error: &std::io::Error) -> Self {
        let full = matches!(
            error.kind(),
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
        );
        if full {
            return Self {
                code: FailureCode::DiskFull,
                text: "there is no room left on the server's disk".to_owned(),
            };
        }
        Self {
            code: FailureCode::Internal,
            text: format!("the media could not be written: {error}"),
        }
    }
}

/// Stable words for failed sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The speech engine did not answer in time.
    TtsTimeout,
    /// The speech engine returned no sound.
    TtsEmpty,
    /// The speech engine failed.
    TtsFailed,
    /// The face failed.
    InferenceFailed,
    /// There was not enough memory.
    OutOfMemory,
    /// An encoder failed.
    EncodeFailed,
    /// The disk is full.
    DiskFull,
    /// It was stopped before its end.
    Interrupted,
    /// There is no face in the client's picture, or it is none.
    BadImage,
    /// The client's sound cannot be decoded, or is something else.
    BadAudio,
    /// A fault of ours.
    Internal,
}

// Zero stands for none.
numbered!(FailureCode {
    TtsTimeout = 1,
    TtsEmpty = 2,
    TtsFailed = 3,
    InferenceFailed = 4,
    OutOfMemory = 5,
    EncodeFailed = 6,
    DiskFull = 7,
    Interrupted = 8,
    BadImage = 9,
    Internal = 10,
    BadAudio = 11,
});

impl FailureCode {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::TtsTimeout => "tts_timeout",
            Self::TtsEmpty => "tts_empty",
            Self::TtsFailed => "tts_failed",
            Self::InferenceFailed => "inference_failed",
            Self::OutOfMemory => "out_of_memory",
            Self::EncodeFailed => "encode_failed",
            Self::DiskFull => "disk_full",
            Self::Interrupted => "interrupted",
            Self::BadImage => "bad_image",
            Self::BadAudio => "bad_audio",
            Self::Internal => "internal",
        }
    }
}
