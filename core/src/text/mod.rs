//! Sentences and scripts.

/// Whether there is anything to say in `text`.
pub fn speakable(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}
