//! How much of a recorder's sound is kept back, so that the next piece may be late.
//!
//! A browser's recorder hands out a piece when it is full, and that is not to the moment: its packets are 60 ms long, and what
//! carries them has hitches. Who says each piece as it comes is silent for a moment whenever one comes later than any before it.

use std::time::{Duration, Instant};

use crate::time::Samples;

/// Nothing is kept back for longer. A silence that is longer is one, and no hole.
const MOST: Duration = Duration::from_millis(600);

/// What is kept back of the sound of one session.
///
/// What comes after a silence waits until another piece has come, or as long as it lasts itself where none does. What comes
/// after a hole waits once for as long as was missing: then as late a piece is in time.
#[derive(Debug, Default)]
pub(super) struct Reserve {
    /// Since when there is nothing to be said.
    dry: Option<Instant>,
    wait: Option<Wait>,
}

#[derive(Debug)]
struct Wait {
    since: Instant,
    /// Of a hole, its length.
    hole: Option<Duration>,
    /// How much has come, and how many pieces had come when it began and have come now.
    heard: Samples,
    pieces: [u64; 2],
}

impl Reserve {
    /// There is nothing to be said.
    pub(super) fn run_dry(&mut self, now: Instant) {
        if self.wait.is_none() {
            self.dry.get_or_insert(now);
        }
    }

    /// Sound has come of the piece with this number.
    pub(super) fn arrive(&mut self, now: Instant, heard: Samples, piece: u64) {
        if let Some(dry) = self.dry.take() {
            let missing = now.saturating_duration_since(dry);
            self.wait = Some(Wait {
                since: now,
                hole: (missing < MOST).then_some(missing),
                heard: Samples::ZERO,
                pieces: [piece; 2],
            });
        }
        if let Some(wait) = &mut self.wait {
            wait.heard += heard;
            wait.pieces = [wait.pieces[0], piece];
        }
    }

    /// Nothing more comes, or what comes is not a recorder's.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    /// Whether what has come is kept back.
    pub(super) fn keeps(&mut self, now: Instant) -> bool {
        let Some(wait) = &self.wait else {
            return false;
        };
        let waited = now.saturating_duration_since(wait.since);
        let [first, newest] = wait.pieces;
        let over = match wait.hole {
            Some(hole) => waited >= hole,
            None => newest > first || waited >= wait.heard.duration().min(MOST),
        };
        if over {
            self.wait = None;
        }
        !over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: u64 = 540;

    /// Silences, in milliseconds, of a player who says what is handed to it; pieces come late by as much as `late` says.
    fn silences(late: &[u64]) -> Vec<u64> {
        let begin = Instant::now();
        let mut reserve = Reserve::default();
        let (mut stock, mut kept, mut silent) = (0, 0, 0);
        let mut silences = Vec::new();
        let last = late.len() as u64 * PIECE;
        for at in 0..=last + 100 {
            let now = begin + Duration::from_millis(at);
            for (number, late) in late.iter().enumerate() {
                if (number as u64 + 1) * PIECE + late == at {
                    reserve.arrive(now, Samples::from_millis(PIECE), number as u64);
                    kept += PIECE;
                }
            }
            if !reserve.keeps(now) {
                stock += std::mem::take(&mut kept);
            }
            if stock > 0 {
                stock -= 1;
                silences.extend((silent > 0).then_some(silent));
                silent = 0;
            } else {
                silent += 1;
                reserve.run_dry(now);
            }
        }
        silences
    }

    #[test]
    fn pieces_that_are_later_and_later_leave_no_hole() {
        assert_eq!(silences(&[0, 50, 90, 140, 200, 230, 10, 240]).len(), 1);
        // The beginning, and a hole of 60 ms, for which is waited once more: then one that is later by as much is in time.
        assert_eq!(silences(&[0, 10, 600, 600, 20, 640]), [1080, 120]);
    }

    #[test]
    fn a_piece_that_nothing_follows_is_said_when_it_is_as_old_as_it_is_long() {
        let now = Instant::now();
        let after = |milliseconds| now + Duration::from_millis(milliseconds);
        let mut reserve = Reserve::default();
        assert!(!reserve.keeps(now));
        reserve.run_dry(now);
        reserve.arrive(after(5_000), Samples::from_millis(300), 0);
        assert!(reserve.keeps(after(5_290)) && !reserve.keeps(after(5_300)));
        // A long one is not kept as long.
        reserve.run_dry(after(9_000));
        reserve.arrive(after(19_000), Samples::from_millis(8_000), 1);
        assert!(reserve.keeps(after(19_500)) && !reserve.keeps(after(19_600)));
        reserve.run_dry(after(40_000));
        reserve.arrive(after(49_000), Samples::from_millis(300), 2);
        reserve.end();
        assert!(!reserve.keeps(after(49_000)));
    }
}
