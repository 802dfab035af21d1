//! What mouth shapes sound like.
//!
//! Each shape has a place among the measures, and a piece of sound belongs to the shape whose place is nearest, where
//! distances are weighed by how measures vary within shapes (linear discriminant analysis). Places and weights were
//! measured on sixteen minutes of speech whose phonemes and their times are known: eight voices of espeak-ng in Russian,
//! Kazakh and English, and four English ones of flite, three of which were made from recordings of people. They were tried
//! on voices that had no part in them.

/// Measures a piece of sound is judged by.
pub(super) const MEASURES: usize = 8;

/// A piece of sound: the five ratios of [`super::spectrum::Measures`], the level against the loudest, and by how much it
/// was, and will be, louder 40 ms before and after; all in decibels.
pub(super) type Piece = [f32; MEASURES];

/// A shape of the mouth as the phoneme that stands for all that look so.
#[derive(Debug)]
pub(super) struct Shape {
    /// In IPA; empty for a mouth at rest.
    pub(super) phoneme: &'static str,
    /// How much of speech it is.
    share: f32,
    place: Piece,
}

const fn shape(phoneme: &'static str, share: f32, place: Piece) -> Shape {
    Shape {
        phoneme,
        share,
        place,
    }
}

/// The shapes that can be told from sound.
pub(super) const SHAPES: [Shape; 13] = [
    shape("", 0.132, [-6.4, 0.8, -6.5, -2.5, -7.9, -42.1, 3.5, 3.7]),
    // Of lips and nose: m b p.
    shape(
        "m",
        0.072,
        [-14.7, -6.8, -21.3, -9.6, -17.1, -16.7, -1.7, 4.8],
    ),
    // f v θ ð
    shape("f", 0.052, [-10.0, 2.1, -9.5, -0.6, -12.6, -20.8, 2.8, 6.4]),
    shape("s", 0.070, [-7.4, 4.9, 12.5, 5.8, -4.2, -15.8, 1.9, -0.3]),
    shape("ʃ", 0.023, [-1.9, 20.2, 11.7, -4.0, 11.9, -14.8, -0.7, 2.8]),
    // Whatever is made by the tongue alone: t d n r l k g x.
    shape("t", 0.228, [-8.9, 1.0, -17.9, -8.6, -14.4, -15.5, 0.1, 2.1]),
    shape(
        "a",
        0.122,
        [2.3, -12.6, -20.0, -17.7, -4.1, -6.9, -2.1, -3.9],
    ),
    shape(
        "ɔ",
        0.027,
        [4.6, -22.3, -24.6, -17.7, -5.0, -5.5, -2.0, -2.6],
    ),
    shape(
        "e",
        0.039,
        [-2.5, 9.4, -17.4, -20.8, -10.0, -6.8, -1.7, -3.5],
    ),
    shape(
        "ə",
        0.045,
        [-1.9, -0.5, -19.7, -15.9, -10.2, -8.3, -4.0, -4.3],
    ),
    // i ɨ j
    shape(
        "i",
        0.099,
        [-12.0, 17.2, -17.3, -19.5, -15.6, -8.9, 0.2, -4.3],
    ),
    shape(
        "o",
        0.023,
        [0.3, -15.4, -23.3, -14.8, -11.1, -5.6, -2.6, -2.1],
    ),
    // u w
    shape(
        "u",
        0.070,
        [-9.6, -6.8, -25.4, -14.1, -17.3, -7.6, -0.4, -4.7],
    ),
];

/// The mean of the five ratios over all speech.
pub(super) const MEAN: [f32; 5] = [-6.8, -0.5, -17.0, -12.2, -11.7];

/// The inverse of the covariance of the measures within shapes, in ten-thousandths.
const PRECISION: [[f32; MEASURES]; MEASURES] = [
    [374.0, 64.0, 64.0, -21.0, -284.0, -6.0, 12.0, -2.0],
    [64.0, 106.0, -57.0, 37.0, 8.0, 7.0, 8.0, 3.0],
    [64.0, -57.0, 285.0, -80.0, -253.0, 63.0, 20.0, 5.0],
    [-21.0, 37.0, -80.0, 222.0, 96.0, 76.0, 20.0, -4.0],
    [-284.0, 8.0, -253.0, 96.0, 473.0, 3.0, 0.0, -4.0],
    [-6.0, 7.0, 63.0, 76.0, 3.0, 269.0, 93.0, 59.0],
    [12.0, 8.0, 20.0, 20.0, 0.0, 93.0, 105.0, 14.0],
    [-2.0, 3.0, 5.0, -4.0, -4.0, 59.0, 14.0, 94.0],
];

/// How much it counts that a shape is rare; at 1, as many pieces as possible would be judged rightly, most of them as common shapes.
const RARITY: f32 = 0.25;

/// How well each shape fits a piece; only differences mean anything.
pub(super) type Scores = [f32; SHAPES.len()];

/// Judges pieces.
#[derive(Debug, Clone)]
pub(super) struct Judge {
    /// For each shape a weight for each measure, and what is added.
    weights: [(Piece, f32); SHAPES.len()],
}

impl Judge {
    pub(super) fn new() -> Self {
        let weights = std::array::from_fn(|n| {
            let Some(shape) = SHAPES.get(n) else {
                return ([0.0; MEASURES], f32::NEG_INFINITY);
            };
            let weights = PRECISION.map(|row| dot(&row, &shape.place) * 1e-4);
            // Rare shapes are believed a little less, but never so that what is just like them is not.
            let added = RARITY * shape.share.ln() - 0.5 * dot(&weights, &shape.place);
            (weights, added)
        });
        Self { weights }
    }

    pub(super) fn scores(&self, piece: &Piece) -> Scores {
        self.weights
            .map(|(weights, added)| dot(&weights, piece) + added)
    }
}

fn dot(a: &Piece, b: &Piece) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The number of the shape that fits best.
pub(super) fn best(scores: &Scores) -> usize {
    let numbered = scores.iter().enumerate();
    numbered
        .max_by(|a, b| a.1.total_cmp(b.1))
        .map_or(0, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_nearest_to_itself() {
        let judge = Judge::new();
        for (number, shape) in SHAPES.iter().enumerate() {
            assert_eq!(
                best(&judge.scores(&shape.place)),
                number,
                "{}",
                shape.phoneme
            );
        }
    }
}
