//! Sentences too long to be spoken in one go.

use unicode_segmentation::UnicodeSegmentation;

use super::markup::{LINE, SPACE};

/// Characters a sentence has at most. It bounds how long one text can hold up others at the engine.
pub(super) const LONGEST: usize = 250;

/// A slice shorter than this sounds chopped, so a better place before it does not count.
const SHORTEST: usize = 80;

/// Words before which people draw breath.
const CONJUNCTIONS: [&str; 29] = [
    "and",
    "but",
    "or",
    "because",
    "which",
    "that",
    "while",
    "when",
    "where",
    "who",
    "if",
    "so",
    "и",
    "а",
    "но",
    "или",
    "что",
    "чтобы",
    "потому",
    "который",
    "которая",
    "которые",
    "если",
    "когда",
    "және",
    "бірақ",
    "немесе",
    "өйткені",
    "себебі",
];

/// The byte before which `text` must be cut, if it has more than [`LONGEST`] characters.
pub(super) fn limit(text: &str) -> Option<usize> {
    text.char_indices().nth(LONGEST).map(|(at, _)| at)
}

/// Where to cut `text`, which goes on at `limit`: the byte after the first slice.
pub(super) fn cut(text: &str, limit: usize) -> usize {
    let head = text.get(..limit).unwrap_or(text);
    let earliest = head
        .char_indices()
        .nth(SHORTEST)
        .map_or(limit, |(at, _)| at);
    // A gap right at the limit is as good as one before it.
    let gap_at_limit = text
        .get(limit..)
        .is_some_and(|rest| rest.starts_with([SPACE, LINE]));
    let gaps = head.rmatch_indices([SPACE, LINE]).map(|(at, _)| at);
    let gaps: Vec<usize> = gap_at_limit
        .then_some(limit)
        .into_iter()
        .chain(gaps)
        .collect();
    let late = || gaps.iter().copied().filter(|gap| *gap >= earliest);
    late()
        .find(|gap| ends_clause(text, *gap))
        .or_else(|| late().find(|gap| before_conjunction(text, *gap)))
        .or_else(|| gaps.first().copied())
        .or_else(|| last_grapheme(text, limit))
        .unwrap_or(limit)
}

/// `text` in pieces of at most `longest` characters, cut where a slice of a long sentence would be.
pub(crate) fn cut_to(text: &str, longest: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while let Some((limit, _)) = rest.char_indices().nth(longest.max(1)) {
        let (piece, left) = rest
            .split_at_checked(cut(rest, limit))
            .unwrap_or((rest, ""));
        pieces.push(piece.trim_end());
        rest = left.trim_start();
    }
    if !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}

fn ends_clause(text: &str, gap: usize) -> bool {
    let (before, after) = text.split_at_checked(gap).unwrap_or((text, ""));
    let mut last = before
        .chars()
        .rev()
        .skip_while(|mark| "\"'»”’)]".contains(*mark));
    last.next()
        .is_some_and(|mark| ",;:.!?…،؛、，；：".contains(mark))
        || after.trim_start().starts_with(['—', '–'])
}

fn before_conjunction(text: &str, gap: usize) -> bool {
    let after = text.get(gap..).unwrap_or_default();
    let word = after.split_whitespace().next().unwrap_or_default();
    CONJUNCTIONS.contains(&word.to_lowercase().as_str())
}

/// The last place before `limit` that is not within what a reader sees as one character. There is none in a
/// letter with hundreds of accents, which is then cut all the same.
fn last_grapheme(text: &str, limit: usize) -> Option<usize> {
    let next = text.get(limit..)?.chars().next().map_or(0, char::len_utf8);
    let head = text.get(..limit + next)?;
    head.grapheme_indices(true)
        .map(|(at, _)| at)
        .take_while(|at| *at <= limit)
        .last()
        .filter(|at| *at > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_short_enough_and_lose_no_word() {
        let text = "The river rises in the mountains, far from any town, and runs for days before it meets a road \
            that anybody would call one, as my grandfather used to say.";
        // Its longest word has eleven letters.
        for longest in [11, 40, 100, 150] {
            let pieces = cut_to(text, longest);
            assert!(
                pieces.iter().all(|piece| piece.chars().count() <= longest),
                "{pieces:?}"
            );
            assert_eq!(pieces.join(" "), text, "{longest}");
        }
        assert_eq!(cut_to(text, 100)[0].chars().count(), 93);
        assert_eq!(cut_to("one", 100), ["one"]);
        assert!(cut_to("  ", 100).is_empty());
        assert_eq!(cut_to(&"а".repeat(25), 10).concat(), "а".repeat(25));
    }
}
