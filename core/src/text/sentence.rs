//! Text into sentences, as it comes in.

use super::boundary;
use super::markup::{LINE, PARAGRAPH, Plain, SPACE};
use super::thought::Thoughts;
use super::{Manner, markdown, slice, speakable};
use crate::language::Language;

/// Characters a [`Sentence`] has at most.
pub const LONGEST: usize = slice::LONGEST;

/// Something to be spoken in one breath: a sentence, a line, or a slice of a very long one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Plain text on one line, without marks of Markdown, with its punctuation; at most [`LONGEST`] characters, at least one of them speakable.
    pub text: String,
    /// It is the last of its paragraph, or of the text.
    pub paragraph_end: bool,
    /// How it is to be said.
    pub manner: Manner,
    /// What it is in, where the text says so.
    pub language: Option<Language>,
}

/// Cuts text into sentences, also while it is still being written. However the text is divided among calls of
/// [`push`](Self::push), the sentences are the same.
///
/// ```
/// use avatar_core::text::Sentences;
///
/// let mut sentences = Sentences::default();
/// sentences.push("Dr. Watson came at 10.30 a.m. on");
/// assert!(sentences.next().is_none());
/// sentences.push(" Monday. He said");
/// let first = sentences.next().map(|sentence| sentence.text);
/// assert_eq!(first.as_deref(), Some("Dr. Watson came at 10.30 a.m. on Monday."));
/// sentences.finish();
/// let second = sentences.next().map(|sentence| sentence.text);
/// assert_eq!(second.as_deref(), Some("He said"));
/// ```
#[derive(Debug, Default)]
pub struct Sentences {
    thoughts: Thoughts,
    plain: Plain,
    text: String,
    /// How much of `text` was given out.
    given: usize,
    finished: bool,
}

/// Given-out text is dropped once there is this much of it.
const DROP_AFTER: usize = 4096;

impl Sentences {
    /// Takes in more text. After [`finish`](Self::finish), nothing happens.
    pub fn push(&mut self, text: &str) {
        if !self.finished {
            let mut said = String::with_capacity(text.len());
            self.thoughts.push(text, &mut said);
            self.plain.push(&said, &mut self.text);
        }
    }

    /// Whether anything visible came, be it only marks or pictures that nobody says.
    pub fn has_marks(&self) -> bool {
        self.plain.has_begun()
    }

    /// Takes in more text in which nothing is a tag or an entity.
    pub(super) fn push_plain(&mut self, text: &str) {
        if !self.finished {
            self.plain.push_plain(text, &mut self.text);
        }
    }

    /// There is no more text: what is left is the last sentence.
    pub fn finish(&mut self) {
        self.finished = true;
        let mut said = String::new();
        self.thoughts.finish(&mut said);
        self.plain.push(&said, &mut self.text);
        self.plain.finish(&mut self.text);
    }

    /// All text that is there, if it reads like whole sentences: for when no more comes for a while. What comes later then
    /// begins a sentence.
    ///
    /// ```
    /// use avatar_core::text::Sentences;
    ///
    /// let mut sentences = Sentences::default();
    /// sentences.push("Let me think about that. It was Dr.");
    /// assert!(sentences.next().is_some());
    /// assert!(sentences.settle().is_none(), "who was it?");
    /// sentences.push(" Watson.");
    /// assert!(sentences.next().is_none(), "he may have a first name");
    /// assert!(sentences.settle().is_some());
    /// ```
    pub fn settle(&mut self) -> Option<Sentence> {
        let piece = self.can_settle().then(|| self.piece(true)).flatten()?;
        Some(Sentence {
            // Who knows how it goes on.
            paragraph_end: false,
            ..piece
        })
        .filter(|piece| speakable(&piece.text))
    }

    /// Whether [`settle`](Self::settle) would give something.
    pub fn can_settle(&self) -> bool {
        self.thoughts.is_settled() && self.plain.is_settled() && boundary::reads_whole(self.rest())
    }

    fn rest(&self) -> &str {
        let rest = self.text.get(self.given..).unwrap_or_default();
        rest.trim_start_matches([SPACE, LINE, PARAGRAPH])
    }

    /// Cuts off the first piece of what is left, whether or not there is anything to say in it. With `whole`, what is left
    /// is all there is.
    fn piece(&mut self, whole: bool) -> Option<Sentence> {
        let rest = self.rest();
        let boundary = boundary::first(rest, whole)?;
        let (text, left) = rest.split_at_checked(boundary.end)?;
        let text = markdown::plain(&text.trim_end().replace(LINE, " "));
        let left = left.len();
        self.given = self.text.len() - left;
        if self.given >= DROP_AFTER {
            self.text.drain(..self.given);
            self.given = 0;
        }
        Some(Sentence {
            text,
            paragraph_end: boundary.paragraph,
            manner: Manner::default(),
            language: None,
        })
    }
}

impl Iterator for Sentences {
    type Item = Sentence;

    /// The next sentence, or `None` while more text (or [`finish`](Self::finish)) is needed to tell where it ends.
    fn next(&mut self) -> Option<Sentence> {
        loop {
            let piece = self.piece(self.finished)?;
            if speakable(&piece.text) {
                return Some(piece);
            }
        }
    }
}

/// The sentences of a whole text.
pub fn sentences(text: &str) -> Vec<Sentence> {
    let mut sentences = Sentences::default();
    sentences.push(text);
    sentences.finish();
    sentences.collect()
}
