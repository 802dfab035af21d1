//! Which part of a picture MuseTalk draws.

use super::Bounds;
use crate::pose::Landmarks;

/// How the part is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaceGeometry {
    /// Rows added below the chin.
    pub extra_margin: u32,
    /// Rows by which the middle of the face is moved down. The model of version 1.5 was trained without.
    pub bbox_shift: i32,
}

impl Default for FaceGeometry {
    fn default() -> Self {
        Self {
            extra_margin: 10,
            bbox_shift: 0,
        }
    }
}

/// The landmark between the eyes and the tip of the nose, of the 68 in iBUG's order: the middle of the face.
const MIDDLE: usize = 29;

/// What is smaller is no face, and its surroundings could not be half as large again.
pub(super) const SMALLEST: u32 = 4;

impl FaceGeometry {
    /// The part to be drawn in a picture of this size, from the 68 landmarks of a face, (x, y), and what the face
    /// detector found. `None` where nothing of it is in the picture, or as good as nothing.
    ///
    /// It reaches from the chin as far above the middle of the face as the chin lies below, and across the landmarks;
    /// landmarks that make no rectangle give way to the detector's.
    pub fn bounds(
        &self,
        landmarks: &Landmarks,
        detected: Bounds,
        (width, height): (usize, usize),
    ) -> Option<Bounds> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "cut to whole pixels, by definition"
        )]
        let mut landmarks = landmarks.map(|(x, y)| (x as i32, y as i32));
        let middle = landmarks.get_mut(MIDDLE).map_or(0, |(_, y)| {
            *y = y.saturating_add(self.bbox_shift);
            *y
        });
        let across = landmarks.iter().map(|(x, _)| *x);
        let bottom = landmarks.iter().map(|(_, y)| *y).max().unwrap_or(0);
        let half = bottom.saturating_sub(middle);
        let mut face = Bounds {
            x0: across.clone().min().unwrap_or(0),
            y0: middle.saturating_sub(half).max(0),
            x1: across.max().unwrap_or(0),
            y1: bottom,
        };
        if face.is_empty() || face.x0 < 0 {
            face = detected;
        }
        let margin = i32::try_from(self.extra_margin).unwrap_or(i32::MAX);
        face.y1 = face.y1.saturating_add(margin);
        let face = face.within(width, height);
        (face.width().min(face.height()) >= SMALLEST).then_some(face)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DETECTED: Bounds = Bounds {
        x0: 90,
        y0: 60,
        x1: 310,
        y1: 350,
    };

    /// Landmarks whose extremes are those of a rectangle.
    fn landmarks(x0: f64, x1: f64, middle: f64, bottom: f64) -> Landmarks {
        let mut landmarks = [(f64::midpoint(x0, x1), middle - 5.0); 68];
        landmarks[0].0 = x0;
        landmarks[16].0 = x1;
        landmarks[8].1 = bottom;
        landmarks[MIDDLE].1 = middle;
        landmarks
    }

    fn found(geometry: FaceGeometry, landmarks: &Landmarks) -> Option<[i32; 4]> {
        geometry
            .bounds(landmarks, DETECTED, (640, 345))
            .map(|face| [face.x0, face.y0, face.x1, face.y1])
    }

    #[test]
    fn the_middle_of_the_face_is_the_middle_of_the_part() {
        let landmarks = landmarks(100.9, 300.2, 200.7, 330.6);
        let geometry = FaceGeometry::default();
        assert_eq!(found(geometry, &landmarks), Some([100, 70, 300, 340]));
        let shifted = FaceGeometry {
            bbox_shift: 10,
            extra_margin: 0,
        };
        assert_eq!(found(shifted, &landmarks), Some([100, 90, 300, 330]));
    }

    #[test]
    fn the_part_ends_with_the_picture() {
        let geometry = FaceGeometry::default();
        let low = landmarks(100.0, 300.0, 100.0, 340.0);
        assert_eq!(found(geometry, &low), Some([100, 0, 300, 345]));
    }

    #[test]
    fn landmarks_that_make_no_rectangle_give_way() {
        let geometry = FaceGeometry {
            extra_margin: 0,
            ..FaceGeometry::default()
        };
        let detected = Some([90, 60, 310, 345]);
        let flat = landmarks(100.0, 100.4, 200.0, 330.0);
        assert_eq!(found(geometry, &flat), detected);
        let outside = landmarks(-2.0, 300.0, 200.0, 330.0);
        assert_eq!(found(geometry, &outside), detected);
        let upside_down = landmarks(100.0, 300.0, 330.0, 200.0);
        assert_eq!(found(geometry, &upside_down), detected);
    }
}
