//! From what the network says of columns and rows to the landmarks of a face.

use tch::{Kind, TchError, Tensor};

use super::{Logits, View};
use crate::layers::Output;

/// The 68 landmarks of a face in iBUG's order, (x, y) in pixels of the picture.
pub type Landmarks = [(f64, f64); 68];

/// Which landmark each of the 68 becomes in a mirror.
pub const MIRRORED: [i64; 68] = [
    16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, // jaw
    26, 25, 24, 23, 22, 21, 20, 19, 18, 17, // brows
    27, 28, 29, 30, 35, 34, 33, 32, 31, // nose
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, // eyes
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, // outer lips
    64, 63, 62, 61, 60, 67, 66, 65, // inner lips
];

/// The face's first landmark among those of the whole body.
const FIRST: i64 = 23;

/// The landmarks of the face, from a batch of two: a view and its mirror image, whose logits are averaged.
pub(super) fn landmarks(logits: &Logits, view: &View) -> Result<Landmarks, TchError> {
    let face = |logits: &Tensor| logits.f_narrow(1, FIRST, 68)?.f_to_kind(Kind::Float);
    let (x, y) = (face(&logits.x)?, face(&logits.y)?);
    let swapped = |x: &Tensor| -> Output {
        let order = Tensor::f_from_slice(&MIRRORED)?.f_to_device(x.device())?;
        x.f_get(1)?.f_index_select(0, &order)
    };
    let mean = |plain: &Tensor, mirrored: &Tensor| plain.f_add(mirrored)?.f_mul_scalar(0.5);
    let x = mean(&x.f_get(0)?, &swapped(&x)?.f_flip([1])?)?;
    let y = mean(&y.f_get(0)?, &swapped(&y)?)?;
    let best = |x: &Tensor| -> Result<(Vec<f32>, Vec<i64>), TchError> {
        let (value, at) = x.f_max_dim(1, false)?;
        Ok((value.try_into()?, at.try_into()?))
    };
    let ((x_value, x), (y_value, y)) = (best(&x)?, best(&y)?);
    let mut found = [(0.0, 0.0); 68];
    let places = x.iter().zip(&y).zip(x_value.iter().zip(&y_value));
    for (landmark, ((x, y), (x_value, y_value))) in found.iter_mut().zip(places) {
        #[expect(clippy::cast_precision_loss, reason = "below 768")]
        let place = if x_value.min(*y_value) > 0.0 {
            (*x as f64 / 2.0, *y as f64 / 2.0)
        } else {
            // Nowhere, says the original.
            (-0.5, -0.5)
        };
        *landmark = view.place(place);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_undo_themselves() {
        for (landmark, mirrored) in (0..).zip(MIRRORED) {
            let back = usize::try_from(mirrored).map(|mirrored| MIRRORED[mirrored]);
            assert_eq!(back, Ok(landmark));
        }
        let moved = (0..).zip(MIRRORED).filter(|(at, other)| at != other);
        // All but the chin, four along the nose, the base of the nose, and two of each pair of lips.
        assert_eq!(moved.count(), 68 - 10);
    }

    /// Logits with one sure place for each landmark, seen a little differently in the mirror.
    #[test]
    fn a_picture_and_its_mirror_image_agree() {
        let empty = |bins| Tensor::zeros([2, 133, bins], tch::kind::FLOAT_CPU);
        let logits = Logits {
            x: empty(576),
            y: empty(768),
        };
        let put = |logits: &Tensor, picture, landmark: i64, bin, value| {
            let _ = logits.get(picture).get(23 + landmark).get(bin).fill_(value);
        };
        let view = View::whole(400, 300);
        for (landmark, mirrored) in (0i64..).zip(MIRRORED) {
            // Found in the mirror, and only there; in the picture itself something else, but less surely.
            put(&logits.x, 0, landmark, 5, 1.0);
            put(&logits.y, 0, landmark, 5, 1.0);
            put(&logits.x, 1, mirrored, 575 - (100 + landmark), 3.0);
            put(&logits.y, 1, mirrored, 200 + landmark, 3.0);
        }
        // One that is nowhere.
        let _ = logits.x.get(0).get(23 + 8).fill_(-4.0);
        let found = landmarks(&logits, &view).unwrap();
        for (landmark, found) in found.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "below 68")]
            let at = landmark as f64;
            let place = if landmark == 8 {
                (-0.5, -0.5)
            } else {
                (50.0 + at / 2.0, 100.0 + at / 2.0)
            };
            assert_eq!(*found, view.place(place), "{landmark}");
        }
    }
}
