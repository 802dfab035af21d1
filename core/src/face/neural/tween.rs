//! Motion at one rate becomes motion at another.

use std::collections::VecDeque;

/// Frames of numbers that come at one rate and go at another, mixed of the two that they lie between.
#[derive(Debug)]
pub(super) struct Tween {
    /// Numbers in a frame.
    width: usize,
    /// Frames a second that come.
    from: u64,
    /// Frames a second that go.
    to: u64,
    /// Those that came and are still needed.
    kept: VecDeque<Vec<f32>>,
    /// The number of the first of them.
    first: u64,
    /// Frames that went.
    gone: u64,
}

impl Tween {
    pub(super) fn new(width: usize, from: u32, to: u32) -> Self {
        Self {
            width: width.max(1),
            from: u64::from(from.max(1)),
            to: u64::from(to.max(1)),
            kept: VecDeque::new(),
            first: 0,
            gone: 0,
        }
    }

    /// Takes frames, one after the other.
    pub(super) fn add(&mut self, frames: &[f32]) {
        let frames = frames.chunks_exact(self.width);
        self.kept.extend(frames.map(<[f32]>::to_vec));
    }

    /// Appends the frames that are certain to `to`, and returns how many these are. Where it is known that there will be `all` frames
    /// and no more, these are the rest: those that lie beyond the last that came are like that.
    pub(super) fn take(&mut self, all: Option<u64>, to: &mut Vec<f32>) -> usize {
        let mut count = 0;
        while all.is_none_or(|all| self.gone < all) {
            let at = self.gone * self.from;
            let (before, part) = (at / self.to, at % self.to);
            while self.first < before && self.kept.len() > 1 {
                self.kept.pop_front();
                self.first += 1;
            }
            let reached = self.first == before || all.is_some();
            let Some(here) = self.kept.front().filter(|_| reached) else {
                return count;
            };
            match self.kept.get(1) {
                Some(next) if part > 0 => {
                    let share = part as f32 / self.to as f32;
                    to.extend(here.iter().zip(next).map(|(a, b)| a + (b - a) * share));
                }
                None if part > 0 && all.is_none() => return count,
                _ => to.extend(here),
            }
            self.gone += 1;
            count += 1;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of frames 0, 1, 2… in pieces, `all` in the end.
    fn told(rates: (u32, u32), pieces: &[usize], all: u64) -> Vec<f32> {
        let mut tween = Tween::new(1, rates.0, rates.1);
        let (mut next, mut told) = (0, Vec::new());
        for (index, piece) in pieces.iter().enumerate() {
            let frames: Vec<f32> = (next..next + piece).map(|frame| frame as f32).collect();
            next += piece;
            tween.add(&frames);
            let last = index + 1 == pieces.len();
            let before = told.len();
            let count = tween.take(last.then_some(all), &mut told);
            assert_eq!(told.len() - before, count);
        }
        told
    }

    #[test]
    fn the_same_rate_changes_nothing() {
        let expected: Vec<f32> = (0..10_u8).map(f32::from).collect();
        assert_eq!(told((25, 25), &[3, 0, 1, 6], 10), expected);
    }

    #[test]
    fn frames_lie_between_those_that_came() {
        assert_eq!(
            told((25, 50), &[1, 2, 1], 8),
            [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.0]
        );
        assert_eq!(told((25, 10), &[2, 5], 3), [0.0, 2.5, 5.0]);
        assert_eq!(told((25, 10), &[4, 0], 2), [0.0, 2.5]);
        let told = told((25, 30), &[4, 3], 8);
        for (frame, found) in told.iter().enumerate() {
            assert!(
                (found - frame as f32 * 25.0 / 30.0).abs() < 1e-5,
                "{told:?}"
            );
        }
    }

    #[test]
    fn it_does_not_matter_what_they_come_in() {
        for rates in [(25, 24), (25, 60), (25, 12)] {
            let all = u64::from(20 * rates.1).div_ceil(u64::from(rates.0));
            let whole = told(rates, &[20], all);
            assert_eq!(whole.len() as u64, all);
            assert_eq!(told(rates, &[1, 1, 7, 0, 11], all), whole);
        }
    }
}
