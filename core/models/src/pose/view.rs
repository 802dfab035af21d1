//! What the landmark network sees of a picture.

use crate::prepare::Raster;

/// How a picture lies in what the network sees: whole, with a margin, and black where it does not reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// The picture's middle.
    centre: (f64, f64),
    /// How much of the picture's plane is seen, in its pixels.
    size: (f64, f64),
}

impl View {
    /// Pixels across of what is seen.
    pub const WIDTH: usize = 288;
    /// Pixels down of what is seen.
    pub const HEIGHT: usize = 384;

    /// Of a whole picture of this size, a quarter larger than it.
    pub fn whole(width: usize, height: usize) -> Self {
        // In f32 as in the original, for the same whole pixels in the end.
        #[expect(clippy::cast_precision_loss, reason = "sides of pictures")]
        let (width, height) = (width as f32, height as f32);
        let (across, down) = (width * 1.25, height * 1.25);
        let (across, down) = if across > down * 0.75 {
            (across, across / 0.75)
        } else {
            (down * 0.75, down)
        };
        Self {
            centre: (f64::from(width / 2.0), f64::from(height / 2.0)),
            size: (f64::from(across), f64::from(down)),
        }
    }

    /// Where in the picture a point of the view is.
    pub fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let back =
            |at: f64, side: f64, size: f64, centre: f64| at / side * size + centre - 0.5 * size;
        (
            back(x, 288.0, self.size.0, self.centre.0),
            back(y, 384.0, self.size.1, self.centre.1),
        )
    }

    /// What is seen of `picture`, which is of three channels: to the bit as OpenCV's `warpAffine` made it before
    /// version 4.11, with places rounded to a 32nd of a pixel.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "places in pictures, in 1024ths of a pixel"
    )]
    pub fn of(&self, picture: &Raster) -> Raster {
        let step = self.size.0 / Self::WIDTH as f64;
        let start = |centre: f64, half: f64| centre - half * step;
        let (left, top) = (start(self.centre.0, 144.0), start(self.centre.1, 192.0));
        let fixed = |place: f64| (place * 1024.0).round_ties_even() as i64;
        let columns: Vec<i64> = (0..Self::WIDTH)
            .map(|x| fixed(step * x as f64) + fixed(left) + 16)
            .collect();
        let mut seen = Raster::black(Self::WIDTH, Self::HEIGHT, 3);
        for (y, row) in seen.rows_mut().enumerate() {
            let (upper, down) = apart(fixed(step * y as f64 + top) + 16);
            let above = line(picture, upper);
            let below = line(picture, upper + 1);
            for (pixel, place) in row.chunks_exact_mut(3).zip(&columns) {
                let (first, across) = apart(*place);
                for (channel, value) in pixel.iter_mut().enumerate() {
                    let at = |line: Option<&[u8]>, x: i64| {
                        usize::try_from(x)
                            .ok()
                            .and_then(|x| line?.get(x * 3 + channel))
                            .map_or(0, |value| u32::from(*value))
                    };
                    let mix = |line| at(line, first) * (32 - across) + at(line, first + 1) * across;
                    let sum = mix(above) * (32 - down) + mix(below) * down;
                    *value = u8::try_from((sum + 512) >> 10).unwrap_or(u8::MAX);
                }
            }
        }
        seen
    }
}

/// A place in 1024ths of a pixel as a pixel and the 32nds beyond it.
fn apart(place: i64) -> (i64, u32) {
    let place = place >> 5;
    (place >> 5, u32::try_from(place & 31).unwrap_or(0))
}

fn line(picture: &Raster, y: i64) -> Option<&[u8]> {
    picture.rows().nth(usize::try_from(y).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_again() {
        let view = View::whole(400, 300);
        // 500 by 666.7 pixels around (200, 150).
        let (x, y) = view.place((144.0, 192.0));
        assert!((x - 200.0).abs() < 1e-9 && (y - 150.0).abs() < 1e-3);
        let (x, y) = view.place((0.0, 384.0));
        assert!((x + 50.0).abs() < 1e-9 && (y - (150.0 + 1000.0 / 3.0)).abs() < 1e-3);
    }
}
