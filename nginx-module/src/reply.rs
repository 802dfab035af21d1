//! Answers that the module makes itself.

use avatar_core::api::{Refusal, Words};

/// A whole answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The media type of the body.
    pub(crate) content_type: &'static str,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// Further headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// What it says, where that can be said in several ways.
    refusal: Option<Refusal>,
}

/// The media type of JSON (RFC 8259 section 11).
pub(crate) const JSON: &str = "application/json";

impl Reply {
    /// A JSON answer about something that changes.
    pub(crate) fn json(body: String) -> Self {
        Self {
            status: 200,
            content_type: JSON,
            body: body.into_bytes(),
            headers: vec![("Cache-Control", "no-store".to_owned())],
            refusal: None,
        }
    }

    /// The same where it is a refusal, put in `words`.
    pub(crate) fn in_words(mut self, words: Words) -> Self {
        if let Some(refusal) = &self.refusal {
            let (status, body) = refusal.in_words(words);
            self.status = status;
            self.body = body.into_bytes();
        }
        self
    }

    /// An answer without a body.
    pub(crate) fn empty() -> Self {
        Self {
            status: 204,
            content_type: JSON,
            body: Vec::new(),
            headers: Vec::new(),
            refusal: None,
        }
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        let (status, body) = refusal.in_words(Words::Ours);
        let mut reply = Self::json(body);
        reply.status = status;
        if let Some(seconds) = refusal.retry_after() {
            reply.headers.push(("Retry-After", seconds.to_string()));
        }
        reply.refusal = Some(refusal);
        reply
    }
}
