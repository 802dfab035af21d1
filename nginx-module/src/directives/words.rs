//! Directives that say `key=value` any number of times: servers, and how they are asked.

use std::fs;

use avatar_core::net::{Patience, Secret};

use super::Prefixes;
use super::values::{Fault, number, time, wrong};

/// The words of [`Words::patience`].
pub(super) const PATIENCE: [&str; 5] = ["connect", "first_byte", "progress", "total", "retries"];

/// The words `key=value` of a directive.
pub(super) struct Words<'a> {
    words: Vec<(&'a str, &'a str, &'a str)>,
}

impl<'a> Words<'a> {
    pub(super) fn read(values: &[&'a str], known: &[&str]) -> Result<Self, Fault> {
        let mut words = Vec::new();
        for &word in values {
            let (key, value) = word
                .split_once('=')
                .filter(|(key, _)| known.contains(key))
                .ok_or_else(|| {
                    let known = known.join("=, ");
                    wrong(word, format!("it must be one of {known}="))
                })?;
            let twice = |(other, ..): &(&str, &str, &str)| *other == key;
            if words.iter().any(twice) && key != "header" {
                return Err(wrong(word, "it is said twice"));
            }
            words.push((key, value, word));
        }
        Ok(Self { words })
    }

    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let found = self.words.iter().filter(move |(other, ..)| *other == key);
        found.map(|&(_, value, word)| (value, word))
    }

    pub(super) fn value(&self, key: &str) -> Option<&'a str> {
        self.all(key).map(|(value, _)| value).next()
    }

    /// The value of `key`, understood; `None` where it is not said.
    pub(super) fn read_as<T>(
        &self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Fault> {
        self.all(key)
            .map(|(value, word)| read(value).map_err(|reason| wrong(word, reason)))
            .next()
            .transpose()
    }

    /// The key in the file that `key_file` names: its first line that is not blank and does not begin with `#`.
    pub(super) fn key(&self, prefixes: &Prefixes) -> Result<Option<Secret>, Fault> {
        self.read_as("key_file", |path| {
            let text =
                fs::read_to_string(prefixes.conf.join(path)).map_err(|error| error.to_string())?;
            let lines = text.lines().map(str::trim);
            lines
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .map(Secret::new)
                .next()
                .ok_or_else(|| "there is no key in it".to_owned())
        })
    }

    /// What of `patience` is said otherwise.
    pub(super) fn patience(&self, mut patience: Patience) -> Result<Patience, Fault> {
        let times = [
            ("connect", &mut patience.connect),
            ("first_byte", &mut patience.first_byte),
            ("progress", &mut patience.progress),
            ("total", &mut patience.total),
        ];
        for (key, place) in times {
            if let Some(said) = self.read_as(key, |value| time(value).map_err(reason))? {
                *place = said;
            }
        }
        if let Some(retries) = self.read_as("retries", |value| count(value, 0, 10))? {
            patience.retries = u32::try_from(retries).unwrap_or_default();
        }
        Ok(patience)
    }
}

pub(super) fn count(value: &str, least: usize, most: usize) -> Result<usize, String> {
    number(value, least, most).map_err(reason)
}

fn reason(fault: Fault) -> String {
    match fault {
        Fault::Duplicate => "it is said twice".to_owned(),
        Fault::Value(_, reason) => reason,
    }
}
