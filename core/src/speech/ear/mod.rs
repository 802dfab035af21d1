//! Mouth shapes heard in sound, for engines that do not say which phonemes they speak.
//!
//! The sound is measured every 10 ms in windows of 32 ms: where the first two formants lie, how much noise there is and how
//! high, how much of the voice gets out, how loud it is and whether that rises or falls. Each piece is then given to the
//! mouth shape that sounds most like it, and what comes out are marks like those of an engine that knows, so that the
//! same articulation moves the same lips. It is no speech recognition: `t` stands for whatever the tongue does behind
//! teeth that nobody sees.

mod shapes;
mod spectrum;

use std::collections::VecDeque;

use self::shapes::{Judge, MEAN, Piece, SHAPES, Scores, best};
use self::spectrum::{Measures, Spectrum, WINDOW};
use super::{Mark, MarkKind};
use crate::time::Samples;

/// Sound is judged every 10 ms.
const HOP: usize = 480;
/// The window lies around the middle of a hop.
const BEFORE: usize = WINDOW / 2 - HOP / 2;
/// Rise and fall are measured over so many hops.
const SPAN: usize = 4;
/// The level of the loudest piece of a voice that has said nothing yet, which speech at our loudness soon reaches, in
/// decibels.
const LOUD: f32 = -18.0;
/// How fast the loudest is forgotten, in decibels a hop.
const DECAY: f32 = 0.02;
/// What is quieter than the loudest by this is silence, whatever it is.
const DEPTH: f32 = -45.0;
/// Only what is louder says anything about the timbre of a voice.
const VOICED: f32 = -25.0;
/// Hops of speech it takes to get used to a timbre.
const HABIT: f32 = 500.0;

/// By how much a voice's spectrum is tilted against that of all voices, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timbre([f32; 5]);

/// Hears one utterance.
#[derive(Clone)]
pub(crate) struct Ear {
    spectrum: Spectrum,
    judge: Judge,
    timbre: Timbre,
    loudest: f32,
    /// Sound that some window still needs, from sample `start` on.
    sound: VecDeque<f32>,
    /// Levels and ratios of hops whose rise and fall are not all known yet.
    pieces: VecDeque<([f32; 5], f32)>,
    /// Levels before those.
    past: VecDeque<f32>,
    /// The scores of the last two hops.
    scores: [Option<Scores>; 2],
    /// Hops measured, and hops decided.
    measured: u64,
    decided: u64,
    /// The shape that was decided last, and the one marked last.
    last: usize,
    marked: Option<usize>,
}

impl Ear {
    pub(crate) fn new(timbre: Timbre) -> Self {
        Self {
            spectrum: Spectrum::new(),
            judge: Judge::new(),
            timbre,
            loudest: LOUD,
            sound: std::iter::repeat_n(0.0, BEFORE).collect(),
            pieces: VecDeque::new(),
            past: std::iter::repeat_n(DEPTH, SPAN).collect(),
            scores: [None; 2],
            measured: 0,
            decided: 0,
            last: 0,
            marked: None,
        }
    }

    /// Takes in more sound, of our loudness; appends to `marks` what begins before [`known`](Self::known).
    pub(crate) fn hear(&mut self, pcm: &[f32], marks: &mut Vec<Mark>) {
        self.sound.extend(pcm);
        while self.sound.len() >= WINDOW {
            let window: Vec<f32> = self.sound.iter().take(WINDOW).copied().collect();
            let measures = self.spectrum.measure(&window);
            self.sound.drain(..HOP);
            self.measured += 1;
            self.take(measures);
            self.judge(marks);
        }
    }

    /// Up to where all marks were given.
    pub(crate) fn known(&self) -> Samples {
        Samples(self.decided.saturating_sub(1) * HOP as u64)
    }

    /// There are `length` samples in all: appends the last marks.
    pub(crate) fn finish(&mut self, length: Samples, marks: &mut Vec<Mark>) -> Timbre {
        let before = marks.len();
        // The windows that reach beyond the end see silence there.
        let silence = [0.0; HOP];
        while self.known() < length {
            self.hear(&silence, marks);
        }
        let late = marks.iter().skip(before).filter(|mark| mark.at < length);
        let keep = before + late.count();
        marks.truncate(keep);
        self.timbre
    }

    /// Notes a hop.
    fn take(&mut self, measures: Measures) {
        let Measures {
            height,
            front,
            noise,
            sharp,
            clear,
            level,
        } = measures;
        self.loudest = (self.loudest - DECAY).max(level);
        let level = (level - self.loudest).max(DEPTH);
        let mut ratios = [height, front, noise, sharp, clear];
        for ((ratio, mean), tilt) in ratios.iter_mut().zip(MEAN).zip(&mut self.timbre.0) {
            if level > VOICED {
                *tilt += (*ratio - mean - *tilt) / HABIT;
            }
            *ratio -= *tilt;
        }
        self.pieces.push_back((ratios, level));
    }

    /// Judges the hop whose future is known by now.
    fn judge(&mut self, marks: &mut Vec<Mark>) {
        let Some((_, after)) = self.pieces.get(SPAN).copied() else {
            return;
        };
        let (Some((ratios, level)), Some(before)) =
            (self.pieces.pop_front(), self.past.pop_front())
        else {
            return;
        };
        self.past.push_back(level);
        let [height, front, noise, sharp, clear] = ratios;
        let piece: Piece = [
            height,
            front,
            noise,
            sharp,
            clear,
            level,
            before - level,
            after - level,
        ];
        let scores = self.judge.scores(&piece);
        let [earlier, middle] = self.scores;
        self.scores = [middle, Some(scores)];
        let Some(middle) = middle else {
            return;
        };
        let earlier = earlier.unwrap_or(middle);
        let smooth = std::array::from_fn(|n| {
            let score = |scores: &Scores| scores.get(n).copied().unwrap_or(f32::NEG_INFINITY);
            0.25 * score(&earlier) + 0.5 * score(&middle) + 0.25 * score(&scores)
        });
        self.decide(best(&smooth), marks);
    }

    /// A shape is marked where it begins, once it has lasted for two hops.
    fn decide(&mut self, shape: usize, marks: &mut Vec<Mark>) {
        let lasts = shape == self.last;
        if lasts
            && self.marked != Some(shape)
            && let Some(found) = SHAPES.get(shape)
        {
            self.marked = Some(shape);
            let began = self.decided.saturating_sub(1);
            marks.push(Mark {
                at: Samples(began * HOP as u64),
                kind: MarkKind::Phoneme(found.phoneme.to_owned()),
            });
        }
        self.last = shape;
        self.decided += 1;
    }
}
