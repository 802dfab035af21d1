//! What can be asked for.

use serde_json::json;

use crate::config::Config;
use crate::face::avatars;
use crate::face::neural::{Exhibit, Gallery};
use crate::language::Language;
use crate::speech::Voice;

/// A face that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Avatar {
    /// What clients ask for.
    pub id: String,
    /// What people read.
    pub name: String,
    /// Whether it was filmed, and networks draw it.
    pub filmed: bool,
}

impl From<Exhibit> for Avatar {
    fn from(exhibit: Exhibit) -> Self {
        Self {
            id: exhibit.id,
            name: exhibit.manifest.name.clone(),
            filmed: true,
        }
    }
}

/// The voices and faces there are, and those taken where none is named.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Every voice; the first of a language is that language's own.
    pub voices: Vec<Voice>,
    /// The faces that are drawn.
    pub avatars: Vec<Avatar>,
    /// Those that were filmed, as they are there at the moment.
    pub gallery: Option<Gallery>,
    /// The voice the operator prefers, in its own language.
    pub voice: Option<String>,
    /// The face the operator prefers.
    pub avatar: String,
}

impl Catalogue {
    /// What is built in, what has been prepared, and the voices of the configuration.
    pub fn builtin(config: &Config) -> Self {
        let avatars = avatars().iter().map(|avatar| Avatar {
            id: avatar.id.to_owned(),
            name: avatar.name.to_owned(),
            filmed: false,
        });
        let neural = config.neural.as_ref();
        Self {
            voices: config.speech.all_voices(),
            avatars: avatars.collect(),
            gallery: neural.and_then(|neural| Some(Gallery::new(neural.avatars.as_ref()?))),
            voice: config.voice.clone(),
            avatar: config.avatar.clone(),
        }
    }

    /// Voices with these ids and languages, and the faces that are built in.
    #[cfg(test)]
    pub(super) fn speaking(voices: &[(&str, Language)]) -> Self {
        let voices = voices.iter().map(|&(id, language)| Voice {
            id: id.to_owned(),
            name: id.to_owned(),
            language,
        });
        Self {
            voices: voices.collect(),
            ..Self::builtin(&Config::default())
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

    /// The face called `id`. One that was prepared takes the place of a drawn one.
    pub fn avatar(&self, id: &str) -> Option<Avatar> {
        let filmed = self.gallery.as_ref().and_then(|gallery| gallery.find(id));
        filmed.map(Avatar::from).or_else(|| {
            let drawn = self.avatars.iter().find(|avatar| avatar.id == id);
            drawn.cloned()
        })
    }

    /// Every face.
    pub fn all_avatars(&self) -> Vec<Avatar> {
        let gallery = self.gallery.as_ref();
        let filmed: Vec<Avatar> = gallery
            .map(Gallery::all)
            .unwrap_or_default()
            .into_iter()
            .map(Avatar::from)
            .collect();
        let replaced = |drawn: &&Avatar| filmed.iter().any(|filmed| filmed.id == drawn.id);
        let drawn = self.avatars.iter().filter(|drawn| !replaced(drawn));
        drawn.chain(&filmed).cloned().collect()
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
            .all_avatars()
            .into_iter()
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
