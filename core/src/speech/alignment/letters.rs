//! Which letters of two spellings of the same thing are the same.

/// Spellings longer than this, taken together as lengths multiplied, are not compared: a sentence has some hundred letters.
const MOST: usize = 4_000_000;

/// The places of equal letters in both, in order: as many as there can be (a longest common subsequence).
pub(in crate::speech) fn pairs(one: &[char], other: &[char]) -> Vec<(usize, usize)> {
    let width = other.len() + 1;
    if one.is_empty() || other.is_empty() || one.len() * width > MOST {
        return Vec::new();
    }
    // For each pair of places, how many letters the rests from there on have in common.
    let mut common = vec![0_u16; (one.len() + 1) * width];
    let at = |row: usize, column: usize| row * width + column;
    for (row, letter) in one.iter().enumerate().rev() {
        for (column, found) in other.iter().enumerate().rev() {
            let get = |index: usize| common.get(index).copied().unwrap_or_default();
            let best = if letter == found {
                get(at(row + 1, column + 1)) + 1
            } else {
                get(at(row + 1, column)).max(get(at(row, column + 1)))
            };
            if let Some(place) = common.get_mut(at(row, column)) {
                *place = best;
            }
        }
    }
    let get = |row: usize, column: usize| common.get(at(row, column)).copied().unwrap_or_default();
    let mut pairs = Vec::new();
    let (mut row, mut column) = (0, 0);
    while let (Some(letter), Some(found)) = (one.get(row), other.get(column)) {
        if letter == found {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if get(row + 1, column) >= get(row, column + 1) {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_have_is_found_in_order() {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        let found = |one: &str, other: &str| {
            let (one, other) = (letters(one), letters(other));
            pairs(&one, &other)
                .into_iter()
                .map(|(a, b)| {
                    assert_eq!(one[a], other[b]);
                    one[a]
                })
                .collect::<String>()
        };
        assert_eq!(found("prʲivʲet", "privet"), "privet");
        assert_eq!(found("abcabc", "xbxcxxc"), "bcc");
        assert_eq!(found("abc", ""), "");
        assert_eq!(found("abc", "xyz"), "");
    }
}
