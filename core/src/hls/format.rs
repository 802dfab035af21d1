//! What segments are made of.

use serde::{Deserialize, Serialize};

use super::Cut;
use crate::time::FrameRate;

/// The container of a session's segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SegmentFormat {
    /// Fragmented MP4, in parts.
    #[default]
    Fmp4,
    /// MPEG transport streams, whole: for players older than parts and than MP4 in HLS.
    Ts,
}

impl SegmentFormat {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Fmp4, Self::Ts];

    /// Its name in requests and directives.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fmp4 => "fmp4",
            Self::Ts => "ts",
        }
    }

    /// The format of that name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// How a session in this format is cut.
    pub fn cut(self, frame_rate: FrameRate) -> Cut {
        match self {
            Self::Fmp4 => Cut::standard(frame_rate),
            Self::Ts => Cut::whole(frame_rate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_name_is_the_same_everywhere() {
        for format in SegmentFormat::ALL {
            assert_eq!(SegmentFormat::from_word(format.word()), Some(format));
            let json = serde_json::to_string(&format).unwrap();
            assert_eq!(json, format!("\"{}\"", format.word()));
        }
        for wrong in ["", "TS", "mp4"] {
            assert_eq!(SegmentFormat::from_word(wrong), None, "{wrong}");
        }
    }
}
