//! What a face does from frame to frame, whatever it is made of: it speaks, and it lives.

use super::articulation::{self, Articulation};
use super::loudness::Loudness;
use super::motion::{Look, Motion, Pose};
use super::mouth::Mouth;
use crate::speech::Mark;
use crate::time::{FrameRate, Samples};

/// How much speech beyond the end of a frame must be known.
pub(super) const LOOKAHEAD: Samples = articulation::LOOKAHEAD;

/// Everything that moves in one frame.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Moment {
    pub(super) mouth: Mouth,
    pub(super) pose: Pose,
    pub(super) look: Look,
}

/// The performance of one session; the same for the same seed and speech.
#[derive(Debug)]
pub(super) struct Performance {
    rate: FrameRate,
    articulation: Articulation,
    loudness: Loudness,
    motion: Motion,
    mouth: Mouth,
    frames: u64,
}

impl Performance {
    pub(super) fn new(seed: u64, rate: FrameRate) -> Self {
        Self {
            rate,
            articulation: Articulation::new(rate.frame()),
            loudness: Loudness::new(),
            motion: Motion::new(seed, rate),
            mouth: Mouth::default(),
            frames: 0,
        }
    }

    /// Takes in more speech, as [`super::Face::hear`] does.
    pub(super) fn hear(&mut self, pcm: &[f32], marks: &[Mark]) {
        self.loudness.hear(pcm);
        for mark in marks {
            self.articulation.hear(mark);
            self.motion.hear(mark);
        }
    }

    /// Forgets what was heard from `from` on, as [`super::Face::forget`] does.
    pub(super) fn forget(&mut self, from: Samples) {
        self.loudness.cut(from);
        self.articulation.cut(from);
        self.motion.cut(from);
    }

    /// The mouth of the frame asked for last.
    pub(super) fn mouth(&self) -> Mouth {
        self.mouth
    }

    /// The next frame.
    pub(super) fn next(&mut self) -> Moment {
        let start = self.rate.start_of(self.frames);
        let frame = self.rate.frame();
        let middle = start + Samples(frame.0 / 2);
        let horizon = start + frame + LOOKAHEAD;
        self.articulation.forget(start);
        self.loudness.forget(start);
        let loudness = self.loudness.at(middle);
        let wanted = self.articulation.at(middle, horizon, loudness);
        self.mouth = articulation::moved(self.mouth, wanted, frame.seconds() as f32);
        let (pose, look) = self.motion.at(middle, self.mouth.open);
        self.frames += 1;
        Moment {
            mouth: self.mouth,
            pose,
            look,
        }
    }
}
