//! What espeak-ng says about the sound it makes.

/// Something that happens at one sample of the sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// From the beginning of the utterance, at the synthesizer's own rate.
    pub sample: u64,
    /// What happens.
    pub kind: EventKind,
}

/// What an [`Event`] announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// A sentence begins.
    Sentence,
    /// A word begins. Not every written word gets one, and one written word can get several:
    /// espeak-ng counts what it says ("1914" is four words, "of the" may be one).
    Word {
        /// The byte of the text that was given at which the word begins.
        at: usize,
    },
    /// A phoneme begins: its name in IPA, with stress marks; empty for a pause.
    Phoneme(String),
    /// A clause or sentence ends.
    End,
}
