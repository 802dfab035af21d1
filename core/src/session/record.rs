//! How a session stands.

use serde::{Deserialize, Serialize};

use super::{Failure, Job, Kind, SessionId, Timestamp};
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
        self.state.is_final()
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

numbered!(State {
    Created = 0,
    Processing = 1,
    Ready = 2,
    Error = 3,
});

impl State {
    /// Whether nothing more will happen to a session in it.
    pub(super) fn is_final(self) -> bool {
        matches!(self, Self::Ready | Self::Error)
    }
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

numbered!(Stage {
    Tts = 0,
    Inference = 1,
    Encoding = 2,
    Done = 3,
});

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

numbered!(Vocabulary {
    Realtime = 0,
    Specification = 1,
    Audio = 2,
});

#[cfg(test)]
pub(super) mod tests {
    use avatar_codec::RecordingFormat;

    use super::*;
    use crate::session::FailureCode;

    /// One that has something to say of everything.
    pub(in crate::session) fn record(text: &str) -> Record {
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

    #[test]
    fn the_disk_form_is_read_back() {
        let record = record("no space left");
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&json).unwrap(), record);
    }
}
