//! Sentences in more than one language, as far as their letters tell.

use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

use super::script::{has_kazakh, is_kazakh};
use crate::language::Language;

/// So many Cyrillic letters without a single one that only Kazakh has are not Kazakh: there, one of five is.
const TELLING: usize = 20;

/// What the letters of a word belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    Latin,
    Cyrillic,
}

/// A sentence in stretches of one language each, for a session in `home`. Numbers and marks stay with the words before
/// them. The stretches together are the sentence, but for the gaps between them.
pub(super) fn runs(sentence: &str, home: Language) -> Vec<(Language, &str)> {
    let mut starts: Vec<(usize, Option<Writing>)> = Vec::new();
    let mut at = 0;
    for word in sentence.split_inclusive(char::is_whitespace) {
        let writing = writing(word);
        match starts.last_mut() {
            Some((_, now)) if writing.is_none() || *now == writing => {}
            // What stands before the first word goes with it.
            Some((_, now @ None)) => *now = writing,
            _ => starts.push((at, writing)),
        }
        at += word.len();
    }
    let ends = starts
        .iter()
        .skip(1)
        .map(|(start, _)| *start)
        .chain([sentence.len()]);
    let stretches = starts
        .iter()
        .zip(ends)
        .filter_map(|((start, writing), end)| {
            let text = sentence.get(*start..end)?.trim();
            Some((language(text, *writing, home), text))
        });
    stretches.filter(|(_, text)| !text.is_empty()).collect()
}

/// What most letters of a word belong to.
fn writing(word: &str) -> Option<Writing> {
    let letters = |script| {
        word.nfkc()
            .filter(|letter| letter.is_alphabetic() && letter.script() == script)
            .count()
    };
    match (letters(Script::Latin), letters(Script::Cyrillic)) {
        (0, 0) => None,
        (latin, cyrillic) if latin > cyrillic => Some(Writing::Latin),
        _ => Some(Writing::Cyrillic),
    }
}

fn language(text: &str, writing: Option<Writing>, home: Language) -> Language {
    let letters = || text.chars().filter(|letter| letter.is_alphabetic()).count();
    match (writing, home) {
        (None, _) => home,
        (Some(Writing::Latin), _) => Language::En,
        (Some(Writing::Cyrillic), Language::Kk) if has_kazakh(text) || letters() < TELLING => {
            Language::Kk
        }
        (Some(Writing::Cyrillic), _) if is_kazakh(text) => Language::Kk,
        (Some(Writing::Cyrillic), _) => Language::Ru,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use Language::{En, Kk, Ru};

    #[test]
    fn letters_choose_the_language() {
        for (sentence, home, wanted) in [
            ("Привет, мир!", Ru, vec![(Ru, "Привет, мир!")]),
            ("Привет, мир!", En, vec![(Ru, "Привет, мир!")]),
            ("Hello, 5 world!", Ru, vec![(En, "Hello, 5 world!")]),
            ("12:30", Kk, vec![(Kk, "12:30")]),
            ("— 5 яблок", En, vec![(Ru, "— 5 яблок")]),
            (
                "Слово «hello world» значит 2 вещи.",
                Ru,
                vec![(Ru, "Слово"), (En, "«hello world»"), (Ru, "значит 2 вещи.")],
            ),
            (
                "Windows 11 — это система, a system.",
                Ru,
                vec![
                    (En, "Windows 11 —"),
                    (Ru, "это система,"),
                    (En, "a system."),
                ],
            ),
            ("USB-кабель", Ru, vec![(Ru, "USB-кабель")]),
            (
                "Қазақстан — тәуелсіз мемлекет.",
                Ru,
                vec![(Kk, "Қазақстан — тәуелсіз мемлекет.")],
            ),
            (
                "Ғали пошёл в школу с братом.",
                Ru,
                vec![(Ru, "Ғали пошёл в школу с братом.")],
            ),
            (
                "Ғали пошёл в школу с братом.",
                Kk,
                vec![(Kk, "Ғали пошёл в школу с братом.")],
            ),
            ("Бала барды.", Kk, vec![(Kk, "Бала барды.")]),
            (
                "Сегодня хорошая погода.",
                Kk,
                vec![(Ru, "Сегодня хорошая погода.")],
            ),
            ("", En, vec![]),
        ] {
            assert_eq!(runs(sentence, home), wanted, "{sentence}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost(sentence in "[a-zа-яқөҮ0-9 .,!«—]{0,60}") {
            let runs = runs(&sentence, Language::Ru);
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            let joined: String = runs.iter().map(|(_, text)| bare(text)).collect();
            prop_assert_eq!(joined, bare(&sentence));
            for (_, text) in &runs {
                prop_assert!(runs.len() == 1 || text.chars().any(char::is_alphabetic), "{:?}", text);
            }
        }
    }
}
