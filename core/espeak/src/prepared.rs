//! A text as espeak-ng is to see it.

/// Characters after which a word is broken. espeak-ng 1.51 copies words into buffers of 160 bytes, and
/// not everywhere does it look at their end; no word of a living language is that long.
const LONGEST_WORD: usize = 48;

/// Text without anything that espeak-ng would take for a command, and the way back to the original.
pub(crate) struct Prepared {
    /// UTF-8, ending in a zero byte.
    bytes: Vec<u8>,
    /// For each character of `bytes`, the byte of the original it stands for.
    origins: Vec<usize>,
}

impl Prepared {
    /// Replaces control characters (0x01 starts an embedded command, 0x00 ends the text) and noncharacters
    /// by spaces, one for one, and breaks endless words. Markup and `[[phonemes]]` need no treatment:
    /// they are only read with flags that are never set here.
    pub(crate) fn new(text: &str) -> Self {
        let mut bytes = Vec::with_capacity(text.len() + 1);
        let mut origins = Vec::with_capacity(text.len());
        let mut run = 0;
        for (at, written) in text.char_indices() {
            let said = if is_plain(written) { written } else { ' ' };
            if said.is_whitespace() {
                run = 0;
            } else {
                if run == LONGEST_WORD {
                    bytes.push(b' ');
                    origins.push(at);
                    run = 0;
                }
                run += 1;
            }
            bytes.extend_from_slice(said.encode_utf8(&mut [0; 4]).as_bytes());
            origins.push(at);
        }
        bytes.push(0);
        Self { bytes, origins }
    }

    /// The text, ending in a zero byte that is its only one.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The byte of the original behind a position in an event, which counts characters from one.
    pub(crate) fn origin(&self, text_position: i32) -> Option<usize> {
        let index = usize::try_from(text_position).ok()?.checked_sub(1)?;
        self.origins.get(index).copied()
    }
}

/// Whether a character can be handed to espeak-ng as it is.
fn is_plain(character: char) -> bool {
    let code = u32::from(character);
    let noncharacter = code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code);
    !character.is_control() && !noncharacter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_become_spaces() {
        let prepared = Prepared::new("a\u{1}5Pb\0c\u{2}\u{ffff}d");
        assert_eq!(prepared.bytes(), b"a 5Pb c  d\0");
    }

    #[test]
    fn positions_lead_back_to_the_original() {
        let text = "Да, \u{1}дом";
        let prepared = Prepared::new(text);
        assert_eq!(prepared.origin(1), Some(0));
        assert_eq!(prepared.origin(6), text.find("дом"));
        assert_eq!(prepared.origin(0), None);
        assert_eq!(prepared.origin(-1), None);
        assert_eq!(prepared.origin(9), None);
    }

    #[test]
    fn endless_words_are_broken_without_losing_their_place() {
        let text = "x".repeat(LONGEST_WORD * 3);
        let prepared = Prepared::new(&text);
        let words = String::from_utf8(prepared.bytes().to_vec()).unwrap();
        assert_eq!(words.split(' ').count(), 3);
        let second = i32::try_from(LONGEST_WORD + 2).unwrap();
        assert_eq!(prepared.origin(second), Some(LONGEST_WORD));
    }
}
