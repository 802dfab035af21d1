//! Phonemes as the numbers a network knows them by, the way Piper itself makes them.

use avatar_espeak::{Clause, Stop};
use unicode_normalization::UnicodeNormalization;

use super::profile::{BEGIN, END, PAD, Profile};

/// Symbols that a network is given at once, some forty seconds of speech: the time and memory it takes are bounded by that.
const LONGEST: usize = 400;

/// What a network says in one go.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    /// What it is given.
    pub(super) ids: Vec<i64>,
    /// Each symbol with the place of its first number.
    pub(super) symbols: Vec<(String, usize)>,
}

/// The symbols of what espeak-ng made of a sentence, one list for each sentence it sees in it. Every character of the phonemes
/// and every mark between clauses is one, accents apart from their letters.
pub(super) fn spoken(clauses: &[Clause]) -> Vec<Vec<String>> {
    let mut sentences = vec![Vec::new()];
    for clause in clauses {
        let Some(sentence) = sentences.last_mut() else {
            break;
        };
        let mut symbols = without_languages(&clause.phonemes);
        match clause.stop {
            Stop::Sentence(mark) => symbols.push(mark),
            Stop::Clause(mark) => symbols.extend([mark, ' ']),
            Stop::Open => {}
        }
        sentence.extend(written(&symbols));
        if matches!(clause.stop, Stop::Sentence(_)) {
            sentences.push(Vec::new());
        }
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

/// The symbols of a text: its characters, accents apart from their letters.
pub(super) fn written(text: &str) -> Vec<String> {
    text.nfd().map(String::from).collect()
}

/// Leaves out where the voice changes to another language and back: "(en)".
fn without_languages(phonemes: &str) -> String {
    let mut left = String::with_capacity(phonemes.len());
    let mut rest = phonemes;
    while let Some((before, after)) = rest.split_once('(') {
        left.push_str(before);
        match after.split_once(')') {
            Some((language, after)) if !language.is_empty() => rest = after,
            _ => {
                left.push('(');
                rest = after;
            }
        }
    }
    left.push_str(rest);
    left
}

/// Symbols as a network of `profile` wants them: framed, padded, and at most [`LONGEST`] at a time. `unknown` is told of those
/// that it has no number for; they are left out.
pub(super) fn runs(
    symbols: &[String],
    profile: &Profile,
    unknown: &mut dyn FnMut(&str),
) -> Vec<Run> {
    let symbols = clustered(symbols, &profile.vowel_clusters);
    let mut runs = Vec::new();
    let mut rest = symbols.as_slice();
    while !rest.is_empty() {
        let (now, later) = rest.split_at_checked(cut(rest)).unwrap_or((rest, &[]));
        runs.extend(Run::new(now, profile, unknown));
        rest = later;
    }
    runs
}

/// How many symbols come first: all, or those up to the last gap that is early enough.
fn cut(symbols: &[String]) -> usize {
    let Some(head) = symbols.get(..LONGEST) else {
        return symbols.len();
    };
    let gap = head.iter().rposition(|symbol| symbol == " ");
    gap.map_or(LONGEST, |gap| gap + 1)
}

/// Puts vowels together that have a number together, the longest first.
fn clustered(symbols: &[String], clusters: &[Vec<String>]) -> Vec<String> {
    let mut longest: Vec<&Vec<String>> = clusters.iter().filter(|one| one.len() > 1).collect();
    longest.sort_by_key(|cluster| std::cmp::Reverse(cluster.len()));
    let mut found = Vec::with_capacity(symbols.len());
    let mut rest = symbols;
    while let Some((first, after)) = rest.split_first() {
        let cluster = longest.iter().find(|cluster| rest.starts_with(cluster));
        found.push(cluster.map_or_else(|| first.clone(), |cluster| cluster.concat()));
        rest = match cluster {
            Some(cluster) => rest.get(cluster.len()..).unwrap_or_default(),
            None => after,
        };
    }
    found
}

impl Run {
    /// `None` where there is nothing to say.
    fn new(symbols: &[String], profile: &Profile, unknown: &mut dyn FnMut(&str)) -> Option<Self> {
        let ids = |symbol: &str| profile.phoneme_id_map.get(symbol).map(Vec::as_slice);
        let pad = ids(PAD).unwrap_or_default();
        let mut run = Self::default();
        let put = |run: &mut Self, more: &[i64]| run.ids.extend_from_slice(more);
        put(&mut run, ids(BEGIN).unwrap_or_default());
        put(&mut run, pad);
        for symbol in symbols {
            let Some(own) = ids(symbol) else {
                unknown(symbol);
                continue;
            };
            run.symbols.push((symbol.clone(), run.ids.len()));
            put(&mut run, own);
            put(&mut run, pad);
        }
        put(&mut run, ids(END).unwrap_or_default());
        let heard = |symbol: &str| symbol.chars().any(char::is_alphanumeric);
        run.symbols
            .iter()
            .any(|(symbol, _)| heard(symbol))
            .then_some(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(clusters: &[&[&str]]) -> Profile {
        let ids: serde_json::Map<String, serde_json::Value> = [
            "_", "^", "$", " ", ",", ".", "a", "p", "ɪ", "ʲ", "\u{303}", "aɪ",
        ]
        .iter()
        .enumerate()
        .map(|(id, symbol)| ((*symbol).to_owned(), serde_json::json!([id])))
        .collect();
        let json = serde_json::json!({
            "audio": {"sample_rate": 16_000}, "espeak": {"voice": "en"},
            "phoneme_id_map": ids, "vowel_clusters": clusters,
        });
        serde_json::from_value(json).unwrap()
    }

    fn clause(phonemes: &str, stop: Stop) -> Clause {
        Clause {
            phonemes: phonemes.to_owned(),
            stop,
        }
    }

    #[test]
    fn clauses_become_symbols() {
        let clauses = [
            clause("pã(en)a(ru)", Stop::Clause(',')),
            clause("a", Stop::Sentence('.')),
            clause("p(", Stop::Open),
        ];
        let sentences: Vec<String> = spoken(&clauses)
            .iter()
            .map(|sentence| sentence.join("|"))
            .collect();
        assert_eq!(sentences, ["p|a|\u{303}|a|,| |a|.", "p|("]);
        assert_eq!(spoken(&[]), Vec::<Vec<String>>::new());
    }

    #[test]
    fn symbols_become_numbers() {
        let mut unknown = Vec::new();
        let symbols = written("pʲa, x.");
        let runs = runs(&symbols, &profile(&[]), &mut |symbol| {
            unknown.push(symbol.to_owned())
        });
        assert_eq!(runs.len(), 1);
        assert_eq!(runs[0].ids, [1, 0, 7, 0, 9, 0, 6, 0, 4, 0, 3, 0, 5, 0, 2]);
        assert_eq!(runs[0].symbols[2], ("a".to_owned(), 6));
        assert_eq!(unknown, ["x"]);
    }

    #[test]
    fn vowels_that_belong_together_have_one_number() {
        let profile = profile(&[&["a", "ɪ"]]);
        let runs = runs(&written("paɪa"), &profile, &mut |_| {});
        assert_eq!(runs[0].ids, [1, 0, 7, 0, 11, 0, 6, 0, 2]);
    }

    #[test]
    fn long_ones_are_cut_between_words_and_silent_ones_left_out() {
        let profile = profile(&[]);
        let words = written(&"pa ".repeat(1_000));
        let found = runs(&words, &profile, &mut |_| {});
        assert!(
            found
                .iter()
                .all(|run| run.symbols.len() <= LONGEST && run.symbols[0].0 == "p")
        );
        assert_eq!(
            found.iter().map(|run| run.symbols.len()).sum::<usize>(),
            3_000
        );
        let endless = runs(&written(&"p".repeat(1_000)), &profile, &mut |_| {});
        assert_eq!(endless.len(), 3);
        assert!(runs(&written(" , ."), &profile, &mut |_| {}).is_empty());
        assert!(runs(&[], &profile, &mut |_| {}).is_empty());
    }
}
