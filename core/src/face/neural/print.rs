//! Pictures that a network has drawn whole, in a video of any size.

use avatar_codec::Picture;

use super::colour;
use super::framing::Area;
use super::raster::{Raster, RasterError};

/// How coarse what lies beside a picture is, in pixels.
const BACKDROP: u32 = 12;

/// Black, in the codes of video.
const BLACK: (u8, u8) = (16, 128);

/// Shows one session's pictures: squares, as large as the video has room for. What is left at two sides is filled with a blur of the first.
#[derive(Debug, Default)]
pub struct Print {
    /// The picture shown last, as it was drawn.
    last: Option<Raster<3>>,
    /// What lies behind it where it does not fill the video.
    backdrop: Option<Picture>,
}

impl Print {
    /// Whether there has been a picture.
    pub fn begun(&self) -> bool {
        self.last.is_some()
    }

    /// Shows `face`, rows of red, green and blue, as many rows as pixels in each. Where there is none, the last one stays.
    ///
    /// # Errors
    ///
    /// [`RasterError`] where it cannot be scaled.
    pub fn show(
        &mut self,
        face: Option<Vec<u8>>,
        picture: &mut Picture,
    ) -> Result<(), RasterError> {
        if let Some(bytes) = face {
            let side = (bytes.len() / 3).isqrt() as u32;
            self.last = Some(Raster {
                width: side,
                height: side,
                bytes,
            });
        }
        let Some(last) = &self.last else {
            picture.y.fill(BLACK.0);
            picture.u.fill(BLACK.1);
            picture.v.fill(BLACK.1);
            return Ok(());
        };
        let side = picture.width.min(picture.height);
        if picture.width == picture.height {
            return convert(last, side, picture);
        }
        let backdrop = match &mut self.backdrop {
            Some(backdrop) => backdrop,
            none => none.insert(blurred(last, (picture.width, picture.height))?),
        };
        picture.clone_from(backdrop);
        let mut square = Picture::new(side, side);
        convert(last, side, &mut square)?;
        lay(&square, picture);
        Ok(())
    }
}

/// The whole of a picture.
fn whole(picture: &Raster<3>) -> Area {
    Area {
        x0: 0.0,
        y0: 0.0,
        x1: f64::from(picture.width),
        y1: f64::from(picture.height),
    }
}

/// Puts `drawn` into `square`, which has `side` pixels each way.
fn convert(drawn: &Raster<3>, side: usize, square: &mut Picture) -> Result<(), RasterError> {
    if drawn.width as usize == side {
        colour::convert(&drawn.bytes, square);
        return Ok(());
    }
    let size = (side as u32, side as u32);
    colour::convert(&drawn.resized(whole(drawn), size)?.bytes, square);
    Ok(())
}

/// What lies behind `drawn` in a video of this size: itself, out of focus and darker.
fn blurred(drawn: &Raster<3>, (width, height): (usize, usize)) -> Result<Picture, RasterError> {
    let mut coarse = drawn.resized(whole(drawn), (BACKDROP, BACKDROP))?;
    for part in &mut coarse.bytes {
        *part = *part / 2 + *part / 8;
    }
    let seen = coarse.resized(whole(&coarse), (width as u32, height as u32))?;
    let mut picture = Picture::new(width, height);
    colour::convert(&seen.bytes, &mut picture);
    Ok(picture)
}

/// Lays a square over the middle of `picture`, whose shorter side it is as long as.
fn lay(square: &Picture, picture: &mut Picture) {
    let (left, top) = (
        (picture.width - square.width) / 4,
        (picture.height - square.height) / 4,
    );
    let (width, side) = (picture.width, square.width);
    let planes = [
        (&square.y, &mut picture.y, 1),
        (&square.u, &mut picture.u, 2),
        (&square.v, &mut picture.v, 2),
    ];
    for (from, to, coarse) in planes {
        // Both begin at an even pixel.
        let (left, top) = (left * 2 / coarse, top * 2 / coarse);
        let rows = to.chunks_exact_mut((width / coarse).max(1)).skip(top);
        for (row, line) in rows.zip(from.chunks_exact((side / coarse).max(1))) {
            if let Some(part) = row.get_mut(left..left + line.len()) {
                part.copy_from_slice(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of one colour in its upper half, and of another below.
    fn face(side: usize, upper: [u8; 3], lower: [u8; 3]) -> Vec<u8> {
        let half = |colour: [u8; 3]| colour.repeat(side * side / 2);
        [half(upper), half(lower)].concat()
    }

    fn shown(print: &mut Print, face: Option<Vec<u8>>, size: (usize, usize)) -> Picture {
        let mut picture = Picture::new(size.0, size.1);
        picture.y.fill(77);
        print.show(face, &mut picture).unwrap();
        picture
    }

    #[test]
    fn a_picture_fills_a_square_of_any_size() {
        for side in [16, 32, 64, 100] {
            let mut print = Print::default();
            let white = face(32, [255; 3], [0, 0, 255]);
            let picture = shown(&mut print, Some(white), (side, side));
            assert_eq!((picture.y[0], picture.u[0], picture.v[0]), (235, 128, 128));
            let last = (side * side - 1, side * side / 4 - 1);
            assert_eq!(
                (picture.y[last.0], picture.u[last.1], picture.v[last.1]),
                (32, 240, 118)
            );
        }
    }

    #[test]
    fn it_lies_in_the_middle_of_what_is_no_square() {
        for (width, height) in [(64, 32), (32, 64), (38, 32), (32, 36)] {
            let mut print = Print::default();
            let white = face(32, [255; 3], [255; 3]);
            let picture = shown(&mut print, Some(white), (width, height));
            let bright = picture.y.iter().filter(|code| **code == 235).count();
            assert_eq!(bright, 32 * 32);
            assert_eq!(picture.y[(height / 2) * width + width / 2], 235);
            // Darker beside it.
            assert_eq!(picture.y[0], colour::luma([255 / 2 + 255 / 8; 3]));
        }
    }

    #[test]
    fn the_last_one_stays() {
        let mut print = Print::default();
        let black = shown(&mut print, None, (32, 32));
        assert!(!print.begun());
        assert_eq!((black.y[0], black.u[0]), (16, 128));
        let one = shown(&mut print, Some(face(16, [9; 3], [200; 3])), (32, 32));
        assert!(print.begun());
        assert_eq!(shown(&mut print, None, (32, 32)), one);
        assert_ne!(one, black);
    }
}
