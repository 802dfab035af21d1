//! Marks between two words without a space: parts of addresses, file names and abbreviations, or sentences whose space was
//! forgotten.

use super::abbreviation::{Stop, judge};

/// What a full stop between two characters of one word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dot {
    /// Part of the word: a number, an address, a file name, "e.g.".
    Inside,
    /// The end of an abbreviation: "ул.Абая".
    Abbreviation,
    /// The end of a sentence, whose space was forgotten: "Done.Next".
    Forgotten,
}

/// What addresses and file names end with.
const SUFFIXES: &[&str] = &[
    // Top-level domains
    "com",
    "net",
    "org",
    "io",
    "ai",
    "app",
    "dev",
    "info",
    "biz",
    "gov",
    "edu",
    "int",
    "mil",
    "me",
    "tv",
    "fm",
    "gg",
    "xyz",
    "site",
    "online",
    "store",
    "shop",
    "cloud",
    "tech",
    "club",
    "page",
    "blog",
    "media",
    "agency",
    "world",
    "email",
    "live",
    "news",
    "space",
    "studio",
    "digital",
    "systems",
    "ru",
    "kz",
    "su",
    "ua",
    "by",
    "uz",
    "kg",
    "uk",
    "us",
    "eu",
    "de",
    "fr",
    "it",
    "es",
    "pl",
    "nl",
    "ch",
    "at",
    "cz",
    "se",
    "no",
    "fi",
    "tr",
    "cn",
    "jp",
    "kr",
    "in",
    "br",
    "ca",
    "au",
    "nz",
    "za",
    "рф",
    "қаз",
    "бел",
    "укр",
    "рус",
    "онлайн",
    "сайт",
    "дети",
    "москва",
    // Files
    "txt",
    "md",
    "pdf",
    "doc",
    "docx",
    "xls",
    "xlsx",
    "ppt",
    "pptx",
    "csv",
    "json",
    "jsonl",
    "xml",
    "html",
    "htm",
    "css",
    "js",
    "jsx",
    "mjs",
    "ts",
    "tsx",
    "py",
    "rs",
    "go",
    "rb",
    "php",
    "java",
    "kt",
    "swift",
    "cpp",
    "hpp",
    "sh",
    "bat",
    "exe",
    "dll",
    "zip",
    "rar",
    "gz",
    "tar",
    "jpg",
    "jpeg",
    "png",
    "gif",
    "svg",
    "webp",
    "bmp",
    "ico",
    "mp3",
    "mp4",
    "wav",
    "ogg",
    "flac",
    "avi",
    "mov",
    "mkv",
    "webm",
    "yml",
    "yaml",
    "toml",
    "ini",
    "cfg",
    "conf",
    "log",
    "sql",
    "lock",
    "vue",
    "onnx",
    "apk",
    "iso",
    "bin",
    "dat",
    "bak",
    "tmp",
];

/// Ends of names that are not in the table have at most so many letters.
const SHORT_SUFFIX: usize = 3;
/// No longer word is looked at to its end before it is known what it is.
const LONGEST_LOOK: usize = 12;

/// What the full stop between `before` and `after` is, where no space stands on either side of it.
pub(crate) fn dot(before: &str, after: &str) -> Dot {
    let word = last_word(before);
    let part = word.rsplit('.').next().unwrap_or_default();
    let next = first_letters(after);
    let Some(first) = after.chars().next() else {
        return Dot::Inside;
    };
    let number = part.ends_with(char::is_numeric);
    if is_address(word, after) || (number && first.is_numeric()) || !first.is_alphanumeric() {
        return Dot::Inside;
    }
    let single = |part: &str| part.chars().count() < 2;
    if single(next) || (single(part) && !number) {
        return Dot::Inside;
    }
    if is_suffix(next) {
        return Dot::Inside;
    }
    // Names of files and hosts that nobody can list: "backup.old".
    let short = next.is_ascii() && next.len() <= SHORT_SUFFIX && first.is_lowercase();
    if short && !number {
        return Dot::Inside;
    }
    match judge(previous_word(before), part) {
        Stop::GoesOn | Stop::BeforeName => Dot::Abbreviation,
        Stop::BeforeNumber | Stop::Ends => Dot::Forgotten,
    }
}

/// Whether `marks`, between `before` and `after` without a space, end a sentence. `None` when more text is needed to tell; with
/// `whole`, there is no more.
pub(super) fn glued(before: &str, marks: &str, after: &str, whole: bool) -> Option<bool> {
    let mut letters = before.chars().rev();
    let (last, previous) = (letters.next(), letters.next());
    let word = last.is_some_and(char::is_lowercase) && previous.is_some_and(char::is_lowercase);
    let number = marks == "." && last.is_some_and(char::is_numeric);
    let mut next = after.chars();
    let capital = next.next().is_some_and(char::is_uppercase);
    if !capital || !(word || number) || is_address(before, "") {
        return Some(false);
    }
    let ascii = after.starts_with(|first: char| first.is_ascii());
    if word && !(marks == "." && ascii) {
        return Some(true);
    }
    let letters = first_letters(after);
    if letters.len() == after.len() && !whole && letters.chars().count() < LONGEST_LOOK {
        return None;
    }
    let behind = after.get(letters.len()..).unwrap_or_default();
    let code = behind.starts_with(['(', '_', '/', '@', ':', '=', '\\']);
    // "README.MD", "Node.JS", "ASP.NET", "п. 5.А": no sentences.
    let small = letters.chars().nth(1).is_some_and(char::is_lowercase);
    let alone = matches!(
        letters,
        "I" | "A" | "Я" | "А" | "И" | "В" | "О" | "У" | "К" | "С"
    ) && behind.starts_with(|gap: char| gap.is_whitespace() || "'’".contains(gap));
    let inner = last_word(before);
    let named = match word {
        true => inner.contains('.'),
        // "v1.2"
        false => inner.contains(char::is_alphabetic),
    };
    Some((small || alone) && !code && !named && !is_suffix(letters))
}

/// Whether what ends `before` and begins `after` is a URL, an e-mail address, a path, or a name of a program's.
pub(crate) fn is_address(before: &str, after: &str) -> bool {
    let before = last_word(before);
    let rest = after.split(char::is_whitespace).next().unwrap_or_default();
    let marks = |part: &str| part.contains(['/', '@', '\\', '_', '=']);
    let begin = before.to_lowercase();
    marks(before) || marks(rest) || begin.starts_with("www.") || begin == "www"
}

fn is_suffix(word: &str) -> bool {
    SUFFIXES.contains(&word.to_lowercase().as_str())
}

/// What stands before, back to a space or an opening mark.
fn last_word(before: &str) -> &str {
    let mut words = before.rsplit(is_gap);
    words.next().unwrap_or_default()
}

fn previous_word(before: &str) -> &str {
    let mut words = before.rsplit(is_gap).skip(1);
    words.next().unwrap_or_default().trim_end_matches('.')
}

fn is_gap(character: char) -> bool {
    character.is_whitespace() || "\"'«„“‘‹([{¿¡*`".contains(character)
}

/// The letters and digits that `text` begins with.
fn first_letters(text: &str) -> &str {
    let end = text.find(|next: char| !next.is_alphanumeric());
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_a_word_stays_in_it() {
        for (before, after, wanted) in [
            ("3", "14", Dot::Inside),
            ("example", "com now", Dot::Inside),
            ("see file", "TXT", Dot::Inside),
            ("backup", "old", Dot::Inside),
            ("т", "е. так", Dot::Inside),
            ("U", "S", Dot::Inside),
            ("a", "b@c.org", Dot::Inside),
            ("https://x.kz/a", "Bcd", Dot::Inside),
            ("www", "Example", Dot::Inside),
            ("сайт", "рф", Dot::Inside),
            ("ул", "Абая", Dot::Abbreviation),
            ("Done", "Next", Dot::Forgotten),
            ("готово", "потом", Dot::Forgotten),
            ("Это 5", "Потом", Dot::Forgotten),
        ] {
            assert_eq!(dot(before, after), wanted, "{before}.{after}");
        }
    }

    #[test]
    fn a_forgotten_space_is_seen() {
        for (before, marks, after, wanted) in [
            ("Привет", ".", "Как дела", Some(true)),
            ("Done", ".", "Next one", Some(true)),
            ("Done", ".", "I go", Some(true)),
            ("Done", ".", "Ne", None),
            ("Done", "!", "Next", Some(true)),
            ("Это 5", ".", "Потом", None),
            ("Это 5", ".", "Потом.", Some(true)),
            ("Node", ".", "Js and", Some(false)),
            ("vb", ".", "NET is", Some(false)),
            ("item 5", ".", "A is", Some(true)),
            ("п. 5", ".", "Б, в", Some(false)),
            ("https://x.kz/a", "?", "Id=5", Some(false)),
            ("mail anna", ".", "Lee@x.kz", Some(false)),
            ("print foo", ".", "Bar(1)", Some(false)),
        ] {
            assert_eq!(
                glued(before, marks, after, false),
                wanted,
                "{before}{marks}{after}"
            );
        }
        assert_eq!(glued("Done", ".", "Next", true), Some(true));
    }
}
