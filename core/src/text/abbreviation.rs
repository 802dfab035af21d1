//! Full stops that end an abbreviation rather than a sentence, in Russian, Kazakh and English.

/// What a full stop after a word means when a capital letter or a number follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The sentence goes on.
    GoesOn,
    /// The sentence goes on where a number follows, and ends otherwise.
    BeforeNumber,
    /// The sentence goes on, unless what follows is a word that begins sentences and no name.
    BeforeName,
    /// It ends the sentence, abbreviation or not.
    Ends,
}

/// Always followed by what they belong to, and no words themselves: titles, kinds of places, references.
const GO_ON: &[&str] = &[
    // English
    "mr",
    "mrs",
    "ms",
    "mx",
    "dr",
    "prof",
    "messrs",
    "vs",
    "cf",
    "viz",
    "eg",
    "ie",
    "e.g",
    "i.e",
    "approx",
    // Russian
    "т",
    "ул",
    "просп",
    "пр-т",
    "пр-кт",
    "бул",
    "б-р",
    "акад",
    "проф",
    "доц",
    "канд",
    "докт",
    "г-н",
    "г-жа",
    "напр",
    "табл",
    "илл",
    "разд",
    "пп",
    "р-н",
    "букв",
    "т.е",
    "т.к",
    "т.н",
    "т.о",
    "и.о",
    "в.о",
    "к.т.н",
    "д.т.н",
];

/// Titles before a name, if they begin with a capital; small, they are words: "He is a rep. She knows."
const TITLES: &[&str] = &[
    "rev", "gen", "col", "maj", "capt", "cpt", "lt", "sgt", "cmdr", "gov", "sen", "rep", "pres",
    "hon", "mt", // Kazakh "see" and "for example", which small are snow and copper.
    "қар", "мыс",
];

/// Before a name they are abbreviations. They also end sentences: as words ("Я дал им."), or behind the name ("on Main St.").
const BEFORE_NAME: &[&str] = &[
    // English
    "st", "ft", "dept", "u.s", "u.k", "u.n", "d.c", // Russian
    "им", "пер", "пл", "наб", "ш", "д", "с", "х", "к", "г", "о", "п", "гр", "тов", "св", "ср",
    "прим", "гл", "ст", "чл", "кв", "корп", "обл", "пос", "дер", "ред", "изд", "авт", "сост",
    "зам", "зав", "нач", "англ", "лат", "фр", "рус", "каз", "см", // Kazakh
    "көш", "ауд",
];

/// Often the last word of a sentence: with a capital after them, they end it.
const MAY_END: &[&str] = &[
    "etc", "al", "inc", "ltd", "co", "corp", "jr", "sr", "u.s.a", "u.s.s.r", "a.m", "p.m", "b.c",
    "a.d", "ph.d", "др", "пр", "гг", "вв", "руб", "коп", "тыс", "млн", "млрд", "трлн", "долл",
    "шт", "экз", "т.д", "т.п", "н.э", "т.б", "т.с.с", "т.с", "мың", "тг", "қ",
];

/// Followed by a number they are abbreviations, otherwise plain words, or the end of a sentence.
const BEFORE_NUMBER: &[&str] = &[
    "no", "nos", "vol", "pp", "p", "ch", "sec", "fig", "art", "op", "jan", "feb", "mar", "apr",
    "jun", "jul", "aug", "sept", "oct", "nov", "dec", "№", "рис", "ок", "тел", "стр",
];

/// Units after a number: another number may go on with them ("6 ft. 2 in."), a capital begins a sentence.
const MEASURES: &[&str] = &["ft", "in", "lb", "lbs", "oz", "yd", "mi", "pt", "qt", "gal"];

/// Words that begin sentences, and are hardly ever names.
const BEGINNINGS: &[&str] = &[
    // English
    "i",
    "he",
    "she",
    "it",
    "they",
    "we",
    "you",
    "this",
    "that",
    "these",
    "those",
    "there",
    "then",
    "the",
    "a",
    "but",
    "and",
    "so",
    "if",
    "when",
    "what",
    "why",
    "how",
    "who",
    "where",
    "now",
    "here",
    "my",
    "his",
    "her",
    "our",
    "their",
    "your",
    "its",
    "in",
    "on",
    "at",
    "for",
    "after",
    "before",
    "because",
    "however",
    "also",
    "yes",
    "is",
    "are",
    "do",
    "does",
    "did",
    "can",
    "let",
    "please",
    // Russian
    "я",
    "ты",
    "он",
    "она",
    "оно",
    "мы",
    "вы",
    "они",
    "это",
    "этот",
    "эта",
    "эти",
    "тот",
    "та",
    "те",
    "так",
    "там",
    "тут",
    "здесь",
    "потом",
    "затем",
    "но",
    "а",
    "и",
    "или",
    "если",
    "когда",
    "где",
    "как",
    "что",
    "кто",
    "почему",
    "зачем",
    "теперь",
    "сейчас",
    "сегодня",
    "вчера",
    "завтра",
    "его",
    "её",
    "ее",
    "их",
    "мой",
    "моя",
    "моё",
    "мои",
    "наш",
    "наша",
    "наши",
    "ваш",
    "ваша",
    "в",
    "во",
    "на",
    "с",
    "со",
    "к",
    "по",
    "у",
    "от",
    "до",
    "за",
    "из",
    "не",
    "нет",
    "да",
    "всё",
    "все",
    "ещё",
    "еще",
    "уже",
    "также",
    "тоже",
    "однако",
    "поэтому",
    "после",
    "перед",
    "для",
    "при",
    "только",
    "вот",
    "ну",
    "давай",
    "давайте",
    "можно",
    "нужно",
    // Kazakh
    "ол",
    "олар",
    "бұл",
    "сол",
    "мен",
    "біз",
    "сен",
    "сіз",
    "сендер",
    "сіздер",
    "осы",
    "мына",
    "анау",
    "содан",
    "кейін",
    "сонда",
    "бірақ",
    "және",
    "ал",
    "егер",
    "қазір",
    "бүгін",
    "ертең",
    "кеше",
    "иә",
    "жоқ",
    "кім",
    "қайда",
    "неге",
    "қалай",
];

/// Letters of the longest of them.
pub(super) const LONGEST_BEGINNING: usize = 7;

/// Whether `word` begins sentences and is hardly ever a name.
pub(super) fn begins_sentences(word: &str) -> bool {
    BEGINNINGS.contains(&word.to_lowercase().as_str())
}

/// Units and spans of time: after a number they may end a sentence.
const AFTER_NUMBER: &[&str] = &[
    "г", "гг", "в", "вв", "ж", "жж", "ғ", "ғғ", "р", "к", "т", "м", "ч", "с", "л", "см", "мм",
    "км", "кг", "мин", "сек", "кв", "гр", "га",
];

/// Words of one letter that are no abbreviations: "it was I. Then", "это я. Он".
const WHOLE_LETTERS: &[&str] = &["I", "я", "Я", "ю", "ы", "a"];

/// Judges the full stop after `word`, which follows `previous` (empty at the beginning).
/// Both come without their own full stop at the end.
pub(super) fn judge(previous: &str, word: &str) -> Stop {
    let lower = word.to_lowercase();
    let lower = lower.as_str();
    if ends_in_number(previous) {
        if MEASURES.contains(&lower) {
            return Stop::BeforeNumber;
        }
        if AFTER_NUMBER.contains(&lower) {
            return Stop::Ends;
        }
    }
    // "и т. д.", "и т. п.", "до н. э."
    if matches!((previous, lower), ("т" | "Т", "д" | "п") | ("н", "э")) {
        return Stop::Ends;
    }
    if MAY_END.contains(&lower) || WHOLE_LETTERS.contains(&word) {
        return Stop::Ends;
    }
    if GO_ON.contains(&lower) {
        return Stop::GoesOn;
    }
    if TITLES.contains(&lower) {
        return match word.starts_with(char::is_uppercase) {
            true => Stop::GoesOn,
            false => Stop::Ends,
        };
    }
    if BEFORE_NAME.contains(&lower) || is_initials(word) {
        return Stop::BeforeName;
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
        for (previous, word, stop) in [
            ("на", "ул", Stop::GoesOn),
            ("", "г", Stop::BeforeName),
            ("2020", "г", Stop::Ends),
            ("XIX", "в", Stop::Ends),
            ("и", "т", Stop::GoesOn),
            ("т", "д", Stop::Ends),
            ("", "No", Stop::BeforeNumber),
            ("was", "I", Stop::Ends),
            ("by", "J.R.R", Stop::BeforeName),
            ("is", "Rep", Stop::GoesOn),
            ("a", "rep", Stop::Ends),
            ("6", "ft", Stop::BeforeNumber),
            ("", "Ft", Stop::BeforeName),
            ("ем", "рис", Stop::BeforeNumber),
            ("это", "ген", Stop::Ends),
        ] {
            assert_eq!(judge(previous, word), stop, "{previous} {word}");
        }
        let longest = BEGINNINGS.iter().map(|word| word.chars().count()).max();
        assert_eq!(longest, Some(LONGEST_BEGINNING));
        assert_eq!(judge("в", "доме"), Stop::Ends);
    }
}
