//! From phonemes in time to a mouth that moves like a mouth.
//!
//! Each viseme pulls each measure of the mouth towards its own target, most while it sounds and already a little before
//! and still a little after; where several pull, the stronger prevails (M. Cohen, D. Massaro, "Modeling coarticulation in
//! synthetic visual speech", 1993). Lips that must meet do meet, however short the sound.

use std::collections::VecDeque;

use super::mouth::Mouth;
use super::viseme::{Viseme, Visemes};
use crate::speech::{Mark, MarkKind};
use crate::time::{AUDIO_RATE, Samples};

/// How early and how late a viseme is felt, in seconds.
struct Reach {
    before: f32,
    after: f32,
}

/// Jaw and gap.
const GAP: Reach = Reach {
    before: 0.060,
    after: 0.070,
};
/// Rounding and spreading start earlier and last longer.
const SHAPE: Reach = Reach {
    before: 0.115,
    after: 0.100,
};
/// The tongue is quick.
const TONGUE: Reach = Reach {
    before: 0.045,
    after: 0.045,
};
/// How long lips take to meet and to part.
const CLOSE: f32 = 0.075;

/// How much of the future must be known: what reaches back the furthest.
pub(super) const LOOKAHEAD: Samples = Samples::from_millis(140);

/// Shorter pauses are hardly seen, in seconds.
const BRIEF: f32 = 0.12;

/// How strongly lips at rest resist, everywhere.
const REST: f32 = 0.04;

/// How fast each measure may change, a second. Above what speech does; it is there for marks that make no sense.
const FASTEST: Mouth = Mouth {
    open: 18.0,
    jaw: 14.0,
    width: 24.0,
    round: 14.0,
    press: 26.0,
    bite: 26.0,
    tongue: 26.0,
};

/// What a viseme pulls towards, and how strongly: gap and jaw, shape, tongue.
struct Target {
    open: f32,
    jaw: f32,
    width: f32,
    round: f32,
    tongue: f32,
    pull: (f32, f32, f32),
}

const fn target(
    open: f32,
    jaw: f32,
    width: f32,
    round: f32,
    tongue: f32,
    pull: (f32, f32, f32),
) -> Target {
    Target {
        open,
        jaw,
        width,
        round,
        tongue,
        pull,
    }
}

impl Viseme {
    const fn target(self) -> Target {
        match self {
            Self::Rest => target(0.0, 0.0, 0.25, 0.0, 0.0, (0.7, 0.5, 1.0)),
            // How the lips meet is not told by pulls; while they do, the jaw stays up.
            Self::Lips => target(0.10, 0.06, 0.0, 0.0, 0.0, (0.55, 0.12, 0.2)),
            Self::Bite => target(0.14, 0.08, 0.10, 0.0, 0.0, (0.8, 0.20, 0.4)),
            Self::Dental => target(0.24, 0.16, 0.15, 0.0, 1.0, (0.7, 0.25, 1.6)),
            Self::Ridge => target(0.22, 0.14, 0.12, 0.0, 0.75, (0.6, 0.12, 1.2)),
            Self::Lateral => target(0.28, 0.20, 0.12, 0.0, 1.0, (0.6, 0.12, 1.6)),
            Self::Hiss => target(0.19, 0.03, 0.42, 0.0, 0.2, (0.9, 0.40, 0.8)),
            Self::Hush => target(0.26, 0.04, -0.15, 0.55, 0.2, (0.9, 0.75, 0.8)),
            Self::Palatal => target(0.22, 0.10, 0.55, 0.0, 0.3, (0.6, 0.45, 0.5)),
            Self::Back => target(0.26, 0.22, 0.05, 0.0, 0.0, (0.4, 0.05, 0.5)),
            Self::Rhotic => target(0.26, 0.18, -0.10, 0.35, 0.3, (0.6, 0.45, 0.5)),
            Self::Glide => target(0.12, 0.12, -0.2, 0.95, 0.0, (1.0, 1.20, 0.5)),
            Self::Open => target(0.88, 0.88, 0.08, 0.0, 0.0, (1.0, 0.55, 0.6)),
            Self::HalfOpen => target(0.62, 0.58, 0.06, 0.0, 0.0, (1.0, 0.45, 0.6)),
            Self::Neutral => target(0.44, 0.38, 0.05, 0.05, 0.0, (0.8, 0.25, 0.6)),
            Self::Front => target(0.56, 0.46, 0.50, 0.0, 0.0, (1.0, 0.80, 0.6)),
            Self::Spread => target(0.34, 0.18, 0.85, 0.0, 0.0, (1.0, 0.90, 0.6)),
            Self::Central => target(0.36, 0.22, 0.35, 0.0, 0.0, (0.9, 0.60, 0.6)),
            Self::RoundOpen => target(0.66, 0.66, -0.1, 0.55, 0.0, (1.0, 1.00, 0.6)),
            Self::RoundMid => target(0.54, 0.50, -0.1, 0.80, 0.0, (1.0, 1.10, 0.6)),
            Self::RoundClose => target(0.26, 0.22, -0.2, 1.0, 0.0, (1.0, 1.20, 0.6)),
        }
    }
}

/// Something said from a moment on, until the next thing is.
#[derive(Debug, Clone, Copy)]
struct Said {
    at: u64,
    /// `None` where an utterance has ended: nobody says what sounds now.
    visemes: Option<Visemes>,
}

/// Everything said, and what the mouth does about it.
#[derive(Debug)]
pub(super) struct Articulation {
    said: VecDeque<Said>,
    /// Lips that must meet stay together this long at least, in seconds: as long as a frame, so that one shows it.
    shortest: f32,
}

impl Articulation {
    /// For pictures shown for `frame` each.
    pub(super) fn new(frame: Samples) -> Self {
        Self {
            said: VecDeque::new(),
            shortest: frame.seconds() as f32 + 0.002,
        }
    }

    /// Takes in a mark; marks come in order of time.
    pub(super) fn hear(&mut self, mark: &Mark) {
        let visemes = match &mark.kind {
            MarkKind::Phoneme(phoneme) => match Visemes::of(phoneme) {
                None => return,
                said => said,
            },
            MarkKind::End => None,
            MarkKind::Word(_) => return,
        };
        self.said.push_back(Said {
            at: mark.at.0,
            visemes,
        });
    }

    /// Forgets what is said from `from` on.
    pub(super) fn cut(&mut self, from: Samples) {
        self.said.retain(|said| said.at < from.0);
    }

    /// Forgets what is no longer felt at `at`.
    pub(super) fn forget(&mut self, at: Samples) {
        let gone = at.saturating_sub(Samples::from_millis(600)).0;
        while self.said.get(1).is_some_and(|next| next.at < gone) {
            self.said.pop_front();
        }
    }

    /// The mouth at `at`, knowing only what is said before `horizon`. `loudness` is that of the sound at `at`, where there is one.
    pub(super) fn at(&self, at: Samples, horizon: Samples, loudness: Option<f32>) -> Mouth {
        let moment = |sample: u64| {
            let samples = sample as i64 - at.0 as i64;
            samples as f32 / AUDIO_RATE as f32
        };
        let mut pulled = Pulled::new();
        let mut told = false;
        let mut untold = 0.0_f32;
        let known = self.said.iter().take_while(|said| said.at < horizon.0);
        let ends = self.said.iter().skip(1).map(|next| next.at.min(horizon.0));
        let mut first = None;
        for (said, end) in known.zip(ends.chain(std::iter::once(horizon.0))) {
            first.get_or_insert(said.at);
            let moment =
                |sample: u64| (sample as i64 - at.0 as i64) as f32 / crate::time::AUDIO_RATE as f32;
            let (from, to) = (moment(said.at), moment(end));
            let Some(visemes) = said.visemes else {
                untold = untold.max(since(from) * felt(from, to, &GAP));
                pulled.feel(Viseme::Rest, from, to, self.shortest);
                continue;
            };
            told = true;
            let shapes = visemes.as_slice();
            let length = (to - from) / shapes.len() as f32;
            for (viseme, n) in shapes.iter().zip(0..) {
                let from = from + length * n as f32;
                pulled.feel(*viseme, from, from + length, self.shortest);
            }
        }
        if !told {
            untold = 1.0;
        } else if let Some(first) = first {
            // Before anything was marked, the sound alone speaks.
            untold = untold.max(since(-moment(first)));
        }
        pulled.mouth(untold, loudness)
    }
}

/// From 0 to 1 in the time after `from`, in seconds from now.
fn since(from: f32) -> f32 {
    super::smoothstep(0.0, GAP.after, -from)
}

/// How much something that lasts from `from` to `to`, in seconds from now, is felt now.
fn felt(from: f32, to: f32, reach: &Reach) -> f32 {
    let off = if from > 0.0 {
        from / reach.before
    } else if to < 0.0 {
        -to / reach.after
    } else {
        return 1.0;
    };
    let t = (1.0 - off).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The sum of all pulls.
struct Pulled {
    gap: [f32; 3],
    shape: [f32; 3],
    tongue: [f32; 2],
    shut: f32,
    bite: f32,
}

impl Pulled {
    fn new() -> Self {
        let rest = Viseme::Rest.target();
        Self {
            gap: [0.0, 0.0, REST],
            shape: [rest.width * REST, 0.0, REST],
            tongue: [0.0, REST],
            shut: 0.0,
            bite: 0.0,
        }
    }

    fn feel(&mut self, viseme: Viseme, from: f32, to: f32, shortest: f32) {
        let target = viseme.target();
        let add = |sums: &mut [f32], targets: &[f32], weight: f32| {
            for (sum, target) in sums.iter_mut().zip(targets.iter().chain([&1.0])) {
                *sum += weight * target;
            }
        };
        let (gap, shape, tongue) = target.pull;
        // The briefer a pause, the less lips make of it.
        let gap = match viseme {
            Viseme::Rest => gap * ((to - from) / BRIEF).min(1.0),
            _ => gap,
        };
        add(
            &mut self.gap,
            &[target.open, target.jaw],
            gap * felt(from, to, &GAP),
        );
        add(
            &mut self.shape,
            &[target.width, target.round],
            shape * felt(from, to, &SHAPE),
        );
        add(
            &mut self.tongue,
            &[target.tongue],
            tongue * felt(from, to, &TONGUE),
        );
        if matches!(viseme, Viseme::Lips | Viseme::Bite) {
            // Lips meet a little after the sound begins and part a little before it ends.
            let inset = ((to - from) * 0.15).min(0.015);
            let missing = (shortest - (to - from - 2.0 * inset)).max(0.0) / 2.0;
            let close = Reach {
                before: CLOSE,
                after: CLOSE,
            };
            let met = felt(from + inset - missing, to - inset + missing, &close);
            let meets = if viseme == Viseme::Lips {
                &mut self.shut
            } else {
                &mut self.bite
            };
            *meets = meets.max(met);
        }
    }

    fn mouth(&self, untold: f32, loudness: Option<f32>) -> Mouth {
        let [open, jaw, gaps] = self.gap;
        let [width, round, shapes] = self.shape;
        let [tongue, tongues] = self.tongue;
        // The louder the wider; and what makes no sound at all keeps its mouth shut.
        let voice = loudness.map_or(1.0, |level| {
            super::smoothstep(0.02, 0.30, level) * (0.62 + 0.46 * level)
        });
        let told = 1.0 - untold;
        let heard = untold * loudness.map_or(0.0, |level| super::smoothstep(0.10, 1.0, level));
        let open = open / gaps * voice * told + 0.72 * heard;
        let jaw = jaw / gaps * voice * told + 0.66 * heard;
        let apart = 1.0 - self.shut;
        let bite = self.bite * apart * voice.min(1.0);
        Mouth::from_measures([
            (open + (0.13 - open) * bite) * apart,
            jaw * (1.0 - 0.5 * self.shut.max(bite)),
            width / shapes,
            round / shapes,
            super::smoothstep(0.55, 1.0, self.shut) * voice.clamp(0.4, 1.0),
            bite,
            tongue / tongues * apart,
        ])
    }
}

/// `from`, as far on the way to `to` as a mouth comes in `seconds`.
pub(super) fn moved(from: Mouth, to: Mouth, seconds: f32) -> Mouth {
    let mut measures = from.measures();
    let limits = FASTEST.measures();
    for ((value, target), fastest) in measures.iter_mut().zip(to.measures()).zip(limits) {
        let most = fastest * seconds;
        *value += (target - *value).clamp(-most, most);
    }
    Mouth::from_measures(measures)
}

#[cfg(test)]
#[cfg(feature = "espeak")]
mod heard;
#[cfg(test)]
mod tests;
