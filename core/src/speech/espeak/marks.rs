//! What espeak-ng reports, as words and phonemes with their times.

use avatar_espeak::EventKind;

use super::desk::Rendering;
use super::said::Said;
use crate::speech::MarkKind;

/// What happens in a sentence, in order of time: at which of espeak-ng's samples, and what.
#[derive(Debug)]
pub(super) struct Line(Vec<(u64, MarkKind)>);

/// Pauses shorter than this are the seams between consonants ("п_ривет"); no mouth shuts in them. In milliseconds.
const SEAM: u64 = 60;

impl Line {
    /// Reads the events of a rendering of `written`, which was given to espeak-ng as `said`.
    pub(super) fn new(written: &str, said: &Said, rendering: &Rendering) -> Self {
        let seam = SEAM * u64::from(rendering.rate) / 1_000;
        let mut line: Vec<(u64, MarkKind)> = words(written, said, rendering)
            .into_iter()
            .map(|(at, word)| (at, MarkKind::Word(word)))
            .chain(
                phonemes(rendering, seam)
                    .into_iter()
                    .map(|(at, name)| (at, MarkKind::Phoneme(name))),
            )
            .collect();
        // Stable: where a word and its first phoneme coincide, the word stays first.
        line.sort_by_key(|(at, _)| *at);
        Self(line)
    }

    pub(super) fn into_marks(self) -> impl Iterator<Item = (u64, MarkKind)> {
        self.0.into_iter()
    }
}

/// The written words, each with everything up to the next one that is announced.
///
/// espeak-ng announces what it says, not what is written: "1914" is two words to it, "of the" may be one, a dash none;
/// in 1.51 an announcement may also lie on the space before its word, or come a second time at the end of a text.
/// Each written word is given once, with the first announcement that falls on it, and those that get none are said
/// with the one before. Together the words spell the sentence.
fn words(written: &str, said: &Said, rendering: &Rendering) -> Vec<(u64, String)> {
    let mut starts: Vec<(u64, usize)> = Vec::new();
    for event in &rendering.events {
        let EventKind::Word { at } = event.kind else {
            continue;
        };
        let start = word_at(written, said.written(at));
        if starts.last().is_none_or(|(_, last)| start > *last) {
            starts.push((event.sample, start));
        }
    }
    if starts.is_empty() && !rendering.sound.is_empty() {
        starts.push((0, 0));
    }
    // What comes before the first word, a quotation mark or a bullet, is the first word's.
    if let Some((_, first)) = starts.first_mut() {
        *first = 0;
    }
    let ends = starts
        .iter()
        .skip(1)
        .map(|(_, start)| *start)
        .chain([written.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|((at, start), end)| Some((*at, written.get(*start..end)?.trim().to_owned())))
        .filter(|(_, word)| !word.is_empty())
        .collect()
}

/// The first byte of the written word in which, or on the space before which, byte `at` lies.
fn word_at(written: &str, at: usize) -> usize {
    let (before, after) = written.split_at_checked(at).unwrap_or((written, ""));
    let gap = after.len() - after.trim_start().len();
    if gap > 0 {
        return at + gap;
    }
    before
        .char_indices()
        .rev()
        .find(|(_, character)| character.is_whitespace())
        .map_or(0, |(space, character)| space + character.len_utf8())
}

/// The phonemes. Changes of language, "(en)", are not phonemes; palatalisation and length that come by themselves belong
/// to the phoneme before; a pause is given once, and only where it is one.
fn phonemes(rendering: &Rendering, seam: u64) -> Vec<(u64, String)> {
    let mut found: Vec<(u64, String)> = Vec::new();
    for event in &rendering.events {
        let EventKind::Phoneme(name) = &event.kind else {
            continue;
        };
        if name.starts_with('(') {
            continue;
        }
        let bare = !name.is_empty() && !name.chars().any(is_letter);
        match found.last_mut() {
            Some((_, last)) if bare && !last.is_empty() => last.push_str(name),
            Some((_, last)) if name.is_empty() && last.is_empty() => {}
            _ if bare => {}
            _ => {
                if found
                    .last()
                    .is_some_and(|(at, last)| last.is_empty() && event.sample - at < seam)
                {
                    found.pop();
                }
                found.push((event.sample, name.clone()));
            }
        }
    }
    found
}

/// Neither a modifier nor a mark of stress, length or tie.
pub(in crate::speech) fn is_letter(character: char) -> bool {
    let modifier = matches!(character, '\u{2b0}'..='\u{36f}' | '\u{1d2c}'..='\u{1d6a}');
    character.is_alphabetic() && !modifier
}

#[cfg(test)]
mod tests {
    use avatar_espeak::Event;

    use super::*;
    use crate::language::Language;

    fn rendering(events: &[(u64, EventKind)]) -> Rendering {
        let event = |(sample, kind): &(u64, EventKind)| Event {
            sample: *sample,
            kind: kind.clone(),
        };
        Rendering {
            rate: 22_050,
            sound: vec![0; 50_000],
            events: events.iter().map(event).collect(),
            ..Rendering::default()
        }
    }

    fn spelled(written: &str, starts: &[&str]) -> Vec<String> {
        let said = Said::new(written, Some(Language::Ru));
        let word = |(index, word): (usize, &&str)| {
            let at = said.text().find(*word).unwrap();
            (index as u64 * 1_000, EventKind::Word { at })
        };
        let events: Vec<_> = starts.iter().enumerate().map(word).collect();
        words(written, &said, &rendering(&events))
            .into_iter()
            .map(|(_, word)| word)
            .collect()
    }

    #[test]
    fn words_spell_the_sentence() {
        assert_eq!(spelled("Да, мир!", &["Да", "мир"]), ["Да,", "мир!"]);
        assert_eq!(
            spelled("— «Да» — нет 😀.", &["Да", "нет"]),
            ["— «Да» —", "нет 😀."]
        );
        // Announced on the space before, twice, in parts, or not at all.
        assert_eq!(
            spelled("раз два три", &["раз", " два", "три", "раз", "три"]),
            ["раз", "два", "три"]
        );
        assert_eq!(
            spelled("год 1914 и", &["год", "1914", "14", "и"]),
            ["год", "1914", "и"]
        );
        assert_eq!(
            spelled("one of the two", &["one", "of", "two"]),
            ["one", "of the", "two"]
        );
        assert_eq!(spelled("никто не назван", &[]), ["никто не назван"]);
    }

    #[test]
    fn phonemes_are_cleaned() {
        let names = [
            (0, "p"),
            (700, ""),
            (1_300, "r"),
            (2_000, "ʲ"),
            (3_000, "(en)"),
            (4_000, ""),
            (4_100, ""),
            (8_000, "a"),
        ];
        let events: Vec<_> = names
            .iter()
            .map(|(at, name)| (*at, EventKind::Phoneme((*name).to_owned())))
            .collect();
        let found = phonemes(&rendering(&events), 1_323);
        let found: Vec<(u64, &str)> = found
            .iter()
            .map(|(at, name)| (*at, name.as_str()))
            .collect();
        assert_eq!(found, [(0, "p"), (1_300, "rʲ"), (4_000, ""), (8_000, "a")]);
    }
}
