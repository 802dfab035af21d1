//! The realtime vocabulary: starting, ending and naming sessions in JSON.

use serde_json::{Map, Value, json};

use super::fields::{
    boolean, expanded, is_open, object, pace, readable, said, session_id, spoken, string, text,
    voice, webhook, words_of,
};
use super::{Catalogue, Code, Refusal, Urls};
use crate::config::Config;
use crate::hls::SegmentFormat;
use crate::language::Language;
use crate::session::{Job, Kind, SessionId, Source, Timestamp, Vocabulary};
use crate::speech::Tempo;

/// Reads the body of `POST /api/stream/start`.
///
/// # Errors
///
/// A [`Refusal`] naming the field at fault.
pub fn start(body: &[u8], config: &Config, catalogue: &Catalogue) -> Result<Job, Refusal> {
    begin(&object(body)?, config, catalogue)
}

/// The session that `fields` ask for.
pub(super) fn begin(
    fields: &Map<String, Value>,
    config: &Config,
    catalogue: &Catalogue,
) -> Result<Job, Refusal> {
    let open = is_open(fields)?;
    let (text, ssml) = said(fields, "text", open, config)?;
    let (language, vocabulary) = language(fields)?;
    match string(fields, "mode")? {
        None | Some("dynamic") => {}
        Some(mode) => {
            return Err(Refusal::new(
                Code::UnsupportedMode,
                format!("mode \"{mode}\" is not supported; there is \"dynamic\""),
            ));
        }
    }
    let (language, voice) = voice(fields, language, config, catalogue)?;
    let expand = expanded(fields, false, !open && !ssml, config)?;
    if !open && !expand {
        readable(&words_of(text, ssml), &voice, config)?;
    }
    let avatar = string(fields, "avatar")?.unwrap_or(&config.avatar);
    let avatar = catalogue.avatar(avatar).ok_or_else(|| {
        Refusal::new(
            Code::UnknownAvatar,
            format!("there is no avatar \"{avatar}\""),
        )
    })?;
    let segment_format = match string(fields, "segment_format")? {
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
        expand,
        ssml,
        mixed: boolean(fields, "mixed")?.unwrap_or(false),
        language,
        voice,
        tempo: Tempo::default(),
        avatar: avatar.id,
        filmed: avatar.filmed,
        pace: pace(fields)?,
        segment_format,
        webhook: webhook(fields, config)?,
        base: String::new(),
        fine: false,
        reuse: boolean(fields, "reuse")?.unwrap_or(true),
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
    let text = text(&fields, "text", config)?.to_owned();
    Ok(Addition { id, text, last })
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

/// Reads a body that names a session: `{"session_id":"…"}`.
///
/// # Errors
///
/// A [`Refusal`]: bad JSON, no name, or one that no session can have.
pub fn named_session(body: &[u8]) -> Result<SessionId, Refusal> {
    session_id(&object(body)?)
}

/// The answer of `POST /api/stream/start`.
pub fn started(id: SessionId, urls: &Urls) -> String {
    json!({
        "session_id": id,
        "playlist_url": urls.to(format_args!("/stream/{id}/playlist.m3u8")),
        "status": "processing",
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::Pace;

    fn catalogue() -> Catalogue {
        Catalogue {
            voice: Some("en-gb".to_owned()),
            ..Catalogue::speaking(&[
                ("en-us", Language::En),
                ("en-gb", Language::En),
                ("ru", Language::Ru),
            ])
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
            (r#"{"text":"<speak>"}"#, Code::EmptyText),
            (r#"{"text":"<think>Hm."}"#, Code::EmptyText),
            (r#"{"text":"สวัสดี"}"#, Code::UnsupportedLanguage),
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
