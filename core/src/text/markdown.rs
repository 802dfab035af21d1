//! Markdown as language models write it: its marks are neither said nor shown, its words are.

use super::markup::LINK_END;
use super::speakable;

/// What a backslash makes an ordinary character of.
const ESCAPABLE: &str = "*_`#[]()~|>!.+-{}\\";
/// A footnote's name has at most so many characters.
const LONGEST_FOOTNOTE: usize = 8;

/// One sentence or line without its marks: headings, quotations, bullets, emphasis, code, tables, footnotes, links without
/// their addresses. What may be meant otherwise stays: `2*3`, `snake_case`, `C#`, `#tag`, `~5`, dashes before list items.
pub(super) fn plain(sentence: &str) -> String {
    if !sentence.contains(|mark| "*_`~#>|[+\\".contains(mark) || mark == LINK_END) {
        return sentence.to_owned();
    }
    let line = without_block(sentence);
    let inline = without_inline(&line);
    inline.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without what says of a line that it is a heading, a quotation, an item, or a row of a table.
fn without_block(line: &str) -> String {
    let mut rest = line;
    loop {
        let bare = rest.trim_start();
        let heading = bare.trim_start_matches('#');
        let next = if (1..=6).contains(&(bare.len() - heading.len())) && heading.starts_with(' ') {
            Some(heading)
        } else if bare.starts_with("> ") || bare.starts_with("* ") {
            bare.get(1..)
        } else {
            let item = bare.strip_prefix("+ ");
            item.filter(|item| item.starts_with(char::is_alphabetic))
        };
        match next {
            Some(next) => rest = next,
            None => break,
        }
    }
    for task in ["- [ ] ", "- [x] ", "- [X] "] {
        if let Some(item) = rest.trim_start().strip_prefix(task) {
            return format!("- {item}");
        }
    }
    let bare = rest.trim();
    if let Some(language) = bare.strip_prefix("```")
        && language
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"`+#-_.".contains(&byte))
    {
        return String::new();
    }
    match bare.strip_prefix('|') {
        Some(row) => {
            let cells = row.split('|').map(str::trim).filter(|cell| speakable(cell));
            cells.collect::<Vec<_>>().join(", ")
        }
        None => rest.to_owned(),
    }
}

/// A star or underscore that may begin or end emphasis, if there is another.
#[derive(Debug, Clone, Copy)]
struct Emphasis {
    mark: char,
    /// Where it is in what is given out.
    at: usize,
    opens: bool,
    closes: bool,
}

fn without_inline(line: &str) -> String {
    let characters: Vec<char> = line.chars().collect();
    let here = |at: usize| characters.get(at).copied();
    let doubled = |mark: char| {
        line.matches(&[mark, mark].iter().collect::<String>())
            .count()
            > 1
    };
    let ticks = line.matches('`').count() > 1;
    // Characters given out; `None` for a mark that turned out to be one.
    let mut out: Vec<Option<char>> = Vec::with_capacity(characters.len());
    let mut brackets: Vec<usize> = Vec::new();
    let mut single: Vec<Emphasis> = Vec::new();
    let mut at = 0;
    while let Some(character) = here(at) {
        let before = at.checked_sub(1).and_then(here);
        let mut next = at + 1;
        match character {
            '\\' if here(next).is_some_and(|mark| ESCAPABLE.contains(mark)) => {
                out.push(here(next));
                next += 1;
            }
            LINK_END => {}
            '[' => match footnote(characters.get(next..).unwrap_or_default()) {
                Some(length) => next += length,
                None => {
                    brackets.push(out.len());
                    out.push(Some(character));
                }
            },
            ']' => {
                let open = brackets.pop();
                if here(next) == Some(LINK_END) {
                    next += 1;
                    // A picture's text is said like that of a link.
                    let picture = open.and_then(|open| open.checked_sub(1));
                    let picture = picture.filter(|at| out.get(*at) == Some(&Some('!')));
                    for gone in open.into_iter().chain(picture) {
                        if let Some(gone) = out.get_mut(gone) {
                            *gone = None;
                        }
                    }
                } else {
                    out.push(Some(character));
                }
            }
            '`' => {
                let inside = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
                if !ticks && inside(before) && inside(here(next)) {
                    out.push(Some(character));
                }
            }
            '*' | '_' | '~' => {
                while here(next) == Some(character) {
                    next += 1;
                }
                let length = next - at;
                let place = Place::between(before, here(next));
                let gone = match character {
                    _ if place.alone || (character == '~' && length < 2) => false,
                    '*' if place.word => length > 1 && !place.product,
                    '_' if place.word => false,
                    '_' if length > 1 => doubled('_'),
                    _ => length > 1,
                };
                if !gone {
                    if length == 1 && character != '~' && !place.alone && !place.word {
                        single.push(Emphasis {
                            mark: character,
                            at: out.len(),
                            opens: place.opens,
                            closes: place.closes,
                        });
                    }
                    out.extend(std::iter::repeat_n(Some(character), length));
                }
            }
            _ => out.push(Some(character)),
        }
        at = next;
    }
    pair(&single, &mut out);
    out.into_iter().flatten().collect()
}

/// What stands on both sides of a run of marks.
struct Place {
    /// Spaces, or nothing.
    alone: bool,
    /// Letters or digits.
    word: bool,
    /// Digits.
    product: bool,
    opens: bool,
    closes: bool,
}

impl Place {
    fn between(before: Option<char>, after: Option<char>) -> Self {
        let both = |such: fn(char) -> bool| before.is_some_and(such) && after.is_some_and(such);
        let blank = |side: Option<char>| side.is_none_or(char::is_whitespace);
        let letter = |side: Option<char>| side.is_some_and(char::is_alphanumeric);
        Self {
            alone: blank(before) && blank(after),
            word: both(char::is_alphanumeric),
            product: both(char::is_numeric),
            opens: !blank(after) && !letter(before),
            closes: !blank(before) && !letter(after),
        }
    }
}

/// Takes out single marks that belong together, and stars whose others are in sentences before or after.
fn pair(single: &[Emphasis], out: &mut [Option<char>]) {
    let mut open: Vec<Emphasis> = Vec::new();
    let mut gone: Vec<usize> = Vec::new();
    let end = out.len();
    for emphasis in single {
        let partner = emphasis
            .closes
            .then(|| open.iter().rposition(|other| other.mark == emphasis.mark));
        match partner.flatten() {
            Some(partner) => {
                gone.extend([open.get(partner).map_or(end, |other| other.at), emphasis.at]);
                open.truncate(partner);
            }
            None if emphasis.opens => open.push(*emphasis),
            None if emphasis.mark == '*' && emphasis.at + 1 == end => gone.push(emphasis.at),
            None => {}
        }
    }
    let first = open
        .iter()
        .filter(|other| other.mark == '*' && other.at == 0);
    gone.extend(first.map(|other| other.at));
    for at in gone {
        if let Some(mark) = out.get_mut(at) {
            *mark = None;
        }
    }
}

/// The length of a footnote's mark, `[^1]`, after its first bracket.
fn footnote(after: &[char]) -> Option<usize> {
    let name = after.strip_prefix(&['^'])?;
    let end = name.iter().position(|mark| *mark == ']')?;
    let name = name.get(..end)?;
    let plain = name.iter().all(|letter| letter.is_alphanumeric());
    (plain && (1..=LONGEST_FOOTNOTE).contains(&end)).then_some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_and_words_stay() {
        for (written, wanted) in [
            ("**Да** и *нет*, __так__ и _этак_.", "Да и нет, так и этак."),
            ("***Both*** ~~gone~~ `code`", "Both gone code"),
            ("# Заголовок", "Заголовок"),
            ("### A *title* ###", "A title ###"),
            ("> # Quoted", "Quoted"),
            ("* item", "item"),
            ("- [x] done", "- done"),
            ("| a | **b** | 5 |", "a, b, 5"),
            ("|---|:--|", ""),
            ("```python", ""),
            ("As said[^1].", "As said."),
            ("1\\. A \\*star\\*", "1. A *star*"),
            ("**Bold begins.", "Bold begins."),
            ("It ends.**", "It ends."),
            ("*Leaning.", "Leaning."),
            ("wo**rld**", "world"),
        ] {
            assert_eq!(plain(written), wanted, "{written}");
        }
    }

    #[test]
    fn what_is_no_markdown_stays() {
        for text in [
            "2*3 и 5 * 3, 2**3",
            "snake_case and _private",
            "C# и #тег, № 5",
            "~5 км",
            "a > b, x + y",
            "- пункт",
            "[1] see [that]",
            "+7 700 123",
            "rock`n roll",
            "5* hotel",
            "C:\\Users",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn links_leave_their_text() {
        let link = |text: &str| plain(&text.replace('$', &LINK_END.to_string()));
        assert_eq!(
            link("See [the **docs**]$, [a] and ![a cat]$."),
            "See the docs, [a] and a cat."
        );
        assert_eq!(link("]$ rest"), "rest");
        assert_eq!(link("$ rest"), "rest");
    }
}
