//! OpenAI's vocabulary: one call that answers with speech, and what clients ask before they make it.

use avatar_codec::RecordingFormat;
use base64::prelude::{BASE64_STANDARD as BASE64, Engine as _};
use serde_json::{Map, Value, json};

use super::realtime::{boolean, object, spoken, string, text, voice};
use super::{Catalogue, Code, Refusal};
use crate::config::Config;
use crate::hls::SegmentFormat;
use crate::language::Language;
use crate::session::{FailureCode, Job, Kind, Pace, SessionId, Source, Timestamp, Vocabulary};
use crate::speech::Tempo;
use crate::text::language_of;

/// OpenAI's voices. Whoever asks for one is given a voice of ours in the language of the text.
const VOICES: [&str; 13] = [
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage",
    "shimmer", "verse",
];

/// OpenAI's models for speech. Which one is asked for makes no difference: the voice decides.
const MODELS: [&str; 3] = ["tts-1", "tts-1-hd", "gpt-4o-mini-tts"];

/// What is wanted of `POST /v1/audio/speech`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpeechOrder {
    /// The recording to be made.
    pub job: Job,
    /// How it is to be sent.
    pub delivery: Delivery,
}

/// How a recording is sent while it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// As it is.
    Bytes,
    /// As server-sent events with pieces of it in base64.
    Events,
}

/// Reads the body of `POST /v1/audio/speech`.
///
/// # Errors
///
/// A [`Refusal`] naming the field at fault.
pub fn speech(body: &[u8], config: &Config, catalogue: &Catalogue) -> Result<SpeechOrder, Refusal> {
    let mut fields = object(body)?;
    for ignored in ["model", "instructions"] {
        string(&fields, ignored).map_err(|refusal| refusal.about(ignored))?;
    }
    let text = text(&fields, "input", false, config)
        .map_err(|refusal| refusal.about("input"))?
        .to_owned();
    let format = format(&fields)?;
    let tempo = tempo(&fields)?;
    let delivery = delivery(&fields)?;
    let reuse = boolean(&fields, "reuse").map_err(|refusal| refusal.about("reuse"))?;
    let (language, voice) = speaker(&mut fields, &text, config, catalogue)?;
    Ok(SpeechOrder {
        job: Job {
            id: SessionId::generate(),
            vocabulary: Vocabulary::Realtime,
            kind: Kind::Recording(format),
            source: Source::Text,
            portrait: None,
            text,
            open: false,
            ssml: false,
            mixed: false,
            language,
            voice,
            tempo,
            avatar: String::new(),
            filmed: false,
            pace: Pace::Fast,
            segment_format: SegmentFormat::Fmp4,
            webhook: None,
            reuse: reuse.unwrap_or(true),
            created_at: Timestamp::now(),
        },
        delivery,
    })
}

fn format(fields: &Map<String, Value>) -> Result<RecordingFormat, Refusal> {
    let name = "response_format";
    let word = string(fields, name).map_err(|refusal| refusal.about(name))?;
    RecordingFormat::from_word(word.unwrap_or("mp3")).ok_or_else(|| {
        let words = RecordingFormat::ALL.map(RecordingFormat::word).join(", ");
        Refusal::new(Code::BadParameter, format!("{name} must be one of {words}")).about(name)
    })
}

fn tempo(fields: &Map<String, Value>) -> Result<Tempo, Refusal> {
    let tempo = match fields.get("speed") {
        None | Some(Value::Null) => Some(Tempo::default()),
        Some(value) => value.as_f64().and_then(Tempo::new),
    };
    tempo.ok_or_else(|| {
        Refusal::new(
            Code::BadParameter,
            "speed must be a number between 0.25 and 4",
        )
        .about("speed")
    })
}

fn delivery(fields: &Map<String, Value>) -> Result<Delivery, Refusal> {
    let name = "stream_format";
    match string(fields, name).map_err(|refusal| refusal.about(name))? {
        None | Some("audio") => Ok(Delivery::Bytes),
        Some("sse") => Ok(Delivery::Events),
        Some(_) => Err(Refusal::new(
            Code::BadParameter,
            "stream_format must be \"audio\" or \"sse\"",
        )
        .about(name)),
    }
}

/// The language and the voice. A voice may be named by one of OpenAI's names, or as an object with an id.
fn speaker(
    fields: &mut Map<String, Value>,
    text: &str,
    config: &Config,
    catalogue: &Catalogue,
) -> Result<(Language, String), Refusal> {
    if let Some(Value::Object(voice)) = fields.get_mut("voice") {
        let id = voice.remove("id").unwrap_or_default();
        fields.insert("voice".to_owned(), id);
    }
    let named = string(fields, "voice").map_err(|refusal| refusal.about("voice"))?;
    let theirs = named.is_none_or(|id| VOICES.contains(&id) && catalogue.voice(id).is_none());
    let code = string(fields, "language").and_then(|code| match code {
        Some(code) => Ok(Some(code)),
        None => string(fields, "lang"),
    });
    let language = code
        .and_then(|code| code.map(spoken).transpose())
        .map_err(|refusal| refusal.about("language"))?;
    let language = match theirs {
        true => {
            fields.remove("voice");
            language.or_else(|| language_of(text))
        }
        false => language,
    };
    voice(fields, language, config, catalogue).map_err(|refusal| refusal.about("voice"))
}

/// The answer of `GET /v1/models`.
pub fn models() -> String {
    let models =
        MODELS.map(|id| json!({ "id": id, "object": "model", "created": 0, "owned_by": "avatar" }));
    json!({ "object": "list", "data": models }).to_string()
}

/// The event that carries a piece of a recording.
pub fn delta(piece: &[u8]) -> String {
    let event = json!({ "type": "speech.audio.delta", "audio": BASE64.encode(piece) });
    format!("data: {event}\n\n")
}

/// The event after the last piece. Nothing is counted in tokens here.
pub fn done() -> String {
    let usage = json!({ "input_tokens": 0, "output_tokens": 0, "total_tokens": 0 });
    let event = json!({ "type": "speech.audio.done", "usage": usage });
    format!("data: {event}\n\n")
}

/// A refusal in OpenAI's words: the HTTP status, and the body.
pub(super) fn refusal(refusal: &Refusal) -> (u16, String) {
    let status = match refusal.code() {
        // Clients ask again by themselves after these.
        Code::Failed(FailureCode::TtsTimeout) => 504,
        Code::Failed(_) => 500,
        _ => refusal.status(),
    };
    let kind = match status {
        ..500 => "invalid_request_error",
        _ => "server_error",
    };
    let word = match refusal.code() {
        Code::Unauthorized => "invalid_api_key",
        code => code.word(),
    };
    let error = json!({
        "message": refusal.message(),
        "type": kind,
        "param": refusal.parameter(),
        "code": word,
    });
    (status, json!({ "error": error }).to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::api::Words;
    use crate::speech::Voice;

    fn catalogue() -> Catalogue {
        let voice = |id: &str, language| Voice {
            id: id.to_owned(),
            name: id.to_owned(),
            language,
        };
        Catalogue {
            voices: vec![
                voice("en-us", Language::En),
                voice("en-gb", Language::En),
                voice("ru", Language::Ru),
                voice("sage", Language::Ru),
            ],
            avatars: Vec::new(),
            gallery: None,
            voice: Some("en-gb".to_owned()),
            avatar: "anna".to_owned(),
        }
    }

    fn read(body: &Value) -> Result<SpeechOrder, Refusal> {
        speech(
            body.to_string().as_bytes(),
            &Config::default(),
            &catalogue(),
        )
    }

    fn voice_of(body: &Value) -> (Language, String) {
        let job = read(body).unwrap().job;
        (job.language, job.voice)
    }

    #[test]
    fn what_openai_s_clients_send_is_understood() {
        let order = read(&json!({
            "model": "gpt-4o-mini-tts", "input": "Hello.", "voice": "alloy", "instructions": "Whisper.",
            "response_format": "opus", "speed": 1.5, "stream_format": "sse",
        }))
        .unwrap();
        assert_eq!(order.delivery, Delivery::Events);
        assert_eq!(order.job.kind, Kind::Recording(RecordingFormat::Opus));
        assert_eq!(order.job.tempo, Tempo::new(1.5).unwrap());
        assert_eq!(order.job.text, "Hello.");
        let order = read(&json!({ "model": "tts-1", "input": "Hello.", "voice": "echo" })).unwrap();
        assert_eq!(order.delivery, Delivery::Bytes);
        assert_eq!(order.job.kind, Kind::Recording(RecordingFormat::Mp3));
        assert_eq!(order.job.tempo, Tempo::default());
    }

    #[test]
    fn their_voices_are_ours_in_the_language_of_the_text() {
        let ru = |voice: &str| (Language::Ru, voice.to_owned());
        let en = |voice: &str| (Language::En, voice.to_owned());
        for (body, wanted) in [
            (json!({ "input": "Hello.", "voice": "alloy" }), en("en-gb")),
            (json!({ "input": "Привет.", "voice": "alloy" }), ru("ru")),
            (json!({ "input": "Привет." }), ru("ru")),
            (json!({ "input": "7", "voice": "nova" }), en("en-gb")),
            (
                json!({ "input": "Hello.", "voice": "nova", "language": "ru" }),
                ru("ru"),
            ),
            (
                json!({ "input": "Hello.", "voice": "nova", "lang": "ru" }),
                ru("ru"),
            ),
            (json!({ "input": "Привет.", "voice": "en-us" }), en("en-us")),
            (
                json!({ "input": "Hello.", "voice": { "id": "ru" } }),
                ru("ru"),
            ),
            // The operator's own voice of that name.
            (json!({ "input": "Hello.", "voice": "sage" }), ru("sage")),
        ] {
            assert_eq!(voice_of(&body), wanted, "{body}");
        }
    }

    #[test]
    fn each_fault_names_its_field() {
        let long = "a".repeat(5001);
        for (body, code, field) in [
            (json!({}), Code::EmptyText, "input"),
            (json!({ "input": " … " }), Code::EmptyText, "input"),
            (json!({ "input": 5 }), Code::BadParameter, "input"),
            (json!({ "input": long }), Code::TextTooLong, "input"),
            (
                json!({ "input": "a", "model": 1 }),
                Code::BadParameter,
                "model",
            ),
            (
                json!({ "input": "a", "voice": "bob" }),
                Code::UnknownVoice,
                "voice",
            ),
            (
                json!({ "input": "a", "voice": 1 }),
                Code::BadParameter,
                "voice",
            ),
            (
                json!({ "input": "a", "voice": { "id": 7 } }),
                Code::BadParameter,
                "voice",
            ),
            (
                json!({ "input": "a", "voice": "ru", "language": "en" }),
                Code::UnknownVoice,
                "voice",
            ),
            (
                json!({ "input": "a", "language": "fr" }),
                Code::UnsupportedLanguage,
                "language",
            ),
            (
                json!({ "input": "a", "response_format": "ogg" }),
                Code::BadParameter,
                "response_format",
            ),
            (
                json!({ "input": "a", "response_format": 3 }),
                Code::BadParameter,
                "response_format",
            ),
            (
                json!({ "input": "a", "speed": 0.2 }),
                Code::BadParameter,
                "speed",
            ),
            (
                json!({ "input": "a", "speed": 4.5 }),
                Code::BadParameter,
                "speed",
            ),
            (
                json!({ "input": "a", "speed": "1" }),
                Code::BadParameter,
                "speed",
            ),
            (
                json!({ "input": "a", "stream_format": "x" }),
                Code::BadParameter,
                "stream_format",
            ),
        ] {
            let refusal = read(&body).unwrap_err();
            assert_eq!(
                (refusal.code(), refusal.parameter()),
                (code, Some(field)),
                "{body}"
            );
        }
        assert_eq!(
            speech(b"{", &Config::default(), &catalogue())
                .unwrap_err()
                .code(),
            Code::BadJson
        );
    }

    #[test]
    fn refusals_have_openai_s_shape() {
        let refusal = Refusal::new(Code::UnknownVoice, "there is no voice").about("voice");
        let (status, body) = refusal.in_words(Words::OpenAi);
        assert_eq!(status, 400);
        assert_eq!(
            serde_json::from_str::<Value>(&body).unwrap(),
            json!({ "error": {
                "message": "there is no voice", "type": "invalid_request_error", "param": "voice", "code": "unknown_voice",
            } })
        );
        for (code, status, kind, word) in [
            (
                Code::Unauthorized,
                401,
                "invalid_request_error",
                "invalid_api_key",
            ),
            (Code::Busy, 503, "server_error", "busy"),
            (
                Code::Failed(FailureCode::TtsFailed),
                500,
                "server_error",
                "tts_failed",
            ),
            (
                Code::Failed(FailureCode::TtsTimeout),
                504,
                "server_error",
                "tts_timeout",
            ),
        ] {
            let (found, body) = Refusal::new(code, "x").in_words(Words::OpenAi);
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(found, status);
            assert_eq!(
                (&body["error"]["type"], &body["error"]["code"]),
                (&json!(kind), &json!(word))
            );
            assert!(body["error"]["param"].is_null());
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = speech(&body, &Config::default(), &catalogue());
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,200}") {
            if let Ok(order) = read(&json!({ "input": text })) {
                prop_assert_eq!(order.job.text, text);
            }
        }
    }
}
