//! What a mouth looks like at one moment.

/// A mouth, as continuous measures; all of them within the bounds of [`Mouth::LOW`] and [`Mouth::HIGH`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Mouth {
    /// The gap between the lips, from shut to as far as they go in speech.
    pub open: f32,
    /// How far the lower jaw hangs.
    pub jaw: f32,
    /// Corners drawn together (−1) or spread (1).
    pub width: f32,
    /// Lips pushed forward and rounded.
    pub round: f32,
    /// Lips pressed upon each other.
    pub press: f32,
    /// Lower lip drawn up to the upper teeth.
    pub bite: f32,
    /// Tip of the tongue raised to the upper teeth.
    pub tongue: f32,
}

impl Mouth {
    /// The least of each measure.
    pub const LOW: Self = Self {
        open: 0.0,
        jaw: 0.0,
        width: -1.0,
        round: 0.0,
        press: 0.0,
        bite: 0.0,
        tongue: 0.0,
    };

    /// The most of each measure.
    pub const HIGH: Self = Self {
        open: 1.0,
        jaw: 1.0,
        width: 1.0,
        round: 1.0,
        press: 1.0,
        bite: 1.0,
        tongue: 1.0,
    };

    /// The measures in order of their declaration.
    pub(super) fn measures(self) -> [f32; 7] {
        [
            self.open,
            self.jaw,
            self.width,
            self.round,
            self.press,
            self.bite,
            self.tongue,
        ]
    }

    /// The mouth of these measures, each brought within its bounds.
    pub(super) fn from_measures(measures: [f32; 7]) -> Self {
        let (low, high) = (Self::LOW.measures(), Self::HIGH.measures());
        let mut bounded = measures;
        for ((value, low), high) in bounded.iter_mut().zip(low).zip(high) {
            *value = value.clamp(low, high);
        }
        let [open, jaw, width, round, press, bite, tongue] = bounded;
        Self {
            open,
            jaw,
            width,
            round,
            press,
            bite,
            tongue,
        }
    }
}
