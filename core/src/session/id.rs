//! The identity of a session.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Timestamp;

/// A version 7 UUID (RFC 9562 section 5.7): sorted by time, and unguessable, since knowing it is what
/// lets a client watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId(Uuid);

impl SessionId {
    /// A new identity, made now.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// Reads the one form it is written in: 36 characters, lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let canonical = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        let uuid = canonical.then(|| Uuid::try_parse(text).ok()).flatten()?;
        (uuid.get_version_num() == 7).then_some(Self(uuid))
    }

    /// When it was made, to a millisecond.
    pub fn made_at(self) -> Timestamp {
        let (high, _) = self.0.as_u64_pair();
        Timestamp::from_micros((high >> 16) * 1000)
    }

    /// A number that differs from session to session.
    pub(crate) fn seed(self) -> u64 {
        let [_, low] = self.to_words();
        low
    }

    pub(super) fn to_words(self) -> [u64; 2] {
        let (high, low) = self.0.as_u64_pair();
        [high, low]
    }

    pub(super) fn from_words([high, low]: [u64; 2]) -> Self {
        Self(Uuid::from_u64_pair(high, low))
    }

    /// Its sixteen bytes.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }

    /// The identity of sixteen bytes that [`Self::to_bytes`] gave.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_is_read() {
        let id = SessionId::generate();
        let text = id.to_string();
        assert_eq!(SessionId::parse(&text), Some(id));
        for wrong in [
            text.to_uppercase(),
            format!("{{{text}}}"),
            text.replace('-', ""),
            format!("{text}/"),
            "../../../../etc/passwd".to_owned(),
            "550e8400-e29b-41d4-a716-446655440000".to_owned(),
            String::new(),
        ] {
            assert_eq!(SessionId::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn words_and_bytes_return_the_same_identity() {
        let id = SessionId::generate();
        assert_eq!(SessionId::from_words(id.to_words()), id);
        assert_eq!(SessionId::from_bytes(id.to_bytes()), id);
    }

    #[test]
    fn it_knows_when_it_was_made() {
        let before = Timestamp::now();
        let made = SessionId::generate().made_at();
        let since = made.micros().abs_diff(before.micros());
        assert!(since < 60_000_000, "{since} µs apart");
    }
}
