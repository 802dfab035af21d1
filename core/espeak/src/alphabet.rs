//! The letters that voices may be given.

use std::ops::RangeInclusive;

/// The letters that a voice may be given besides those of ASCII.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alphabet {
    ranges: &'static [RangeInclusive<char>],
    letters: &'static str,
}

/// Latin letters with the marks of the West.
const WEST: RangeInclusive<char> = 'À'..='ž';
/// What Russian and its neighbours share.
const CYRILLIC: RangeInclusive<char> = 'А'..='я';
const ARABIC: [RangeInclusive<char>; 2] = ['ء'..='غ', 'ف'..='\u{652}'];

/// Languages, and what they are written with: stretches of letters, and single ones beside them.
type Written = (
    &'static [&'static str],
    &'static [RangeInclusive<char>],
    &'static str,
);

const ALPHABETS: &[Written] = &[
    (
        &[
            "en", "af", "ca", "cs", "cy", "da", "eo", "es", "et", "eu", "fi", "fr", "hr", "hu",
            "id", "is", "it", "lb", "lt", "lv", "mt", "nb", "nl", "no", "pl", "pt", "sk", "sl",
            "sq", "sv", "sw", "tr",
        ],
        &[WEST],
        "",
    ),
    (&["de"], &['À'..='ÿ'], ""),
    (&["az"], &[WEST], "Əə"),
    (&["ro"], &[WEST], "ȘșȚț"),
    (&["vi"], &[WEST, 'Ạ'..='ỹ'], "ƠơƯư"),
    (&["ru"], &[WEST, CYRILLIC], "Ёё"),
    (&["kk"], &[WEST, CYRILLIC], "ЁёІіҒғҚқҢңҮүҰұҺһӘәӨө"),
    (&["ba"], &[WEST, CYRILLIC], "ЁёҒғҘҙҠҡҢңҪҫҮүҺһӘәӨө"),
    (&["tt"], &[WEST, CYRILLIC], "ЁёҖҗҢңҮүҺһӘәӨө"),
    (&["be"], &[WEST, CYRILLIC], "ЁёІіЎў"),
    (&["bg"], &[WEST, CYRILLIC], ""),
    (&["sr"], &[WEST, CYRILLIC], "ЂЈЉЊЋЏђјљњћџ"),
    (&["uk"], &[WEST, CYRILLIC], "ЄІЇєіїҐґ"),
    (&["el"], &[WEST, 'Α'..='Ρ', 'Σ'..='ώ'], "ΆΈΉΊΌΎΏΐ"),
    (&["ka"], &[WEST, 'ა'..='ჰ'], ""),
    (&["ar"], &ARABIC, ""),
    (&["fa"], &ARABIC, "پچژکگی"),
    (
        &["ne"],
        &['\u{901}'..='\u{903}', 'अ'..='ह', '\u{93c}'..='\u{94d}'],
        "",
    ),
    (
        &["te"],
        &[
            '\u{c01}'..='\u{c03}',
            'అ'..='ఌ',
            'ఎ'..='ఐ',
            'ఒ'..='న',
            'ప'..='హ',
            '\u{c3e}'..='\u{c4d}',
        ],
        "",
    ),
];

/// Punctuation and signs beyond ASCII.
const SIGNS: &str = "«»„“”‘’…–—№°±€£¥₽₸½¼¾²³×÷";

/// The first letter beyond those of Latin and its marks.
const FIRST_OTHER: char = '\u{370}';

impl Alphabet {
    /// What the voice `name` reads. Voices of languages that nobody here has tried get the letters of ASCII only.
    pub(crate) fn of(name: &str) -> Self {
        let language = name.split(['-', '+']).next().unwrap_or_default();
        let mut rows = ALPHABETS.iter();
        let row = rows.find(|(languages, ..)| languages.contains(&language));
        row.map_or(
            Self {
                ranges: &[],
                letters: "",
            },
            |(_, ranges, letters)| Self { ranges, letters },
        )
    }

    /// What the voice is given for a character; a space where it must not have it.
    pub(crate) fn given(self, written: char) -> char {
        match written {
            '،' => ',',
            '؛' => ';',
            '؟' => '?',
            '۔' | '।' | '॥' => '.',
            ' '..='~' => written,
            _ if SIGNS.contains(written) || self.letters.contains(written) => written,
            _ if self.ranges.iter().any(|range| range.contains(&written)) => written,
            _ => ' ',
        }
    }
}

/// Whether a letter, or a mark on one, is Latin or not; `None` for what may stand beside both.
pub(crate) fn is_latin(character: char) -> Option<bool> {
    match character {
        'A'..='Z' | 'a'..='z' | 'À'..='ɏ' | 'Ḁ'..='ỿ' => Some(true),
        FIRST_OTHER.. if !SIGNS.contains(character) => Some(false),
        _ => None,
    }
}
