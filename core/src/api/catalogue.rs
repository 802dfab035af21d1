//! What can be asked for.

use serde_json::json;

use crate::config::Config;
use crate::face::avatars;
use crate::language::Language;
use crate::speech::Voice;

/// A face that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Avatar {
    /// What clients ask for.
    pub id: String,
    /// What people read.
    pub name: String,
}

/// The voices and faces there are, and those taken where none is named.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Every voice; the first of a language is that language's own.
    pub voices: Vec<Voice>,
    /// Every face.
    pub avatars: Vec<Avatar>,
    /// The voice the operator prefers, in its own language.
    pub voice: Option<String>,
    /// The face the operator prefers.
    pub avatar: String,
}

impl Catalogue {
    /// What is built in, and the voices of the configuration.
    pub fn builtin(config: &Config) -> Self {
        let avatars = avatars().iter().map(|avatar| Avatar {
            id: avatar.id.to_owned(),
            name: avatar.name.to_owned(),
        });
        Self {
            voices: config.speech.all_voices(),
            avatars: avatars.collect(),
            voice: config.voice.clone(),
            avatar: config.avatar.clone(),
        }
    }

    /// The voice called `id`.
    pub fn voice(&self, id: &str) -> Option<&Voice> {
        self.voices.iter().find(|voice| voice.id == id)
    }

    /// The voice that speaks `language` where none is named.
    pub fn voice_of(&self, language: Language) -> Option<&Voice> {
        let speaks = |voice: &&Voice| voice.language == language;
        self.voice
            .as_deref()
            .and_then(|id| self.voice(id))
            .filter(speaks)
            .or_else(|| self.voices.iter().find(speaks))
    }

    /// Whether there is a face called `id`.
    pub fn has_avatar(&self, id: &str) -> bool {
        self.avatars.iter().any(|avatar| avatar.id == id)
    }

    /// The answer of `GET /api/voices`.
    pub fn voices_json(&self) -> String {
        let voices: Vec<_> = self
            .voices
            .iter()
            .map(|voice| {
                json!({
                    "id": voice.id,
                    "name": voice.name,
                    "language": voice.language,
                    "default": self.voice_of(voice.language) == Some(voice),
                })
            })
            .collect();
        json!({ "voices": voices }).to_string()
    }

    /// The answer of `GET /api/avatars`.
    pub fn avatars_json(&self) -> String {
        let languages: Vec<Language> = Language::ALL
            .into_iter()
            .filter(|&language| self.voice_of(language).is_some())
            .collect();
        let avatars: Vec<_> = self
            .avatars
            .iter()
            .map(|avatar| {
                json!({
                    "id": avatar.id,
                    "name": avatar.name,
                    "languages": languages,
                    "default": avatar.id == self.avatar,
                })
            })
            .collect();
        json!({ "avatars": avatars }).to_string()
    }
}
