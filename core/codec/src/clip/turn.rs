//! Films that were taken with the camera on its side.

use ffmpeg_next::codec::packet::side_data::Type;
use ffmpeg_next::format::stream::Stream;

use super::RgbPicture;

/// By how many quarters, clockwise, a film is to be turned to be upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn(u8);

impl Turn {
    /// As the stream's display matrix says. What is no whole quarter is taken for the nearest.
    pub(super) fn of(stream: &Stream<'_>) -> Self {
        let matrix = stream
            .side_data()
            .find(|data| data.kind() == Type::DisplayMatrix);
        // Three rows of three, in 16.16 fixed point (libavutil/display.h): the first is the picture's x axis.
        let entry = |index: usize| {
            let bytes = matrix.as_ref()?.data().get(4 * index..4 * index + 4)?;
            bytes.try_into().map(i32::from_ne_bytes).ok()
        };
        let (x, y) = (entry(0).unwrap_or(1 << 16), entry(1).unwrap_or(0));
        Self(match (x.unsigned_abs() >= y.unsigned_abs(), x < 0, y < 0) {
            (true, false, _) => 0,
            (true, true, _) => 2,
            (false, _, false) => 1,
            (false, _, true) => 3,
        })
    }

    /// The size that one becomes by turning.
    pub(super) fn size<T>(self, (width, height): (T, T)) -> (T, T) {
        if self.0.is_multiple_of(2) {
            (width, height)
        } else {
            (height, width)
        }
    }

    /// The picture, upright.
    pub(super) fn upright(self, picture: RgbPicture) -> RgbPicture {
        if self.0 == 0 {
            return picture;
        }
        let (width, height) = self.size((picture.width, picture.height));
        let (across, down) = (picture.width as usize, picture.height as usize);
        let mut data = Vec::with_capacity(picture.data.len());
        for y in 0..height as usize {
            for x in 0..width as usize {
                let (from_x, from_y) = match self.0 {
                    1 => (y, down - 1 - x),
                    2 => (across - 1 - x, down - 1 - y),
                    _ => (across - 1 - y, x),
                };
                let at = (from_y * across + from_x) * 3;
                data.extend_from_slice(picture.data.get(at..at + 3).unwrap_or(&[0; 3]));
            }
        }
        RgbPicture {
            width,
            height,
            data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_turned_clockwise() {
        let grey = |values: &[u8]| values.iter().flat_map(|value| [*value; 3]).collect();
        let picture = RgbPicture {
            width: 3,
            height: 2,
            data: grey(&[1, 2, 3, 4, 5, 6]),
        };
        let turned = |quarters| Turn(quarters).upright(picture.clone());
        assert_eq!(turned(0), picture);
        assert_eq!(turned(1).data, grey(&[4, 1, 5, 2, 6, 3]));
        assert_eq!((turned(1).width, turned(1).height), (2, 3));
        assert_eq!(turned(2).data, grey(&[6, 5, 4, 3, 2, 1]));
        assert_eq!(turned(3).data, grey(&[3, 6, 2, 5, 1, 4]));
    }
}
