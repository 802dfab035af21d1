//! Prompts, written out by a language model before they are spoken.
//!
//! Any server will do that answers `POST /v1/chat/completions` as OpenAI defined it. The answer is read as it is written, so
//! that its first sentence is spoken long before its last is there.

mod chat;
mod events;

use std::time::Duration;

use reqwest::Url;

pub(crate) use chat::{Answer, Standing, request};

use crate::net::{Patience, Secret};

/// Who writes prompts out, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where it is asked.
    pub(crate) url: Url,
    /// What the server calls the model.
    pub model: String,
    /// What opens the server.
    pub key: Option<Secret>,
    /// What the model is told before any prompt.
    pub system: String,
    /// How it is told the language; `{language}` is its English name and `{lang}` its code.
    pub instruction: String,
    /// Characters after which it is stopped.
    pub longest: usize,
    /// How many prompts it writes out at once.
    pub seats: usize,
    /// How long it is waited for.
    pub patience: Patience,
}

/// A model is told what is to become of its words: nobody can hear a heading or a table.
const SYSTEM: &str = "Write a text that is read aloud to somebody who asked for it. Begin with the text itself. Use plain \
    sentences only: no headings, no lists, no markup, no emoji.";

impl Settings {
    /// What is taken where nothing else is said; `base` is everything before `/chat/completions`.
    ///
    /// # Errors
    ///
    /// What is wrong with `base`.
    pub fn new(base: &str, model: &str) -> Result<Self, String> {
        let url = format!("{}/chat/completions", base.trim_end_matches('/'));
        let url = Url::parse(&url).map_err(|_| "it must be a URL".to_owned())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("it must be an http or https URL".to_owned());
        }
        Ok(Self {
            url,
            model: model.to_owned(),
            key: None,
            system: SYSTEM.to_owned(),
            instruction: "Write in {language}.".to_owned(),
            longest: 5_000,
            seats: 8,
            patience: Patience {
                first_byte: Duration::from_secs(30),
                progress: Duration::from_secs(30),
                // Events come with their names and numbers around every word.
                least: 64,
                total: Duration::from_secs(300),
                ..Patience::default()
            },
        })
    }
}
