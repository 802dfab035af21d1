//! How a session stands, in the realtime vocabulary.

use std::fmt;

use serde_json::json;

use super::MediaFile;
use crate::hls::SOUND_PLAYLIST;
use crate::session::{Kind, Record, SessionId, State, Timestamp, Vocabulary};

/// Where a client found the API, for answers that say where something is.
#[derive(Debug, Clone, Default)]
pub struct Urls {
    /// The path below which the API's own paths begin, without a slash at its end; empty where that is the root.
    pub base: String,
}

impl Urls {
    /// Where the API's path `path`, which begins with a slash, is for the client.
    pub(super) fn to(&self, path: fmt::Arguments<'_>) -> String {
        format!("{}{path}", self.base)
    }
}

/// The status object of `GET /api/stream/status/<id>`.
pub fn status(record: &Record, urls: &Urls) -> String {
    let id = record.id;
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
        "playlist_url": playlist(id, record.kind, urls),
        "mp4_url": whole(id, record.kind, urls),
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
pub(super) fn playlist(id: SessionId, kind: Kind, urls: &Urls) -> Option<String> {
    match kind {
        Kind::Avatar => Some(urls.to(format_args!("/hls/{id}/index.m3u8"))),
        Kind::Audio => Some(urls.to(format_args!("/media/hls/{id}/{SOUND_PLAYLIST}"))),
        Kind::Stream | Kind::Recording(_) => None,
    }
}

/// Where all of session `id` is found as one file, if it is.
fn whole(id: SessionId, kind: Kind, urls: &Urls) -> Option<String> {
    // A recording was given to whoever asked for it.
    kind.is_listed()
        .then(|| urls.to(format_args!("/hls/{id}/{}", MediaFile::Output(kind))))
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
    fn addresses_begin_where_the_client_found_the_api() {
        let record = Record::created(
            SessionId::generate(),
            Vocabulary::Realtime,
            Timestamp::from_micros(1_000_000),
        );
        let urls = Urls {
            base: "/avatar".to_owned(),
        };
        let value: Value = serde_json::from_str(&status(&record, &urls)).unwrap();
        let id = record.id;
        assert_eq!(
            value["playlist_url"],
            format!("/avatar/hls/{id}/index.m3u8")
        );
        assert_eq!(value["mp4_url"], format!("/avatar/hls/{id}/output.mp4"));
        assert_eq!(
            parsed(&record)["playlist_url"],
            format!("/hls/{id}/index.m3u8")
        );
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
