//! The fields of a body in JSON that mean the same in more than one vocabulary.

use std::borrow::Cow;

use reqwest::Url;
use serde_json::{Map, Value};

use super::{Catalogue, Code, Refusal};
use crate::config::Config;
use crate::language::Language;
use crate::session::{Pace, SessionId};
use crate::speech::Voice;
use crate::text::{Content, Piece, Pieces, content, foreign_script, is_ssml};

/// The fields of a body.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Refusal::new(Code::BadJson, "the body is not a JSON object")),
        Err(error) => Err(Refusal::new(
            Code::BadJson,
            format!("the body is not JSON: {error}"),
        )),
    }
}

/// A field that is a string, if it is there.
pub(super) fn string<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a str>, Refusal> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(value)) => Ok(Some(value)),
        Some(_) => Err(wrong_type(name, "a string")),
    }
}

/// A field that is true or false, if it is there.
pub(super) fn boolean(fields: &Map<String, Value>, name: &str) -> Result<Option<bool>, Refusal> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(*value)),
        Some(_) => Err(wrong_type(name, "true or false")),
    }
}

fn wrong_type(name: &str, wanted: &str) -> Refusal {
    Refusal::new(Code::BadParameter, format!("{name} must be {wanted}"))
}

/// The session that is named.
pub(super) fn session_id(fields: &Map<String, Value>) -> Result<SessionId, Refusal> {
    let id = string(fields, "session_id")?
        .ok_or_else(|| Refusal::new(Code::BadParameter, "session_id is missing"))?;
    SessionId::parse(id).ok_or_else(Refusal::unknown_session)
}

/// What is to be said, which may be nothing.
pub(super) fn text<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
    config: &Config,
) -> Result<&'a str, Refusal> {
    let text = string(fields, name)?.unwrap_or_default();
    if text.chars().count() > config.limits.text {
        return Err(Refusal::new(
            Code::TextTooLong,
            format!("the text is longer than {} characters", config.limits.text),
        ));
    }
    Ok(text)
}

/// What is to be said, and whether it is a document of SSML. Where more is to come it may be empty; marks and emoji, which are
/// not said, are no text that is empty. A document is one that says so, and one that begins like one unless it
/// says otherwise. What only begins like one and cannot be read is plain text with tags in it, which are not said.
pub(super) fn said<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
    open: bool,
    config: &Config,
) -> Result<(&'a str, bool), Refusal> {
    let text = text(fields, name, config)?;
    let wrong = |message: String| Refusal::new(Code::BadParameter, message);
    let kind = "input_type";
    let asked = match string(fields, kind).map_err(|refusal| refusal.about(kind))? {
        None => None,
        Some("text") => Some(false),
        Some("ssml") => Some(true),
        Some(_) => {
            let reason = "input_type must be \"text\" or \"ssml\"";
            return Err(wrong(reason.to_owned()).about(kind));
        }
    };
    if open && asked == Some(true) {
        let reason = "SSML must be whole: it cannot be continued";
        return Err(wrong(reason.to_owned()));
    }
    if asked.unwrap_or(!open && is_ssml(text)) {
        let mut pieces = Pieces::default();
        match pieces.push_ssml(text) {
            Ok(0) if !pieces.has_marks() => return Err(nothing()),
            Ok(_) => return Ok((text, true)),
            Err(error) if asked.is_some() => {
                return Err(wrong(format!("the SSML cannot be read: {error}")));
            }
            Err(_) => {}
        }
    }
    if !open && content(text) == Content::Nothing {
        return Err(nothing());
    }
    Ok((text, false))
}

/// The words of a text that may be a document of SSML.
pub(super) fn words_of(text: &str, ssml: bool) -> Cow<'_, str> {
    let mut pieces = Pieces::default();
    if !ssml || pieces.push_ssml(text).is_err() {
        return Cow::Borrowed(text);
    }
    let words = pieces.filter_map(|piece| match piece {
        Piece::Sentence(sentence) => Some(sentence.text + " "),
        Piece::Pause(_) => None,
    });
    Cow::Owned(words.collect())
}

/// That `voice` can read most letters of `words`, which are all that is to be said.
pub(super) fn readable(words: &str, voice: &str, config: &Config) -> Result<(), Refusal> {
    let script = match config.speech.reads_any_script(voice) {
        true => None,
        false => foreign_script(words),
    };
    script.map_or(Ok(()), |script| {
        let message = format!("voice \"{voice}\" cannot read {script} letters");
        Err(Refusal::new(Code::UnsupportedLanguage, message))
    })
}

fn nothing() -> Refusal {
    Refusal::new(
        Code::EmptyText,
        "there is nothing to say: the text is empty",
    )
}

/// Whether a language model writes the text out first; where it is not said, as `usual`.
pub(super) fn expanded(
    fields: &Map<String, Value>,
    usual: bool,
    whole: bool,
    config: &Config,
) -> Result<bool, Refusal> {
    let wrong = |message| Err(Refusal::new(Code::BadParameter, message));
    match boolean(fields, "expand")? {
        None => Ok(usual && whole && config.expand.is_some()),
        Some(true) if config.expand.is_none() => {
            wrong("there is no language model here that could write the text out")
        }
        Some(true) if !whole => wrong("only plain text that is complete can be written out"),
        Some(expand) => Ok(expand),
    }
}

/// Whether more text is to come.
pub(super) fn is_open(fields: &Map<String, Value>) -> Result<bool, Refusal> {
    Ok(boolean(fields, "final")? == Some(false))
}

/// How fast it is listed.
pub(super) fn pace(fields: &Map<String, Value>) -> Result<Pace, Refusal> {
    match string(fields, "pace")? {
        None | Some("fast") => Ok(Pace::Fast),
        Some("live") => Ok(Pace::Live),
        Some(_) => Err(Refusal::new(
            Code::BadParameter,
            "pace must be \"fast\" or \"live\"",
        )),
    }
}

/// The language of a code.
pub(super) fn spoken(code: &str) -> Result<Language, Refusal> {
    Language::from_code(code).ok_or_else(|| {
        Refusal::new(
            Code::UnsupportedLanguage,
            format!("language \"{code}\" is not supported; there are ru, kk and en"),
        )
    })
}

/// A voice that is named decides the language where none is; otherwise they must agree.
pub(super) fn voice(
    fields: &Map<String, Value>,
    language: Option<Language>,
    config: &Config,
    catalogue: &Catalogue,
) -> Result<(Language, String), Refusal> {
    let Some(id) = string(fields, "voice")? else {
        let language = language.unwrap_or(config.language);
        let voice = catalogue.voice_of(language).ok_or_else(|| {
            Refusal::new(
                Code::UnsupportedLanguage,
                format!("no voice speaks \"{}\"", language.code()),
            )
        })?;
        return Ok((language, voice.id.clone()));
    };
    let voice = catalogue
        .voice(id)
        .ok_or_else(|| unknown_voice(id, language, catalogue))?;
    match language {
        Some(language) if language != voice.language => Err(Refusal::new(
            Code::UnknownVoice,
            format!("voice \"{id}\" does not speak \"{}\"", language.code()),
        )),
        _ => Ok((voice.language, voice.id.clone())),
    }
}

/// There is no voice `id`; but there are others, in `language` if one was asked for.
fn unknown_voice(id: &str, language: Option<Language>, catalogue: &Catalogue) -> Refusal {
    /// As many are named.
    const NAMED: usize = 24;
    let fitting = |voice: &&Voice| language.is_none_or(|language| voice.language == language);
    let voices = || catalogue.voices.iter().filter(fitting);
    let named: Vec<&str> = voices()
        .map(|voice| voice.id.as_str())
        .take(NAMED)
        .collect();
    let more = match voices().nth(NAMED) {
        Some(_) => ", and more in /api/voices",
        None => "",
    };
    let words = match named.as_slice() {
        [] => format!("there is no voice \"{id}\""),
        named => format!(
            "there is no voice \"{id}\"; there are {}{more}",
            named.join(", ")
        ),
    };
    Refusal::new(Code::UnknownVoice, words)
}

/// An address that may be told when the session is finished.
pub(super) fn webhook(
    fields: &Map<String, Value>,
    config: &Config,
) -> Result<Option<String>, Refusal> {
    let Some(address) = string(fields, "webhook")? else {
        return Ok(None);
    };
    let refused = |why: &str| Refusal::new(Code::BadParameter, format!("webhook {why}"));
    let url = Url::parse(address).map_err(|_| refused("is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("must be an http or https URL"));
    }
    let host = url.host_str().unwrap_or_default();
    let allowed = config
        .webhook_hosts
        .iter()
        .any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(host));
    if !allowed {
        return Err(refused("names a host that this server does not call"));
    }
    Ok(Some(url.into()))
}
