//! Which language a text is in, and which it cannot be in, judged by its letters.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};

use crate::language::Language;

/// Letters that Kazakh has and Russian lacks.
const KAZAKH: &str = "әғқңөұүһі";

/// The language to read `text` in when it was said to be in `language`: the same one, unless its letters forbid it.
///
/// Cyrillic read by an English voice is spelled letter by letter, and so is Kazakh by a Russian one. The other way round
/// nothing needs to be done: Russian and Kazakh voices know how to read Latin letters.
pub fn readable_in(text: &str, language: Language) -> Language {
    let cyrillic = letters(text, Script::Cyrillic);
    match language {
        Language::En if cyrillic > letters(text, Script::Latin) => cyrillic_language(text),
        Language::Ru if cyrillic > 0 && is_kazakh(text) => Language::Kk,
        _ => language,
    }
}

/// The language that `text` looks to be in where nobody said so; `None` where its letters tell nothing.
pub fn language_of(text: &str) -> Option<Language> {
    let (latin, cyrillic) = (
        letters(text, Script::Latin),
        letters(text, Script::Cyrillic),
    );
    match (latin, cyrillic) {
        (0, 0) => None,
        _ if cyrillic > latin => Some(cyrillic_language(text)),
        _ => Some(Language::En),
    }
}

/// The script, by its English name, that most letters of `text` are of, where those of Latin and Cyrillic are fewer than all
/// others: only voices of other languages could read it.
///
/// ```
/// use avatar_core::text::foreign_script;
///
/// assert_eq!(foreign_script("שלום עולם, ok"), Some("Hebrew"));
/// assert_eq!(foreign_script("Hello is 你好 there."), None);
/// assert_eq!(foreign_script("5 + 5"), None);
/// ```
pub fn foreign_script(text: &str) -> Option<&'static str> {
    // A text may have a hundred thousand letters, and nearly always all are our own.
    let own = |letter| matches!(letter, '\0'..='\u{24f}' | '\u{400}'..='\u{52f}' | '\u{2010}'..='\u{2027}');
    if text.chars().all(own) {
        return None;
    }
    let mut known = 0_usize;
    let mut others: HashMap<Script, usize> = HashMap::new();
    for script in scripts(text) {
        match script {
            Script::Latin | Script::Cyrillic => known += 1,
            Script::Common | Script::Inherited | Script::Unknown => {}
            script => *others.entry(script).or_default() += 1,
        }
    }
    if others.values().sum::<usize>() <= known {
        return None;
    }
    let most = others
        .into_iter()
        .max_by_key(|(script, count)| (*count, script.full_name()));
    most.map(|(script, _)| script.full_name())
}

fn letters(text: &str, wanted: Script) -> usize {
    scripts(text).filter(|script| *script == wanted).count()
}

/// The script of each letter, of those that stand for others that of these. Letters of our own languages are told by their place: that
/// is faster.
fn scripts(text: &str) -> impl Iterator<Item = Script> {
    text.chars().flat_map(|character| {
        let (plain, form) = match character {
            'a'..='z' | 'A'..='Z' => (Some(Script::Latin), None),
            '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}' => (Some(Script::Cyrillic), None),
            '\0'..='\u{7f}' => (None, None),
            other => (None, Some(other)),
        };
        let letters = form
            .into_iter()
            .nfkc()
            .filter(|letter| letter.is_alphabetic());
        plain
            .into_iter()
            .chain(letters.map(|letter| letter.script()))
    })
}

fn cyrillic_language(text: &str) -> Language {
    if is_kazakh(text) {
        Language::Kk
    } else {
        Language::Ru
    }
}

/// More than a third of the words have letters that only Kazakh has; in Kazakh texts it is more than half, in Russian
/// ones only names are among them.
pub(super) fn is_kazakh(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words = lower
        .split(|letter: char| !letter.is_alphabetic())
        .filter(|word| !word.is_empty());
    let (mut all, mut kazakh) = (0, 0);
    for word in words {
        all += 1;
        kazakh += usize::from(word.contains(|letter| KAZAKH.contains(letter)));
    }
    kazakh * 3 > all
}

/// There are letters that only Kazakh has.
pub(super) fn has_kazakh(text: &str) -> bool {
    text.to_lowercase()
        .contains(|letter| KAZAKH.contains(letter))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn letters_told_by_their_place_are_of_that_script(
            text in "[\\PC\\p{Latin}\\p{Cyrillic}\u{400}-\u{530}]{0,40}"
        ) {
            let one_by_one = text.chars().flat_map(|letter| [letter].into_iter().nfkc());
            let one_by_one = one_by_one.filter(|letter| letter.is_alphabetic());
            prop_assert_eq!(
                scripts(&text).collect::<Vec<_>>(),
                one_by_one.map(|letter| letter.script()).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn most_letters_tell_the_language() {
        use Language::{En, Kk, Ru};
        for (text, language) in [
            ("Hello, мир", Some(En)),
            ("Привет, world, как дела?", Some(Ru)),
            ("Қазақстан — тәуелсіз мемлекет", Some(Kk)),
            ("𝗛𝗲𝗹𝗹𝗼", Some(En)),
            ("12:30 😀", None),
            ("שלום", None),
        ] {
            assert_eq!(language_of(text), language, "{text}");
        }
    }

    #[test]
    fn letters_decide_only_where_they_must() {
        use Language::{En, Kk, Ru};
        for (text, said, read) in [
            ("Hello, world", En, En),
            ("Привет, мир", En, Ru),
            ("Сәлем, әлем", En, Kk),
            ("The Russian word мир means peace", En, En),
            ("Hello, world", Ru, Ru),
            ("Привет, мир", Ru, Ru),
            ("Ғали пошёл в школу с братом", Ru, Ru),
            ("Қазақстан — тәуелсіз мемлекет", Ru, Kk),
            ("Привет, мир", Kk, Kk),
            ("12:30", En, En),
            ("שלום", Ru, Ru),
        ] {
            assert_eq!(readable_in(text, said), read, "{text}");
        }
    }
}
