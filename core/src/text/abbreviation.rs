//! Full stops that end an abbreviation rather than a sentence, in Russian, Kazakh and English.

/// What a full stop after a word means when a capital letter follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The sentence goes on.
    GoesOn,
    /// The sentence goes on where a number follows, and ends otherwise.
    BeforeNumber,
    /// It ends the sentence, abbreviation or not.
    Ends,
}

/// Always followed by what they belong to: titles, kinds of places, references.
const GO_ON: &[&str] = &[
    // English
    "mr",
    "mrs",
    "ms",
    "mx",
    "dr",
    "prof",
    "rev",
    "gen",
    "col",
    "maj",
    "capt",
    "cpt",
    "lt",
    "sgt",
    "cmdr",
    "gov",
    "sen",
    "rep",
    "pres",
    "hon",
    "st",
    "mt",
    "ft",
    "messrs",
    "vs",
    "cf",
    "viz",
    "eg",
    "ie",
    "e.g",
    "i.e",
    "approx",
    "dept",
    "jan",
    "feb",
    "aug",
    "sept",
    "oct",
    "nov",
    "u.s",
    "u.k",
    "u.n",
    "d.c",
    // Russian
    "т",
    "ул",
    "им",
    "просп",
    "пр-т",
    "пр-кт",
    "пер",
    "пл",
    "наб",
    "бул",
    "б-р",
    "ш",
    "д",
    "с",
    "х",
    "к",
    "акад",
    "проф",
    "доц",
    "канд",
    "докт",
    "гр",
    "тов",
    "г-н",
    "г-жа",
    "св",
    "ср",
    "напр",
    "прим",
    "рис",
    "табл",
    "илл",
    "стр",
    "гл",
    "разд",
    "ст",
    "п",
    "пп",
    "чл",
    "кв",
    "корп",
    "обл",
    "р-н",
    "пос",
    "дер",
    "тел",
    "ред",
    "изд",
    "авт",
    "сост",
    "зам",
    "зав",
    "нач",
    "ген",
    "ок",
    "букв",
    "англ",
    "лат",
    "нем",
    "фр",
    "рус",
    "каз",
    "см",
    "о",
    "т.е",
    "т.к",
    "т.н",
    "т.о",
    "и.о",
    "в.о",
    "к.т.н",
    "д.т.н",
    "г",
    // Kazakh
    "мыс",
    "қар",
    "көш",
    "ауд",
];

/// Often the last word of a sentence: with a capital after them, they end it.
const MAY_END: &[&str] = &[
    "etc", "al", "inc", "ltd", "co", "corp", "jr", "sr", "u.s.a", "u.s.s.r", "a.m", "p.m", "b.c",
    "a.d", "ph.d", "др", "пр", "гг", "вв", "руб", "коп", "тыс", "млн", "млрд", "трлн", "долл",
    "шт", "экз", "т.д", "т.п", "н.э", "т.б", "т.с.с", "т.с", "мың", "тг", "қ",
];

/// Followed by a number they are abbreviations, otherwise plain words.
const BEFORE_NUMBER: &[&str] = &[
    "no", "nos", "vol", "pp", "p", "ch", "sec", "fig", "art", "op", "mar", "apr", "jun", "jul",
    "dec", "№",
];

/// Units and spans of time: after a number they may end a sentence.
const AFTER_NUMBER: &[&str] = &[
    "г", "гг", "в", "вв", "ж", "жж", "ғ", "ғғ", "р", "к", "т", "м", "ч", "с", "л", "см", "мм",
    "км", "кг", "мин", "сек", "кв",
];

/// Words of one letter that are no abbreviations: "it was I. Then", "это я. Он".
const WHOLE_LETTERS: &[&str] = &["I", "я", "Я", "ю", "ы", "a"];

/// Judges the full stop after `word`, which follows `previous` (empty at the beginning).
/// Both come without their own full stop at the end.
pub(super) fn judge(previous: &str, word: &str) -> Stop {
    let lower = word.to_lowercase();
    let lower = lower.as_str();
    if ends_in_number(previous) && AFTER_NUMBER.contains(&lower) {
        return Stop::Ends;
    }
    // "и т. д.", "и т. п.", "до н. э."
    if matches!((previous, lower), ("т" | "Т", "д" | "п") | ("н", "э")) {
        return Stop::Ends;
    }
    if MAY_END.contains(&lower) || WHOLE_LETTERS.contains(&word) {
        return Stop::Ends;
    }
    if GO_ON.contains(&lower) || is_initials(word) {
        return Stop::GoesOn;
    }
    if BEFORE_NUMBER.contains(&lower) {
        return Stop::BeforeNumber;
    }
    Stop::Ends
}

/// "А", "J", "А.С", "J.R.R"
fn is_initials(word: &str) -> bool {
    !word.is_empty()
        && word.split('.').all(|part| {
            let mut letters = part.chars();
            letters.next().is_some_and(char::is_uppercase) && letters.next().is_none()
        })
}

/// "1914", "XX", "20-х" do not all end in a digit, but all count something. A comma after them parts them from what follows.
fn ends_in_number(word: &str) -> bool {
    if !word.ends_with(char::is_alphanumeric) {
        return false;
    }
    let roman = word.chars().all(|letter| "IVXLCХ–-".contains(letter));
    roman || word.chars().any(|character| character.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_decides() {
        assert_eq!(judge("на", "ул"), Stop::GoesOn);
        assert_eq!(judge("", "г"), Stop::GoesOn);
        assert_eq!(judge("2020", "г"), Stop::Ends);
        assert_eq!(judge("XIX", "в"), Stop::Ends);
        assert_eq!(judge("и", "т"), Stop::GoesOn);
        assert_eq!(judge("т", "д"), Stop::Ends);
        assert_eq!(judge("", "No"), Stop::BeforeNumber);
        assert_eq!(judge("was", "I"), Stop::Ends);
        assert_eq!(judge("by", "J.R.R"), Stop::GoesOn);
        assert_eq!(judge("в", "доме"), Stop::Ends);
    }
}
