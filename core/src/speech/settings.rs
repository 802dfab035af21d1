//! The engines and voices an operator adds to those that are built in.

use std::collections::HashSet;

#[cfg(feature = "piper")]
use super::piper;
use super::{Voice, http, voices};
use crate::language::Language;

/// What is said of speech.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The engines there are besides the built-in one.
    pub engines: Vec<EngineSettings>,
    /// Their voices. The first of a language is that language's own.
    pub voices: Vec<VoiceSettings>,
    /// Whether the engines' own audio is kept beside what is made of it.
    pub keep: bool,
}

/// An engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineSettings {
    /// What voices and logs call it.
    pub name: String,
    /// What speaks.
    pub means: Means,
    /// How many sentences it speaks at once.
    pub seats: usize,
}

/// What an engine speaks with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// Another server.
    Http(http::Address),
    /// A network of Piper's, and what tells its files from others that lay there before.
    #[cfg(feature = "piper")]
    Piper(piper::Model, String),
}

impl Means {
    fn reads_any_script(&self) -> bool {
        match self {
            Self::Http(_) => true,
            #[cfg(feature = "piper")]
            Self::Piper(model, _) => model.language.is_none(),
        }
    }

    /// All of it that can be heard, as text.
    fn fingerprint(&self) -> String {
        match self {
            Self::Http(address) => format!("{:?}", address.template),
            #[cfg(feature = "piper")]
            Self::Piper(_, edition) => edition.clone(),
        }
    }
}

/// A voice of such an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceSettings {
    /// What clients are told of it.
    pub voice: Voice,
    /// The name of its engine.
    pub engine: String,
    /// What its engine calls it.
    pub speaker: String,
    /// The ids of the voices that speak in its place when its engine fails, in this order.
    pub fallback: Vec<String>,
}

impl Settings {
    /// The engine called `name`.
    pub fn engine(&self, name: &str) -> Option<&EngineSettings> {
        self.engines.iter().find(|engine| engine.name == name)
    }

    /// The voices of these engines, and then those that are built in.
    pub fn all_voices(&self) -> Vec<Voice> {
        let own = self.voices.iter().map(|settings| settings.voice.clone());
        own.chain(voices()).collect()
    }

    /// Whether all of it fits together.
    ///
    /// # Errors
    ///
    /// The word at fault, and why.
    pub fn check(&self) -> Result<(), (String, String)> {
        let all = self.all_voices();
        let mut ids = HashSet::new();
        if let Some(twice) = all.iter().find(|voice| !ids.insert(&voice.id)) {
            return Err((twice.id.clone(), "there are two such voices".to_owned()));
        }
        for settings in &self.voices {
            let fault = |word: &String, why: &str| Err((word.clone(), why.to_owned()));
            if self.engine(&settings.engine).is_none() {
                return fault(&settings.engine, "there is no such engine");
            }
            for id in &settings.fallback {
                match all.iter().find(|voice| voice.id == *id) {
                    None => return fault(id, "there is no such voice to fall back on"),
                    Some(_) if *id == settings.voice.id => {
                        return fault(id, "a voice cannot fall back on itself");
                    }
                    Some(voice) if voice.language != settings.voice.language => {
                        return fault(id, "the voice to fall back on speaks another language");
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    /// Who speaks `language` in a session whose voice is `voice`: that voice itself, or the first other that does, of its own engine
    /// if possible. `None` is for the built-in voices to answer.
    pub fn speaking(&self, voice: &str, language: Language) -> Option<&VoiceSettings> {
        let own = self.voices.iter().find(|other| other.voice.id == voice)?;
        if own.voice.language == language {
            return Some(own);
        }
        let speaks = |other: &&VoiceSettings| other.voice.language == language;
        let others = || self.voices.iter().filter(speaks);
        let near = others().find(|other| other.engine == own.engine);
        near.or_else(|| others().next())
    }

    /// Whether sessions of `voice` may be given letters of any script: another server reads them, or a network made for a language
    /// beside ours. The others read Latin and Cyrillic letters only.
    pub fn reads_any_script(&self, voice: &str) -> bool {
        let speaking = |language| self.speaking(voice, language);
        let engines = Language::ALL.into_iter().filter_map(speaking);
        engines
            .filter_map(|voice| self.engine(&voice.engine))
            .any(|engine| engine.means.reads_any_script())
    }

    /// Everything that what `voice` says depends on, and what others say for it in other languages, as text; nothing for a
    /// built-in voice.
    pub fn fingerprint(&self, voice: &str) -> String {
        let speaking = |language| self.speaking(voice, language);
        let speakers = Language::ALL.into_iter().filter_map(speaking);
        speakers
            .map(|voice| {
                let means = self.engine(&voice.engine).map(|engine| &engine.means);
                let means = means.map(Means::fingerprint).unwrap_or_default();
                format!(
                    "{} {:?} {means}\n",
                    voice.voice.language.code(),
                    voice.speaker
                )
            })
            .collect()
    }
}

#[cfg(test)]
#[cfg(feature = "espeak")]
mod tests {
    use super::*;
    use crate::language::Language;

    fn voice(id: &str, language: Language, fallback: &[&str]) -> VoiceSettings {
        VoiceSettings {
            voice: Voice {
                id: id.to_owned(),
                name: id.to_owned(),
                language,
            },
            engine: "net".to_owned(),
            speaker: id.to_owned(),
            fallback: fallback.iter().map(|&id| id.to_owned()).collect(),
        }
    }

    fn means(url: &str) -> Means {
        Means::Http(http::Address {
            template: http::Template::gtts(url).unwrap(),
            key: None,
            patience: crate::net::Patience::default(),
        })
    }

    fn settings(voices: Vec<VoiceSettings>) -> Settings {
        Settings {
            engines: vec![EngineSettings {
                name: "net".to_owned(),
                means: means("http://host/"),
                seats: 1,
            }],
            voices,
            keep: false,
        }
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        let good = settings(vec![
            voice("nova", Language::En, &["alloy", "en-us-female"]),
            voice("alloy", Language::En, &[]),
        ]);
        assert_eq!(good.check(), Ok(()));
        for (voices, word) in [
            (vec![voice("nova", Language::En, &["nobody"])], "nobody"),
            (vec![voice("nova", Language::En, &["nova"])], "nova"),
            (vec![voice("nova", Language::En, &["ru-male"])], "ru-male"),
            (vec![voice("ru-male", Language::Ru, &[])], "ru-male"),
        ] {
            assert_eq!(settings(voices).check().unwrap_err().0, word);
        }
        let stranger = VoiceSettings {
            engine: "far".to_owned(),
            ..voice("nova", Language::En, &[])
        };
        assert_eq!(settings(vec![stranger]).check().unwrap_err().0, "far");
    }

    #[test]
    fn the_fingerprint_changes_with_what_is_heard() {
        let one = settings(vec![voice("nova", Language::En, &[])]);
        let mut other = one.clone();
        assert_eq!(one.fingerprint("nova"), other.fingerprint("nova"));
        other.voices[0].speaker = "alloy".to_owned();
        assert_ne!(one.fingerprint("nova"), other.fingerprint("nova"));
        let mut other = one.clone();
        other.engines[0].means = means("http://other/");
        assert_ne!(one.fingerprint("nova"), other.fingerprint("nova"));
        assert_eq!(one.fingerprint("en-us-male"), "");
        let mut other = one.clone();
        other.voices.push(voice("vera", Language::Ru, &[]));
        assert_ne!(one.fingerprint("nova"), other.fingerprint("nova"));
    }

    #[test]
    fn another_language_is_spoken_by_a_voice_of_the_same_engine_if_there_is_one() {
        let far = VoiceSettings {
            engine: "far".to_owned(),
            ..voice("far-ru", Language::Ru, &[])
        };
        let settings = settings(vec![
            voice("nova", Language::En, &[]),
            far,
            voice("vera", Language::Ru, &[]),
        ]);
        let who = |voice: &str, language| {
            let found = settings.speaking(voice, language);
            found.map(|found| found.voice.id.as_str())
        };
        assert_eq!(who("nova", Language::En), Some("nova"));
        assert_eq!(who("nova", Language::Ru), Some("vera"));
        assert_eq!(who("far-ru", Language::Ru), Some("far-ru"));
        assert_eq!(who("far-ru", Language::En), Some("nova"));
        assert_eq!(who("nova", Language::Kk), None);
        assert_eq!(who("ru-male", Language::En), None);
    }
}
