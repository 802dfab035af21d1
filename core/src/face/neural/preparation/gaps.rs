//! Faces where none were found.

use super::Bounds;

/// A face for every frame: where none was found, one between its neighbours', or the nearest at the ends. `None` where none
/// was found at all.
pub(super) fn filled(faces: &[Option<Bounds>]) -> Option<Vec<Bounds>> {
    let mut filled: Vec<Bounds> = Vec::with_capacity(faces.len());
    let mut before: Option<Bounds> = None;
    let mut gap = 0;
    for face in faces {
        let Some(face) = face else {
            gap += 1;
            continue;
        };
        for step in 1..=gap {
            filled.push(between(before.unwrap_or(*face), *face, step, gap + 1));
        }
        gap = 0;
        filled.push(*face);
        before = Some(*face);
    }
    filled.extend(std::iter::repeat_n(before?, gap));
    Some(filled)
}

/// The face `step` of `steps` of the way from one to another.
fn between(from: Bounds, to: Bounds, step: usize, steps: usize) -> Bounds {
    let (step, steps) = (step as i128, steps.max(1) as i128);
    let side = |from: i32, to: i32| {
        let sum = i128::from(from) * (steps - step) + i128::from(to) * step;
        i32::try_from((2 * sum + steps).div_euclid(2 * steps)).unwrap_or(to)
    };
    Bounds {
        x0: side(from.x0, to.x0),
        y0: side(from.y0, to.y0),
        x1: side(from.x1, to.x1),
        y1: side(from.y1, to.y1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: i32) -> Bounds {
        [x, 10, x + 100, 120].into()
    }

    #[test]
    fn gaps_are_filled_from_both_sides() {
        let found = [
            None,
            None,
            Some(face(10)),
            None,
            None,
            None,
            Some(face(30)),
            Some(face(40)),
            None,
        ];
        let expected = [10, 10, 10, 15, 20, 25, 30, 40, 40].map(face);
        assert_eq!(filled(&found).unwrap(), expected);
    }

    #[test]
    fn halves_are_rounded_up() {
        let found = [Some(face(-3)), None, Some(face(0))];
        assert_eq!(filled(&found).unwrap()[1], face(-1));
    }

    #[test]
    fn nobody_is_nobody() {
        assert_eq!(filled(&[None, None]), None);
        assert_eq!(filled(&[]), None);
    }
}
