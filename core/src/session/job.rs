//! What a client asked for.

use serde::{Deserialize, Serialize};

use super::{SessionId, Timestamp, Vocabulary};
use crate::hls::SegmentFormat;
use crate::language::Language;

/// A checked request: everything in it exists and is within limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The session it becomes.
    pub id: SessionId,
    /// How its client wants to be answered.
    pub vocabulary: Vocabulary,
    /// What is made.
    #[serde(default)]
    pub kind: Kind,
    /// What is to be said, or where more of it is to come, how it begins.
    pub text: String,
    /// Whether more text may come.
    #[serde(default)]
    pub open: bool,
    /// Whether the text is a document of SSML.
    #[serde(default)]
    pub ssml: bool,
    /// Whether the voice changes where the text changes its script.
    #[serde(default)]
    pub mixed: bool,
    /// In which language.
    pub language: Language,
    /// By which voice.
    pub voice: String,
    /// With which face.
    pub avatar: String,
    /// Whether that is a filmed one, which networks draw.
    #[serde(default)]
    pub filmed: bool,
    /// How far ahead of the clock it may be generated.
    pub pace: Pace,
    /// What its segments are made of.
    #[serde(default)]
    pub segment_format: SegmentFormat,
    /// Where to say that it is finished.
    #[serde(default)]
    pub webhook: Option<String>,
    /// Whether it may be answered with what was made before, and kept for others who ask for the same.
    #[serde(default = "yes")]
    pub reuse: bool,
    /// When it was accepted.
    pub created_at: Timestamp,
}

fn yes() -> bool {
    true
}

/// What a session makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A face that speaks.
    #[default]
    Avatar,
    /// Speech alone.
    Audio,
}

/// How far ahead of the wall clock a session may be generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pace {
    /// As far as fairness allows.
    #[default]
    Fast,
    /// At most the configured lead: for conversations that may be interrupted.
    Live,
}

#[cfg(test)]
impl Job {
    /// A job like any other, that says `text`.
    pub(crate) fn saying(text: &str) -> Self {
        Self {
            id: SessionId::generate(),
            vocabulary: Vocabulary::Realtime,
            kind: Kind::Avatar,
            text: text.to_owned(),
            open: false,
            ssml: false,
            mixed: false,
            language: Language::En,
            voice: "en-us".to_owned(),
            avatar: "anna".to_owned(),
            filmed: false,
            pace: Pace::Fast,
            segment_format: SegmentFormat::Fmp4,
            webhook: None,
            reuse: true,
            created_at: Timestamp::now(),
        }
    }
}
