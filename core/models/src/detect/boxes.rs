//! From what the detector says of places to rectangles.

use tch::{Kind, Tensor};

use super::Level;

/// A face, in pixels of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Left, top, right and bottom. It may reach beyond the picture.
    pub corners: [f32; 4],
    /// How sure the detector is, from 0 to 1.
    pub score: f32,
}

/// Places less sure than this are not looked at.
const CANDIDATE: f32 = 0.05;
/// Faces less sure than this are none.
const FACE: f32 = 0.5;
/// Of two rectangles that share more than this part of their area the surer stays.
const OVERLAP: f32 = 0.3;

/// The faces in the first picture of a batch, the surest first.
///
/// # Errors
///
/// libtorch's.
pub fn detections(levels: &[Level]) -> Result<Vec<Detection>, tch::TchError> {
    let mut candidates = Vec::new();
    let mut stride = 4f32;
    for level in levels {
        let (_, _, _, width) = level.confidence.size4()?;
        let flat = |x: &Tensor| -> Result<Vec<Vec<f32>>, tch::TchError> {
            x.f_get(0)?
                .f_flatten(1, 2)?
                .f_to_kind(Kind::Float)?
                .try_into()
        };
        let probabilities = flat(&level.confidence.f_softmax(1, Kind::Float)?)?;
        let location = flat(&level.location)?;
        if let ([_, scores], [x, y, w, h]) = (probabilities.as_slice(), location.as_slice()) {
            let places = x.iter().zip(y).zip(w).zip(h).zip(scores);
            let width = usize::try_from(width).unwrap_or(1).max(1);
            for (at, ((((x, y), w), h), score)) in places.enumerate() {
                if *score > CANDIDATE {
                    let place = (at % width, at / width);
                    let corners = rectangle(place, stride, [*x, *y, *w, *h]);
                    candidates.push(Detection {
                        corners,
                        score: *score,
                    });
                }
            }
        }
        stride *= 2.0;
    }
    Ok(surest(candidates))
}

/// The rectangle that a place speaks of: how far its centre is away, in tenths of the place's size, and the fifth part
/// of the logarithm of its size by the place's.
#[expect(clippy::cast_precision_loss, reason = "sides of pictures")]
fn rectangle((column, row): (usize, usize), stride: f32, [x, y, w, h]: [f32; 4]) -> [f32; 4] {
    let size = 4.0 * stride;
    let centre = |at: usize, shift: f32| stride / 2.0 + at as f32 * stride + shift * 0.1 * size;
    let (width, height) = (size * (w * 0.2).exp(), size * (h * 0.2).exp());
    let left = centre(column, x) - width / 2.0;
    let top = centre(row, y) - height / 2.0;
    [left, top, left + width, top + height]
}

/// Those that do not overlap with surer ones, the surest first.
fn surest(mut candidates: Vec<Detection>) -> Vec<Detection> {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut faces: Vec<Detection> = Vec::new();
    for candidate in candidates {
        if faces
            .iter()
            .all(|face| overlap(&face.corners, &candidate.corners) <= OVERLAP)
        {
            faces.push(candidate);
        }
    }
    faces.retain(|face| face.score > FACE);
    faces
}

/// The part of the area of both that they share. Pixels at both ends count.
fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let area = |[x0, y0, x1, y1]: &[f32; 4]| (x1 - x0 + 1.0) * (y1 - y0 + 1.0);
    let ([ax0, ay0, ax1, ay1], [bx0, by0, bx1, by1]) = (a, b);
    let width = (ax1.min(*bx1) - ax0.max(*bx0) + 1.0).max(0.0);
    let height = (ay1.min(*by1) - ay0.max(*by0) + 1.0).max(0.0);
    let shared = width * height;
    shared / (area(a) + area(b) - shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detection(corners: [f32; 4], score: f32) -> Detection {
        Detection { corners, score }
    }

    #[test]
    fn of_overlapping_faces_the_surest_stays() {
        let surer = detection([10.0, 10.0, 60.0, 60.0], 0.9);
        let elsewhere = detection([100.0, 10.0, 150.0, 60.0], 0.8);
        let faces = surest(vec![
            detection([15.0, 15.0, 65.0, 65.0], 0.7),
            elsewhere,
            surer,
            detection([200.0, 0.0, 240.0, 40.0], 0.4),
        ]);
        assert_eq!(faces, [surer, elsewhere]);
    }

    #[test]
    fn pixels_at_both_ends_count() {
        let (a, b) = ([0.0, 0.0, 9.0, 9.0], [5.0, 0.0, 14.0, 9.0]);
        assert!((overlap(&a, &b) - 50.0 / 150.0).abs() < 1e-6);
    }

    /// One sure place on the third scale, in steps of 16 pixels.
    #[test]
    fn places_speak_of_rectangles() {
        let levels: Vec<Level> = [32i64, 16, 8]
            .into_iter()
            .map(|side| {
                let confidence = Tensor::zeros([1, 2, side, side], tch::kind::FLOAT_CPU);
                let _ = confidence.get(0).get(1).fill_(-9.0);
                let location = Tensor::zeros([1, 4, side, side], tch::kind::FLOAT_CPU);
                Level {
                    confidence,
                    location,
                }
            })
            .collect();
        let third = &levels[2];
        let _ = third.confidence.get(0).get(1).get(3).get(5).fill_(9.0);
        for (channel, value) in [(0, 1.0), (1, -2.0), (2, 5.0 * 2f64.ln()), (3, 0.0)] {
            let _ = third
                .location
                .get(0)
                .get(channel)
                .get(3)
                .get(5)
                .fill_(value);
        }
        let faces = detections(&levels).unwrap();
        assert_eq!(faces.len(), 1);
        // Centre 8 + 5·16 + 6.4 and 8 + 3·16 − 12.8, twice 64 wide and 64 high.
        let expected = [94.4 - 64.0, 43.2 - 32.0, 94.4 + 64.0, 43.2 + 32.0];
        for (found, expected) in faces[0].corners.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4);
        }
    }
}
