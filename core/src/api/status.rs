//! How a session stands, in the realtime vocabulary.

use serde_json::json;

use super::MediaFile;
use crate::hls::SOUND_PLAYLIST;
use crate::session::{Kind, Record, SessionId, State, Timestamp, Vocabulary};

/// Where a client reached us, for answers that carry whole URLs.
#[derive(Debug, Clone, Default)]
pub struct Urls {
    /// Scheme and host without a trailing slash, or empty for relative URLs.
    pub origin: String,
}

/// The status object of `GET /api/stream/status/<id>`.
pub fn status(record: &Record, urls: &Urls) -> String {
    let id = record.id;
    let origin = &urls.origin;
    let state = match (record.state, record.vocabulary) {
        (State::Created, Vocabulary::Specification | Vocabulary::Audio) => "created",
        (State::Created | State::Processing, _) => "processing",
        (State::Ready, _) => "ready",
        (State::Error, Vocabulary::Realtime) => "failed",
        (State::Error, Vocabulary::Specification | Vocabulary::Audio) => "error",
    };
    json!({
        "session_id": id,
        "status": state,
        "progress": record.progress,
        "stage": record.stage,
        "playlist_ready": record.playable(),
        "playlist_url": playlist(id, record.kind).map(|playlist| format!("{origin}{playlist}")),
        "mp4_url": whole(id, record.kind).map(|whole| format!("{origin}{whole}")),
        "segments": record.segments,
        "duration": (record.duration.seconds() * 1000.0).round() / 1000.0,
        "error": record.failure.as_ref().map(|failure| &failure.text),
        "error_code": record.failure.as_ref().map(|failure| failure.code),
        "created_at": record.created_at.rfc3339(),
        "finished_at": record.finished_at.map(Timestamp::rfc3339),
    })
    .to_string()
}

/// Where the playlist of session `id` is found, if it has one.
pub(super) fn playlist(id: SessionId, kind: Kind) -> Option<String> {
    match kind {
        Kind::Avatar => Some(format!("/hls/{id}/index.m3u8")),
        Kind::Audio => Some(format!("/media/hls/{id}/{SOUND_PLAYLIST}")),
        Kind::Stream | Kind::Recording(_) => None,
    }
}

/// Where all of session `id` is found as one file, if it is.
fn whole(id: SessionId, kind: Kind) -> Option<String> {
    // A recording was given to whoever asked for it.
    kind.is_listed()
        .then(|| format!("/hls/{id}/{}", MediaFile::Output(kind)))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::session::{Failure, FailureCode};
    use crate::time::Samples;

    fn parsed(record: &Record) -> Value {
        serde_json::from_str(&status(record, &Urls::default())).unwrap()
    }

    #[test]
    fn both_vocabularies_have_their_own_words() {
        for (vocabulary, fresh, failed) in [
            (Vocabulary::Realtime, "processing", "failed"),
            (Vocabulary::Specification, "created", "error"),
        ] {
            let mut record = Record::created(
                SessionId::generate(),
                vocabulary,
                Timestamp::from_micros(1_000_000),
            );
            assert_eq!(parsed(&record)["status"], fresh);
            record.fail(Failure {
                code: FailureCode::TtsEmpty,
                text: "no sound".to_owned(),
            });
            let value = parsed(&record);
            assert_eq!(value["status"], failed);
            assert_eq!(value["error"], "no sound");
            assert_eq!(value["error_code"], "tts_empty");
        }
    }

    #[test]
    fn what_is_not_known_is_null() {
        let mut record = Record::created(
            SessionId::generate(),
            Vocabulary::Realtime,
            Timestamp::from_micros(1_732_192_245_123_456),
        );
        record.duration = Samples(48_000 + 1920);
        let value = parsed(&record);
        assert_eq!(value["created_at"], "2024-11-21T12:30:45.123456Z");
        assert_eq!(value["duration"], 1.04);
        for unknown in ["error", "error_code", "finished_at"] {
            assert!(value[unknown].is_null(), "{unknown}");
        }
    }
}
