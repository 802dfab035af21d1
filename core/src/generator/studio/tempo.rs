//! How fast faces are drawn, and how many sessions that is enough for. Sans-IO.

use std::time::Duration;

use crate::time::FrameRate;

/// How much of what can be drawn is promised: speech comes in bursts, and the device may have other work.
const PROMISED: f64 = 0.9;

/// How much a batch that was slower than those before changes the measure.
const SLOWER: f64 = 0.2;

/// How much one that was faster does.
const FASTER: f64 = 0.5;

/// What was measured of late.
#[derive(Debug, Default)]
pub(super) struct Tempo {
    rate: Option<f64>,
}

impl Tempo {
    /// A batch of `faces` took `time`. A small batch is dear, and proves nothing where there was no more to draw: it is `full`
    /// when it was as large as it could be.
    pub(super) fn measure(&mut self, faces: usize, time: Duration, full: bool) {
        let found = faces as f64 / time.as_secs_f64().max(1e-6);
        self.rate = Some(match self.rate {
            None => found,
            Some(rate) if found > rate => rate + (found - rate) * FASTER,
            Some(rate) if full => rate + (found - rate) * SLOWER,
            Some(rate) => rate,
        });
    }

    /// Faces a second, once that is known.
    pub(super) fn rate(&self) -> Option<f64> {
        self.rate
    }

    /// How many sessions of `frame_rate` can be held in real time, once that is known.
    pub(super) fn sessions(&self, frame_rate: FrameRate) -> Option<u32> {
        let needed = f64::from(frame_rate.per_second());
        self.rate.map(|rate| (rate * PROMISED / needed) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_batches_prove_nothing_against_large_ones() {
        let mut tempo = Tempo::default();
        assert_eq!(tempo.sessions(FrameRate::DEFAULT), None);
        tempo.measure(64, Duration::from_millis(100), true);
        assert_eq!(tempo.sessions(FrameRate::DEFAULT), Some(23));
        tempo.measure(1, Duration::from_millis(20), false);
        assert_eq!(tempo.rate(), Some(640.0));
        for _ in 0..50 {
            tempo.measure(64, Duration::from_millis(200), true);
        }
        assert_eq!(tempo.sessions(FrameRate::DEFAULT), Some(11));
        for _ in 0..20 {
            tempo.measure(8, Duration::from_millis(10), false);
        }
        assert_eq!(tempo.sessions(FrameRate::DEFAULT), Some(28));
    }

    #[test]
    fn a_device_that_is_too_slow_holds_nobody() {
        let mut tempo = Tempo::default();
        tempo.measure(4, Duration::from_secs(2), true);
        assert_eq!(tempo.sessions(FrameRate::DEFAULT), Some(0));
    }
}
