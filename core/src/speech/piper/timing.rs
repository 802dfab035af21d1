//! When what is said is heard.

use unicode_normalization::UnicodeNormalization;

use super::network::Heard;
use super::phonemes::Run;
use crate::speech::MarkKind;
use crate::speech::alignment::{Warp, pairs};
use crate::speech::espeak::{Reading, is_letter};
use crate::time::{AUDIO_RATE, Samples};

/// How long after its announcement a word may begin, in milliseconds.
const SOON: u64 = 60;

/// A sentence as a network says it, run by run.
#[derive(Debug)]
pub(super) struct Said {
    rate: u32,
    hop: u32,
    pub(super) sound: Vec<f32>,
    /// Each letter of its phonemes with the sample at which it begins; `None` once a run did not tell.
    letters: Option<Vec<(char, u64)>>,
}

impl Said {
    /// Nothing yet, of a network that makes `rate` samples a second and `hop` samples a step.
    pub(super) fn new(rate: u32, hop: u32) -> Self {
        Self {
            rate,
            hop,
            sound: Vec::new(),
            letters: Some(Vec::new()),
        }
    }

    /// Takes in what was heard for `run`.
    pub(super) fn add(&mut self, run: &Run, heard: Heard) {
        match (&mut self.letters, &heard.steps) {
            (Some(letters), Some(steps)) => {
                let mut ends = Vec::with_capacity(steps.len());
                let mut end = self.sound.len() as u64;
                for steps in steps {
                    ends.push(end);
                    end += (steps.clamp(0.0, 1e6) * self.hop as f32) as u64;
                }
                for (symbol, id) in &run.symbols {
                    let at = ends.get(*id).copied().unwrap_or(end);
                    letters.extend(
                        symbol
                            .chars()
                            .filter(|letter| is_letter(*letter))
                            .map(|letter| (letter, at)),
                    );
                }
            }
            (letters, _) => *letters = None,
        }
        self.sound.extend(heard.sound);
    }

    /// The marks of `reading`, where they lie in what was said.
    pub(super) fn marks(&self, reading: &Reading) -> Vec<(u64, MarkKind)> {
        let warp = match &self.letters {
            Some(letters) => self.by_letters(letters, reading),
            None => Warp::between((&reading.sound, reading.rate), (&self.sound, self.rate)),
        };
        let marks = reading.marks.iter().enumerate();
        let mut marks: Vec<_> = marks
            .map(|(number, (at, kind))| {
                let at = match kind {
                    MarkKind::Word(_) => first_phoneme(reading, number).unwrap_or(*at),
                    _ => *at,
                };
                let at = warp.at(time(at, reading.rate));
                (
                    at.0 * u64::from(self.rate) / u64::from(AUDIO_RATE),
                    kind.clone(),
                )
            })
            .collect();
        // A word may have gone past the pause before it, but stays before its phoneme.
        marks.sort_by_key(|(at, _)| *at);
        marks
    }

    /// Where the same letters are heard.
    fn by_letters(&self, letters: &[(char, u64)], reading: &Reading) -> Warp {
        let mut read = Vec::new();
        for (at, kind) in &reading.marks {
            if let MarkKind::Phoneme(name) = kind {
                let own = name.nfd().filter(|letter| is_letter(*letter));
                read.extend(own.map(|letter| (letter, *at)));
            }
        }
        let bare = |letters: &[(char, u64)]| {
            letters
                .iter()
                .map(|(letter, _)| *letter)
                .collect::<Vec<_>>()
        };
        let anchors: Vec<_> = pairs(&bare(&read), &bare(letters))
            .into_iter()
            .filter_map(|(one, other)| {
                let (one, other) = (read.get(one)?.1, letters.get(other)?.1);
                Some((time(one, reading.rate), time(other, self.rate)))
            })
            .collect();
        let ends = (
            time(reading.sound.len() as u64, reading.rate),
            time(self.sound.len() as u64, self.rate),
        );
        Warp::new(&anchors, ends)
    }
}

/// Where the first phoneme of a word begins, by the number of the word's mark: espeak-ng announces words a moment before, which
/// is not to be drawn out with the pause they come after. `None` where none follows soon.
fn first_phoneme(reading: &Reading, word: usize) -> Option<u64> {
    let (announced, _) = reading.marks.get(word)?;
    let later = reading.marks.get(word..)?.iter();
    let mut heard = later.filter_map(|(at, kind)| match kind {
        MarkKind::Phoneme(name) if !name.is_empty() => Some(*at),
        _ => None,
    });
    let soon = announced + SOON * u64::from(reading.rate) / 1_000;
    heard.next().filter(|at| *at < soon)
}

fn time(sample: u64, rate: u32) -> Samples {
    Samples(sample * u64::from(AUDIO_RATE) / u64::from(rate.max(1)))
}
