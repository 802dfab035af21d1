//! The languages a session can speak.

use serde::{Deserialize, Serialize};

/// A language clients may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Russian
    Ru,
    /// Kazakh
    Kk,
    /// English
    En,
}

impl Language {
    /// Every language, in the order they are listed to clients.
    pub const ALL: [Self; 3] = [Self::Ru, Self::Kk, Self::En];

    /// The ISO 639-1 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::Kk => "kk",
            Self::En => "en",
        }
    }

    /// Its English name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ru => "Russian",
            Self::Kk => "Kazakh",
            Self::En => "English",
        }
    }

    /// The language of an ISO 639-1 code, upper or lower case.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(code))
    }
}
