//! The vocabulary of audio streams: a prompt becomes speech, and a session is a task in one of four states.

use serde_json::{Value, json};

use super::fields::{
    boolean, expanded, is_open, object, pace, readable, said, spoken, string, voice, webhook,
    words_of,
};
use super::status::playlist;
use super::{Catalogue, Refusal, Urls};
use crate::config::Config;
use crate::hls::SegmentFormat;
use crate::language::Language;
use crate::session::{Job, Kind, Record, SessionId, Source, State, Timestamp, Vocabulary};
use crate::speech::Tempo;

/// Reads the body of `POST /audiostream/start/`.
///
/// # Errors
///
/// A [`Refusal`] naming the field at fault.
pub fn start_audio(body: &[u8], config: &Config, catalogue: &Catalogue) -> Result<Job, Refusal> {
    let fields = object(body)?;
    let open = is_open(&fields)?;
    let (text, ssml) = said(&fields, "prompt", open, config)?;
    let language = string(&fields, "lang")?.map(spoken).transpose()?;
    let language = match (language, string(&fields, "voice")?) {
        (None, None) => Some(Language::En),
        (language, _) => language,
    };
    let (language, voice) = voice(&fields, language, config, catalogue)?;
    let expand = expanded(&fields, true, !open && !ssml, config)?;
    if !open && !expand {
        readable(&words_of(text, ssml), &voice, config)?;
    }
    Ok(Job {
        id: SessionId::generate(),
        vocabulary: Vocabulary::Audio,
        kind: Kind::Audio,
        source: Source::Text,
        portrait: None,
        text: text.to_owned(),
        open,
        expand,
        ssml,
        mixed: boolean(&fields, "mixed")?.unwrap_or(false),
        language,
        voice,
        tempo: Tempo::default(),
        avatar: String::new(),
        filmed: false,
        pace: pace(&fields)?,
        segment_format: SegmentFormat::Fmp4,
        fine: false,
        webhook: webhook(&fields, config)?,
        base: String::new(),
        reuse: boolean(&fields, "reuse")?.unwrap_or(true),
        created_at: Timestamp::now(),
    })
}

/// The answer of `POST /audiostream/start/`.
pub fn started_audio(id: SessionId, urls: &Urls) -> String {
    json!({
        "session_id": id,
        "task_id": id,
        "playlist": playlist(id, Kind::Audio, urls),
    })
    .to_string()
}

/// The answer of `GET /audiostream/task-status/<id>/`. Chunks are the segments that are made, be they listed yet or not.
pub fn task_status(record: &Record, urls: &Urls) -> String {
    let playlist = playlist(record.id, record.kind, urls);
    let status: Value = match record.state {
        State::Created => json!({
            "state": "PENDING",
            "status": "waiting for its turn",
        }),
        State::Processing => json!({
            "state": "PROGRESS",
            "status": "being spoken",
            "event": "chunk",
            "chunk_count": record.segments,
            "progress": record.progress,
        }),
        State::Ready => json!({
            "state": "SUCCESS",
            "status": "all of it is there",
            "result": { "playlist": playlist },
            "playlist": playlist,
            "chunk_count": record.segments,
            "progress": record.progress,
        }),
        State::Error => json!({
            "state": "FAILURE",
            "status": "it ended early",
            "error": record.failure.as_ref().map(|failure| &failure.text),
            "error_code": record.failure.as_ref().map(|failure| failure.code),
        }),
    };
    status.to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::api::Code;
    use crate::prompt::Settings;
    use crate::session::{Failure, FailureCode, Pace};

    fn read(body: &str) -> Result<Job, Refusal> {
        read_by(body, &Config::default())
    }

    fn read_by(body: &str, config: &Config) -> Result<Job, Refusal> {
        let catalogue = Catalogue::speaking(&[("en-us", Language::En), ("ru", Language::Ru)]);
        start_audio(body.as_bytes(), config, &catalogue)
    }

    #[test]
    fn english_is_spoken_unless_said_otherwise() {
        let job = read(r#"{"prompt":"Hello."}"#).unwrap();
        assert_eq!((job.language, job.voice.as_str()), (Language::En, "en-us"));
        assert_eq!((job.kind, job.vocabulary), (Kind::Audio, Vocabulary::Audio));
        assert_eq!((job.pace, job.open), (Pace::Fast, false));
        let job = read(r#"{"prompt":"Привет.","lang":"ru","expand":false}"#).unwrap();
        assert_eq!(job.voice, "ru");
        let job = read(r#"{"prompt":"Привет.","voice":"ru"}"#).unwrap();
        assert_eq!(job.language, Language::Ru);
    }

    #[test]
    fn prompts_are_written_out_where_there_is_a_model_unless_said_otherwise() {
        let config = Config {
            expand: Some(Settings::new("http://host/v1", "small").unwrap()),
            ..Config::default()
        };
        for (body, with, without) in [
            (r#"{"prompt":"a"}"#, Ok(true), Ok(false)),
            (r#"{"prompt":"a","expand":null}"#, Ok(true), Ok(false)),
            (r#"{"prompt":"a","expand":false}"#, Ok(false), Ok(false)),
            (
                r#"{"prompt":"a","expand":true}"#,
                Ok(true),
                Err(Code::BadParameter),
            ),
            (r#"{"prompt":"a","final":false}"#, Ok(false), Ok(false)),
            (r#"{"prompt":"<speak>a</speak>"}"#, Ok(false), Ok(false)),
            (
                r#"{"prompt":"<speak>a</speak>","expand":true}"#,
                Err(Code::BadParameter),
                Err(Code::BadParameter),
            ),
            (
                r#"{"final":false,"expand":true}"#,
                Err(Code::BadParameter),
                Err(Code::BadParameter),
            ),
        ] {
            let expand = |read: Result<Job, Refusal>| {
                read.map(|job| job.expand).map_err(|refusal| refusal.code())
            };
            assert_eq!(expand(read_by(body, &config)), with, "{body}");
            assert_eq!(expand(read(body)), without, "{body}");
        }
    }

    #[test]
    fn each_fault_has_its_word() {
        for (body, code) in [
            ("{", Code::BadJson),
            ("{}", Code::EmptyText),
            (r#"{"text":"Hello."}"#, Code::EmptyText),
            (r#"{"prompt":[]}"#, Code::BadParameter),
            (r#"{"prompt":"a","expand":"yes"}"#, Code::BadParameter),
            (r#"{"prompt":"a","lang":"fr"}"#, Code::UnsupportedLanguage),
            (
                r#"{"prompt":"a","lang":"en","voice":"ru"}"#,
                Code::UnknownVoice,
            ),
            (
                r#"{"prompt":"a","webhook":"http://example.org/"}"#,
                Code::BadParameter,
            ),
        ] {
            assert_eq!(read(body).unwrap_err().code(), code, "{body}");
        }
    }

    #[test]
    fn a_session_is_a_task() {
        let mut record = Record {
            kind: Kind::Audio,
            ..Record::created(SessionId::generate(), Vocabulary::Audio, Timestamp::now())
        };
        let told = |record: &Record| -> Value {
            serde_json::from_str(&task_status(record, &Urls::default())).unwrap()
        };
        assert_eq!(told(&record)["state"], "PENDING");
        record.state = State::Processing;
        (record.segments, record.listed) = (5, 2);
        let value = told(&record);
        assert_eq!(value["state"], "PROGRESS");
        assert_eq!(
            (&value["event"], &value["chunk_count"]),
            (&json!("chunk"), &json!(5))
        );
        record.state = State::Ready;
        let value = told(&record);
        let playlist = format!("/media/hls/{}/audio.m3u8", record.id);
        assert_eq!(value["state"], "SUCCESS");
        assert_eq!(value["playlist"], playlist);
        assert_eq!(value["result"]["playlist"], playlist);
        record.fail(Failure {
            code: FailureCode::TtsEmpty,
            text: "no sound".to_owned(),
        });
        let value = told(&record);
        assert_eq!(
            (&value["state"], &value["error"]),
            (&json!("FAILURE"), &json!("no sound"))
        );
        assert!(value["status"].is_string());
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&String::from_utf8_lossy(&body));
        }
    }
}
