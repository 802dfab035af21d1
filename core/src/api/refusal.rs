//! The one vocabulary of errors, and the one place where they become an HTTP status and a word.

use std::io::{self, ErrorKind};

use serde_json::json;

use super::openai;
use crate::session::FailureCode;

/// Why a request is not answered as its client hoped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    code: Code,
    message: String,
    parameter: Option<&'static str>,
}

/// In whose words a client is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Ours: `{"error":"…","code":"…"}`
    Ours,
    /// OpenAI's: `{"error":{"message":"…","type":"…","param":"…","code":"…"}}`
    OpenAi,
}

/// Stable words for refused requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// There is nothing to say.
    EmptyText,
    /// There is more to say than is allowed.
    TextTooLong,
    /// No such language.
    UnsupportedLanguage,
    /// No such mode.
    UnsupportedMode,
    /// No such voice, or not in that language.
    UnknownVoice,
    /// No such face.
    UnknownAvatar,
    /// The body is not JSON, or not an object.
    BadJson,
    /// A field has the wrong type or value.
    BadParameter,
    /// No key, or a wrong one.
    Unauthorized,
    /// No such session, or none any more.
    UnknownSession,
    /// No call has this path.
    UnknownUrl,
    /// No such model.
    UnknownModel,
    /// The path exists, but not for this method.
    MethodNotAllowed,
    /// The body is larger than is allowed.
    TooLarge,
    /// The body is of the wrong type.
    UnsupportedMediaType,
    /// The body is no form, or breaks off.
    BadMultipart,
    /// There is no sound in a file.
    BadAudio,
    /// There is no face in a picture, or it is none.
    BadImage,
    /// Sound comes faster than it can be used.
    TooFast,
    /// What is to be watched is not being shown: not yet, not any more, or never by this means.
    NotLive,
    /// As much as possible is being done already.
    Busy,
    /// A fault of ours.
    Internal,
    /// What is asked for will never exist, since the session failed.
    Failed(FailureCode),
    /// What is asked for could not be made, and the one who asks is the one it was made for.
    Unmade(FailureCode),
}

impl Code {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::EmptyText => "empty_text",
            Self::TextTooLong => "text_too_long",
            Self::UnsupportedLanguage => "unsupported_language",
            Self::UnsupportedMode => "unsupported_mode",
            Self::UnknownVoice => "unknown_voice",
            Self::UnknownAvatar => "unknown_avatar",
            Self::BadJson => "bad_json",
            Self::BadParameter => "bad_parameter",
            Self::Unauthorized => "unauthorized",
            Self::UnknownSession => "unknown_session",
            // As OpenAI calls them, whose paths these are.
            Self::UnknownUrl => "unknown_url",
            Self::UnknownModel => "model_not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::BadMultipart => "bad_multipart",
            Self::BadAudio => "bad_audio",
            Self::BadImage => "bad_image",
            Self::NotLive => "not_live",
            Self::TooFast | Self::Busy => "busy",
            Self::Internal => "internal",
            Self::Failed(code) | Self::Unmade(code) => code.word(),
        }
    }

    fn status(self) -> u16 {
        match self {
            Self::EmptyText
            | Self::TextTooLong
            | Self::UnsupportedLanguage
            | Self::UnsupportedMode
            | Self::UnknownVoice
            | Self::UnknownAvatar
            | Self::BadJson
            | Self::BadParameter
            | Self::BadMultipart
            | Self::BadAudio
            | Self::BadImage => 400,
            Self::Unauthorized => 401,
            Self::UnknownSession | Self::UnknownUrl | Self::UnknownModel | Self::Failed(_) => 404,
            Self::MethodNotAllowed => 405,
            Self::NotLive => 409,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Internal | Self::Unmade(_) => 500,
            Self::TooFast => 429,
            Self::Busy => 503,
        }
    }
}

impl Refusal {
    /// A refusal with a sentence for people.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            parameter: None,
        }
    }

    /// The same, said of a field of the request, unless it is said of one already.
    pub(super) fn about(mut self, field: &'static str) -> Self {
        self.parameter.get_or_insert(field);
        self
    }

    /// There is no such session.
    pub fn unknown_session() -> Self {
        Self::new(Code::UnknownSession, "there is no such session")
    }

    /// What is said when something could not be written.
    pub fn of_writing(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                Self::new(Code::Internal, "there is no room left on the server's disk")
            }
            _ => Self::internal(),
        }
    }

    /// A fault of ours, told without its details.
    pub fn internal() -> Self {
        Self::new(Code::Internal, "something went wrong on the server")
    }

    /// The word.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The field of the request that is at fault, where that is known.
    pub fn parameter(&self) -> Option<&'static str> {
        self.parameter
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.code.status()
    }

    /// Seconds after which it is worth asking again, for those refusals that pass.
    pub fn retry_after(&self) -> Option<u32> {
        match self.code {
            Code::Busy | Code::TooFast => Some(2),
            // The Retry-After that draft-ietf-wish-whep wants with it.
            Code::NotLive => Some(5),
            _ => None,
        }
    }

    /// The HTTP status and the body.
    pub fn in_words(&self, words: Words) -> (u16, String) {
        match words {
            Words::Ours => {
                let body = json!({ "error": self.message, "code": self.code.word() });
                (self.status(), body.to_string())
            }
            Words::OpenAi => openai::refusal(self),
        }
    }
}
