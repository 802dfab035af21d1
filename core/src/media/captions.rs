//! Captions: spoken words gathered into cues a person can read, written as WebVTT segments (RFC 8216 section 3.5).

use std::collections::VecDeque;
use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation as _;

use crate::time::Samples;

/// A spoken word, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// With the punctuation that belongs to it.
    pub text: String,
    /// When it begins.
    pub start: Samples,
    /// When it ends.
    pub end: Samples,
}

/// Characters on a line.
const LINE: usize = 40;
/// No cue is shown for longer.
const LONGEST: Samples = Samples::from_millis(6_000);
/// A cue is shown at least this long unless the next one is due.
const SHORTEST: Samples = Samples::from_millis(1_000);
/// A cue stays this long after its last word unless the next one is due.
const LINGER: Samples = Samples::from_millis(300);
/// A longer silence separates cues.
const PAUSE: Samples = Samples::from_millis(700);
/// A word whose rest takes longer than this, once all of it was shown, is shown again.
const REST: Samples = Samples::from_millis(2_000);
/// How long a letter and a digit take at least, as long as it is not known how long their word does.
const LETTER: Samples = Samples::from_millis(50);
const DIGIT: Samples = Samples::from_millis(200);

/// Gathers words into cues and gives them out segment by segment.
///
/// A cue that reaches into several segments is written into each of them with its full times, as RFC 8216
/// section 3.5 asks. So a cue must be settled before the first segment it touches is written: if words are
/// only known up to the middle of a cue by then, the cue ends there and the words that follow begin another. A word that is
/// still being said when a segment ends is shown as well, a long one as far as it is likely to have come.
#[derive(Debug, Default)]
pub struct Captions {
    /// Settled cues that some segment still to be written may touch.
    cues: VecDeque<Cue>,
    /// Words of the cue being gathered.
    open: Vec<Word>,
    /// The cue being gathered needs no more words.
    complete: bool,
    /// The end of the last settled cue.
    settled: Samples,
    /// The word that is being said.
    begun: Option<Begun>,
}

/// A word whose end is not known.
#[derive(Debug)]
struct Begun {
    start: Samples,
    /// What it is shown as: pieces that fit on a line each.
    pieces: Vec<String>,
    /// How many of them have been shown.
    shown: usize,
}

impl Begun {
    /// When piece `number` begins at the earliest.
    fn due(&self, number: usize) -> Samples {
        let before = self
            .pieces
            .iter()
            .take(number)
            .flat_map(|piece| piece.chars());
        let length = before.map(|character| match character.is_numeric() {
            true => DIGIT.0,
            false => LETTER.0,
        });
        self.start + Samples(length.sum())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cue {
    start: Samples,
    end: Samples,
    text: String,
}

impl Captions {
    /// Nothing said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the next word, in order of time. Words of white space alone are passed over.
    pub fn word(&mut self, word: Word) {
        self.begin(&word.text, word.start);
        self.end(word.end);
    }

    /// A word begins, in order of time, and with that the one before is over.
    pub fn begin(&mut self, text: &str, start: Samples) {
        self.end(start);
        let text: String = text
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|piece| !piece.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        if text.is_empty() {
            return;
        }
        let graphemes: Vec<&str> = text.graphemes(true).collect();
        self.begun = Some(Begun {
            start: start.max(self.last_start()),
            pieces: graphemes.chunks(LINE).map(<[&str]>::concat).collect(),
            shown: 0,
        });
    }

    /// The word that has begun, if any has, is over.
    pub fn end(&mut self, end: Samples) {
        let Some(begun) = self.begun.take() else {
            return;
        };
        let left = begun.pieces.get(begun.shown..).unwrap_or_default();
        let start = match begun.shown {
            0 => begun.start,
            _ => self.settled,
        };
        let length = end.saturating_sub(start);
        // What was shown goes on being said for a while.
        if left.is_empty() && length > REST {
            let text = begun.pieces.last().cloned().unwrap_or_default();
            return self.piece(Word { text, start, end });
        }
        let pieces = left.len() as u64;
        for (text, index) in left.iter().zip(0u64..) {
            self.piece(Word {
                text: text.clone(),
                start: start + Samples(length.0 * index / pieces),
                end: start + Samples(length.0 * (index + 1) / pieces),
            });
        }
    }

    /// The captions of the segment from `start` to `end`, as soon as all words that begin before its end are
    /// known: those that begin before `known_until` have been given, the last of them perhaps without its end, and no later
    /// one will be given that begins earlier. `None` before that. Segments are asked for in order.
    pub fn segment(
        &mut self,
        start: Samples,
        end: Samples,
        known_until: Samples,
    ) -> Option<String> {
        if known_until < end {
            return None;
        }
        self.show_begun(end);
        if self.open.first().is_some_and(|word| word.start < end) {
            let next = self.begun.as_ref().filter(|begun| begun.shown == 0);
            self.settle(next.map_or(known_until, |begun| begun.start.min(known_until)));
        }
        let mut text = String::from(HEADER);
        for cue in self
            .cues
            .iter()
            .filter(|cue| cue.start < end && cue.end > start)
        {
            cue.write(&mut text);
        }
        while self.cues.front().is_some_and(|cue| cue.end <= end) {
            self.cues.pop_front();
        }
        Some(text)
    }

    /// Shows what is likely to have been said, before `end`, of the word that has begun.
    fn show_begun(&mut self, end: Samples) {
        let Some(mut begun) = self.begun.take_if(|begun| begun.start < end) else {
            return;
        };
        let before = begun.shown;
        while let Some(text) = begun.pieces.get(begun.shown)
            && begun.due(begun.shown) < end
        {
            let start = match before {
                0 => begun.due(begun.shown),
                _ => begun.due(begun.shown).max(self.settled),
            };
            let next = begun.due(begun.shown + 1);
            let last = begun.shown + 1 == begun.pieces.len() || next >= end;
            let word = Word {
                text: text.clone(),
                start,
                end: if last {
                    end.max(start)
                } else {
                    next.max(start)
                },
            };
            begun.shown += 1;
            self.piece(word);
        }
        if begun.shown == before
            && self.settled < end
            && let Some(text) = begun.pieces.get(before.saturating_sub(1))
        {
            let (text, start) = (text.clone(), self.settled);
            self.piece(Word { text, start, end });
        }
        self.begun = Some(begun);
    }

    /// Adds a word, or a piece of one, that fits on a line.
    fn piece(&mut self, word: Word) {
        let apart = self
            .open
            .last()
            .is_some_and(|last| word.start.saturating_sub(last.end) > PAUSE);
        let long = self
            .open
            .first()
            .is_some_and(|first| word.end.saturating_sub(first.start) > LONGEST);
        if self.complete || apart || long || !fits(self.open.iter().chain([&word])) {
            self.settle(word.start);
        }
        self.open.push(word);
        self.complete = self.is_complete();
    }

    /// Whether the cue being gathered reads well as it is.
    fn is_complete(&self) -> bool {
        let (Some(first), Some(last)) = (self.open.first(), self.open.last()) else {
            return false;
        };
        let width: usize = self.open.iter().map(|word| width(&word.text) + 1).sum();
        let ending = last
            .text
            .trim_end_matches(['"', '\'', '»', '”', '’', ')', ']']);
        let sentence = ending.ends_with(['.', '!', '?', '…', '؟', '。', '！', '？']);
        let clause = ending.ends_with([',', ';', ':', '—', '–', '،']);
        (sentence && last.end.saturating_sub(first.start) >= SHORTEST)
            || (clause && width > LINE * 5 / 4)
    }

    /// Ends the cue being gathered; nothing after it begins before `next`.
    fn settle(&mut self, next: Samples) {
        self.complete = false;
        let words = std::mem::take(&mut self.open);
        let (Some(first), Some(last)) = (words.first(), words.last()) else {
            return;
        };
        let start = first.start.max(self.settled);
        let wanted = (last.end + LINGER).max(start + SHORTEST);
        let end = wanted
            .min(next.max(last.end))
            .max(start + Samples::from_millis(1));
        self.settled = end;
        self.cues.push_back(Cue {
            start,
            end,
            text: lines(&words),
        });
    }

    fn last_start(&self) -> Samples {
        self.open.last().map_or(self.settled, |word| word.start)
    }
}

/// What every segment begins with. Local time is media time: MP4 fragments count from zero.
const HEADER: &str = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n";

impl Cue {
    fn write(&self, out: &mut String) {
        let (start, end) = (Timestamp(self.start), Timestamp(self.end));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n{start} --> {end}");
        for character in self.text.chars() {
            match character {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                other => out.push(other),
            }
        }
        out.push('\n');
    }
}

/// A WebVTT timestamp.
struct Timestamp(Samples);

impl std::fmt::Display for Timestamp {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let milliseconds = self.0.duration().as_millis();
        let (seconds, milliseconds) = (milliseconds / 1000, milliseconds % 1000);
        let (minutes, seconds) = (seconds / 60, seconds % 60);
        let (hours, minutes) = (minutes / 60, minutes % 60);
        write!(
            out,
            "{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"
        )
    }
}

/// Characters as people count them.
fn width(text: &str) -> usize {
    text.graphemes(true).count()
}

/// Whether the words fit on two lines.
fn fits<'a>(words: impl Iterator<Item = &'a Word>) -> bool {
    let (mut lines, mut column) = (1, 0);
    for word in words {
        let width = width(&word.text);
        if column == 0 {
            column = width;
        } else if column + 1 + width <= LINE {
            column += 1 + width;
        } else {
            lines += 1;
            column = width;
        }
    }
    lines <= 2
}

/// The words on one line, or on two of about the same length, broken after punctuation where that costs little.
fn lines(words: &[Word]) -> String {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let whole = texts.join(" ");
    if width(&whole) <= LINE {
        return whole;
    }
    let broken = (1..texts.len()).filter_map(|at| {
        let (first, second) = texts.split_at_checked(at)?;
        let (first, second) = (first.join(" "), second.join(" "));
        let (upper, lower) = (width(&first), width(&second));
        let punctuated = first.ends_with([',', ';', ':', '.', '!', '?', '…', '—']);
        let cost = upper.abs_diff(lower) + if punctuated { 0 } else { LINE / 4 };
        (upper <= LINE && lower <= LINE).then(|| (cost, format!("{first}\n{second}")))
    });
    broken
        .min_by_key(|(cost, _)| *cost)
        .map_or(whole, |(_, text)| text)
}

#[cfg(test)]
mod tests;
