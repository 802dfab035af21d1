//! OpenAI's vocabulary: one call that answers with speech, and what clients ask before they make it.

use avatar_codec::RecordingFormat;
use base64::prelude::{BASE64_STANDARD as BASE64, Engine as _};
use serde_json::{Map, Value, json};

use super::fields::{boolean, object, readable, said, spoken, string, voice, words_of};
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
    let (text, ssml) = said(&fields, "input", false, config)
        .map(|(text, ssml)| (text.to_owned(), ssml))
        .map_err(|refusal| refusal.about("input"))?;
    let mixed = boolean(&fields, "mixed").map_err(|refusal| refusal.about("mixed"))?;
    let format = format(&fields)?;
    let tempo = tempo(&fields)?;
    let delivery = delivery(&fields)?;
    let reuse = boolean(&fields, "reuse").map_err(|refusal| refusal.about("reuse"))?;
    let words = words_of(&text, ssml).into_owned();
    let (language, voice) = speaker(&mut fields, &words, config, catalogue)?;
    readable(&words, &voice, config).map_err(|refusal| refusal.about("input"))?;
    Ok(SpeechOrder {
        job: Job {
            id: SessionId::generate(),
            vocabulary: Vocabulary::Realtime,
            kind: Kind::Recording(format),
            source: Source::Text,
            portrait: None,
            text,
            open: false,
            expand: false,
            ssml,
            mixed: mixed.unwrap_or(false),
            language,
            voice,
            tempo,
            avatar: String::new(),
            filmed: false,
            pace: Pace::Fast,
            segment_format: SegmentFormat::Fmp4,
            fine: false,
            webhook: None,
            base: String::new(),
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
mod tests;
