//! How long a speaker is silent after what was said.
//!
//! Engines end with silence of any length: espeak-ng with 50 ms, others with a second. Each of ours cuts it off and
//! puts [`after`] in its place; whoever strings utterances together adds [`PARAGRAPH`] where a paragraph ends.

use crate::text::{LONGEST, Manner};
use crate::time::Samples;

/// After a sentence, a line, or a heading.
pub const SENTENCE: Samples = Samples::from_millis(250);
/// After a clause: a long sentence was cut at a comma or the like.
pub const CLAUSE: Samples = Samples::from_millis(130);
/// In the midst of a clause: a long sentence was cut between two words.
pub const WORD: Samples = Samples::from_millis(30);
/// What comes on top of [`SENTENCE`] where a paragraph ends.
pub const PARAGRAPH: Samples = Samples::from_millis(350);

/// The silence that belongs to the end of `text`.
pub fn after(text: &str) -> Samples {
    let text =
        text.trim_end_matches(|mark: char| mark.is_whitespace() || "\"'»”’)]*_".contains(mark));
    match text.chars().next_back() {
        Some(',' | ';' | ':' | '—' | '–' | '،' | '、') => CLAUSE,
        // Only a slice of a long sentence is long and ends without a mark; headings are short.
        Some(last) if last.is_alphanumeric() && text.chars().count() > LONGEST / 2 => WORD,
        _ => SENTENCE,
    }
}

/// The silence that belongs to the end of `text` where the sentence goes on.
pub(super) fn within(text: &str) -> Samples {
    match after(text) {
        SENTENCE => WORD,
        other => other,
    }
}

/// The silence that belongs to the end of an utterance that is said in `manner` and ends with `text`.
#[cfg_attr(
    not(feature = "espeak"),
    allow(dead_code, reason = "only built-in engines cut what they say")
)]
pub(super) fn at_end(text: &str, manner: Manner) -> Samples {
    if manner.goes_on {
        within(text)
    } else {
        after(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_decide() {
        for text in ["Yes.", "Как дела?", "«Да!»", "Heading", "5", ""] {
            assert_eq!(after(text), SENTENCE, "{text}");
        }
        assert_eq!(after("во-первых, "), CLAUSE);
        assert_eq!(after("(так),"), CLAUSE);
        assert_eq!(after(&"word ".repeat(40)), WORD);
        let goes_on = Manner {
            goes_on: true,
            ..Manner::default()
        };
        assert_eq!(at_end("Hello", Manner::default()), SENTENCE);
        assert_eq!(at_end("Hello", goes_on), WORD);
        assert_eq!(at_end("Hello,", goes_on), CLAUSE);
    }
}
