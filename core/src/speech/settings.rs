//! The engines and voices an operator adds to those that are built in.

use std::collections::HashSet;

use super::{Voice, http, voices};

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
    /// How it is reached.
    pub address: http::Address,
    /// How many sentences it speaks at once.
    pub seats: usize,
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

    /// Everything that what `voice` says depends on, as text; nothing for a built-in voice.
    pub fn fingerprint(&self, voice: &str) -> String {
        let own = |settings: &&VoiceSettings| settings.voice.id == voice;
        self.voices
            .iter()
            .find(own)
            .map_or_else(String::new, |voice| {
                let address = self.engine(&voice.engine).map(|engine| &engine.address);
                let template = address.map(|address| &address.template);
                format!("{:?} {template:?}", voice.speaker)
            })
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

    fn settings(voices: Vec<VoiceSettings>) -> Settings {
        Settings {
            engines: vec![EngineSettings {
                name: "net".to_owned(),
                address: http::Address {
                    template: http::Template::gtts("http://host/").unwrap(),
                    key: None,
                    patience: crate::net::Patience::default(),
                },
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
        other.engines[0].address.template = http::Template::gtts("http://other/").unwrap();
        assert_ne!(one.fingerprint("nova"), other.fingerprint("nova"));
        assert_eq!(one.fingerprint("en-us-male"), "");
    }
}
