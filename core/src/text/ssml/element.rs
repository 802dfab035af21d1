//! What each element means.

use super::Part;
use super::values;
use crate::language::Language;
use crate::text::Manner;
use crate::time::Samples;

/// In which manner, and in which language where it is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::text) struct Style {
    pub(in crate::text) manner: Manner,
    pub(in crate::text) language: Option<Language>,
}

/// What becomes of the text in an element.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Text {
    #[default]
    Said,
    /// Letter by letter.
    Spelled,
    /// Digit by digit.
    Digits,
    Silent,
}

/// An element that has begun.
#[derive(Debug, Clone, Default)]
pub(super) struct Element {
    pub(super) style: Style,
    pub(super) text: Text,
    /// What its end means.
    pub(super) end: Option<Part>,
}

/// What the beginning of an element means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Nothing,
    /// So does its end.
    Paragraph,
    Sentence,
    Pause(Samples),
    /// This is said in place of what is in it.
    Say(String),
}

impl Element {
    /// The element `name` with these attributes, which lies in this one.
    pub(super) fn within(&self, name: &str, attributes: &[(String, String)]) -> (Self, Action) {
        let value = |key: &str| {
            let mut found = attributes.iter().filter(|(name, _)| name == key);
            found.next().map(|(_, value)| value.trim())
        };
        let mut inner = Self {
            end: None,
            ..self.clone()
        };
        if let Some(language) = value("lang").and_then(values::language) {
            inner.style.language = Some(language);
        }
        let action = match name {
            "p" | "paragraph" => Action::Paragraph,
            "s" | "sentence" => Action::Sentence,
            "break" => {
                inner.text = Text::Silent;
                values::pause(value("time"), value("strength"))
                    .map_or(Action::Nothing, Action::Pause)
            }
            "prosody" => {
                inner.style.manner = prosody(inner.style.manner, value);
                Action::Nothing
            }
            "say-as" => {
                if inner.text != Text::Silent {
                    inner.text = match value("interpret-as") {
                        Some("characters" | "spell-out" | "verbatim" | "letters") => Text::Spelled,
                        Some("digits" | "telephone") => Text::Digits,
                        _ => inner.text,
                    };
                }
                Action::Nothing
            }
            "sub" => match value("alias") {
                Some(alias) if inner.text != Text::Silent => {
                    inner.text = Text::Silent;
                    Action::Say(alias.to_owned())
                }
                _ => Action::Nothing,
            },
            // What they hold is about the text, not of it.
            "metadata" | "meta" | "lexicon" | "desc" => {
                inner.text = Text::Silent;
                Action::Nothing
            }
            _ => Action::Nothing,
        };
        (inner, action)
    }
}

fn prosody<'a>(manner: Manner, value: impl Fn(&str) -> Option<&'a str>) -> Manner {
    let mut manner = manner;
    if let Some(factor) = value("rate").and_then(values::rate) {
        manner = manner.faster(factor);
    }
    if let Some(semitones) = value("pitch").and_then(values::pitch) {
        manner = manner.higher(semitones);
    }
    if let Some(decibels) = value("volume").and_then(values::volume) {
        manner = manner.louder(decibels);
    }
    manner
}
