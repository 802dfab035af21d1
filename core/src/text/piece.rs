//! A text, piece by piece, as it is to be said.

use std::collections::VecDeque;

use super::mixed::runs;
use super::sentence::{Sentence, Sentences};
use super::speakable;
use super::ssml::{self, Part, SsmlError};
use crate::language::Language;
use crate::time::Samples;

/// What comes next in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Something is said.
    Sentence(Sentence),
    /// Nothing is said for a while, on top of what belongs to sentences.
    Pause(Samples),
}

/// Cuts text into pieces, also while it is still being written.
///
/// ```
/// use avatar_core::text::{Piece, Pieces};
///
/// let mut pieces = Pieces::default();
/// pieces.push_ssml("<speak>Ready? <break time='1s'/> <prosody rate='slow'>Go!</prosody></speak>")?;
/// pieces.finish();
/// let rates = pieces.filter_map(|piece| match piece {
///     Piece::Sentence(sentence) => Some(sentence.manner.rate),
///     Piece::Pause(_) => None,
/// });
/// assert_eq!(rates.collect::<Vec<_>>(), [100, 75]);
/// # Ok::<(), avatar_core::text::SsmlError>(())
/// ```
#[derive(Debug, Default)]
pub struct Pieces {
    sentences: Sentences,
    ready: VecDeque<Piece>,
    /// Sentences are cut where their language changes; this is the one of the session.
    mixed: Option<Language>,
    /// Something of it was given out.
    begun: bool,
    /// A document had something in it, be it only marks.
    documented: bool,
}

impl Pieces {
    /// Where sentences are cut at changes of their script: it is told what language they are in then, and `home` is the one
    /// they are in as a rule.
    pub fn mixed(home: Language) -> Self {
        Self {
            mixed: Some(home),
            ..Self::default()
        }
    }

    /// Takes in more plain text. After [`finish`](Self::finish), nothing happens.
    pub fn push(&mut self, text: &str) {
        self.sentences.push(text);
    }

    /// Takes in a whole document of SSML, before any plain text. Returns how many characters of it are said.
    ///
    /// # Errors
    ///
    /// [`SsmlError`]; nothing was taken in then.
    pub fn push_ssml(&mut self, document: &str) -> Result<usize, SsmlError> {
        let parts = ssml::parse(document)?;
        self.documented |= parts.iter().any(|part| match part {
            Part::Passage(passage) => !passage.text.trim().is_empty(),
            Part::Pause(_) | Part::Sentence | Part::Paragraph => false,
        });
        let pieces = pieces(parts);
        let characters = pieces.iter().map(|piece| match piece {
            Piece::Sentence(sentence) => sentence.text.chars().count(),
            Piece::Pause(_) => 0,
        });
        let characters = characters.sum();
        self.ready.extend(pieces);
        Ok(characters)
    }

    /// Whether anything visible came, be it only marks or pictures that nobody says.
    pub fn has_marks(&self) -> bool {
        self.documented || self.sentences.has_marks()
    }

    /// There is no more text.
    pub fn finish(&mut self) {
        self.sentences.finish();
    }

    /// All text that is there, if it reads like whole sentences: for when no more comes for a while.
    pub fn settle(&mut self) -> Option<Sentence> {
        let sentence = self.sentences.settle()?;
        self.begun = true;
        Some(self.unmixed(sentence))
    }

    /// Whether [`settle`](Self::settle) would give something.
    pub fn can_settle(&self) -> bool {
        self.sentences.can_settle()
    }

    /// There is no more text, and it was broken off: what is left of a sentence in its midst is not said. False where
    /// there was no whole sentence yet; then nothing happened.
    ///
    /// ```
    /// use avatar_core::text::{Piece, Pieces};
    ///
    /// let mut pieces = Pieces::default();
    /// pieces.push("He came");
    /// assert!(!pieces.leave_off());
    /// pieces.push(" home. She went a");
    /// assert!(pieces.leave_off());
    /// assert!(matches!(pieces.next(), Some(Piece::Sentence(said)) if said.text == "He came home."));
    /// assert!(pieces.next().is_none());
    /// ```
    pub fn leave_off(&mut self) -> bool {
        while let Some(sentence) = self.sentences.next().or_else(|| self.sentences.settle()) {
            self.ready.push_back(Piece::Sentence(sentence));
        }
        if !self.begun && self.ready.is_empty() {
            return false;
        }
        if let Some(Piece::Sentence(last)) = self.ready.back_mut() {
            last.paragraph_end = true;
        }
        self.sentences = Sentences::default();
        self.sentences.finish();
        true
    }

    /// Cuts a sentence where its language changes, and gives the first of its stretches.
    fn unmixed(&mut self, sentence: Sentence) -> Sentence {
        let Some(home) = self.mixed.filter(|_| sentence.language.is_none()) else {
            return sentence;
        };
        let runs = runs(&sentence.text, home);
        let mut pieces: VecDeque<Sentence> = VecDeque::new();
        for (language, text) in runs {
            match pieces.back_mut() {
                Some(before) if !speakable(text) => {
                    before.text.push(' ');
                    before.text.push_str(text);
                }
                _ => {
                    if let Some(before) = pieces.back_mut() {
                        before.manner.goes_on = true;
                    }
                    pieces.push_back(Sentence {
                        text: text.to_owned(),
                        paragraph_end: false,
                        manner: sentence.manner,
                        language: Some(language),
                    });
                }
            }
        }
        if let Some(last) = pieces.back_mut() {
            last.paragraph_end = sentence.paragraph_end;
        }
        let first = pieces.pop_front();
        for piece in pieces.into_iter().rev() {
            self.ready.push_front(Piece::Sentence(piece));
        }
        first.unwrap_or(sentence)
    }
}

impl Iterator for Pieces {
    type Item = Piece;

    /// The next piece, or `None` while more text (or [`finish`](Self::finish)) is needed.
    fn next(&mut self) -> Option<Piece> {
        let next = self.ready.pop_front();
        let piece = match next.or_else(|| self.sentences.next().map(Piece::Sentence))? {
            Piece::Sentence(sentence) => Piece::Sentence(self.unmixed(sentence)),
            pause => pause,
        };
        self.begun = true;
        Some(piece)
    }
}

/// The pieces of a document.
fn pieces(parts: Vec<Part>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    // The last sentence has no mark at its end, so what follows may belong to it.
    let mut open = false;
    for part in parts {
        match part {
            Part::Passage(passage) => {
                let mut sentences = Sentences::default();
                // Lines mean nothing in a document.
                sentences.push_plain(&passage.text.replace(char::is_whitespace, " "));
                sentences.finish();
                for sentence in sentences {
                    if std::mem::take(&mut open) {
                        go_on(&mut pieces);
                    }
                    pieces.push(Piece::Sentence(Sentence {
                        manner: passage.style.manner,
                        language: passage.style.language,
                        ..sentence
                    }));
                }
                if let Some(Piece::Sentence(last)) = pieces.last_mut() {
                    last.paragraph_end = false;
                    open = !ends(&last.text);
                }
            }
            Part::Pause(length) => {
                if std::mem::take(&mut open) {
                    go_on(&mut pieces);
                }
                pieces.push(Piece::Pause(length));
            }
            Part::Sentence => open = false,
            Part::Paragraph => {
                open = false;
                end_paragraph(&mut pieces);
            }
        }
    }
    end_paragraph(&mut pieces);
    pieces
}

fn go_on(pieces: &mut [Piece]) {
    if let Some(Piece::Sentence(last)) = pieces.last_mut() {
        last.manner.goes_on = true;
    }
}

fn end_paragraph(pieces: &mut [Piece]) {
    if let Some(Piece::Sentence(last)) = pieces.last_mut() {
        last.paragraph_end = true;
    }
}

/// Whether a mark says that a sentence is over.
fn ends(text: &str) -> bool {
    let text = text.trim_end_matches(|mark: char| "\"'»”’)]".contains(mark));
    text.ends_with(['.', '!', '?', '…', '؟', '।'])
}
