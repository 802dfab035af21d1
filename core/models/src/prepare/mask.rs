//! The mask by which a drawn face is blended into a frame.

use super::morphology::Element;
use super::resampling::{Resampling, resample};
use super::{Bounds, Raster, blur};
use crate::parse::{Class, SIDE};

/// Which part of a face is redrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MaskMode {
    /// The mouth and the jaw, with cheeks as they were filmed.
    #[default]
    Jaw,
    /// Skin, mouth and lips.
    Raw,
    /// These, and the neck.
    Neck,
}

/// How far the edge of a mask is softened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Softness {
    /// As MuseTalk does for prepared avatars: over a tenth of the width.
    Realtime,
    /// As MuseTalk does for whole films: over a twentieth.
    Offline,
}

impl Softness {
    /// The width, odd, of the Gaussian for a mask of `width` pixels.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sides of pictures; in f64, for the same result where the product is not exact"
    )]
    fn kernel(self, width: usize) -> usize {
        let ratio = match self {
            Self::Realtime => 0.1,
            Self::Offline => 0.05,
        };
        (ratio * width as f64 / 2.0) as usize * 2 + 1
    }
}

/// How masks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaskShape {
    /// Which part of the face they cover.
    pub mode: MaskMode,
    /// Where the left cheek ends: columns left of the middle, of 512.
    pub left_cheek: u32,
    /// Where the right cheek begins: columns right of the middle, of 512.
    pub right_cheek: u32,
    /// How soft they are.
    pub softness: Softness,
}

impl Default for MaskShape {
    fn default() -> Self {
        Self {
            mode: MaskMode::Jaw,
            left_cheek: 90,
            right_cheek: 90,
            softness: Softness::Realtime,
        }
    }
}

impl MaskShape {
    /// The mask for a face and its surroundings, from the classes of the surroundings' pixels, [`SIDE`] by [`SIDE`]:
    /// as large as the surroundings, and soft on all sides.
    ///
    /// What lies outside the face may be dropped, since there the drawn picture and the filmed one are the same.
    pub fn mask(&self, classes: &Raster, face: Bounds, surroundings: Bounds) -> Raster {
        let side = |side: u32| usize::try_from(side).unwrap_or(1).max(1);
        let (width, height) = (side(surroundings.width()), side(surroundings.height()));
        let region = resample(&self.region(classes), width, height, Resampling::Bicubic);
        let mut inside = face.from_corner_of(surroundings);
        inside.y0 = inside.y0.max(i32::try_from(height / 2).unwrap_or(i32::MAX));
        blur::blur(&region.keep(inside), self.softness.kernel(width))
    }

    /// Where the face is redrawn, of the same pixels: 255 there, 0 elsewhere.
    pub fn region(&self, classes: &Raster) -> Raster {
        let mut region = Raster::black(SIDE, SIDE, 1);
        let mouth = [Class::MOUTH, Class::UPPER_LIP, Class::LOWER_LIP];
        let pixels = classes.data().iter().zip(region.rows_mut().flatten());
        for (class, covered) in pixels {
            let chosen = match self.mode {
                MaskMode::Jaw => *class == Class::SKIN,
                MaskMode::Raw => *class == Class::SKIN || mouth.contains(class),
                MaskMode::Neck => {
                    [Class::SKIN, Class::NECK].contains(class) || mouth.contains(class)
                }
            };
            *covered = if chosen { u8::MAX } else { 0 };
        }
        if self.mode != MaskMode::Jaw {
            return region;
        }
        let mut region = self.jaw(&region);
        for (class, covered) in classes.data().iter().zip(region.rows_mut().flatten()) {
            if mouth.contains(class) {
                *covered = u8::MAX;
            } else if *class == Class::NOSE {
                *covered = 0;
            }
        }
        region
    }

    /// Skin grown over the jaw's edge, but less so on the cheeks.
    fn jaw(&self, skin: &Raster) -> Raster {
        let mut grown = Element::arrowhead().dilate(skin);
        let flat = Element::flat_ellipse();
        let shrunk = flat.erode(&flat.erode(&grown));
        let middle = SIDE / 2;
        let width = |width: u32| usize::try_from(width).unwrap_or(middle);
        let left = middle.saturating_sub(width(self.left_cheek));
        let right = middle.saturating_add(width(self.right_cheek));
        for (to, from) in grown.rows_mut().zip(shrunk.rows()) {
            for (x, (to, from)) in to.iter_mut().zip(from).enumerate() {
                if x <= left || x >= right {
                    *to = *from;
                }
            }
        }
        grown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_those_of_the_example() {
        assert_eq!(Softness::Realtime.kernel(390), 39);
        assert_eq!(Softness::Offline.kernel(390), 19);
        assert_eq!(Softness::Realtime.kernel(19), 1);
    }
}
