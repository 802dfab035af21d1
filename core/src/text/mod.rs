//! Text as people and machines write it, made ready for speaking: plain, and cut into sentences.

mod abbreviation;
mod address;
mod boundary;
#[cfg_attr(
    not(feature = "espeak"),
    allow(dead_code, reason = "only built-in engines say what a dot is")
)]
mod dotted;
mod manner;
mod markdown;
mod markup;
mod mixed;
mod piece;
mod script;
mod sentence;
mod slice;
mod ssml;
mod thought;

#[cfg(feature = "espeak")]
pub(crate) use dotted::{Dot, dot, is_address};
pub use manner::Manner;
pub use piece::{Piece, Pieces};
pub use script::{foreign_script, language_of, readable_in};
pub use sentence::{LONGEST, Sentence, Sentences, sentences};
pub(crate) use slice::cut_to;
pub use ssml::{SsmlError, is_ssml};
pub(crate) use thought::{Thoughts, without_thoughts};

/// What there is in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Nothing that anybody could see: white space, tags, controls.
    Nothing,
    /// Marks or pictures, which are seen and not said: a dash, an emoji.
    Marks,
    /// Something to say.
    Words,
}

/// Characters that are looked at at once to see what a text is.
const GLANCE: usize = 512;

/// What there is in plain `text`.
///
/// ```
/// use avatar_core::text::{Content, content};
///
/// assert_eq!(content("<speak> &#0;"), Content::Nothing);
/// assert_eq!(content("👍"), Content::Marks);
/// assert_eq!(content("<b>5</b>"), Content::Words);
/// ```
pub fn content(text: &str) -> Content {
    let mut sentences = Sentences::default();
    let mut rest = text;
    // Most texts show what they are in their first sentence, and who sent one waits.
    while !rest.is_empty() {
        let end = rest
            .char_indices()
            .nth(GLANCE)
            .map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        sentences.push(piece);
        if sentences.next().is_some() {
            return Content::Words;
        }
        rest = after;
    }
    sentences.finish();
    match (sentences.next(), sentences.has_marks()) {
        (Some(_), _) => Content::Words,
        (None, true) => Content::Marks,
        (None, false) => Content::Nothing,
    }
}

/// Whether there is anything in `text` to say: a letter or a digit of any script.
pub fn speakable(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}
