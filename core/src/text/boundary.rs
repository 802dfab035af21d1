//! Where a sentence ends.

use super::abbreviation::{Stop, judge};
use super::markup::{LINE, PARAGRAPH, SPACE};
use super::slice;

/// The end of the first sentence of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Boundary {
    /// The byte after its last character.
    pub(super) end: usize,
    /// It also ends a paragraph, or all of the text.
    pub(super) paragraph: bool,
}

/// What a place in the text turned out to be.
enum Place {
    /// The sentence goes on at this byte.
    Inside(usize),
    /// The sentence ends before this byte.
    End(usize),
    /// More text is needed to tell.
    Unknown,
}

/// A line at least this long, in bytes, may have been broken only because it was full.
const FULL_LINE: usize = 60;

/// What ends sentences besides the full stop.
const STRONG: &str = "!?‽؟۔।॥。！？…";
/// Those of them that need no space after them.
const WIDE: &str = "。！？";
/// What may stand between the last word and the space after its sentence.
const CLOSING: &str = "\"'»”’›“)]}*_`）」』】";
/// What may stand before the first word of a sentence.
const OPENING: &str = "\"'«„“‘‹([{¿¡*_`（「『【";
const DASHES: &str = "—–-";

/// The first sentence of plain `text`, or `None` when more text is needed to tell. With `whole`, there is no more.
pub(super) fn first(text: &str, whole: bool) -> Option<Boundary> {
    let limit = slice::limit(text);
    let mut line = 0;
    let mut at = 0;
    while at < limit.unwrap_or(text.len()) {
        let here = text.get(at..)?.chars().next()?;
        let place = match here {
            PARAGRAPH => {
                return Some(Boundary {
                    end: at,
                    paragraph: true,
                });
            }
            LINE => {
                let full = at - line >= FULL_LINE;
                line = at;
                line_break(text, at, full)
            }
            '.' => stop(text, at, limit),
            _ if STRONG.contains(here) => stop(text, at, limit),
            _ => Place::Inside(at + here.len_utf8()),
        };
        at = match place {
            Place::Inside(next) => next,
            Place::End(end) if limit.is_none_or(|limit| end <= limit) => {
                let after = text.get(end..).unwrap_or_default();
                let paragraph = after.starts_with(PARAGRAPH) || (whole && after.is_empty());
                return Some(Boundary { end, paragraph });
            }
            Place::End(_) => break,
            Place::Unknown if whole => break,
            Place::Unknown => return None,
        };
    }
    match limit {
        Some(limit) => Some(Boundary {
            end: slice::cut(text, limit),
            paragraph: false,
        }),
        None if whole && !text.is_empty() => Some(Boundary {
            end: text.len(),
            paragraph: true,
        }),
        None => None,
    }
}

/// A line ends at `at`. Lines are sentences of their own (headings, lists, verse), unless a full one goes on in small letters.
fn line_break(text: &str, at: usize, full: bool) -> Place {
    let next = at + LINE.len_utf8();
    match text.get(next..).and_then(|rest| rest.chars().next()) {
        None => Place::Unknown,
        Some(letter) if full && letter.is_lowercase() => Place::Inside(next),
        Some(_) => Place::End(at),
    }
}

/// Punctuation that may end a sentence begins at `at`.
fn stop(text: &str, at: usize, limit: Option<usize>) -> Place {
    let (before, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    let marks_end = run(rest, |mark| mark == '.' || STRONG.contains(mark));
    let marks = rest.get(..marks_end).unwrap_or_default();
    let closing_end = marks_end
        + run(rest.get(marks_end..).unwrap_or_default(), |mark| {
            CLOSING.contains(mark)
        });
    let end = at + closing_end;
    if limit.is_some_and(|limit| end > limit) {
        return Place::End(end);
    }
    let mut after = rest.get(closing_end..).unwrap_or_default().chars();
    let closed = closing_end > marks_end;
    let gap = match after.next() {
        None => return Place::Unknown,
        Some(gap @ (SPACE | LINE)) => gap,
        Some(PARAGRAPH) => return Place::End(end),
        Some(_) if marks.ends_with(|mark| WIDE.contains(mark)) => return Place::End(end),
        Some(letter) if !closed && glued(before, marks, letter) => return Place::End(end),
        Some(_) => return Place::Inside(end),
    };
    let Some(next) = next_word(after) else {
        return Place::Unknown;
    };
    let goes_on = if marks.contains(|mark| mark != '.' && mark != '…' && STRONG.contains(mark)) {
        // «Стой!» — крикнул он.
        next.small && (closed || next.dashed)
    } else if next.small {
        gap == SPACE
    } else if marks == "." && !closed {
        abbreviates(before, next.first)
    } else {
        false
    };
    if goes_on {
        Place::Inside(end)
    } else {
        Place::End(end)
    }
}

/// Whether `text` ends where a sentence does, as far as can be told without what follows.
pub(super) fn reads_whole(text: &str) -> bool {
    let words = text.trim_end_matches([SPACE, LINE, PARAGRAPH]);
    let open = words.trim_end_matches(|mark| CLOSING.contains(mark));
    match open.strip_suffix('.') {
        Some(before) => {
            // "3." may become "3.14".
            let number = before.ends_with(|last: char| last.is_numeric());
            !number && !abbreviates(before, 'A')
        }
        None => open.ends_with(|mark| STRONG.contains(mark)),
    }
}

/// The word after a gap.
struct NextWord {
    first: char,
    small: bool,
    /// A dash stands before it.
    dashed: bool,
}

/// Looks past opening marks and a dash; `None` when the text is over before a word was seen.
fn next_word(mut after: std::str::Chars<'_>) -> Option<NextWord> {
    let mut dashed = false;
    loop {
        let first = after.next()?;
        if DASHES.contains(first) && !dashed {
            dashed = true;
        } else if !(OPENING.contains(first) || (dashed && first == SPACE)) {
            return Some(NextWord {
                first,
                small: first.is_lowercase(),
                dashed,
            });
        }
    }
}

/// "Привет.Как дела?Хорошо": the space was forgotten. Full stops inside Latin words are left alone: Node.Js, e.g.This
fn glued(before: &str, marks: &str, next: char) -> bool {
    let mut letters = before.chars().rev();
    let word = letters.next().is_some_and(char::is_lowercase)
        && letters.next().is_some_and(char::is_lowercase);
    word && next.is_uppercase() && (marks != "." || !next.is_ascii())
}

/// The full stop after `before` belongs to an abbreviation, or to the number of a list's item.
fn abbreviates(before: &str, next: char) -> bool {
    let mut words = before.rsplit(|character: char| {
        [SPACE, LINE].contains(&character)
            || OPENING.contains(character)
            || CLOSING.contains(character)
    });
    let word = words.next().unwrap_or_default();
    let previous = words.next().unwrap_or_default().trim_end_matches('.');
    if word.len() == before.len()
        && word.len() <= 3
        && word.bytes().all(|byte| byte.is_ascii_digit())
    {
        return true;
    }
    match judge(previous, word) {
        Stop::GoesOn => true,
        Stop::BeforeNumber => next.is_numeric(),
        Stop::Ends => false,
    }
}

/// How many bytes of `text` from its beginning are made of such characters.
fn run(text: &str, such: impl Fn(char) -> bool) -> usize {
    text.find(|character| !such(character))
        .unwrap_or(text.len())
}
