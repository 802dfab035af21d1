//! One clock for everything: samples of sound at 48 kHz.
//!
//! Frames, parts, segments and marks are all counted in [`Samples`], so video cannot drift from sound.

use std::time::Duration;

/// Samples a second of every sound inside the product, and the timescale of every media track.
pub const AUDIO_RATE: u32 = 48_000;

/// A time or a length, in samples at [`AUDIO_RATE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Samples(pub u64);

impl Samples {
    /// The beginning.
    pub const ZERO: Self = Self(0);

    /// The nearest number of samples to `milliseconds`.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds * (AUDIO_RATE as u64 / 1000))
    }

    /// Whole samples in `duration`, rounded down.
    pub fn from_duration(duration: Duration) -> Self {
        let samples = duration.as_nanos() * u128::from(AUDIO_RATE) / 1_000_000_000;
        Self(u64::try_from(samples).unwrap_or(u64::MAX))
    }

    /// This length in seconds.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / f64::from(AUDIO_RATE)
    }

    /// This length as a [`Duration`], exact to a nanosecond.
    pub fn duration(self) -> Duration {
        let rate = u64::from(AUDIO_RATE);
        let nanos = (self.0 % rate) * 1_000_000_000 / rate;
        Duration::new(self.0 / rate, nanos as u32)
    }

    /// `self - other`, or zero where that would be negative.
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl std::ops::Add for Samples {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::ops::AddAssign for Samples {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Pictures a second; always a divisor of [`AUDIO_RATE`], so that a frame lasts a whole number of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameRate(u32);

impl FrameRate {
    /// The rates in use: whole divisors of 48,000 from 10 to 60.
    pub const ALLOWED: [u32; 12] = [10, 12, 15, 16, 20, 24, 25, 30, 32, 40, 50, 60];

    /// Twenty-five pictures a second.
    pub const DEFAULT: Self = Self(25);

    /// A rate from [`Self::ALLOWED`], or `None`.
    pub fn new(frames_per_second: u32) -> Option<Self> {
        Self::ALLOWED
            .contains(&frames_per_second)
            .then_some(Self(frames_per_second))
    }

    /// Frames a second.
    pub fn per_second(self) -> u32 {
        self.0
    }

    /// How long one frame is shown.
    pub fn frame(self) -> Samples {
        Samples(u64::from(AUDIO_RATE / self.0))
    }

    /// When frame `index` (from zero) is shown.
    pub fn start_of(self, index: u64) -> Samples {
        Samples(index.saturating_mul(self.frame().0))
    }
}
