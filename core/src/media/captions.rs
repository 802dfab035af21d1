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

/// Gathers words into cues and gives them out segment by segment.
///
/// A cue that reaches into several segments is written into each of them with its full times, as RFC 8216
/// section 3.5 asks. So a cue must be settled before the first segment it touches is written: if words are
/// only known up to the middle of a cue by then, the cue ends there and the words that follow begin another.
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
        let text: String = word
            .text
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|piece| !piece.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        if text.is_empty() {
            return;
        }
        let graphemes: Vec<&str> = text.graphemes(true).collect();
        let pieces = graphemes.len().div_ceil(LINE) as u64;
        let start = word.start.max(self.last_start());
        let length = word.end.saturating_sub(start);
        for (piece, index) in graphemes.chunks(LINE).zip(0u64..) {
            self.piece(Word {
                text: piece.concat(),
                start: start + Samples(length.0 * index / pieces),
                end: start + Samples(length.0 * (index + 1) / pieces),
            });
        }
    }

    /// The captions of the segment from `start` to `end`, as soon as all words that begin before its end are
    /// known: those that begin before `known_until` have been given, and no later one will be given that
    /// begins earlier. `None` before that. Segments are asked for in order.
    pub fn segment(
        &mut self,
        start: Samples,
        end: Samples,
        known_until: Samples,
    ) -> Option<String> {
        if known_until < end {
            return None;
        }
        if self.open.first().is_some_and(|word| word.start < end) {
            self.settle(known_until);
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
