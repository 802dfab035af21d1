//! What espeak-ng is to read, made from what is written.

use super::normalized::Normalized;
use super::numeric::{between, is_minus, millionth, minus};
use super::spelling::spelled;
use crate::language::Language;
use crate::text::{Dot, dot, is_address};

/// A sentence to be read aloud, and the way back to how it is written.
///
/// By default espeak-ng says "asterisk", "hash" and "grinning face", and ends a sentence at every full stop before a capital
/// letter, "J. Smith" included. Here markup and pictures are silent, and no full stop before the last ends anything:
/// what comes in is one sentence, so it belongs to an abbreviation. Nor is one said that stands where a space was forgotten.
#[derive(Debug)]
pub(super) struct Said {
    text: String,
    /// For every character of `text` its byte, and the byte of the written text it stands for.
    origins: Vec<(usize, usize)>,
}

impl Said {
    /// Makes one written sentence ready for a voice of `language`; `None` is a language that is none of ours.
    pub(super) fn new(written: &str, language: Option<Language>) -> Self {
        let mut said = Self {
            text: String::with_capacity(written.len()),
            origins: Vec::with_capacity(written.len()),
        };
        let normalized = Normalized::new(written);
        let text = normalized.text();
        let mut before = None;
        let mut characters = normalized.characters().peekable();
        while let Some((place, at, character)) = characters.next() {
            let (head, rest) = text.split_at_checked(place).unwrap_or((text, ""));
            let rest = rest.get(character.len_utf8()..).unwrap_or_default();
            match character {
                '.' if begins_word(rest) => {
                    match abbreviated(head) {
                        // Read as letters only where nothing stands between them: "А. С. Пушкин" as "А.С.Пушкин".
                        Abbreviated::Initial => {
                            said.push(at, '.');
                            characters.next_if(|(_, _, gap)| gap.is_whitespace());
                        }
                        // A list's item: "1. Bread".
                        Abbreviated::Number => said.push(at, ','),
                        Abbreviated::Word => {}
                    }
                }
                '.' if touches(before, rest) => match dot(head, rest) {
                    Dot::Inside => said.push(at, '.'),
                    Dot::Abbreviation => said.push(at, ' '),
                    Dot::Forgotten => said.say(at, ", "),
                },
                // Signs that are said by their names where they touch letters.
                '!' | '?' if touches(before, rest) && !is_address(head, rest) => {
                    said.say(at, ", ");
                }
                '-' | '–' | '−' => match language {
                    Some(language) if is_minus(character, head, rest) => {
                        if before.is_some_and(char::is_alphanumeric) {
                            said.push(at, ' ');
                        }
                        said.say(at, minus(language));
                    }
                    Some(language) => match between(head, rest, language) {
                        Some(word) => said.say(at, word),
                        None => said.push(at, character),
                    },
                    None => said.push(at, character),
                },
                'μ' => {
                    let unit = language.and_then(|language| millionth(head, rest, language));
                    match unit {
                        Some((name, length)) => {
                            if before.is_some_and(char::is_alphanumeric) {
                                said.push(at, ' ');
                            }
                            said.say(at, name);
                            let end = place + character.len_utf8() + length;
                            while characters.next_if(|(place, ..)| *place < end).is_some() {}
                        }
                        None => said.push(at, character),
                    }
                }
                '*' if counts(before, rest) => said.push(at, character),
                '#' if before.is_some_and(char::is_alphanumeric) => said.push(at, character),
                '%' if language == Some(Language::Kk) => said.say(at, " пайыз"),
                _ if is_silent(character) => said.push(at, ' '),
                _ => said.spell(at, character, language),
            }
            before = Some(character);
        }
        said
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The byte of the written text behind a byte of the said one.
    pub(super) fn written(&self, said: usize) -> usize {
        let after = self.origins.partition_point(|(at, _)| *at <= said);
        let index = after.saturating_sub(1);
        self.origins.get(index).map_or(0, |(_, written)| *written)
    }

    fn spell(&mut self, written: usize, letter: char, language: Option<Language>) {
        match language.and_then(|language| spelled(letter, language)) {
            Some(letters) => self.say(written, letters),
            None => self.push(written, letter),
        }
    }

    fn say(&mut self, written: usize, text: &str) {
        for character in text.chars() {
            self.push(written, character);
        }
    }

    fn push(&mut self, written: usize, character: char) {
        self.origins.push((self.text.len(), written));
        self.text.push(character);
    }
}

/// Whether a gap and then something that looks like the beginning of a sentence follow.
fn begins_word(rest: &str) -> bool {
    let word = rest.trim_start();
    word.len() < rest.len()
        && word
            .trim_start_matches(|mark: char| "\"'«„“([".contains(mark))
            .starts_with(|first: char| first.is_uppercase() || first.is_numeric())
}

/// A mark between letters or digits, without a space.
fn touches(before: Option<char>, rest: &str) -> bool {
    before.is_some_and(char::is_alphanumeric) && rest.starts_with(char::is_alphanumeric)
}

/// What a full stop follows.
enum Abbreviated {
    Initial,
    Number,
    Word,
}

fn abbreviated(before: &str) -> Abbreviated {
    let word = before
        .rsplit(|mark: char| mark.is_whitespace() || "\"'«„“([.".contains(mark))
        .next()
        .unwrap_or_default();
    if word.len() == before.len() && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return Abbreviated::Number;
    }
    let mut letters = word.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_uppercase() => Abbreviated::Initial,
        _ => Abbreviated::Word,
    }
}

/// A star between numbers, which is spoken.
fn counts(before: Option<char>, rest: &str) -> bool {
    before.is_some_and(|before| before.is_ascii_digit())
        && rest.starts_with(|next: char| next.is_ascii_digit())
}

/// Marks of markup, bullets, arrows, pictures: nobody reads them aloud.
fn is_silent(character: char) -> bool {
    matches!(
        character,
        '*' | '#' | '_' | '~' | '|' | '`' | '^' | '\\' | '<' | '>' | '{' | '}' | '[' | ']' | '•' | '·' | '‣' | '¶' | '§'
            | '\u{200d}' | '\u{20e3}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{27bf}' | '\u{2900}'..='\u{297f}' | '\u{2b00}'..='\u{2bff}'
            | '\u{e000}'..='\u{f8ff}' | '\u{1f000}'..='\u{1faff}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(written: &str) -> String {
        Said::new(written, Some(Language::Ru)).text().to_owned()
    }

    #[test]
    fn abbreviations_end_nothing() {
        assert_eq!(said("А. С. Пушкин и Mr. Smith."), "А.С.Пушкин и Mr Smith.");
        assert_eq!(
            said("1. Первое, ул. Ленина, д. 5."),
            "1, Первое, ул Ленина, д 5."
        );
        assert_eq!(said("Ну... Да, 3.14 и т. д."), "Ну.. Да, 3.14 и т. д.");
    }

    #[test]
    fn markup_is_silent() {
        assert_eq!(
            said("**Да** #тег, C# и 2*3 👍🏽."),
            "  Да    тег, C# и 2*3   ."
        );
        assert_eq!(Said::new("5%", Some(Language::Kk)).text(), "5 пайыз");
    }

    #[test]
    fn signs_beside_numbers_have_names() {
        let said = |text: &str, language| Said::new(text, Some(language)).text().to_owned();
        assert_eq!(said("-20 градусов", Language::Ru), "минус 20 градусов");
        assert_eq!(said("Бүгін −20 °C", Language::Kk), "Бүгін минус 20 °C");
        assert_eq!(
            said("(-5) and 5−3", Language::En),
            "(minus 5) and 5 minus 3"
        );
        assert_eq!(said("9-17, F-16", Language::En), "9 to 17, F-16");
        assert_eq!(said("3–4 дня", Language::Ru), "3 4 дня");
        assert_eq!(
            said("5 µm, 2µg", Language::En),
            "5 micrometres, 2 micrograms"
        );
        assert_eq!(said("5 μm.", Language::Ru), "5 микрометров.");
        assert_eq!(Said::new("-5", None).text(), "-5");
    }

    #[test]
    fn a_forgotten_space_is_a_pause() {
        assert_eq!(said("готово.потом да!нет"), "готово, потом да, нет");
        assert_eq!(said("ул.Абая"), "ул Абая");
        for text in [
            "3.14",
            "example.com",
            "т.е. так",
            "https://x.kz/a?b=c.D",
            "v1.2.3",
        ] {
            assert_eq!(said(text), text);
        }
    }

    #[test]
    fn letters_are_those_of_the_voice() {
        assert_eq!(said("Қазақ, й и е\u{308}лка"), "казак, й и ёлка");
        assert_eq!(said("и\u{306}од"), "йод");
        assert_eq!(
            Said::new("The word мир, Щука", Some(Language::En)).text(),
            "The word mir, shchuka"
        );
        assert_eq!(Said::new("Қазақ", Some(Language::Kk)).text(), "Қазақ");
    }

    #[test]
    fn the_way_back() {
        let written = "А. С. Пушкин 👍 *был*";
        let said = Said::new(written, Some(Language::Ru));
        for word in ["Пушкин", "был"] {
            let at = said.text().find(word).unwrap();
            assert_eq!(said.written(at), written.find(word).unwrap());
        }
        assert_eq!(said.written(10_000), written.len() - 1);
    }
}
