//! All engines together, and which of them speaks as which voice.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use super::http::HttpEngine;
#[cfg(feature = "piper")]
use super::piper::Piper;
use super::{Engine, Means, Settings, Voice, VoiceSettings};
use crate::language::Language;
use crate::net::Wire;

/// Why an engine cannot be asked.
#[derive(Debug, Error)]
#[error("the speech engine {name} cannot be asked: {reason}")]
pub struct EnsembleError {
    /// Its name.
    pub name: String,
    /// What is wrong.
    pub reason: String,
}

/// An engine among others.
pub(crate) struct Member {
    /// What the log calls it.
    pub(crate) name: String,
    pub(crate) engine: Arc<dyn Engine>,
    /// How many sentences it speaks at once.
    pub(crate) seats: usize,
}

/// One engine's part in a voice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Role {
    /// The number of the engine.
    pub(crate) member: usize,
    /// What that engine calls the voice.
    pub(crate) voice: String,
}

/// The engines there are. The first has all voices that nobody else has.
pub struct Ensemble {
    members: Vec<Member>,
    /// For a voice and a language, who speaks, and then who does when those before have failed.
    roles: HashMap<String, HashMap<Language, Vec<Role>>>,
}

impl Ensemble {
    /// One engine for all voices, which speaks one sentence at a time.
    pub fn solo(name: &str, engine: Arc<dyn Engine>) -> Self {
        Self {
            members: vec![Member {
                name: name.to_owned(),
                engine,
                seats: 1,
            }],
            roles: HashMap::new(),
        }
    }

    /// This one and those of `settings`, which are [in order](Settings::check).
    ///
    /// # Errors
    ///
    /// [`EnsembleError`]
    pub fn join(mut self, settings: &Settings) -> Result<Self, EnsembleError> {
        if settings.engines.is_empty() {
            return Ok(self);
        }
        let failed = |name: &str, reason: String| EnsembleError {
            name: name.to_owned(),
            reason,
        };
        let mut numbers = HashMap::new();
        let mut wire = None;
        for engine in &settings.engines {
            let name = &engine.name;
            let made: Arc<dyn Engine> = match &engine.means {
                Means::Http(address) => {
                    let wire = match &wire {
                        Some(wire) => Arc::clone(wire),
                        None => {
                            let started = Wire::start();
                            let started =
                                started.map_err(|error| failed(name, error.to_string()))?;
                            Arc::clone(wire.insert(Arc::new(started)))
                        }
                    };
                    let made = HttpEngine::new(name, address.clone(), wire);
                    Arc::new(made.map_err(|reason| failed(name, reason))?)
                }
                #[cfg(feature = "piper")]
                Means::Piper(model, _) => Arc::new(Piper::new(model.clone(), engine.seats)),
            };
            numbers.insert(name.as_str(), self.members.len());
            self.members.push(Member {
                name: name.clone(),
                engine: made,
                seats: engine.seats,
            });
        }
        let own = settings.voices.iter().filter_map(|voice| {
            let role = Role {
                member: *numbers.get(voice.engine.as_str())?,
                voice: voice.speaker.clone(),
            };
            Some((voice.voice.id.as_str(), role))
        });
        let own: HashMap<&str, Role> = own.collect();
        let role = |id: &str| own.get(id).cloned().unwrap_or_else(|| Role::first(id));
        let with_fallback = |voice: &VoiceSettings| {
            let ids = [&voice.voice.id].into_iter().chain(&voice.fallback);
            ids.map(|id| role(id)).collect()
        };
        for voice in &settings.voices {
            let id = &voice.voice.id;
            let roles = Language::ALL.map(|language| {
                let speaking = settings.speaking(id, language);
                // The built-in voice of the language has no name to be asked by.
                let roles = speaking.map_or_else(|| vec![Role::first("")], with_fallback);
                (language, roles)
            });
            self.roles.insert(id.clone(), HashMap::from(roles));
        }
        Ok(self)
    }

    /// Has those get ready who speak as `voice` first.
    pub(crate) fn prepare(&self, voice: &Voice) {
        let roles = self.roles(&voice.id, voice.language);
        let first = roles.first().and_then(|role| self.members.get(role.member));
        if let Some(member) = first {
            member.engine.prepare();
        }
    }

    /// The engines, by their numbers.
    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Who is to speak `language` as `voice` or in its place, the first first.
    pub(crate) fn roles(&self, voice: &str, language: Language) -> Vec<Role> {
        let roles = self.roles.get(voice).and_then(|roles| roles.get(&language));
        roles.cloned().unwrap_or_else(|| vec![Role::first(voice)])
    }
}

impl Role {
    fn first(voice: &str) -> Self {
        Self {
            member: 0,
            voice: voice.to_owned(),
        }
    }
}

impl fmt::Debug for Ensemble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.members.iter().map(|member| &member.name);
        f.debug_list().entries(names).finish()
    }
}
