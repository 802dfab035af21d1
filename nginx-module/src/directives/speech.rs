//! The directives about speech: engines, their voices, and who speaks when one of them fails.

use avatar_core::language::Language;
use avatar_core::net::Patience;
use avatar_core::speech::http::{Address, FORMATS, Template};
use avatar_core::speech::{EngineSettings, Means, Voice, VoiceSettings};

use super::Prefixes;
#[cfg(feature = "piper")]
use super::piper;
use super::values::{Fault, number, once, only, wrong};
use super::words::{PATIENCE, Words, count};
use crate::conf::MainConf;

/// Sentences an engine speaks at once where nothing is said.
const SEATS: usize = 8;

/// Where OpenAI is asked.
const OPENAI: &str = "https://api.openai.com/v1";
/// It begins to be heard as early as bare samples do, and says what it is.
const FORMAT: &str = "wav";
/// Where Google Translate is asked.
const GTTS: &str = "https://translate.google.com/translate_tts";

/// The words that every engine takes.
const COMMON: [&str; 3] = ["concurrency", "key_file", "longest"];

pub(super) fn set_engine(
    conf: &mut MainConf,
    values: &[&str],
    prefixes: &Prefixes,
) -> Result<(), Fault> {
    let [name, kind, rest @ ..] = values else {
        return Err(wrong(only(values), "a name and a kind are needed"));
    };
    if *kind == "piper" {
        #[cfg(feature = "piper")]
        return piper::set_engine(conf, name, rest, prefixes);
        #[cfg(not(feature = "piper"))]
        return Err(wrong(
            kind,
            "this module was built without the feature \"piper\"",
        ));
    }
    if conf.said.speech.engine(name).is_some() {
        return Err(wrong(name, "there is such an engine already"));
    }
    let own: &[&str] = match *kind {
        "openai" => &["url", "model", "format", "rate"],
        "gtts" => &["url"],
        "template" => &[
            "url",
            "method",
            "header",
            "body",
            "content_type",
            "audio",
            "format",
            "rate",
        ],
        _ => return Err(wrong(kind, "it must be openai, gtts, template or piper")),
    };
    let known: Vec<&str> = own.iter().copied().chain(COMMON).chain(PATIENCE).collect();
    let words = Words::read(rest, &known)?;
    let mut template = match *kind {
        "openai" => openai(&words)?,
        "gtts" => gtts(&words)?,
        _ => described(&words)?,
    };
    if let Some(longest) = words.read_as("longest", |value| count(value, 10, 10_000))? {
        template.set_longest(longest);
    }
    let key = words.key(prefixes)?;
    if key.is_some() && *kind == "openai" {
        template.authorize();
    }
    if key.is_none() && template.wants_key() {
        return Err(wrong(name, "there is a {key} in it, and no key_file="));
    }
    conf.said.speech.engines.push(EngineSettings {
        name: (*name).to_owned(),
        means: Means::Http(Address {
            template,
            key,
            patience: words.patience(Patience::default())?,
        }),
        seats: words
            .read_as("concurrency", |value| count(value, 1, 1024))?
            .unwrap_or(SEATS),
    });
    Ok(())
}

fn openai(words: &Words<'_>) -> Result<Template, Fault> {
    let format = words.read_as("format", |value| {
        FORMATS
            .into_iter()
            .find(|format| *format == value)
            .ok_or_else(|| format!("it must be one of {}", FORMATS.join(", ")))
    })?;
    let (model, format) = (words.value("model"), format.unwrap_or(FORMAT));
    let asked = |base: &str| Template::openai(base, model, format);
    let template = words.read_as("url", asked)?;
    let mut template = match template {
        Some(template) => template,
        None if model.is_none() => {
            let reason =
                "it needs a model=, since those that OpenAI has for speech end on 2027-01-06";
            return Err(wrong("openai", reason));
        }
        None => asked(OPENAI).map_err(|reason| wrong(OPENAI, reason))?,
    };
    set_rate(words, &mut template)?;
    Ok(template)
}

fn gtts(words: &Words<'_>) -> Result<Template, Fault> {
    match words.read_as("url", Template::gtts)? {
        Some(template) => Ok(template),
        None => Template::gtts(GTTS).map_err(|reason| wrong(GTTS, reason)),
    }
}

fn described(words: &Words<'_>) -> Result<Template, Fault> {
    type Set = fn(&mut Template, &str) -> Result<(), String>;
    let mut template = Template::new();
    let setters: [(&str, Set); 6] = [
        ("url", Template::set_url),
        ("header", Template::add_header),
        ("body", Template::set_body),
        ("method", Template::set_method),
        ("content_type", Template::set_content_type),
        ("audio", Template::set_audio),
    ];
    for (key, set) in setters {
        for (value, word) in words.all(key) {
            set(&mut template, value).map_err(|reason| wrong(word, reason))?;
        }
    }
    if !template.has_url() {
        return Err(wrong("template", "it needs a url="));
    }
    let pcm = |value: &str| match value {
        "pcm" => Ok(()),
        _ => Err("it must be pcm; other kinds are recognised".to_owned()),
    };
    if words.read_as("format", pcm)?.is_some() {
        template.set_headerless(24_000);
    }
    set_rate(words, &mut template)?;
    Ok(template)
}

fn set_rate(words: &Words<'_>, template: &mut Template) -> Result<(), Fault> {
    if let Some((value, word)) = words.all("rate").next() {
        if !template.is_headerless() {
            return Err(wrong(word, "only format=pcm has no rate of its own"));
        }
        let rate = number(value, 8_000, 96_000)?;
        template.set_headerless(u32::try_from(rate).unwrap_or_default());
    }
    Ok(())
}

pub(super) fn set_voice(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    let Some((&id, rest)) = values.split_first() else {
        return Err(wrong("", "an id is needed"));
    };
    check_id(id)?;
    let words = Words::read(rest, &["engine", "lang", "name", "voice", "fallback"])?;
    let language = words.read_as("lang", |code| {
        Language::from_code(code).ok_or_else(|| {
            let codes: Vec<_> = Language::ALL.map(Language::code).into();
            format!("it must be one of {}", codes.join(", "))
        })
    })?;
    let Some(engine) = words.value("engine") else {
        return Err(wrong(id, "a voice needs engine="));
    };
    #[cfg(feature = "piper")]
    let (of_piper, own_language) = match piper::speaking(conf, engine, &words)? {
        Some(own) => (true, own.language()),
        None => (false, None),
    };
    #[cfg(not(feature = "piper"))]
    let (of_piper, own_language) = (false, None);
    let speaker = match of_piper {
        true => words.value("voice").unwrap_or_default(),
        false => words.value("voice").unwrap_or(id),
    };
    let Some(language) = language.or(own_language) else {
        return Err(wrong(id, "a voice needs lang="));
    };
    let fallback = words.value("fallback").unwrap_or_default();
    let fallback = fallback.split(',').filter(|id| !id.is_empty());
    conf.said.speech.voices.push(VoiceSettings {
        voice: Voice {
            id: id.to_owned(),
            name: words.value("name").unwrap_or(id).to_owned(),
            language,
        },
        engine: engine.to_owned(),
        speaker: speaker.to_owned(),
        fallback: fallback.map(str::to_owned).collect(),
    });
    Ok(())
}

/// What clients ask for must be plain.
pub(super) fn check_id(id: &str) -> Result<(), Fault> {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if id.is_empty() || id.len() > 64 || !id.chars().all(plain) {
        let reason = "it must be at most 64 letters, digits, hyphens, dots and underscores";
        return Err(wrong(id, reason));
    }
    Ok(())
}

pub(super) fn set_keep(conf: &mut MainConf, values: &[&str], _: &Prefixes) -> Result<(), Fault> {
    once(&mut conf.said.speech_keep, || match values {
        ["on"] => Ok(true),
        ["off"] => Ok(false),
        _ => Err(wrong(only(values), "it must be \"on\" or \"off\"")),
    })
}
