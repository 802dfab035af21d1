//! What peers say on a data channel.

use serde::Deserialize;
use serde_json::json;
use thiserror::Error;

/// One message of a peer: a JSON object with a `type`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message {
    /// A whole text, to be said after what is being said.
    Speak {
        /// What is to be said.
        text: String,
    },
    /// A piece of a text, which may begin and end anywhere.
    Append {
        /// What comes next.
        #[serde(default)]
        text: String,
        /// Whether this is the last of it.
        #[serde(default, rename = "final")]
        last: bool,
    },
    /// What is being said is to end now.
    Interrupt,
    /// How the session is.
    Status,
}

/// Why a message was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MessageError {
    /// It is longer than [`Message::MOST`].
    #[error("a message may have at most {} bytes", Message::MOST)]
    TooLarge,
    /// It is not JSON, or has no type that is known.
    #[error(
        "a message is a JSON object whose \"type\" is \"speak\", \"append\", \"interrupt\" or \"status\""
    )]
    BadJson,
    /// They come faster than anybody talks.
    #[error("too many messages")]
    TooFast,
}

impl Message {
    /// Bytes of the longest message.
    pub const MOST: usize = 65_536;

    /// Reads a message.
    ///
    /// # Errors
    ///
    /// [`MessageError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, MessageError> {
        if bytes.len() > Self::MOST {
            return Err(MessageError::TooLarge);
        }
        serde_json::from_slice(bytes).map_err(|_| MessageError::BadJson)
    }
}

impl MessageError {
    /// The event that tells the peer.
    pub(super) fn event(self) -> String {
        let code = match self {
            Self::TooLarge => "too_large",
            Self::BadJson => "bad_json",
            Self::TooFast => "busy",
        };
        json!({ "type": "error", "code": code, "error": self.to_string() }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_are_understood() {
        let speak = |text: &str| Message::Speak { text: text.into() };
        for (json, message) in [
            (r#"{"type":"speak","text":"Hello."}"#, speak("Hello.")),
            (r#"{"text":"","type":"speak","more":1}"#, speak("")),
            (
                r#"{"type":"append","text":"Hel","final":false}"#,
                Message::Append {
                    text: "Hel".into(),
                    last: false,
                },
            ),
            (
                r#"{"type":"append","final":true}"#,
                Message::Append {
                    text: String::new(),
                    last: true,
                },
            ),
            (r#"{"type":"interrupt"}"#, Message::Interrupt),
            (r#"{"type":"status"}"#, Message::Status),
        ] {
            assert_eq!(Message::parse(json.as_bytes()), Ok(message), "{json}");
        }
        for wrong in [
            "",
            "hello",
            "[]",
            "{}",
            r#"{"type":"speak"}"#,
            r#"{"type":"speak","text":1}"#,
            r#"{"type":"dance"}"#,
            r#"{"type":"append","final":"yes"}"#,
        ] {
            assert_eq!(
                Message::parse(wrong.as_bytes()),
                Err(MessageError::BadJson),
                "{wrong}"
            );
        }
        let long = format!(r#"{{"type":"speak","text":"{}"}}"#, "a".repeat(65_536));
        assert_eq!(Message::parse(long.as_bytes()), Err(MessageError::TooLarge));
        assert!(Message::parse(&[b'['].repeat(60_000)).is_err());
    }

    proptest! {
        #[test]
        fn anything_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..300), text in any::<String>()) {
            let _ = Message::parse(&bytes);
            let _ = Message::parse(text.as_bytes());
            let json = serde_json::json!({ "type": "speak", "text": text });
            prop_assert_eq!(
                Message::parse(json.to_string().as_bytes()),
                Ok(Message::Speak { text })
            );
        }
    }
}
