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
use crate::speech::{Tempo, Voice};
use crate::text::language_of;

/// OpenAI's voices. Whoever asks for one is given a voice of ours in the language of the text.
const VOICES: [&str; 13] = [
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage",
    "shimmer", "verse",
];

/// OpenAI's models for speech. Which one is asked for makes no difference: the voice decides.
/// They end at OpenAI on 2027-01-06; clients ask for them here all the same.
const MODELS: [&str; 3] = ["tts-1", "tts-1-hd", "gpt-4o-mini-tts"];

/// What is wanted of `POST /v1/audio/speech`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpeechOrder {
    /// The recording to be made.
    pub job: Job,
    /// How it is to be sent.
    pub delivery: Delivery,
}

/// How a recording is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// As it is, while it is made.
    Bytes,
    /// As it is, and in one piece if that does not take long: its header says how long it is, and it is short.
    Brief,
    /// As it is, when all of it is made.
    Whole,
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
    let delivery = delivery(&fields, format, &text)?;
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
    let word = word.unwrap_or("mp3").to_ascii_lowercase();
    RecordingFormat::from_word(&word).ok_or_else(|| {
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

/// Characters of a text that is made in a tenth of a second by the built-in voices.
const BRIEF: usize = 200;

fn delivery(
    fields: &Map<String, Value>,
    format: RecordingFormat,
    text: &str,
) -> Result<Delivery, Refusal> {
    let stream = boolean(fields, "stream").map_err(|refusal| refusal.about("stream"))?;
    let tells_length = matches!(format, RecordingFormat::Wav | RecordingFormat::Flac);
    let name = "stream_format";
    match string(fields, name).map_err(|refusal| refusal.about(name))? {
        Some("sse") => Ok(Delivery::Events),
        None | Some("audio") => Ok(match stream {
            Some(false) => Delivery::Whole,
            None if tells_length && text.chars().nth(BRIEF).is_none() => Delivery::Brief,
            _ => Delivery::Bytes,
        }),
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
    let named = named.map(|id| own_spelling(id.trim(), catalogue));
    let theirs = named
        .as_deref()
        .is_none_or(|id| id.is_empty() || VOICES.contains(&id) && catalogue.voice(id).is_none());
    if let Some(id) = named {
        fields.insert("voice".to_owned(), id.into());
    }
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

/// A voice's id as it is written here. Capitals make no difference, as long as no two voices differ in them alone.
fn own_spelling(id: &str, catalogue: &Catalogue) -> String {
    if catalogue.voice(id).is_some() {
        return id.to_owned();
    }
    let same = |voice: &&Voice| voice.id.eq_ignore_ascii_case(id);
    match catalogue.voices.iter().find(same) {
        Some(voice) => voice.id.clone(),
        None => id.to_ascii_lowercase(),
    }
}

/// The answer of `GET /v1/models`.
pub fn models() -> String {
    json!({ "object": "list", "data": MODELS.map(described) }).to_string()
}

/// The answer of `GET /v1/models/<id>`, whose path is `path`.
///
/// # Errors
///
/// A [`Refusal`] where there is no such model.
pub fn model(path: &str) -> Result<String, Refusal> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let id = path.split_once("/v1/models/").map_or("", |(_, id)| id);
    match MODELS.into_iter().find(|model| *model == id) {
        Some(id) => Ok(described(id).to_string()),
        None => Err(Refusal::new(
            Code::UnknownModel,
            format!("the model \"{id}\" does not exist"),
        )
        .about("model")),
    }
}

fn described(id: &str) -> Value {
    json!({ "id": id, "object": "model", "created": 0, "owned_by": "avatar" })
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
