//! A session's speech as it becomes known: sound that is not yet used, and where it ends.

use std::collections::VecDeque;

use crate::speech::pause::PARAGRAPH;
use crate::speech::{Mark, MarkKind, Speech};
use crate::time::Samples;

/// Silence before the first word and after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Margins {
    lead_in: Samples,
    tail: Samples,
}

impl Margins {
    /// As much as a mouth needs to be seen to open and to close.
    pub(crate) const OF_A_FACE: Self = Self {
        lead_in: Samples::from_millis(120),
        tail: Samples::from_millis(400),
    };

    /// None: the first word comes first.
    pub(crate) const NONE: Self = Self {
        lead_in: Samples::ZERO,
        tail: Samples::ZERO,
    };
}

/// Of a sample in 16 bits.
const SCALE: f32 = 32_767.0;

/// What lies beyond ±1 is cut off.
fn pack(sample: &f32) -> i16 {
    (sample * SCALE).round() as i16
}

fn unpack(sample: &i16) -> f32 {
    f32::from(*sample) / SCALE
}

/// Sound in the order of time, from which frames take their share.
#[derive(Debug)]
pub(crate) struct Soundtrack {
    margins: Margins,
    /// Sound in stretches as it came, so that its memory is given back as it is used, and in 16 bits, which is half as much:
    /// ten seconds of speech are a third of what a session of sound alone takes.
    stretches: VecDeque<Vec<i16>>,
    /// Samples used of the first stretch.
    used: usize,
    taken: Samples,
    known: Samples,
    utterance: Samples,
    /// Where silence begins that was put at the end because nothing else was known.
    supposed: Option<Samples>,
    ended: bool,
    voiced: bool,
}

impl Soundtrack {
    pub(crate) fn new(margins: Margins) -> Self {
        Self {
            margins,
            stretches: VecDeque::new(),
            used: 0,
            taken: Samples::ZERO,
            known: Samples::ZERO,
            utterance: Samples::ZERO,
            supposed: None,
            ended: false,
            voiced: false,
        }
    }

    /// Begins with a moment of silence; returns it.
    pub(crate) fn lead_in(&mut self) -> Vec<f32> {
        self.silence(self.margins.lead_in)
    }

    fn silence(&mut self, length: Samples) -> Vec<f32> {
        let silence = vec![0.0; usize::try_from(length.0).unwrap_or(0)];
        self.append(&silence);
        silence
    }

    fn append(&mut self, pcm: &[f32]) {
        if !pcm.is_empty() {
            self.stretches.push_back(pcm.iter().map(pack).collect());
        }
        self.known += Samples(pcm.len() as u64);
        self.supposed = None;
    }

    /// A new utterance begins where the sound ends now.
    pub(crate) fn begin_utterance(&mut self) {
        self.utterance = self.known;
    }

    /// Takes in more of the utterance; returns its marks counted from the beginning of the session.
    pub(crate) fn hear(&mut self, speech: &Speech) -> Vec<Mark> {
        self.append(&speech.pcm);
        self.voiced |= !speech.pcm.is_empty();
        let marks = speech.marks.iter();
        marks
            .map(|mark| Mark {
                at: self.utterance + mark.at,
                kind: mark.kind.clone(),
            })
            .collect()
    }

    /// The mark after an utterance that ended without one.
    pub(crate) fn end_mark(&self) -> Mark {
        Mark {
            at: self.known,
            kind: MarkKind::End,
        }
    }

    /// Nothing is said for a while, be it in the middle of an utterance; returns the silence.
    pub(crate) fn pause(&mut self, length: Samples) -> Vec<f32> {
        self.utterance += length;
        self.silence(length)
    }

    /// Supposes that nothing is said for a while, be it in the middle of an utterance; returns the silence.
    pub(crate) fn suppose(&mut self, length: Samples) -> Vec<f32> {
        let from = self.supposed.unwrap_or(self.known);
        let silence = self.pause(length);
        self.supposed = Some(from);
        silence
    }

    /// Something is said after all: takes back what was [supposed](Self::suppose), is not used, and lies after `settled`. Returns
    /// where the sound ends now, if that is earlier.
    pub(crate) fn retract(&mut self, settled: Samples) -> Option<Samples> {
        let end = self.supposed.take()?.max(self.taken).max(settled);
        let mut gone = self.known.saturating_sub(end).0;
        if gone == 0 {
            return None;
        }
        self.known = end;
        self.utterance = self.utterance.saturating_sub(Samples(gone));
        while let Some(last) = self.stretches.back_mut() {
            let length = last.len() as u64;
            if gone < length {
                last.truncate((length - gone) as usize);
                break;
            }
            gone -= length;
            self.stretches.pop_back();
        }
        if self.stretches.is_empty() {
            self.used = 0;
        }
        Some(end)
    }

    /// A paragraph is over: pauses for breath; returns the silence.
    pub(crate) fn end_paragraph(&mut self) -> Vec<f32> {
        self.silence(PARAGRAPH)
    }

    /// Nothing more will be said: adds a last silence up to a whole number of frames and returns it.
    pub(crate) fn end(&mut self, frame: Samples) -> Vec<f32> {
        let wanted = self.known + self.margins.tail;
        let whole = Samples(wanted.0.next_multiple_of(frame.0.max(1)));
        let silence = self.silence(whole.saturating_sub(self.known));
        self.ended = true;
        silence
    }

    /// Forgets what is known and not used. Those who hear it have been given silence before they come to where it is cut.
    pub(crate) fn cut(&mut self) {
        self.stretches.clear();
        self.used = 0;
        self.known = self.taken;
        self.supposed = None;
    }

    /// Whether anything was said.
    pub(crate) fn voiced(&self) -> bool {
        self.voiced
    }

    /// Whether all of it is known.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Up to where it is known.
    pub(crate) fn known(&self) -> Samples {
        self.known
    }

    /// Moves the next sound to `pcm`; `false` when there is not that much.
    pub(crate) fn take(&mut self, length: Samples, pcm: &mut Vec<f32>) -> bool {
        if self.known.saturating_sub(self.taken) < length {
            return false;
        }
        self.taken += length;
        let length = usize::try_from(length.0).unwrap_or(usize::MAX);
        pcm.clear();
        while pcm.len() < length
            && let Some(first) = self.stretches.front()
        {
            let rest = first.get(self.used..).unwrap_or_default();
            let now = rest.len().min(length - pcm.len());
            pcm.extend(rest.iter().take(now).map(unpack));
            self.used += now;
            if now == rest.len() {
                self.stretches.pop_front();
                self.used = 0;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sound_comes_out_as_it_went_in() {
        let mut track = Soundtrack::new(Margins::NONE);
        let sound: Vec<f32> = (-1000..=1000_i16).map(|n| f32::from(n) / 1000.0).collect();
        track.hear(&Speech {
            pcm: [&sound[..], &[0.0, -1.5, 1.5, f32::NAN]].concat(),
            marks: Vec::new(),
        });
        let mut pcm = Vec::new();
        assert!(track.take(Samples(sound.len() as u64), &mut pcm));
        let differs = |(one, other): (&f32, &f32)| (one - other).abs() > 0.6 / SCALE;
        assert!(!sound.iter().zip(&pcm).any(differs));
        assert!(track.take(Samples(4), &mut pcm));
        assert_eq!((pcm[0], pcm[2], pcm[3]), (0.0, 1.0, 0.0));
        assert!((pcm[1] + 1.0).abs() < 0.001);
    }

    #[test]
    fn what_is_cut_off_is_not_heard() {
        let mut track = Soundtrack::new(Margins::NONE);
        track.hear(&Speech {
            pcm: vec![0.5; 10_000],
            marks: Vec::new(),
        });
        let mut pcm = Vec::new();
        assert!(track.take(Samples(1920), &mut pcm));
        track.cut();
        assert_eq!(track.known(), Samples(1920));
        assert!(!track.take(Samples(1), &mut pcm));
        track.pause(Samples(1920));
        assert!(track.take(Samples(1920), &mut pcm));
        assert!(pcm.iter().all(|sample| *sample == 0.0));
    }

    #[test]
    fn silence_that_was_only_supposed_is_taken_back() {
        let mut track = Soundtrack::new(Margins::NONE);
        let said = |length: usize| Speech {
            pcm: vec![0.5; length],
            marks: vec![Mark {
                at: Samples(1_000),
                kind: MarkKind::End,
            }],
        };
        track.hear(&said(1_000));
        track.suppose(Samples(500));
        track.suppose(Samples(2_000));
        let mut pcm = Vec::new();
        assert!(track.take(Samples(1_200), &mut pcm));
        assert_eq!(track.retract(Samples::ZERO), Some(Samples(1_200)));
        // What was used of it has become part of the utterance.
        assert_eq!(track.hear(&said(1_000))[0].at, Samples(1_200));
        assert_eq!(track.retract(Samples::ZERO), None);
        assert!(track.take(Samples(1_000), &mut pcm));
        assert!(pcm.iter().all(|sample| *sample > 0.4));
        track.suppose(Samples(900));
        assert_eq!(track.retract(Samples(2_500)), Some(Samples(2_500)));
        track.pause(Samples(100));
        assert_eq!(track.retract(Samples::ZERO), None);
        assert_eq!(track.known(), Samples(2_600));
    }

    proptest! {
        #[test]
        fn every_sample_is_used_once_and_the_end_is_a_whole_frame(
            chunks in proptest::collection::vec((0_usize..5000, 0_u64..3000, 0_u64..3000), 0..20),
        ) {
            let frame = Samples(1920);
            let mut track = Soundtrack::new(Margins::OF_A_FACE);
            let mut given = track.lead_in().len();
            let mut taken = 0;
            let mut pcm = Vec::new();
            for (length, pause, supposed) in chunks {
                track.begin_utterance();
                given += track.pause(Samples(pause)).len();
                let marks = track.hear(&Speech {
                    pcm: vec![0.5; length],
                    marks: vec![Mark { at: Samples(0), kind: MarkKind::End }],
                });
                prop_assert_eq!(marks[0].at, Samples(given as u64));
                given += length;
                while track.take(frame, &mut pcm) {
                    taken += pcm.len();
                }
                prop_assert_eq!(track.known(), Samples(given as u64));
                track.suppose(Samples(supposed));
                let painted = track.take(frame, &mut pcm);
                taken += if painted { pcm.len() } else { 0 };
                if let Some(end) = track.retract(Samples::ZERO) {
                    prop_assert!(end.0 >= given.max(taken) as u64);
                }
                given = track.known().0 as usize;
            }
            given += track.end(frame).len();
            while track.take(frame, &mut pcm) {
                taken += pcm.len();
            }
            prop_assert_eq!(taken, given);
            prop_assert_eq!(given % 1920, 0);
            prop_assert!(track.ended());
        }
    }
}
