//! When words are said, told from nothing but the text and where there is sound.
//!
//! A word takes as long as it has letters, more or less, and pauses fall where the punctuation is. How fast a voice speaks
//! is remembered from one sentence to the next.

use std::collections::VecDeque;

use super::{Mark, MarkKind};
use crate::time::{AUDIO_RATE, Samples};

/// Sound is listened to in blocks of 10 ms.
const BLOCK: usize = AUDIO_RATE as usize / 100;
/// What is quieter is silence, as the power of a block of sound that is levelled: −45 dB.
const SILENCE: f32 = 3.2e-5;
/// So many blocks of it are a pause.
const PAUSE: usize = 15;
/// A pause belongs to a punctuation mark that is expected within this time of it, in seconds.
const NEAR: f64 = 0.7;

/// What a word weighs besides its letters.
const WORD: f64 = 1.5;
/// A digit is read as a word: it weighs as many letters.
const DIGIT: f64 = 4.0;

/// How fast a voice speaks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Seconds of sound, and what was said in them.
    seconds: f64,
    weight: f64,
}

impl Default for Pace {
    /// Fourteen letters a second, of which little is known.
    fn default() -> Self {
        Self {
            seconds: 2.0,
            weight: 28.0,
        }
    }
}

impl Pace {
    /// Sentences are remembered for so many seconds of speech.
    const MEMORY: f64 = 60.0;

    fn learn(&mut self, seconds: f64, weight: f64) {
        let keep = (Self::MEMORY / self.seconds.max(Self::MEMORY)).min(1.0);
        self.seconds = self.seconds * keep + seconds;
        self.weight = self.weight * keep + weight;
    }

    /// Seconds for each letter.
    fn each(&self) -> f64 {
        self.seconds / self.weight.max(1.0)
    }
}

#[derive(Debug)]
struct Word {
    text: String,
    /// The weight of all before it.
    after: f64,
    /// Whether a punctuation mark stands before it.
    clause: bool,
}

/// The words of one utterance, still to be said.
#[derive(Debug)]
pub(super) struct Words {
    left: VecDeque<Word>,
    total: f64,
    pace: Pace,
    /// The sound so far, but for less than a block.
    at: Samples,
    rest: Vec<f32>,
    /// Blocks of sound so far, and of silence since the last.
    loud: usize,
    silent: usize,
    /// Where sound and weight were known to belong together.
    anchor: (usize, f64),
    /// The weight before the clause that is being said.
    clause: f64,
    /// Where the last word begins.
    last: Samples,
}

impl Words {
    pub(super) fn new(text: &str, pace: Pace) -> Self {
        let mut left = VecDeque::new();
        let mut total = 0.0;
        let mut clause = false;
        for text in text.split_whitespace() {
            let weight = weight(text);
            if weight == 0.0 {
                // A dash is said by a pause.
                clause = true;
                continue;
            }
            left.push_back(Word {
                text: text.to_owned(),
                after: total,
                clause: std::mem::replace(&mut clause, ends_clause(text)),
            });
            total += weight + WORD;
        }
        Self {
            left,
            total,
            pace,
            at: Samples::ZERO,
            rest: Vec::new(),
            loud: 0,
            silent: 0,
            anchor: (0, 0.0),
            clause: 0.0,
            last: Samples::ZERO,
        }
    }

    /// Takes in more sound; appends to `marks` the words that begin in it.
    pub(super) fn hear(&mut self, pcm: &[f32], marks: &mut Vec<Mark>) {
        self.rest.extend_from_slice(pcm);
        let whole = std::mem::take(&mut self.rest);
        let mut blocks = whole.chunks_exact(BLOCK);
        for block in &mut blocks {
            let power = block.iter().map(|sample| sample * sample).sum::<f32>() / BLOCK as f32;
            if power < SILENCE {
                self.silent += 1;
            } else {
                if self.silent >= PAUSE && self.loud > 0 {
                    self.resume();
                }
                self.silent = 0;
                self.loud += 1;
                self.say(marks);
            }
            self.at += Samples(BLOCK as u64);
        }
        self.rest = blocks.remainder().to_vec();
    }

    /// The weight of what was said by now.
    fn said(&self) -> f64 {
        let (loud, weight) = self.anchor;
        weight + self.loud.saturating_sub(loud) as f64 * 0.01 / self.pace.each()
    }

    /// Words that begin by now, do.
    fn say(&mut self, marks: &mut Vec<Mark>) {
        let said = self.said();
        while self.left.front().is_some_and(|word| word.after <= said) {
            let Some(word) = self.left.pop_front() else {
                return;
            };
            if word.clause {
                self.clause = word.after;
            }
            self.last = self.at;
            marks.push(Mark {
                at: self.at,
                kind: MarkKind::Word(word.text),
            });
        }
    }

    /// Sound goes on after a pause, perhaps with a new clause.
    fn resume(&mut self) {
        let said = self.said();
        let near = NEAR / self.pace.each();
        let mut clauses = self.left.iter().filter(|word| word.clause);
        let next = clauses.next().map(|word| word.after);
        // It was expected later, or a little sooner.
        let begun = (self.clause > 0.0).then_some(self.clause);
        let distance = |weight: &f64| (weight - said).abs();
        let nearest = [next, begun]
            .into_iter()
            .flatten()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)));
        if let Some(weight) = nearest.filter(|weight| distance(weight) < near) {
            self.anchor = (self.loud, weight);
        }
    }

    /// That was all: appends to `marks` what is still to be said, between `from` and `to`, and tells how fast it was.
    pub(super) fn finish(&mut self, from: Samples, to: Samples, marks: &mut Vec<Mark>) -> Pace {
        let seconds = self.loud as f64 * 0.01;
        let from = from.max(self.last);
        let count = self.left.len() as u64;
        let step = to.saturating_sub(from).0 / (count + 1).max(1);
        for (word, n) in self.left.drain(..).zip(1..) {
            marks.push(Mark {
                at: from + Samples(step * n),
                kind: MarkKind::Word(word.text),
            });
        }
        let mut pace = self.pace;
        if self.total > 0.0 && seconds > 0.0 {
            pace.learn(seconds, self.total);
        }
        pace
    }
}

/// How many letters a word is worth.
fn weight(word: &str) -> f64 {
    word.chars()
        .filter(|letter| letter.is_alphanumeric())
        .map(|letter| if letter.is_numeric() { DIGIT } else { 1.0 })
        .sum()
}

fn ends_clause(word: &str) -> bool {
    let word = word.trim_end_matches(|mark: char| "\"'»”’)]".contains(mark));
    word.ends_with([',', ';', ':', '.', '!', '?', '…', '—', '–'])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone for each stretch of so many seconds, silence for each that is negative.
    fn sound(stretches: &[f64]) -> Vec<f32> {
        let stretch = |seconds: &f64| {
            let gain = if *seconds > 0.0 { 0.2 } else { 0.0 };
            let samples = (seconds.abs() * 48_000.0) as u32;
            (0..samples).map(move |n| gain * (n as f32 * 0.05).sin())
        };
        stretches.iter().flat_map(stretch).collect()
    }

    /// Each word, and when it begins in milliseconds.
    fn spread(text: &str, sound: &[f32], pieces: usize) -> (Vec<(String, u64)>, Pace) {
        let mut words = Words::new(text, Pace::default());
        let mut marks = Vec::new();
        let mut at = 0;
        for piece in sound.chunks(pieces) {
            let before = marks.len();
            words.hear(piece, &mut marks);
            at += piece.len() as u64;
            let early = at.saturating_sub((pieces + BLOCK) as u64);
            assert!(
                marks[before..]
                    .iter()
                    .all(|mark: &Mark| (early..=at).contains(&mark.at.0))
            );
        }
        let end = Samples(at);
        let pace = words.finish(end, end, &mut marks);
        assert!(marks.is_sorted_by_key(|mark| mark.at));
        let words = marks.into_iter().map(|mark| match mark.kind {
            MarkKind::Word(word) => (word, mark.at.0 / 48),
            other => panic!("{other:?}"),
        });
        (words.collect(), pace)
    }

    #[test]
    fn words_follow_each_other_in_proportion_to_their_letters() {
        let (words, _) = spread("One incomprehensible word", &sound(&[-0.1, 2.0]), 480);
        let texts: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(texts, ["One", "incomprehensible", "word"]);
        assert_eq!(words[0].1, 100);
        let (one, long) = (words[1].1 - words[0].1, words[2].1 - words[1].1);
        assert!(long > 3 * one, "{words:?}");
    }

    #[test]
    fn it_does_not_matter_how_sound_comes() {
        let sound = sound(&[-0.2, 1.1, -0.4, 1.3]);
        let text = "So it goes, said the man, and went.";
        let whole = spread(text, &sound, 480).0;
        for pieces in [77, 4_800, 100_000] {
            assert_eq!(spread(text, &sound, pieces).0, whole);
        }
    }

    #[test]
    fn a_clause_begins_after_its_pause() {
        // The voice is slower, or faster, than any that was heard before.
        for first in [0.5, 0.9, 1.2] {
            let sound = sound(&[first, -0.3, 1.0]);
            let (words, _) = spread("He came home, and slept well.", &sound, 4_800);
            let and = words.iter().find(|(word, _)| word == "slept").unwrap().1 as f64 / 1000.0;
            assert!(
                (first + 0.3..first + 0.9).contains(&and),
                "{first}: {words:?}"
            );
        }
    }

    #[test]
    fn what_was_not_reached_is_said_at_the_end() {
        let (words, _) = spread(
            "Far too many words for so short a sound",
            &sound(&[0.2]),
            480,
        );
        assert_eq!(words.len(), 9);
        assert_eq!(words[8].1, 200);
    }

    #[test]
    fn words_keep_their_order_where_some_are_still_to_be_handed_on() {
        let (mut words, mut marks) = (Words::new("One two three", Pace::default()), Vec::new());
        words.hear(&sound(&[0.5]), &mut marks);
        assert_eq!(marks.len(), 2);
        words.finish(Samples::ZERO, Samples(24_000), &mut marks);
        assert!(marks.is_sorted_by_key(|mark| mark.at), "{marks:?}");
    }

    #[test]
    fn the_pace_is_learned() {
        let text = "This voice speaks as slowly as nobody has ever spoken before.";
        let sound = sound(&[10.0]);
        let mut pace = Pace::default();
        for _ in 0..4 {
            let mut words = Words::new(text, pace);
            let mut marks = Vec::new();
            words.hear(&sound, &mut marks);
            pace = words.finish(Samples(480_000), Samples(480_000), &mut marks);
        }
        let mut words = Words::new(text, pace);
        let mut marks = Vec::new();
        words.hear(&sound, &mut marks);
        let last = marks.last().unwrap();
        assert_eq!(last.kind, MarkKind::Word("before.".to_owned()));
        assert!(
            (8.0..9.8).contains(&last.at.seconds()),
            "{:?}",
            last.at.seconds()
        );
    }
}
