//! What a language model thinks aloud before it answers: nobody is to hear it.

/// Elements in which models write down what they think.
const NAMES: [&str; 5] = ["think", "thinking", "thought", "thoughts", "reasoning"];

/// A tag longer than this, in bytes, is none.
const LONGEST_TAG: usize = 64;

/// Leaves out `<think>…</think>` and its like from text that comes in pieces. One that is not closed reaches to the end.
#[derive(Debug, Default)]
pub(crate) struct Thoughts {
    /// What may become such a tag.
    held: String,
    inside: bool,
}

/// What something that begins with a less-than sign is.
enum Tag {
    Opens,
    Closes,
    /// `<think/>`
    Empty,
    /// More text is needed to tell.
    Unknown,
    Other,
}

impl Thoughts {
    /// Takes in more text and appends what is no thought to `out`.
    pub(crate) fn push(&mut self, text: &str, out: &mut String) {
        for character in text.chars() {
            self.take(character, out);
        }
    }

    /// There is no more text.
    pub(crate) fn finish(&mut self, out: &mut String) {
        self.release(out);
    }

    /// Whether nothing was held back that may yet become a tag.
    pub(super) fn is_settled(&self) -> bool {
        self.held.is_empty()
    }

    fn take(&mut self, character: char, out: &mut String) {
        if character == '<' {
            self.release(out);
        } else if self.held.is_empty() {
            if !self.inside {
                out.push(character);
            }
            return;
        }
        self.held.push(character);
        match tag(&self.held) {
            Tag::Unknown => return,
            Tag::Other => return self.release(out),
            Tag::Opens => self.inside = true,
            Tag::Closes => self.inside = false,
            Tag::Empty => {}
        }
        self.held.clear();
    }

    fn release(&mut self, out: &mut String) {
        if !self.inside {
            out.push_str(&self.held);
        }
        self.held.clear();
    }
}

/// The text of a whole answer without its thoughts. Some servers leave out the tag that opens them.
pub(crate) fn without_thoughts(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let opened = NAMES.iter().any(|name| lower.contains(&format!("<{name}")));
    let closed = NAMES.iter().filter_map(|name| {
        let tag = format!("</{name}>");
        lower.rfind(&tag).map(|at| at + tag.len())
    });
    let begin = closed.max().filter(|_| !opened).unwrap_or_default();
    let mut thoughts = Thoughts::default();
    let mut out = String::new();
    thoughts.push(text.get(begin..).unwrap_or_default(), &mut out);
    thoughts.finish(&mut out);
    out
}

fn tag(text: &str) -> Tag {
    let body = text.strip_prefix('<').unwrap_or(text);
    let (closing, body) = match body.strip_prefix('/') {
        Some(body) => (true, body),
        None => (false, body),
    };
    let end = body.find(|next: char| !next.is_ascii_alphabetic());
    let Some(end) = end else {
        let begins = |name: &str| {
            let begin = name.get(..body.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(body))
        };
        return match NAMES.iter().any(|name| begins(name)) {
            true => Tag::Unknown,
            false => Tag::Other,
        };
    };
    let (name, rest) = body.split_at_checked(end).unwrap_or((body, ""));
    let known = NAMES.iter().any(|known| known.eq_ignore_ascii_case(name));
    let spaced = rest.starts_with(|next: char| next.is_whitespace() || "/>".contains(next));
    match rest.ends_with('>') {
        _ if !known || !spaced || text.len() > LONGEST_TAG => Tag::Other,
        false => Tag::Unknown,
        true if closing => Tag::Closes,
        true if rest.ends_with("/>") => Tag::Empty,
        true => Tag::Opens,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn left(text: &str, size: usize) -> String {
        let (mut thoughts, mut out) = (Thoughts::default(), String::new());
        let characters: Vec<char> = text.chars().collect();
        for piece in characters.chunks(size) {
            thoughts.push(&piece.iter().collect::<String>(), &mut out);
        }
        thoughts.finish(&mut out);
        out
    }

    #[test]
    fn thoughts_are_left_out() {
        for (text, wanted) in [
            ("<think>Hm. <b>5 < 6</b></think>Yes.", "Yes."),
            ("<thinking>\nHm.\n</thinking>\nYes.", "\nYes."),
            ("A<reasoning effort=\"high\">Hm.</reasoning>B", "AB"),
            ("A <THINK>Hm.</Think>B", "A B"),
            ("Yes. <think>Is it", "Yes. "),
            ("<think/>Yes.", "Yes."),
            ("Hm.</think>Yes.", "Hm.Yes."),
            ("I <thinker> x<y a<think", "I <thinker> x<y a<think"),
            ("<<think>Hm.</think>>", "<>"),
        ] {
            for size in [1, 3, 100] {
                assert_eq!(left(text, size), wanted, "{text}");
            }
        }
        assert_eq!(without_thoughts("Hm. So?\n</think>\n\nYes."), "\n\nYes.");
        assert_eq!(without_thoughts("<think>Hm.</think>Yes."), "Yes.");
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_text_is_cut(text in "(<think>|</think>|<|/|>|think|<b>|[a-zа-я ]{0,5}){0,20}", size in 1..9_usize) {
            prop_assert_eq!(left(&text, size), left(&text, 1_000));
        }
    }
}
