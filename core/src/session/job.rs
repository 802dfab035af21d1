//! What a client asked for.

use avatar_codec::RecordingFormat;
use serde::{Deserialize, Serialize};

use super::{SessionId, Timestamp, Vocabulary};
use crate::hls::SegmentFormat;
use crate::language::Language;
use crate::speech::Tempo;

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
    /// Where its speech comes from.
    #[serde(default)]
    pub source: Source,
    /// How the client's own picture becomes a face, where there is one.
    #[serde(default)]
    pub portrait: Option<Portrait>,
    /// What is to be said, or where more of it is to come, how it begins.
    pub text: String,
    /// Whether more text may come.
    #[serde(default)]
    pub open: bool,
    /// Whether the text is a prompt, and what is said is what a language model makes of it.
    #[serde(default)]
    pub expand: bool,
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
    /// How fast, where it is a recording.
    #[serde(default)]
    pub tempo: Tempo,
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
    /// Whether it is a film: made as well as can be rather than as fast, for somebody who waits for all of it.
    #[serde(default)]
    pub fine: bool,
    /// Where to say that it is finished.
    #[serde(default)]
    pub webhook: Option<String>,
    /// The path below which its client found the API, without a slash at its end; empty where that is the root.
    #[serde(default)]
    pub base: String,
    /// Whether it may be answered with what was made before, and kept for others who ask for the same.
    #[serde(default = "yes")]
    pub reuse: bool,
    /// When it was accepted.
    pub created_at: Timestamp,
}

impl Job {
    /// Whether its speech is fed to it, and comes unasked.
    pub fn is_fed(&self) -> bool {
        matches!(self.source, Source::Feed { .. })
    }

    /// Whether whoever asked for it waits for all of it: then nothing is left out or filled in for being late.
    pub fn is_awaited(&self) -> bool {
        self.fine || self.kind.is_recording()
    }

    /// Whether somebody talks to it while it is shown: it says what comes, and when that is, nobody knows.
    pub fn is_conversation(&self) -> bool {
        self.kind == Kind::Stream && self.open
    }
}

fn yes() -> bool {
    true
}

/// Where a session's speech comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A voice says a text.
    #[default]
    Text,
    /// It is fed, piece by piece. Pieces of sound without a header have `rate` samples a second.
    Feed {
        /// Samples a second.
        rate: u32,
        /// Whether there may be such pieces.
        #[serde(default)]
        bare: Bare,
    },
}

/// Whether what is nothing that is known is taken for samples of 16 bits without a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bare {
    /// Its client did not say so.
    #[default]
    Never,
    /// Its client named their rate, which nothing else needs: where they can be samples of a voice.
    Plausible,
    /// Its client said so.
    Always,
}

/// How a client's own picture becomes a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portrait {
    /// Whether it is cut to the face.
    pub crop: bool,
    /// What chance is drawn from.
    pub seed: u64,
    /// Points of time at which a network's flow is followed.
    pub steps: u8,
    /// How closely a network keeps to the sound, in thousandths.
    pub guidance: u32,
    /// Pitch, yaw and roll of the head, in thousandths of a radian, where its client says so.
    pub pose: Option<[i32; 3]>,
    /// Where the eyes look, across and down, in thousandths, where its client says so.
    pub gaze: Option<[i32; 2]>,
}

/// What is taken where a client does not say.
impl Default for Portrait {
    fn default() -> Self {
        Self {
            crop: true,
            seed: 42,
            steps: 10,
            guidance: 2000,
            pose: None,
            gaze: None,
        }
    }
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
    /// A face that speaks, for those who watch it while it is made: nothing is kept of it.
    Stream,
    /// Speech in one file, which whoever asked for it reads while it grows. It has no playlists.
    Recording(RecordingFormat),
}

impl Kind {
    /// Its number in shared memory and in addresses.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Avatar => 0,
            Self::Audio => 1,
            Self::Stream => 2,
            Self::Recording(format) => 3 + format as u8,
        }
    }

    /// The kind of that number.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Avatar),
            1 => Some(Self::Audio),
            2 => Some(Self::Stream),
            _ => {
                let format = RecordingFormat::ALL.get(usize::from(number) - 3)?;
                Some(Self::Recording(*format))
            }
        }
    }

    /// Whether it has playlists.
    pub fn is_listed(self) -> bool {
        matches!(self, Self::Avatar | Self::Audio)
    }

    /// Whether it has pictures.
    pub fn is_seen(self) -> bool {
        matches!(self, Self::Avatar | Self::Stream)
    }

    /// Whether it is one file and nothing else.
    pub fn is_recording(self) -> bool {
        matches!(self, Self::Recording(_))
    }
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
    /// As little as can be shown without a hitch: for those who answer at once.
    Prompt,
}

#[cfg(test)]
impl Job {
    /// A job like any other, that says `text`.
    pub(crate) fn saying(text: &str) -> Self {
        Self {
            id: SessionId::generate(),
            vocabulary: Vocabulary::Realtime,
            kind: Kind::Avatar,
            source: Source::Text,
            portrait: None,
            text: text.to_owned(),
            open: false,
            expand: false,
            ssml: false,
            mixed: false,
            language: Language::En,
            voice: "en-us".to_owned(),
            tempo: Tempo::default(),
            avatar: "anna".to_owned(),
            filmed: false,
            pace: Pace::Fast,
            segment_format: SegmentFormat::Fmp4,
            fine: false,
            webhook: None,
            base: String::new(),
            reuse: true,
            created_at: Timestamp::now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_numbers_and_words_of_their_own() {
        let recordings = RecordingFormat::ALL.map(Kind::Recording);
        let kinds = [Kind::Avatar, Kind::Audio, Kind::Stream]
            .into_iter()
            .chain(recordings);
        for (kind, number) in kinds.zip(0..) {
            assert_eq!(
                (kind.number(), Kind::from_number(number)),
                (number, Some(kind))
            );
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(serde_json::from_str::<Kind>(&json).unwrap(), kind);
        }
        assert_eq!(Kind::from_number(u8::MAX), None);
    }
}
