//! Plain text out of whatever was sent: tags, entities and invisible characters taken out, white space made uniform.

use super::address::{Address, address};

/// Between two words.
pub(super) const SPACE: char = ' ';
/// Between two lines of one paragraph.
pub(super) const LINE: char = '\n';
/// Between two paragraphs.
pub(super) const PARAGRAPH: char = '\u{2029}';
/// In place of the address of a Markdown link, behind the bracket that ends its text. It is a noncharacter, so no text that
/// comes in has it.
pub(super) const LINK_END: char = '\u{fdd1}';

/// A tag longer than this is text with a less-than sign in it.
const LONGEST_TAG: usize = 400;
/// An entity longer than this is text with an ampersand in it.
const LONGEST_ENTITY: usize = 10;
/// What is longer than this in parentheses is no link's address.
const LONGEST_ADDRESS: usize = 1_000;

/// Tags that begin or end a paragraph.
const PARAGRAPHS: [&str; 24] = [
    "p",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "dl",
    "table",
    "section",
    "article",
    "header",
    "footer",
    "main",
    "blockquote",
    "pre",
    "hr",
    "body",
    "speak",
    "paragraph",
    "figure",
];
/// Tags that begin or end a line.
const LINES: [&str; 6] = ["br", "li", "tr", "dt", "dd", "title"];
/// Tags that stand between words. All others may stand inside one.
const SPACES: [&str; 8] = [
    "break", "s", "sentence", "td", "th", "audio", "img", "voice",
];

/// The white space seen since the last visible character.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    #[default]
    None,
    Space,
    Line,
    Paragraph,
}

/// Turns text that comes in pieces into plain text: no controls, no bidirectional marks, no tags, and every
/// stretch of white space a single [`SPACE`], [`LINE`] or [`PARAGRAPH`], none of them first or last.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// What may become a tag, an entity, or the address of a link.
    pending: String,
    gap: Gap,
    /// Something visible was given out.
    begun: bool,
    /// A bracket was opened and not closed in this paragraph.
    bracket: bool,
    /// A bracket has just been closed: an address may follow.
    linked: bool,
}

impl Plain {
    /// Takes in more text and appends what is certain of its plain form to `out`.
    pub(super) fn push(&mut self, text: &str, out: &mut String) {
        for character in text.chars() {
            self.take(character, out);
        }
    }

    /// Whether anything visible came.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether nothing was held back that may yet become a tag, an entity, or an address.
    pub(super) fn is_settled(&self) -> bool {
        self.pending.is_empty()
    }

    /// Takes in more text in which nothing is a tag or an entity.
    pub(super) fn push_plain(&mut self, text: &str, out: &mut String) {
        self.release(out);
        for character in text.chars() {
            self.give(character, out);
        }
    }

    /// The text is over: what looked like the beginning of a tag was none.
    pub(super) fn finish(&mut self, out: &mut String) {
        if self.pending.starts_with('(') {
            self.give_up_address(out);
        }
        self.release(out);
        self.gap = Gap::None;
    }

    fn take(&mut self, character: char, out: &mut String) {
        if self.pending.is_empty() {
            let address = character == '(' && self.linked;
            if address || matches!(character, '<' | '&') {
                self.pending.push(character);
            } else {
                self.give(character, out);
            }
            return;
        }
        if self.pending.starts_with('(') {
            self.try_address(character, out);
            return;
        }
        if matches!(character, '<' | '&') && !self.quoting() {
            self.release(out);
            self.pending.push(character);
            return;
        }
        self.pending.push(character);
        if self.pending.starts_with('<') {
            self.try_tag(character, out);
        } else {
            self.try_entity(character, out);
        }
    }

    /// Inside a tag, where an ampersand or less-than sign does not begin anything.
    fn quoting(&self) -> bool {
        self.pending.starts_with("<!--")
            || (self.pending.starts_with('<') && self.pending.matches('"').count() % 2 == 1)
    }

    /// The latest character, a greater-than sign, ends the tag and not an attribute's value or half a comment.
    fn closes(&self) -> bool {
        if self.pending.starts_with("<!--") {
            self.pending.ends_with("-->")
        } else {
            !self.quoting()
        }
    }

    /// A link's address goes on, ends, or turns out to be none: then it is text in parentheses.
    fn try_address(&mut self, latest: char, out: &mut String) {
        self.pending.push(latest);
        let body = self.pending.get(1..).unwrap_or_default();
        match address(body) {
            Address::Unfinished if self.pending.len() <= LONGEST_ADDRESS => {}
            Address::Whole => {
                self.pending.clear();
                self.put(LINK_END, out);
            }
            Address::Unfinished | Address::None => self.give_up_address(out),
        }
    }

    /// What is in the parentheses may have tags and entities in it.
    fn give_up_address(&mut self, out: &mut String) {
        self.linked = false;
        for character in std::mem::take(&mut self.pending).chars() {
            self.take(character, out);
        }
    }

    fn try_tag(&mut self, latest: char, out: &mut String) {
        let body = self.pending.trim_start_matches('<');
        let begins_well =
            body.starts_with(|first: char| first.is_ascii_alphabetic() || "/!?".contains(first));
        if !begins_well || self.pending.len() > LONGEST_TAG {
            self.release(out);
        } else if latest == '>' && self.closes() {
            match tag_gap(body.trim_end_matches('>')) {
                Some(gap) => {
                    self.pending.clear();
                    self.gap = self.gap.max(gap);
                }
                None => self.release(out),
            }
        }
    }

    fn try_entity(&mut self, latest: char, out: &mut String) {
        if latest == ';' {
            let name = self.pending.trim_start_matches('&').trim_end_matches(';');
            if let Some(character) = entity(name) {
                self.pending.clear();
                self.give(character, out);
                return;
            }
        }
        let may_go_on = latest.is_ascii_alphanumeric() || (latest == '#' && self.pending == "&#");
        if !may_go_on || self.pending.len() > LONGEST_ENTITY {
            self.release(out);
        }
    }

    /// Gives out what was pending as the text it is.
    fn release(&mut self, out: &mut String) {
        for character in std::mem::take(&mut self.pending).chars() {
            self.give(character, out);
        }
    }

    fn give(&mut self, character: char, out: &mut String) {
        let gap = match character {
            '\r' => return,
            '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' if self.gap < Gap::Line => Gap::Line,
            '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Gap::Paragraph,
            _ if character.is_whitespace() || character.is_control() => Gap::Space,
            _ if is_invisible(character) => return,
            _ => Gap::None,
        };
        if gap != Gap::None {
            self.gap = self.gap.max(gap);
            self.linked = false;
            self.bracket &= self.gap != Gap::Paragraph;
            return;
        }
        self.put(character, out);
        self.linked = character == ']' && self.bracket;
        self.bracket = character == '[' || (self.bracket && character != ']');
    }

    fn put(&mut self, character: char, out: &mut String) {
        self.linked = false;
        if self.begun {
            match self.gap {
                Gap::None => {}
                Gap::Space => out.push(SPACE),
                Gap::Line => out.push(LINE),
                Gap::Paragraph => out.push(PARAGRAPH),
            }
        }
        self.begun = true;
        self.gap = Gap::None;
        out.push(character);
    }
}

/// Soft hyphens, zero-width spaces, direction marks, noncharacters and the like: nobody sees them, nobody says them.
/// The zero-width joiners stay, since they make one emoji, or one Persian word, out of several.
fn is_invisible(character: char) -> bool {
    let code = u32::from(character);
    matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffd}' | '\u{fdd0}'..='\u{fdef}'
    ) || code & 0xfffe == 0xfffe
}

/// What a tag leaves behind, or `None` if this is none: `x<y and y>z` has no attributes with values.
fn tag_gap(body: &str) -> Option<Gap> {
    if body.starts_with(['!', '?']) {
        return Some(Gap::Space);
    }
    let body = body.strip_prefix('/').unwrap_or(body);
    let end = body
        .find(|character: char| !(character.is_ascii_alphanumeric() || ":_-".contains(character)))
        .unwrap_or(body.len());
    let (name, attributes) = body.split_at_checked(end)?;
    let attributes = attributes.trim_end_matches('/').trim();
    if !name.starts_with(|first: char| first.is_ascii_alphabetic())
        || !(attributes.is_empty() || attributes.contains('='))
    {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let name = name.as_str();
    Some(if PARAGRAPHS.contains(&name) {
        Gap::Paragraph
    } else if LINES.contains(&name) {
        Gap::Line
    } else if SPACES.contains(&name) {
        Gap::Space
    } else {
        Gap::None
    })
}

/// The character an entity stands for, by the names people really send.
fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "mdash" => '—',
        "ndash" => '–',
        "hellip" => '…',
        "laquo" => '«',
        "raquo" => '»',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        let (mut plain, mut out) = (Plain::default(), String::new());
        plain.push(text, &mut out);
        plain.finish(&mut out);
        out
    }

    #[test]
    fn tags_go_and_their_text_stays() {
        assert_eq!(
            plain("<speak>Hello <break time=\"1s\"/>big <b>wo</b>rld</speak>"),
            "Hello big world"
        );
        assert_eq!(
            plain("<p>One</p>\n<p>Two<br>Three</p>"),
            "One\u{2029}Two\nThree"
        );
        assert_eq!(
            plain("H<sub>2</sub>O <!-- a > b --> <a href=\"x?a>b&c\">link</a>"),
            "H2O link"
        );
        assert_eq!(plain("<?xml version=\"1.0\"?><!DOCTYPE html>да"), "да");
    }

    #[test]
    fn what_only_looks_like_a_tag_stays() {
        for text in [
            "a < b, c > d",
            "x<y and y>z",
            "1<2",
            "I <3 you",
            "<",
            "a <b",
            "<привет>",
            "<<>>",
            "&",
            "R&D",
            "&;&#;&#x;",
        ] {
            assert_eq!(plain(text), text);
        }
        let long = format!("<a b=\"{}\">", "x".repeat(2 * LONGEST_TAG));
        assert_eq!(plain(&long), long);
    }

    #[test]
    fn entities_become_characters() {
        assert_eq!(
            plain("AT&amp;T &lt;b&gt; &#1046;&#x416;&nbsp;x &bogus;"),
            "AT&T <b> ЖЖ x &bogus;"
        );
    }

    #[test]
    fn the_addresses_of_links_go() {
        let link = |text: &str| plain(text).replace(LINK_END, "$");
        for (text, wanted) in [
            (
                "See [docs](https://x.kz/a_(b)?c=d&e=f). Now",
                "See [docs]$. Now",
            ),
            ("[a](/b \"A title.\") [c](#d)", "[a]$ [c]$"),
            ("![cat](cat.png)", "![cat]$"),
            ("f[i](x) and [1](see a.b)", "f[i](x) and [1](see a.b)"),
            ("] (a.b) ](a.b)", "] (a.b) ](a.b)"),
            ("[a](<b>x</b>", "[a](x"),
            ("[a](https://x", "[a](https://x"),
        ] {
            assert_eq!(link(text), wanted);
        }
    }

    #[test]
    fn white_space_is_uniform() {
        assert_eq!(
            plain(" \u{feff}a\t\u{a0} b\r\nc \n d\n\n\ne\u{2029}f\u{0}g\n "),
            "a b\nc\nd\u{2029}e\u{2029}f g"
        );
        assert_eq!(plain("ab\u{ad}cd\u{202e}ef\u{200b}g"), "abcdefg");
    }
}
