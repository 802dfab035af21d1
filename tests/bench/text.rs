//! What is said.

/// One sentence of about three seconds.
pub(crate) const SENTENCE: &str = "Good morning, it is a pleasure to see you here today.";

/// About `characters` characters in sentences of different lengths.
pub(crate) fn long(characters: usize) -> String {
    let sentences = [
        "The river rises in the mountains, far from any town, and runs for days before it meets a road.",
        "Nobody lives there.",
        "In spring the water is so high that the bridge, which is old, must be closed to carts and horses.",
        "Is that why the people on the other side speak differently?",
        "Some say so; others say that it was always like this, and that the bridge made no difference at all.",
    ];
    let mut text = String::new();
    for sentence in sentences.iter().cycle() {
        if text.len() + sentence.len() + 1 > characters {
            return text;
        }
        text.push_str(sentence);
        text.push(' ');
    }
    text
}
