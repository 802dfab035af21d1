//! Letters a voice cannot read, in letters it can.
//!
//! espeak-ng is only given the letters of its own language and Latin ones (see `avatar_espeak`). What else is likely to come up
//! in a text in one of our languages is written as its speakers would write it.

use crate::language::Language;

/// Kazakh, Ukrainian and Belarusian letters as a Russian would read them.
const FOR_RUSSIAN: &[(char, &str)] = &[
    ('ә', "э"),
    ('ғ', "г"),
    ('қ', "к"),
    ('ң', "н"),
    ('ө', "ё"),
    ('ұ', "у"),
    ('ү', "ю"),
    ('һ', "х"),
    ('і', "и"),
    ('ї', "и"),
    ('є', "е"),
    ('ґ', "г"),
    ('ў', "у"),
];

/// The same for a Kazakh, who has the first nine.
const FOR_KAZAKH: &[(char, &str)] = &[('ї', "и"), ('є', "е"), ('ґ', "г"), ('ў', "у")];

/// Cyrillic names and words in an English sentence.
const FOR_ENGLISH: &[(char, &str)] = &[
    ('а', "a"),
    ('б', "b"),
    ('в', "v"),
    ('г', "g"),
    ('д', "d"),
    ('е', "e"),
    ('ё', "yo"),
    ('ж', "zh"),
    ('з', "z"),
    ('и', "i"),
    ('й', "y"),
    ('к', "k"),
    ('л', "l"),
    ('м', "m"),
    ('н', "n"),
    ('о', "o"),
    ('п', "p"),
    ('р', "r"),
    ('с', "s"),
    ('т', "t"),
    ('у', "u"),
    ('ф', "f"),
    ('х', "kh"),
    ('ц', "ts"),
    ('ч', "ch"),
    ('ш', "sh"),
    ('щ', "shch"),
    ('ъ', ""),
    ('ы', "y"),
    ('ь', ""),
    ('э', "e"),
    ('ю', "yu"),
    ('я', "ya"),
    ('ә', "a"),
    ('ғ', "g"),
    ('қ', "k"),
    ('ң', "ng"),
    ('ө', "o"),
    ('ұ', "u"),
    ('ү', "u"),
    ('һ', "h"),
    ('і', "i"),
    ('ї', "yi"),
    ('є', "ye"),
    ('ґ', "g"),
    ('ў', "w"),
];

/// How `letter` is spelled for a voice of `language`; `None` where it stays as it is.
pub(super) fn spelled(letter: char, language: Language) -> Option<&'static str> {
    let table = match language {
        Language::Ru => FOR_RUSSIAN,
        Language::Kk => FOR_KAZAKH,
        Language::En => FOR_ENGLISH,
    };
    let small = letter.to_lowercase().next()?;
    table
        .iter()
        .find(|(known, _)| *known == small)
        .map(|(_, spelled)| *spelled)
}
