//! How fast somebody speaks.

use serde::{Deserialize, Serialize};

/// How fast, against a voice's own pace: from a quarter to four times, in steps of a hundredth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tempo(u16);

impl Tempo {
    /// The nearest tempo to `factor`; `None` outside what there is.
    pub fn new(factor: f64) -> Option<Self> {
        (0.25..=4.0)
            .contains(&factor)
            .then(|| Self((factor * 100.0).round() as u16))
    }

    /// Times as fast as the voice would.
    pub fn factor(self) -> f32 {
        f32::from(self.0) / 100.0
    }

    /// Hundredths of the voice's own pace.
    pub(crate) fn percent(self) -> u16 {
        self.0
    }
}

/// The voice's own.
impl Default for Tempo {
    fn default() -> Self {
        Self(100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_spoken_is_refused() {
        for (factor, percent) in [(0.25, 25), (1.0, 100), (1.234, 123), (4.0, 400)] {
            assert_eq!(Tempo::new(factor).unwrap().percent(), percent);
        }
        for wrong in [0.0, 0.249, 4.01, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Tempo::new(wrong), None, "{wrong}");
        }
    }
}
