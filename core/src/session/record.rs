//! How a session stands.

use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};

use super::{Job, Kind, SessionId, Timestamp};
use crate::time::Samples;

/// The public truth about one session, small enough to be copied between processes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Whose it is.
    pub id: SessionId,
    /// How its client wants to be answered.
    pub vocabulary: Vocabulary,
    /// What is made.
    #[serde(default)]
    pub kind: Kind,
    /// Where it is in its life.
    pub state: State,
    /// What is being done.
    pub stage: Stage,
    /// 0–100.
    pub progress: u8,
    /// Counts every change.
    pub version: u64,
    /// Whole segments on disk.
    pub segments: u32,
    /// Of those, how many the playlist lists.
    pub listed: u32,
    /// Parts that the playlist lists of the segment after those. The playlist exists once there is a
    /// segment or a part.
    #[serde(default)]
    pub parts: u32,
    /// Whether its playlists have come to their end. A session may be ready before that: what is listed follows the
    /// clock.
    #[serde(default)]
    pub ended: bool,
    /// Parts of a whole segment, or zero where that is not known yet.
    #[serde(default)]
    pub segment_parts: u8,
    /// Bytes on disk of the one file of a recording.
    #[serde(default)]
    pub bytes: u64,
    /// Still pictures that were taken of it for those who watch them one by one.
    #[serde(default)]
    pub stills: u64,
    /// How much of the sound it was fed has not been shown yet.
    #[serde(with = "samples", default)]
    pub waiting: Samples,
    /// Length of the media on disk.
    #[serde(with = "samples")]
    pub duration: Samples,
    /// Whether its avatar is a filmed one, which networks draw.
    #[serde(default)]
    pub filmed: bool,
    /// Whether its face is that of its client's own photo.
    #[serde(default)]
    pub photo: bool,
    /// When its job was accepted.
    pub created_at: Timestamp,
    /// When it became ready or failed.
    pub finished_at: Option<Timestamp>,
    /// Why it failed, if it did.
    pub failure: Option<Failure>,
}

mod samples {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::time::Samples;

    pub(super) fn serialize<S: Serializer>(value: &Samples, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(value.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Samples, D::Error> {
        u64::deserialize(from).map(Samples)
    }
}

impl Record {
    /// A session just accepted.
    pub fn created(id: SessionId, vocabulary: Vocabulary, created_at: Timestamp) -> Self {
        Self {
            id,
            vocabulary,
            kind: Kind::Avatar,
            state: State::Created,
            stage: Stage::Tts,
            progress: 0,
            version: 1,
            segments: 0,
            listed: 0,
            parts: 0,
            ended: false,
            segment_parts: 0,
            bytes: 0,
            stills: 0,
            waiting: Samples::ZERO,
            duration: Samples::ZERO,
            filmed: false,
            photo: false,
            created_at,
            finished_at: None,
            failure: None,
        }
    }

    /// The session of `job`, just accepted.
    pub fn of(job: &Job) -> Self {
        Self {
            kind: job.kind,
            filmed: job.filmed,
            photo: job.portrait.is_some(),
            ..Self::created(job.id, job.vocabulary, job.created_at)
        }
    }

    /// Whether nothing more will happen to it.
    pub fn finished(&self) -> bool {
        matches!(self.state, State::Ready | State::Error)
    }

    /// Whether its playlist exists.
    pub fn playable(&self) -> bool {
        self.listed > 0 || self.parts > 0
    }

    /// Ends it as failed. What is already listed stays playable.
    pub fn fail(&mut self, failure: Failure) {
        self.state = State::Error;
        self.ended = true;
        self.finished_at = Some(Timestamp::now());
        self.failure = Some(failure);
    }
}

/// The life of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Accepted, waiting for its turn.
    Created,
    /// Being generated.
    Processing,
    /// All of it is on disk.
    Ready,
    /// It ended early.
    Error,
}

/// What is being done for a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Text to speech.
    Tts,
    /// Speech to pictures.
    Inference,
    /// Closing the files.
    Encoding,
    /// Nothing more.
    Done,
}

/// Which of the replaced systems' words a client expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vocabulary {
    /// A failed session is `failed`.
    Realtime,
    /// A failed session is `error`.
    Specification,
    /// A session is a task in one of the states `PENDING`, `PROGRESS`, `SUCCESS` and `FAILURE`.
    Audio,
}

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
    /// A fault of ours.
    Internal,
}

impl FailureCode {
    const ALL: [Self; 10] = [
        Self::TtsTimeout,
        Self::TtsEmpty,
        Self::TtsFailed,
        Self::InferenceFailed,
        Self::OutOfMemory,
        Self::EncodeFailed,
        Self::DiskFull,
        Self::Interrupted,
        Self::BadImage,
        Self::Internal,
    ];

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
            Self::Internal => "internal",
        }
    }
}

const TEXT: usize = 160;

/// A [`Record`] as it lies in shared memory.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Packed {
    id: [u64; 2],
    version: u64,
    created_at: u64,
    finished_at: u64,
    duration: u64,
    bytes: u64,
    stills: u64,
    waiting: u64,
    segments: u32,
    listed: u32,
    parts: u32,
    state: u8,
    stage: u8,
    progress: u8,
    vocabulary: u8,
    failure: u8,
    text_length: u8,
    segment_parts: u8,
    ended: u8,
    kind: u8,
    /// One bit each: whether its avatar is filmed, and whether its face is on a photo.
    face: u8,
    spare: [u8; 2],
    text: [u8; TEXT],
}

/// Words of a [`Packed`] record.
pub(super) const WORDS: usize = size_of::<Packed>() / 8;

impl Packed {
    pub(super) fn to_words(self) -> [u64; WORDS] {
        bytemuck::must_cast(self)
    }

    pub(super) fn from_words(words: [u64; WORDS]) -> Self {
        bytemuck::must_cast(words)
    }
}

impl From<&Record> for Packed {
    fn from(record: &Record) -> Self {
        let mut packed = Self::zeroed();
        packed.id = record.id.to_words();
        packed.version = record.version;
        packed.created_at = record.created_at.micros();
        packed.finished_at = record.finished_at.map_or(0, Timestamp::micros);
        packed.duration = record.duration.0;
        packed.bytes = record.bytes;
        packed.stills = record.stills;
        packed.waiting = record.waiting.0;
        packed.segments = record.segments;
        packed.listed = record.listed;
        packed.parts = record.parts;
        packed.segment_parts = record.segment_parts;
        packed.ended = record.ended.into();
        packed.face = u8::from(record.filmed) | u8::from(record.photo) << 1;
        packed.state = record.state as u8;
        packed.stage = record.stage as u8;
        packed.progress = record.progress;
        packed.vocabulary = record.vocabulary as u8;
        packed.kind = record.kind.number();
        if let Some(failure) = &record.failure {
            packed.failure = failure.code as u8 + 1;
            let kept = failure.text.floor_char_boundary(TEXT);
            for (to, from) in packed.text.iter_mut().zip(failure.text.bytes().take(kept)) {
                *to = from;
            }
            packed.text_length = kept as u8;
        }
        packed
    }
}

impl Packed {
    /// The record, or `None` where the words are no record at all.
    pub(super) fn unpack(&self) -> Option<Record> {
        let code = FailureCode::ALL.get(usize::from(self.failure).wrapping_sub(1));
        let failure = code.map(|&code| Failure {
            code,
            text: self
                .text
                .get(..usize::from(self.text_length))
                .and_then(|bytes| std::str::from_utf8(bytes).ok())
                .unwrap_or_default()
                .to_owned(),
        });
        Some(Record {
            id: SessionId::from_words(self.id),
            vocabulary: match self.vocabulary {
                0 => Vocabulary::Realtime,
                1 => Vocabulary::Specification,
                2 => Vocabulary::Audio,
                _ => return None,
            },
            kind: Kind::from_number(self.kind)?,
            state: match self.state {
                0 => State::Created,
                1 => State::Processing,
                2 => State::Ready,
                3 => State::Error,
                _ => return None,
            },
            stage: match self.stage {
                0 => Stage::Tts,
                1 => Stage::Inference,
                2 => Stage::Encoding,
                3 => Stage::Done,
                _ => return None,
            },
            progress: self.progress,
            version: self.version,
            segments: self.segments,
            listed: self.listed,
            parts: self.parts,
            segment_parts: self.segment_parts,
            ended: self.ended != 0,
            filmed: self.face & 1 != 0,
            photo: self.face & 2 != 0,
            bytes: self.bytes,
            stills: self.stills,
            waiting: Samples(self.waiting),
            duration: Samples(self.duration),
            created_at: Timestamp::from_micros(self.created_at),
            finished_at: (self.finished_at != 0).then(|| Timestamp::from_micros(self.finished_at)),
            failure,
        })
    }
}

#[cfg(test)]
mod tests {
    use avatar_codec::RecordingFormat;
    use proptest::prelude::*;

    use super::*;

    fn record(text: &str) -> Record {
        let mut record = Record::created(
            SessionId::generate(),
            Vocabulary::Specification,
            Timestamp::now(),
        );
        record.kind = Kind::Recording(RecordingFormat::Flac);
        record.bytes = u64::MAX - 1;
        record.stills = 9;
        record.segments = 7;
        record.listed = 3;
        record.parts = 2;
        record.segment_parts = 5;
        record.filmed = true;
        record.photo = true;
        record.duration = Samples(336_000);
        record.fail(Failure {
            code: FailureCode::DiskFull,
            text: text.to_owned(),
        });
        record
    }

    proptest! {
        #[test]
        fn packing_loses_nothing_but_the_end_of_a_long_text(text in "\\PC{0,300}") {
            let record = record(&text);
            let mut back = Packed::from_words(Packed::from(&record).to_words()).unpack().unwrap();
            let kept = back.failure.clone().unwrap().text;
            prop_assert!(text.starts_with(&kept) && (kept.len() > TEXT - 4 || kept == text));
            back.failure = record.failure.clone();
            prop_assert_eq!(back, record);
        }

        #[test]
        fn no_words_panic(words in proptest::array::uniform32(any::<u64>())) {
            let _ = Packed::from_words(words).unpack();
        }
    }

    #[test]
    fn the_disk_form_is_read_back() {
        let record = record("no space left");
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
    }
}
