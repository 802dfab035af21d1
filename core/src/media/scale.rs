//! Pictures made smaller.

use avatar_codec::Picture;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use thiserror::Error;

/// A picture was not of the size it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a picture is not of the size it should be")]
pub struct ScaleError;

/// Makes pictures of one size into pictures of another.
pub struct Scaler {
    resizer: Resizer,
    options: ResizeOptions,
}

impl Default for Scaler {
    fn default() -> Self {
        Self {
            resizer: Resizer::new(),
            // Each pixel is the mean of those it covers, so that thin lines neither vanish nor flicker.
            options: ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box)),
        }
    }
}

impl Scaler {
    /// Fills `to` with `from`, each of its own size.
    ///
    /// # Errors
    ///
    /// [`ScaleError`]
    pub fn scale(&mut self, from: &Picture, to: &mut Picture) -> Result<(), ScaleError> {
        let (width, height) = (to.width, to.height);
        let halves = |picture: &Picture| (picture.width / 2, picture.height / 2);
        let whole = (from.width, from.height);
        self.plane((&from.y, whole), (&mut to.y, (width, height)))?;
        let half = (width / 2, height / 2);
        self.plane((&from.u, halves(from)), (&mut to.u, half))?;
        self.plane((&from.v, halves(from)), (&mut to.v, half))
    }

    fn plane(
        &mut self,
        (from, from_size): (&[u8], (usize, usize)),
        (to, to_size): (&mut [u8], (usize, usize)),
    ) -> Result<(), ScaleError> {
        let side = |side: usize| u32::try_from(side).map_err(|_| ScaleError);
        let (width, height) = (side(from_size.0)?, side(from_size.1)?);
        let from = ImageRef::new(width, height, from, PixelType::U8).map_err(|_| ScaleError)?;
        let (width, height) = (side(to_size.0)?, side(to_size.1)?);
        let mut to =
            Image::from_slice_u8(width, height, to, PixelType::U8).map_err(|_| ScaleError)?;
        self.resizer
            .resize(&from, &mut to, &self.options)
            .map_err(|_| ScaleError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pixel_is_the_mean_of_those_it_covers() {
        let mut from = Picture::new(8, 4);
        for (index, pixel) in from.y.iter_mut().enumerate() {
            *pixel = if index % 2 == 0 { 100 } else { 200 };
        }
        from.u.fill(90);
        let mut to = Picture::new(4, 2);
        Scaler::default().scale(&from, &mut to).unwrap();
        assert_eq!(to.y, [150; 8]);
        assert_eq!(
            (to.u.as_slice(), to.v.as_slice()),
            (&[90; 2][..], &[128; 2][..])
        );
    }

    #[test]
    fn a_picture_that_is_not_what_it_says_is_refused() {
        let mut from = Picture::new(8, 8);
        from.y.truncate(3);
        let scaled = Scaler::default().scale(&from, &mut Picture::new(4, 4));
        assert_eq!(scaled, Err(ScaleError));
    }
}
