//! The realtime vocabulary: starting, ending and naming sessions in JSON.

use reqwest::Url;
use serde_json::{Map, Value, json};

use super::{Catalogue, Code, Refusal};
use crate::config::Config;
use crate::hls::SegmentFormat;
use crate::language::Language;
use crate::session::{Job, Kind, Pace, SessionId, Source, Timestamp, Vocabulary};
use crate::speech::Tempo;
use crate::text::{Pieces, is_ssml, speakable};

/// Reads the body of `POST /api/stream/start`.
///
/// # Errors
///
/// A [`Refusal`] naming the field at fault.
pub fn start(body: &[u8], config: &Config, catalogue: &Catalogue) -> Result<Job, Refusal> {
    let fields = object(body)?;
    let open = is_open(&fields)?;
    let (text, ssml) = said(&fields, "text", open, config)?;
    let (language, vocabulary) = language(&fields)?;
    match string(&fields, "mode")? {
        None | Some("dynamic") => {}
        Some(mode) => {
            return Err(Refusal::new(
                Code::UnsupportedMode,
                format!("mode \"{mode}\" is not supported; there is \"dynamic\""),
            ));
        }
    }
    let (language, voice) = voice(&fields, language, config, catalogue)?;
    let avatar = string(&fields, "avatar")?.unwrap_or(&config.avatar);
    let avatar = catalogue.avatar(avatar).ok_or_else(|| {
        Refusal::new(
            Code::UnknownAvatar,
            format!("there is no avatar \"{avatar}\""),
        )
    })?;
    let segment_format = match string(&fields, "segment_format")? {
        None => config.segment_format,
        Some(word) => SegmentFormat::from_word(word).ok_or_else(|| {
            Refusal::new(
                Code::BadParameter,
                "segment_format must be \"fmp4\" or \"ts\"",
            )
        })?,
    };
    Ok(Job {
        id: SessionId::generate(),
        vocabulary,
        kind: Kind::Avatar,
        source: Source::Text,
        portrait: None,
        text: text.to_owned(),
        open,
        expand: expanded(&fields, false, !open && !ssml, config)?,
        ssml,
        mixed: boolean(&fields, "mixed")?.unwrap_or(false),
        language,
        voice,
        tempo: Tempo::default(),
        avatar: avatar.id,
        filmed: avatar.filmed,
        pace: pace(&fields)?,
        segment_format,
        webhook: webhook(&fields, config)?,
        fine: false,
        reuse: boolean(&fields, "reuse")?.unwrap_or(true),
        created_at: Timestamp::now(),
    })
}

/// More text for a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// Which one.
    pub id: SessionId,
    /// The text, which may begin and end anywhere.
    pub text: String,
    /// Whether this is the last of it.
    pub last: bool,
}

/// Reads the body of `POST /api/stream/append`.
///
/// # Errors
///
/// A [`Refusal`]: bad JSON, no name or one that no session can have, no text, too much of it.
pub fn addition(body: &[u8], config: &Config) -> Result<Addition, Refusal> {
    let fields = object(body)?;
    let id = session_id(&fields)?;
    let last = boolean(&fields, "final")?.unwrap_or(false);
    if !last && fields.get("text").is_none_or(Value::is_null) {
        return Err(Refusal::new(Code::BadParameter, "text is missing"));
    }
    let text = text(&fields, "text", true, config)?.to_owned();
    Ok(Addition { id, text, last })
}

/// What is to be said. Where more is to come it may be empty.
pub(super) fn text<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
    open: bool,
    config: &Config,
) -> Result<&'a str, Refusal> {
    let text = string(fields, name)?.unwrap_or_default();
    if text.chars().count() > config.limits.text {
        return Err(Refusal::new(
            Code::TextTooLong,
            format!("the text is longer than {} characters", config.limits.text),
        ));
    }
    if !open && !speakable(text) {
        return Err(nothing());
    }
    Ok(text)
}

/// What is to be said, and whether it is a document of SSML: one that says so, and one that begins like one unless it
/// says otherwise. What only begins like one and cannot be read is plain text with tags in it, which are not said.
pub(super) fn said<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
    open: bool,
    config: &Config,
) -> Result<(&'a str, bool), Refusal> {
    let text = text(fields, name, open, config)?;
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
    if !asked.unwrap_or(!open && is_ssml(text)) {
        return Ok((text, false));
    }
    match Pieces::default().push_ssml(text) {
        Ok(0) => Err(nothing()),
        Ok(_) => Ok((text, true)),
        Err(error) if asked.is_some() => Err(wrong(format!("the SSML cannot be read: {error}"))),
        Err(_) => Ok((text, false)),
    }
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

/// The language asked for, if any, and the vocabulary that asking for it in this way implies.
fn language(fields: &Map<String, Value>) -> Result<(Option<Language>, Vocabulary), Refusal> {
    let realtime = string(fields, "language")?;
    let specification = string(fields, "lang")?;
    let vocabulary =
        if specification.is_some() && realtime.is_none() && !fields.contains_key("mode") {
            Vocabulary::Specification
        } else {
            Vocabulary::Realtime
        };
    let language = realtime.or(specification).map(spoken).transpose()?;
    Ok((language, vocabulary))
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
        .ok_or_else(|| Refusal::new(Code::UnknownVoice, format!("there is no voice \"{id}\"")))?;
    match language {
        Some(language) if language != voice.language => Err(Refusal::new(
            Code::UnknownVoice,
            format!("voice \"{id}\" does not speak \"{}\"", language.code()),
        )),
        _ => Ok((voice.language, voice.id.clone())),
    }
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

/// Reads a body that names a session: `{"session_id":"…"}`.
///
/// # Errors
///
/// A [`Refusal`]: bad JSON, no name, or one that no session can have.
pub fn named_session(body: &[u8]) -> Result<SessionId, Refusal> {
    session_id(&object(body)?)
}

pub(super) fn session_id(fields: &Map<String, Value>) -> Result<SessionId, Refusal> {
    let id = string(fields, "session_id")?
        .ok_or_else(|| Refusal::new(Code::BadParameter, "session_id is missing"))?;
    SessionId::parse(id).ok_or_else(Refusal::unknown_session)
}

/// The answer of `POST /api/stream/start`.
pub fn started(id: SessionId) -> String {
    json!({
        "session_id": id,
        "playlist_url": format!("/stream/{id}/playlist.m3u8"),
        "status": "processing",
    })
    .to_string()
}

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::api::Avatar;
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
            ],
            avatars: vec![Avatar {
                id: "anna".to_owned(),
                name: "Anna".to_owned(),
                filmed: false,
            }],
            gallery: None,
            voice: Some("en-gb".to_owned()),
            avatar: "anna".to_owned(),
        }
    }

    fn read(body: &str) -> Result<Job, Refusal> {
        start(body.as_bytes(), &Config::default(), &catalogue())
    }

    #[test]
    fn defaults_come_from_the_configuration() {
        let job = read(r#"{"text":"Hello."}"#).unwrap();
        assert_eq!(job.language, Language::En);
        assert_eq!(job.voice, "en-gb");
        assert_eq!(job.avatar, "anna");
        assert_eq!(job.vocabulary, Vocabulary::Realtime);
        let job = read(r#"{"text":"Привет!","lang":"ru"}"#).unwrap();
        assert_eq!(job.voice, "ru");
        assert_eq!(job.vocabulary, Vocabulary::Specification);
        let job = read(r#"{"text":"Hi","voice":"en-us","pace":"live","language":null}"#).unwrap();
        assert_eq!((job.voice.as_str(), job.pace), ("en-us", Pace::Live));
        assert!(job.reuse);
        let job = read(r#"{"text":"Hi","reuse":false}"#).unwrap();
        assert!(!job.reuse && !job.open);
        let job = read(r#"{"final":false}"#).unwrap();
        assert!(job.open && job.text.is_empty());
    }

    #[test]
    fn segments_are_what_the_request_says_or_else_the_configuration() {
        let mut config = Config::default();
        let mut read = |default, body: &str| {
            config.segment_format = default;
            start(body.as_bytes(), &config, &catalogue())
                .unwrap()
                .segment_format
        };
        let (silent, fmp4, ts) = (
            r#"{"text":"a"}"#,
            r#"{"text":"a","segment_format":"fmp4"}"#,
            r#"{"text":"a","segment_format":"ts"}"#,
        );
        for default in SegmentFormat::ALL {
            assert_eq!(read(default, silent), default);
            assert_eq!(read(default, fmp4), SegmentFormat::Fmp4);
            assert_eq!(read(default, ts), SegmentFormat::Ts);
        }
    }

    #[test]
    fn ssml_is_what_begins_like_it_and_can_be_read() {
        let ssml = |body: &str| read(body).unwrap().ssml;
        for (body, wanted) in [
            (r#"{"text":"<speak>Hi</speak>"}"#, true),
            (r#"{"text":"<speak>Hi</speak>","input_type":"ssml"}"#, true),
            (r#"{"text":"<speak>Hi</speak>","input_type":"text"}"#, false),
            (r#"{"text":"<speak>Hi","lang":"en"}"#, false),
            (r#"{"text":"<speak>Hi</speak>","final":false}"#, false),
            (r#"{"text":"Hi <break/>"}"#, false),
        ] {
            assert_eq!(ssml(body), wanted, "{body}");
        }
        assert!(!read(r#"{"text":"Hi"}"#).unwrap().mixed);
        assert!(read(r#"{"text":"Hi","mixed":true}"#).unwrap().mixed);
    }

    #[test]
    fn each_fault_has_its_word() {
        let long = format!(r#"{{"text":"{}"}}"#, "a".repeat(5001));
        for (body, code) in [
            ("", Code::BadJson),
            ("{", Code::BadJson),
            ("[]", Code::BadJson),
            ("{}", Code::EmptyText),
            (r#"{"text":"  \n "}"#, Code::EmptyText),
            (r#"{"text":5}"#, Code::BadParameter),
            (long.as_str(), Code::TextTooLong),
            (r#"{"text":"a","language":"fr"}"#, Code::UnsupportedLanguage),
            (r#"{"text":"a","language":1}"#, Code::BadParameter),
            (r#"{"text":"a","language":"kk"}"#, Code::UnsupportedLanguage),
            (r#"{"text":"a","mode":"static"}"#, Code::UnsupportedMode),
            (r#"{"text":"a","voice":"bob"}"#, Code::UnknownVoice),
            (
                r#"{"text":"a","voice":"ru","lang":"en"}"#,
                Code::UnknownVoice,
            ),
            (r#"{"text":"a","avatar":"bob"}"#, Code::UnknownAvatar),
            (r#"{"text":"a","pace":"slow"}"#, Code::BadParameter),
            (r#"{"text":"a","segment_format":"mp4"}"#, Code::BadParameter),
            (r#"{"text":"a","segment_format":1}"#, Code::BadParameter),
            (r#"{"text":"a","reuse":"no"}"#, Code::BadParameter),
            (r#"{"text":"a","reuse":0}"#, Code::BadParameter),
            (r#"{"text":"a","mixed":"yes"}"#, Code::BadParameter),
            (r#"{"text":"a","input_type":"html"}"#, Code::BadParameter),
            (r#"{"text":"a","input_type":"ssml"}"#, Code::BadParameter),
            (
                r#"{"text":"<speak>a</speak>","input_type":"ssml","final":false}"#,
                Code::BadParameter,
            ),
            (
                r#"{"text":"<speak>a<p></speak>","input_type":"ssml"}"#,
                Code::BadParameter,
            ),
            (r#"{"text":"<speak><break/></speak>"}"#, Code::EmptyText),
            (r#"{"text":"a","final":0}"#, Code::BadParameter),
            (r#"{"text":" ","final":true}"#, Code::EmptyText),
        ] {
            assert_eq!(read(body).unwrap_err().code(), code, "{body}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(read(&deep).unwrap_err().code(), Code::BadJson);
        assert_eq!(
            start(b"\xff{}", &Config::default(), &catalogue())
                .unwrap_err()
                .code(),
            Code::BadJson
        );
    }

    #[test]
    fn more_text_names_its_session() {
        let id = SessionId::generate();
        let read = |body: &str| addition(body.as_bytes(), &Config::default());
        let said = |text: &str, last| Addition {
            id,
            text: text.to_owned(),
            last,
        };
        let body = format!(r#"{{"session_id":"{id}","text":" wor"}}"#);
        assert_eq!(read(&body), Ok(said(" wor", false)));
        let body = format!(r#"{{"session_id":"{id}","final":true}}"#);
        assert_eq!(read(&body), Ok(said("", true)));
        let long = format!(r#"{{"session_id":"{id}","text":"{}"}}"#, "a".repeat(5001));
        for (body, code) in [
            (r#"{"text":"a"}"#.to_owned(), Code::BadParameter),
            (
                r#"{"session_id":"x","text":"a"}"#.to_owned(),
                Code::UnknownSession,
            ),
            (format!(r#"{{"session_id":"{id}"}}"#), Code::BadParameter),
            (
                format!(r#"{{"session_id":"{id}","text":1}}"#),
                Code::BadParameter,
            ),
            (long, Code::TextTooLong),
        ] {
            assert_eq!(read(&body).unwrap_err().code(), code, "{body}");
        }
    }

    #[test]
    fn only_allowed_hosts_are_called_back() {
        let ask = |webhook: &str, hosts: &[&str]| {
            let config = Config {
                webhook_hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
                ..Config::default()
            };
            let body = json!({ "text": "Hi", "webhook": webhook }).to_string();
            start(body.as_bytes(), &config, &catalogue()).map(|job| job.webhook)
        };
        let hook = "https://Example.org/done?x=1";
        assert!(ask(hook, &[]).is_err());
        assert!(ask(hook, &["example.com"]).is_err());
        let kept = Some("https://example.org/done?x=1".to_owned());
        assert_eq!(ask(hook, &["example.org"]), Ok(kept.clone()));
        assert_eq!(ask(hook, &["*"]), Ok(kept));
        for wrong in [
            "",
            "done",
            "file:///etc/passwd",
            "https://",
            "http://169.254.0.1/",
        ] {
            let code = ask(wrong, &["example.org"]).unwrap_err().code();
            assert_eq!(code, Code::BadParameter, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = start(&body, &Config::default(), &catalogue());
            let _ = named_session(&body);
            let _ = addition(&body, &Config::default());
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,200}") {
            let body = json!({ "text": text, "language": "ru" }).to_string();
            if let Ok(job) = read(&body) {
                prop_assert_eq!(job.text, text);
            }
        }
    }
}
