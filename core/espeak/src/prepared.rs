//! A text as espeak-ng is to see it.
//!
//! Not every text may be given to it. In 1.51 at least,
//!
//! - where a word of a second language holds a letter of a third (a Hebrew letter in an English word in a Russian text), it
//!   throws away the tables of the second while still reading them, a use after free;
//! - a sign or emoji with a long name, glued to a word ("привет©"), overruns a buffer of 40 bytes on the stack;
//! - a letter that the voice's language does not have is spelled by a voice of another, with the same end;
//! - two full stops at the very end make it read on behind the text;
//! - control characters begin embedded commands.
//!
//! So each voice gets the letters its language has, Latin ones, digits and common signs, nothing else, and no word has letters
//! of two alphabets. Thousands of random texts with these limits ran under AddressSanitizer without a fault, for each
//! language in the table of [`Alphabet`]; each of the faults above took a few seconds to appear without them. Whoever widens
//! the limits does that again.

use crate::alphabet::{Alphabet, is_latin};

/// Characters after which a word is broken. espeak-ng 1.51 copies words into buffers of 160 bytes, and
/// not everywhere does it look at their end; no word of a living language is that long.
const LONGEST_WORD: usize = 48;

/// What is a pause, and not a word, even by itself.
const SILENT: &str = ".,;:!?-…—–«»„“”‘’\"'()[]";

/// Text without anything that espeak-ng would take for a command, and the way back to the original.
pub(crate) struct Prepared {
    /// UTF-8, ending in a space and a zero byte.
    bytes: Vec<u8>,
    /// For each character of `bytes`, the byte of the original it stands for.
    origins: Vec<usize>,
}

impl Prepared {
    /// Replaces what a voice of `alphabet` must not be given by spaces, one for one, and breaks words where they change
    /// the alphabet and where they do not end. Markup and `[[phonemes]]` need no treatment: they are only read with
    /// flags that are never set here.
    pub(crate) fn new(text: &str, alphabet: Alphabet) -> Self {
        let mut prepared = Self {
            bytes: Vec::with_capacity(text.len() + 2),
            origins: Vec::with_capacity(text.len()),
        };
        let mut run = 0;
        let mut script = None;
        for (at, written) in text.char_indices() {
            let said = alphabet.given(written);
            if said == ' ' {
                (run, script) = (0, None);
            } else {
                let latin = is_latin(said);
                let changes = latin.is_some() && script.is_some() && latin != script;
                if changes || run == LONGEST_WORD {
                    prepared.push(at, ' ');
                    run = 0;
                }
                script = latin.or(script);
                run += 1;
            }
            prepared.push(at, said);
        }
        // Behind a space, two full stops are not at the very end.
        prepared.bytes.extend(b" \0");
        prepared
    }

    fn push(&mut self, at: usize, said: char) {
        self.bytes
            .extend_from_slice(said.encode_utf8(&mut [0; 4]).as_bytes());
        self.origins.push(at);
    }

    /// The text, ending in a zero byte that is its only one.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether there is nothing in it to be heard.
    pub(crate) fn is_silent(&self) -> bool {
        let text = String::from_utf8_lossy(&self.bytes);
        text.chars()
            .all(|character| matches!(character, ' ' | '\0') || SILENT.contains(character))
    }

    /// The byte of the original behind a position in an event, which counts characters from one.
    pub(crate) fn origin(&self, text_position: i32) -> Option<usize> {
        let index = usize::try_from(text_position).ok()?.checked_sub(1)?;
        self.origins.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_become_spaces() {
        let prepared = Prepared::new("a\u{1}5Pb\0c\u{2}\u{ffff}d", Alphabet::of("ru"));
        assert_eq!(prepared.bytes(), b"a 5Pb c  d \0");
    }

    #[test]
    fn positions_lead_back_to_the_original() {
        let text = "Да, \u{1}дом";
        let prepared = Prepared::new(text, Alphabet::of("ru"));
        assert_eq!(prepared.origin(1), Some(0));
        assert_eq!(prepared.origin(6), text.find("дом"));
        assert_eq!(prepared.origin(0), None);
        assert_eq!(prepared.origin(-1), None);
        assert_eq!(prepared.origin(9), None);
    }

    #[test]
    fn voices_get_the_letters_they_know() {
        let given = |text, name| {
            let prepared = Prepared::new(text, Alphabet::of(name));
            String::from_utf8(prepared.bytes().to_vec()).unwrap()
        };
        let text = "Да, қыз é שלום 中 😀 a\u{301} №5";
        assert_eq!(given(text, "ru+f3"), "Да,  ыз é          a  №5 \0");
        assert_eq!(given(text, "kk"), "Да, қыз é          a  №5 \0");
        assert_eq!(given(text, "en-us"), "  ,     é          a  №5 \0");
        assert_eq!(given("iPhoneом mp3", "ru"), "iPhone ом mp3 \0");
    }

    #[test]
    fn what_is_left_of_unknown_letters_is_silent() {
        for (text, silent) in [
            ("", true),
            ("שלום!", true),
            ("« — »", true),
            ("5", false),
            ("%", false),
            ("שלום a", false),
        ] {
            let prepared = Prepared::new(text, Alphabet::of("en-us"));
            assert_eq!(prepared.is_silent(), silent, "{text}");
        }
    }

    #[test]
    fn endless_words_are_broken_without_losing_their_place() {
        let text = "x".repeat(LONGEST_WORD * 3);
        let prepared = Prepared::new(&text, Alphabet::of("en"));
        let words = String::from_utf8(prepared.bytes().to_vec()).unwrap();
        assert_eq!(words.split_whitespace().count() - 1, 3);
        let second = i32::try_from(LONGEST_WORD + 2).unwrap();
        assert_eq!(prepared.origin(second), Some(LONGEST_WORD));
    }
}
