//! Text with places in it for what differs from request to request.

use super::escape::Context;

/// What a place is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// What is to be said.
    Text,
    /// The code of its language.
    Lang,
    /// What the engine calls the voice.
    Voice,
    /// The key from the key file.
    Key,
}

/// What the places are filled with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) text: &'a str,
    pub(super) lang: &'a str,
    pub(super) voice: &'a str,
    pub(super) key: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Slot(Slot),
}

/// Text with `{text}`, `{lang}`, `{voice}` and `{key}` in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Pattern(Vec<Piece>);

const SLOTS: [(&str, Slot); 4] = [
    ("{text}", Slot::Text),
    ("{lang}", Slot::Lang),
    ("{voice}", Slot::Voice),
    ("{key}", Slot::Key),
];

impl Pattern {
    /// Reads a pattern. Braces with anything else than a lone word in them are text, as JSON has them.
    ///
    /// # Errors
    ///
    /// The lone word in braces that is none of ours.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Self::default();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            pieces = pieces.text(before);
            let place = SLOTS.iter().find(|(name, _)| from.starts_with(name));
            let taken = match place {
                Some((name, slot)) => {
                    pieces = pieces.slot(*slot);
                    name.len()
                }
                None => match lone_word(from) {
                    Some(word) => return Err(word.to_owned()),
                    None => {
                        pieces = pieces.text("{");
                        1
                    }
                },
            };
            rest = from.get(taken..).unwrap_or_default();
        }
        Ok(pieces.text(rest))
    }

    /// This and then `text` as it is.
    pub(super) fn text(mut self, text: &str) -> Self {
        match self.0.last_mut() {
            Some(Piece::Text(before)) => before.push_str(text),
            _ if text.is_empty() => {}
            _ => self.0.push(Piece::Text(text.to_owned())),
        }
        self
    }

    /// This and then a place.
    pub(super) fn slot(mut self, slot: Slot) -> Self {
        self.0.push(Piece::Slot(slot));
        self
    }

    /// The first character, if it does not depend on what is asked.
    pub(super) fn first(&self) -> Option<char> {
        match self.0.first() {
            Some(Piece::Text(text)) => text.trim_start().chars().next(),
            _ => None,
        }
    }

    /// Whether it has such a place.
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.0.contains(&Piece::Slot(slot))
    }

    /// The text with its places filled.
    pub(super) fn fill(&self, values: &Values<'_>, context: Context) -> String {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Slot(slot) => {
                    let value = match slot {
                        Slot::Text => values.text,
                        Slot::Lang => values.lang,
                        Slot::Voice => values.voice,
                        Slot::Key => values.key,
                    };
                    context.write(value, &mut filled);
                }
            }
        }
        filled
    }
}

/// The `{word}` that `text` begins with, if it does.
fn lone_word(text: &str) -> Option<&str> {
    let (word, _) = text.strip_prefix('{')?.split_once('}')?;
    let lone = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    lone.then(|| text.get(..word.len() + 2)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(pattern: &str, context: Context) -> String {
        let values = Values {
            text: "say \"hi\"",
            lang: "en",
            voice: "Ann Lee",
            key: "k",
        };
        Pattern::parse(pattern).unwrap().fill(&values, context)
    }

    #[test]
    fn places_are_filled_as_their_surroundings_demand() {
        assert_eq!(
            filled("https://x/{lang}?v={voice}&t={text}", Context::Url),
            "https://x/en?v=Ann%20Lee&t=say%20%22hi%22"
        );
        assert_eq!(
            filled(
                r#"{"input":{"text":"{text}"},"n":{},"v":"{voice}"}"#,
                Context::Json
            ),
            r#"{"input":{"text":"say \"hi\""},"n":{},"v":"Ann Lee"}"#
        );
        assert_eq!(filled("Bearer {key}", Context::Header), "Bearer k");
        assert_eq!(filled("{", Context::Plain), "{");
    }

    #[test]
    fn a_misspelt_place_is_named() {
        assert_eq!(Pattern::parse("a {txet} b"), Err("{txet}".to_owned()));
        assert!(Pattern::parse("{Text} { text } {te xt} {text1}").is_ok());
    }
}
