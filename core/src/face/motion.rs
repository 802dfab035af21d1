//! What a living head does by itself: it breathes, blinks, looks about, sways, and nods where it means what it says.

use std::collections::VecDeque;
use std::f32::consts::PI;

use super::chance::Chance;
use super::smoothstep;
use crate::speech::{Mark, MarkKind};
use crate::time::{FrameRate, Samples};

/// How head and body are held. Distances in units of which 474 make the height of a square picture.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Pose {
    /// The face turned to the side: how far its middle moves.
    pub(super) turn: f32,
    /// The face turned down: how far its middle moves.
    pub(super) nod: f32,
    /// The head leant to the side, in radians.
    pub(super) tilt: f32,
    /// The whole head moved.
    pub(super) shift: (f32, f32),
    /// The chest raised by breath.
    pub(super) breath: f32,
    /// The brows raised.
    pub(super) brows: f32,
    /// The chin lowered by the jaw.
    pub(super) jaw: f32,
}

/// Where the eyes look and how far their lids are down.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Look {
    /// From open to shut, 0…1.
    pub(super) shut: f32,
    /// How far the irises stand from the middle, in units.
    pub(super) gaze: (f32, f32),
}

/// Seconds from one breath to the next.
const BREATH: f32 = 4.1;

/// Seconds from one blink to the next.
const BLINKS: (f32, f32) = (2.2, 5.6);

/// Seconds that lids take down and up.
const LIDS: (f32, f32) = (0.09, 0.15);

/// Seconds from one glance to the next.
const GLANCES: (f32, f32) = (0.8, 3.0);

/// Seconds that eyes take from one place to another.
const GLANCE: f32 = 0.05;

/// Seconds that a nod lasts, how long before its word it begins, and between nods at least.
const NOD: f32 = 0.46;
const NOD_EARLY: Samples = Samples::from_millis(70);
const NOD_APART: Samples = Samples::from_millis(700);

/// Words shorter than this are not nodded at.
const NOD_LETTERS: usize = 4;

/// A nod, perhaps with raised brows.
#[derive(Debug, Clone, Copy)]
struct Nod {
    at: u64,
    depth: f32,
    brows: f32,
}

/// The eyes going from one place to another, and staying there.
#[derive(Debug, Clone, Copy, Default)]
struct Glance {
    at: f32,
    next: f32,
    from: (f32, f32),
    to: (f32, f32),
}

/// The motion of one session; the same for the same seed and speech.
#[derive(Debug)]
pub(super) struct Motion {
    seed: u64,
    frame: f32,
    blinks: Chance,
    blink: f32,
    glances: Chance,
    glance: Glance,
    nods: VecDeque<Nod>,
    /// How much the speaker is taken up by speaking, 0…1.
    activity: f32,
}

impl Motion {
    pub(super) fn new(seed: u64, rate: FrameRate) -> Self {
        let mut seeds = Chance::new(seed);
        let mut blinks = Chance::new(seeds.bits());
        let glances = Chance::new(seeds.bits());
        Self {
            seed: seeds.bits(),
            frame: rate.frame().seconds() as f32,
            blink: blinks.within(0.7, BLINKS.1),
            blinks,
            glances,
            glance: Glance::default(),
            nods: VecDeque::new(),
            activity: 0.0,
        }
    }

    /// Takes in a mark; marks come in order of time.
    pub(super) fn hear(&mut self, mark: &Mark) {
        let MarkKind::Word(word) = &mark.kind else {
            return;
        };
        let at = mark.at.saturating_sub(NOD_EARLY).0;
        let free = self
            .nods
            .back()
            .is_none_or(|last| at >= last.at + NOD_APART.0);
        let letters = word.chars().filter(|letter| letter.is_alphabetic()).count();
        let mut chance = Chance::new(self.seed ^ mark.at.0);
        if free && letters >= NOD_LETTERS && chance.unit() < 0.62 {
            self.nods.push_back(Nod {
                at,
                depth: chance.within(0.9, 2.4),
                brows: if chance.unit() < 0.4 {
                    chance.within(1.0, 2.4)
                } else {
                    0.0
                },
            });
        }
    }

    /// Forgets words from `from` on.
    pub(super) fn cut(&mut self, from: Samples) {
        self.nods.retain(|nod| nod.at < from.0);
    }

    /// Pose and look at `at`, while the mouth is `open`. Asked once for each frame, in order.
    pub(super) fn at(&mut self, at: Samples, open: f32) -> (Pose, Look) {
        let now = at.seconds() as f32;
        let aim = if open > 0.05 { 1.0 } else { 0.0 };
        self.activity += (aim - self.activity) * (1.0 - (-self.frame / 0.5).exp());
        let life = 0.55 + 0.45 * self.activity;
        let seed = self.seed;
        let sway = |stream: u64, pace: f32| wander(seed.wrapping_add(stream), now / pace);
        let (depth, brows) = self.nod(at);
        let breath = now / BREATH;
        // In faster than out.
        let phase = (breath - breath.floor()).powf(0.8);
        let pose = Pose {
            turn: 3.4 * life * sway(1, 2.3) + 1.2 * life * sway(2, 0.9),
            nod: 1.5 * life * sway(3, 1.9) + depth,
            tilt: 0.016 * life * sway(4, 2.9),
            shift: (1.6 * life * sway(5, 3.3), 0.35 * depth),
            breath: 0.55 - 0.55 * (2.0 * PI * phase).cos(),
            brows: 0.6 * sway(6, 2.1) + brows,
            jaw: 0.0,
        };
        let shut = self.lids(now);
        let (x, y) = self.eyes(now);
        let look = Look {
            shut,
            // Eyes stay on whom they speak to while the head turns.
            gaze: (x - 0.45 * pose.turn, y - 0.3 * pose.nod),
        };
        (pose, look)
    }

    fn nod(&mut self, at: Samples) -> (f32, f32) {
        let progress = |nod: &Nod| {
            let since = at.0 as i64 - nod.at as i64;
            since as f32 / crate::time::AUDIO_RATE as f32 / NOD
        };
        while self.nods.len() > 1 && self.nods.front().is_some_and(|nod| progress(nod) > 2.0) {
            self.nods.pop_front();
        }
        let mut moved = (0.0, 0.0);
        for nod in &self.nods {
            let t = progress(nod);
            moved.0 += nod.depth * bump(t);
            moved.1 += nod.brows * bump(t / 1.5);
        }
        moved
    }

    fn lids(&mut self, now: f32) -> f32 {
        let hold = self.frame.max(0.04);
        let (down, up) = LIDS;
        while now >= self.blink + down + hold + up {
            self.blink += self.blinks.within(BLINKS.0, BLINKS.1);
        }
        let since = now - self.blink;
        if since < down {
            smoothstep(0.0, down, since)
        } else {
            1.0 - smoothstep(down + hold, down + hold + up, since)
        }
    }

    fn eyes(&mut self, now: f32) -> (f32, f32) {
        while now >= self.glance.next {
            let chance = &mut self.glances;
            let reach = if chance.unit() < 0.7 { 0.35 } else { 1.7 };
            let to = (
                chance.within(-reach, reach),
                chance.within(-reach, reach) * 0.45,
            );
            self.glance = Glance {
                at: self.glance.next,
                next: self.glance.next + chance.within(GLANCES.0, GLANCES.1),
                from: self.glance.to,
                to,
            };
        }
        let Glance { at, from, to, .. } = self.glance;
        let t = smoothstep(0.0, GLANCE, now - at);
        (from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * t)
    }
}

/// Rises from 0 to 1 and falls back while `t` goes from 0 to 1.
fn bump(t: f32) -> f32 {
    if (0.0..1.0).contains(&t) {
        0.5 - 0.5 * (2.0 * PI * t).cos()
    } else {
        0.0
    }
}

/// A smooth random walk, −1…1, that takes a new direction about once in each whole step of `t`.
fn wander(seed: u64, t: f32) -> f32 {
    let step = t.floor();
    let node = |n: u64| Chance::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ n).within(-1.0, 1.0);
    let (from, to) = (node(step as u64), node(step as u64 + 1));
    from + (to - from) * smoothstep(0.0, 1.0, t - step)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECONDS: u64 = 120;

    fn rate() -> FrameRate {
        FrameRate::new(25).unwrap()
    }

    fn moves(seed: u64, marks: &[Mark], open: f32) -> Vec<(Pose, Look)> {
        let mut motion = Motion::new(seed, rate());
        for mark in marks {
            motion.hear(mark);
        }
        let frames = 0..SECONDS * 25;
        frames
            .map(|n| motion.at(rate().start_of(n), open))
            .collect()
    }

    /// Frames in which the lids begin to be shut.
    fn blinks(moves: &[(Pose, Look)]) -> Vec<usize> {
        let shut: Vec<bool> = moves.iter().map(|(_, look)| look.shut > 0.9).collect();
        let begins = shut
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| !pair[0] && pair[1]);
        begins.map(|(n, _)| n).collect()
    }

    #[test]
    fn eyes_blink_every_few_seconds_and_shut_entirely() {
        for seed in 0..20 {
            let moves = moves(seed, &[], 0.0);
            let blinks = blinks(&moves);
            for pair in blinks.windows(2) {
                let seconds = (pair[1] - pair[0]) as f32 / 25.0;
                assert!((2.0..=6.0).contains(&seconds), "seed {seed}: {seconds} s");
            }
            assert!(blinks[0] < 6 * 25);
            let open = moves.iter().filter(|(_, look)| look.shut == 0.0).count();
            assert!(open > moves.len() * 8 / 10);
        }
    }

    #[test]
    fn seeds_differ_and_repeat() {
        let (first, again, other) = (moves(1, &[], 0.0), moves(1, &[], 0.0), moves(2, &[], 0.0));
        assert_eq!(first, again);
        assert_ne!(blinks(&first), blinks(&other));
    }

    #[test]
    fn heads_move_a_little_and_smoothly() {
        let words: Vec<Mark> = (0..SECONDS * 2)
            .map(|n| Mark {
                at: Samples::from_millis(n * 500),
                kind: MarkKind::Word("presenter".into()),
            })
            .collect();
        for seed in 0..10 {
            let moves = moves(seed, &words, 0.5);
            for pair in moves.windows(2) {
                let (a, b) = (pair[0].0, pair[1].0);
                let steps = [
                    a.turn - b.turn,
                    a.nod - b.nod,
                    a.shift.0 - b.shift.0,
                    a.breath - b.breath,
                ];
                assert!(steps.iter().all(|step| step.abs() < 0.8), "{a:?} {b:?}");
            }
            let reach = |of: fn(&Pose) -> f32| {
                moves
                    .iter()
                    .map(|(pose, _)| of(pose).abs())
                    .fold(0.0, f32::max)
            };
            assert!((1.0..6.0).contains(&reach(|pose| pose.turn)));
            assert!((1.0..6.0).contains(&reach(|pose| pose.nod)));
            assert!(reach(|pose| pose.tilt) < 0.03);
        }
    }

    #[test]
    fn words_are_nodded_at() {
        let words: Vec<Mark> = (0..20)
            .map(|n| Mark {
                at: Samples::from_millis(n * 1_000),
                kind: MarkKind::Word("важное".into()),
            })
            .collect();
        let (plain, nodding) = (moves(3, &[], 0.5), moves(3, &words, 0.5));
        let nods = plain
            .iter()
            .zip(&nodding)
            .filter(|(a, b)| b.0.nod - a.0.nod > 0.5)
            .count();
        assert!(nods > 20, "{nods}");
    }

    #[test]
    fn eyes_stay_on_the_viewer() {
        let moves = moves(4, &[], 0.0);
        let away = moves
            .iter()
            .filter(|(_, look)| look.gaze.0.abs() > 3.5)
            .count();
        assert!(away < moves.len() / 20);
    }
}
