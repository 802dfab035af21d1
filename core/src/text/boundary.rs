//! Where a sentence ends.

use super::abbreviation::{LONGEST_BEGINNING, Stop, begins_sentences, judge};
use super::dotted::glued;
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
const STRONG: &str = "!?‽؟۔।॥。｡．！？…";
/// Those of them that need no space after them.
const WIDE: &str = "。｡！？";
/// What may stand between the last word and the space after its sentence.
const CLOSING: &str = "\"'»”’›“)]}*_`~）」』】\u{fdd1}";
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
            '.' => stop(text, at, limit, whole),
            _ if STRONG.contains(here) => stop(text, at, limit, whole),
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
fn stop(text: &str, at: usize, limit: Option<usize>, whole: bool) -> Place {
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
    let follows = rest.get(closing_end..).unwrap_or_default();
    let mut after = follows.chars();
    let closed = closing_end > marks_end;
    let gap = match after.next() {
        None => return Place::Unknown,
        Some(gap @ (SPACE | LINE)) => gap,
        Some(PARAGRAPH) => return Place::End(end),
        Some(_) if marks.ends_with(|mark| WIDE.contains(mark)) => return Place::End(end),
        Some(_) => match glued(before, marks, follows, whole) {
            None => return Place::Unknown,
            Some(false) => return Place::Inside(end),
            Some(true) => {
                after = follows.chars();
                SPACE
            }
        },
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
        match abbreviation(before) {
            Stop::GoesOn => true,
            Stop::BeforeNumber => next.is_number(),
            Stop::BeforeName => match next.begins_sentences(whole) {
                None => return Place::Unknown,
                Some(begins) => !begins,
            },
            Stop::Ends => false,
        }
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
            !number && abbreviation(before) != Stop::GoesOn && !is_one_letter(before)
        }
        None => open.ends_with(|mark| STRONG.contains(mark)),
    }
}

/// Whether the last word of `before` is a single letter that wants a name, even if it is long in coming: "J.", "в г."
fn is_one_letter(before: &str) -> bool {
    let mut letters = before.chars().rev();
    letters.next().is_some_and(char::is_alphabetic)
        && letters.next().is_none_or(|gap| !gap.is_alphanumeric())
        && abbreviation(before) == Stop::BeforeName
}

/// The word after a gap, and all that follows it.
struct NextWord<'a> {
    text: &'a str,
    small: bool,
    /// A dash stands before it.
    dashed: bool,
}

impl NextWord<'_> {
    fn is_number(&self) -> bool {
        let mut characters = self.text.chars();
        match characters.next() {
            Some('+' | '№') => characters.next().is_some_and(char::is_numeric),
            first => first.is_some_and(char::is_numeric),
        }
    }

    /// Whether it begins sentences and is no name; `None` when more text is needed to tell. With `whole`, there is no more.
    fn begins_sentences(&self, whole: bool) -> Option<bool> {
        let end = self.text.find(|letter: char| !letter.is_alphabetic());
        let word = self.text.get(..end.unwrap_or(self.text.len()))?;
        if end.is_none() && !whole && word.chars().count() <= LONGEST_BEGINNING {
            return None;
        }
        // "г. В. Иванов"
        let initial = word.chars().count() == 1
            && self
                .text
                .get(word.len()..)
                .is_some_and(|behind| behind.starts_with('.'));
        Some(!initial && begins_sentences(word))
    }
}

/// Looks past opening marks and a dash; `None` when the text is over before a word was seen.
fn next_word(mut after: std::str::Chars<'_>) -> Option<NextWord<'_>> {
    let mut dashed = false;
    loop {
        let text = after.as_str();
        let first = after.next()?;
        if DASHES.contains(first) && !dashed {
            dashed = true;
        } else if !(OPENING.contains(first) || (dashed && first == SPACE)) {
            return Some(NextWord {
                text,
                small: first.is_lowercase(),
                dashed,
            });
        }
    }
}

/// What the full stop after `before` may belong to: an abbreviation, or the number of a list's item.
fn abbreviation(before: &str) -> Stop {
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
        return Stop::GoesOn;
    }
    judge(previous, word)
}

/// How many bytes of `text` from its beginning are made of such characters.
fn run(text: &str, such: impl Fn(char) -> bool) -> usize {
    text.find(|character| !such(character))
        .unwrap_or(text.len())
}
