//! The directive about language models that write prompts out.

use avatar_core::prompt::Settings;

use super::Prefixes;
use super::values::{Fault, once, wrong};
use super::words::{PATIENCE, Words, count};
use crate::conf::MainConf;

/// Where OpenAI is asked.
const OPENAI: &str = "https://api.openai.com/v1";

pub(super) fn set_expand(
    conf: &mut MainConf,
    values: &[&str],
    prefixes: &Prefixes,
) -> Result<(), Fault> {
    once(&mut conf.said.expand, || {
        if let ["off"] = values {
            return Ok(None);
        }
        let own = [
            "url",
            "model",
            "key_file",
            "system",
            "language",
            "longest",
            "concurrency",
        ];
        let known: Vec<&str> = own.into_iter().chain(PATIENCE).collect();
        let words = Words::read(values, &known)?;
        let first = values.first().copied().unwrap_or_default();
        let model = words
            .value("model")
            .filter(|model| !model.is_empty())
            .ok_or_else(|| wrong(first, "a model= is needed"))?;
        let asked = |base: &str| Settings::new(base, model);
        let mut settings = match words.read_as("url", asked)? {
            Some(settings) => settings,
            None => asked(OPENAI).map_err(|reason| wrong(OPENAI, reason))?,
        };
        if let Some(system) = words.value("system") {
            system.clone_into(&mut settings.system);
        }
        if let Some(instruction) = words.value("language") {
            instruction.clone_into(&mut settings.instruction);
        }
        if let Some(longest) = words.read_as("longest", |value| count(value, 100, 1_000_000))? {
            settings.longest = longest;
        }
        if let Some(seats) = words.read_as("concurrency", |value| count(value, 1, 1024))? {
            settings.seats = seats;
        }
        settings.key = words.key(prefixes)?;
        settings.patience = words.patience(settings.patience)?;
        Ok(Some(settings))
    })
}
