//! Text as people and machines write it, made ready for speaking: plain, and cut into sentences.

mod abbreviation;
mod boundary;
mod manner;
mod markup;
mod mixed;
mod piece;
mod script;
mod sentence;
mod slice;
mod ssml;

pub use manner::Manner;
pub use piece::{Piece, Pieces};
pub use script::{language_of, readable_in};
pub use sentence::{LONGEST, Sentence, Sentences, sentences};
pub(crate) use slice::cut_to;
pub use ssml::{SsmlError, is_ssml};

/// Whether there is anything in `text` to say: a letter or a digit of any script.
pub fn speakable(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}
