//! Answers that the module makes itself.

use avatar_core::api::Refusal;

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
        }
    }

    /// A refusal.
    pub(crate) fn refusal(refusal: &Refusal) -> Self {
        let mut reply = Self::json(refusal.json());
        reply.status = refusal.status();
        if let Some(seconds) = refusal.retry_after() {
            reply.headers.push(("Retry-After", seconds.to_string()));
        }
        reply
    }

    /// An answer without a body.
    pub(crate) fn empty() -> Self {
        Self {
            status: 204,
            content_type: JSON,
            body: Vec::new(),
            headers: Vec::new(),
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
        Self::refusal(&refusal)
    }
}
