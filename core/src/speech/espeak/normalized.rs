//! Characters as voices know them: Unicode's compatibility forms (NFKC) where those read the same, with the way back.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// A written text in ordinary characters: fullwidth, mathematical, circled and joined letters become plain ones, other
/// scripts' digits those of ASCII, letters and their accents one character.
#[derive(Debug, Default)]
pub(super) struct Normalized {
    text: String,
    /// For every character of `text`, the byte of the written text it stands for.
    origins: Vec<usize>,
    /// The last character came from a sign that is a number by itself.
    apart: bool,
}

/// Where the digits of other scripts begin, each zero to nine.
const ZEROES: [char; 17] = [
    '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}',
    '\u{be6}', '\u{c66}', '\u{ce6}', '\u{d66}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}',
    '\u{17e0}',
];

/// How a character is to be read.
enum Form {
    /// As it stands.
    Same,
    /// As another.
    Other(char),
    /// In its compatibility form, as part of the word it is in.
    Compatible,
    /// As a number or letter of its own.
    Apart(String),
    /// As an exponent: with the digits around it, if it is more than a square or a cube.
    Exponent,
}

impl Normalized {
    pub(super) fn new(written: &str) -> Self {
        let mut normalized = Self::default();
        let mut characters = written.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let mut end = at + character.len_utf8();
            match form(character) {
                Form::Same => normalized.push(at, character),
                Form::Other(other) => normalized.push(at, other),
                Form::Apart(text) => {
                    if normalized.text.ends_with(char::is_alphanumeric) {
                        normalized.push(at, ' ');
                    }
                    text.chars().for_each(|one| normalized.push(at, one));
                    normalized.apart = true;
                }
                Form::Exponent => {
                    while let Some((_, next)) = characters.next_if(|(_, next)| is_exponent(*next)) {
                        end += next.len_utf8();
                    }
                    normalized.exponent(at, written.get(at..end).unwrap_or_default());
                }
                Form::Compatible => {
                    let mark = |next: &(usize, char)| canonical_combining_class(next.1) != 0;
                    while let Some((_, next)) = characters.next_if(mark) {
                        end += next.len_utf8();
                    }
                    let cluster = written.get(at..end).unwrap_or_default();
                    // An accent that belongs to no letter of its own is not heard, and parts no word.
                    let plain = cluster
                        .nfkc()
                        .filter(|one| !matches!(one, '\u{300}'..='\u{36f}'));
                    plain.for_each(|one| normalized.push(at, one));
                }
            }
        }
        normalized
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Each character with its byte, and the byte of the written text it stands for.
    pub(super) fn characters(&self) -> impl Iterator<Item = (usize, usize, char)> {
        let origins = self.origins.iter().copied();
        self.text
            .char_indices()
            .zip(origins)
            .map(|((at, character), origin)| (at, origin, character))
    }

    fn push(&mut self, written: usize, character: char) {
        if std::mem::take(&mut self.apart) && character.is_alphanumeric() {
            self.origins.push(written);
            self.text.push(' ');
        }
        self.origins.push(written);
        self.text.push(character);
    }

    /// "m²" is left to the voice; "10⁻⁶" is ten and minus six, and never 106. What stands behind a word is a footnote's number.
    fn exponent(&mut self, written: usize, digits: &str) {
        let power = self.text.ends_with(char::is_numeric) && !matches!(digits, "²" | "³");
        if !power {
            digits.chars().for_each(|digit| self.push(written, digit));
            return;
        }
        self.push(written, ' ');
        for digit in digits.nfkc() {
            self.push(written, digit);
        }
        self.apart = true;
    }
}

fn form(character: char) -> Form {
    match character {
        // Voices know these; their compatibility forms read otherwise, as "No", "1⁄2" or three full stops.
        '№' | '…' | '½' | '¼' | '¾' | '°' | '™' | '℠' | 'ª' | 'º' | '´' | '¨' | '¯' | '¸' => {
            Form::Same
        }
        _ if character.is_ascii() => match character.is_alphabetic() {
            // An accent may follow.
            true => Form::Compatible,
            false => Form::Same,
        },
        '\u{2010}' | '\u{2011}' => Form::Other('-'),
        '\u{2012}' => Form::Other('–'),
        '⁄' => Form::Other('/'),
        _ if is_exponent(character) => Form::Exponent,
        // Circled and parenthesised ones, fractions, squared units.
        '\u{2150}'..='\u{215f}'
        | '\u{2189}'
        | '\u{2460}'..='\u{24ff}'
        | '\u{2776}'..='\u{2793}'
        | '\u{3200}'..='\u{33ff}'
        | '\u{1f100}'..='\u{1f189}' => Form::Apart(apart(character)),
        _ => match digit(character) {
            Some(digit) => Form::Other(digit),
            None => Form::Compatible,
        },
    }
}

fn is_exponent(character: char) -> bool {
    matches!(character, '²' | '³' | '¹' | '\u{2070}'..='\u{207e}') && character != '\u{2071}'
}

/// The digit of ASCII for one of another script.
fn digit(character: char) -> Option<char> {
    let values = ZEROES
        .iter()
        .map(|zero| u32::from(character).checked_sub(u32::from(*zero)));
    let value = values.flatten().find(|value| *value < 10)?;
    char::from_digit(value, 10)
}

/// A number or letter with a ring or a box around it, a fraction, a unit in one character.
fn apart(character: char) -> String {
    let code = u32::from(character);
    let number = |first: u32, one: u32| (code - first + one).to_string();
    let letter = |first: u32| {
        let letter = u8::try_from(code - first)
            .ok()
            .and_then(|n| b'A'.checked_add(n));
        letter
            .map(|letter| char::from(letter).to_string())
            .unwrap_or_default()
    };
    match code {
        // Those that have no compatibility form.
        0x24eb..=0x24f4 => number(0x24eb, 11),
        0x24f5..=0x24fe => number(0x24f5, 1),
        0x24ff => "0".to_owned(),
        0x2776..=0x277f => number(0x2776, 1),
        0x2780..=0x2789 => number(0x2780, 1),
        0x278a..=0x2793 => number(0x278a, 1),
        0x1f150..=0x1f169 => letter(0x1f150),
        0x1f170..=0x1f189 => letter(0x1f170),
        _ => {
            let plain: String = character.nfkc().collect::<String>().replace('⁄', "/");
            let unit = plain.starts_with(char::is_alphabetic);
            match (plain.strip_suffix('2'), plain.strip_suffix('3')) {
                // "m²" in one character.
                (Some(unit_name), _) if unit => format!("{unit_name}²"),
                (_, Some(unit_name)) if unit => format!("{unit_name}³"),
                _ => plain,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_and_digits_are_plain_ones() {
        for (written, wanted) in [
            ("Ｈｅｌｌｏ １２", "Hello 12"),
            ("𝗛𝗲𝗹𝗹𝗼 𝟏𝟐", "Hello 12"),
            ("ﬁnance", "finance"),
            ("①②", "1 2"),
            ("5① ❷ ⓫x 🅰", "5 1 2 11 x A"),
            ("Ⅷ ㎏ 5㎡", "VIII kg 5 m²"),
            ("H₂O C₁₂", "H2O C12"),
            ("m² ½ № 5 … °C слово¹", "m² ½ № 5 … °C слово¹"),
            ("10⁶ 10⁻⁶ 10¹²x 5²", "10 6 10 −6 10 12 x 5²"),
            ("5⅓ ⅔", "5 1/3 2/3"),
            ("по‑русски и кто‐то", "по-русски и кто-то"),
            (
                "и\u{306}од е\u{308}лка e\u{301} за\u{301}мок",
                "йод ёлка é замок",
            ),
            ("٣ १२", "3 12"),
            ("한국 مرحبا", "한국 مرحبا"),
        ] {
            assert_eq!(Normalized::new(written).text(), wanted, "{written}");
        }
    }

    proptest! {
        #[test]
        fn the_way_back_leads_to_characters(written in "\\PC{0,40}") {
            let normalized = Normalized::new(&written);
            let mut before = 0;
            for (at, origin, character) in normalized.characters() {
                prop_assert!(normalized.text().get(at..).is_some_and(|rest| rest.starts_with(character)));
                prop_assert!(written.is_char_boundary(origin) && origin >= before);
                before = origin;
            }
        }
    }
}
