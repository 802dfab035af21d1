//! Sentences and scripts.

/// Whether there is anything to say in `text`.
pub fn speakable(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// One sentence.
#[derive(Debug, Clone)]
pub struct Sentence {
    /// Its text.
    pub text: String,
    /// Whether a paragraph ends with it.
    pub paragraph_end: bool,
}

/// Splits.
#[derive(Debug, Default)]
pub struct Sentences {
    rest: String,
}

impl Sentences {
    /// Empty.
    pub fn new() -> Self {
        Self::default()
    }
    /// More.
    pub fn push(&mut self, text: &str) {
        self.rest.push_str(text);
    }
    /// End.
    pub fn finish(&mut self) {}
}

impl Iterator for Sentences {
    type Item = Sentence;

    fn next(&mut self) -> Option<Sentence> {
        let end = self
            .rest
            .find(['.', '!', '?'])
            .map_or(self.rest.len(), |at| at + 1);
        let text: String = self.rest.drain(..end).collect();
        (!text.is_empty()).then_some(Sentence {
            text,
            paragraph_end: false,
        })
    }
}
