//! Pictures of 8 bits a channel.

use tch::{Device, Kind, TchError, Tensor};

use super::Bounds;
use crate::error::ModelsError;

/// An 8-bit picture: rows from the top, the channels of a pixel side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster {
    width: usize,
    height: usize,
    channels: usize,
    data: Vec<u8>,
}

impl Raster {
    /// What is in `data`, unless that is of another length, or there is none.
    pub fn new(width: usize, height: usize, channels: usize, data: Vec<u8>) -> Option<Self> {
        let length = width.checked_mul(height)?.checked_mul(channels)?;
        (length > 0 && data.len() == length).then_some(Self {
            width,
            height,
            channels,
            data,
        })
    }

    /// Nothing but zeros. Sides of zero count as one.
    pub fn black(width: usize, height: usize, channels: usize) -> Self {
        let (width, height, channels) = (width.max(1), height.max(1), channels.max(1));
        Self {
            width,
            height,
            channels,
            data: vec![0; width * height * channels],
        }
    }

    /// Pixels across, at least one.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels down, at least one.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Numbers for one pixel, at least one.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// All of it.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// As [1, channels, h, w], from 0 to 255.
    pub(crate) fn tensor(&self, device: Device) -> Result<Tensor, TchError> {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let (height, width) = (count(self.height), count(self.width));
        Tensor::f_from_slice(&self.data)?
            .f_view([height, width, count(self.channels)])?
            .f_to_device(device)?
            .f_permute([2, 0, 1])?
            .f_to_kind(Kind::Float)?
            .f_contiguous()?
            .f_unsqueeze(0)
    }

    /// That it is red, green and blue; it is called `what`.
    pub(crate) fn expect_colour(&self, what: &str) -> Result<(), ModelsError> {
        match self.channels {
            3 => Ok(()),
            channels => Err(ModelsError::Argument(format!(
                "a {what} is of three channels, and not of {channels}"
            ))),
        }
    }

    /// All of it.
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }

    /// Its rows, from the top.
    pub fn rows(&self) -> std::slice::ChunksExact<'_, u8> {
        self.data.chunks_exact(self.width * self.channels)
    }

    /// Its rows, from the top.
    pub fn rows_mut(&mut self) -> std::slice::ChunksExactMut<'_, u8> {
        self.data.chunks_exact_mut(self.width * self.channels)
    }

    /// The part inside `bounds`, black where that reaches beyond the picture.
    #[must_use]
    pub fn crop(&self, bounds: Bounds) -> Self {
        let side = |side: u32| usize::try_from(side).unwrap_or(0);
        let mut part = Self::black(side(bounds.width()), side(bounds.height()), self.channels);
        let (left, top) = (i64::from(bounds.x0), i64::from(bounds.y0));
        let before = |start: i64| usize::try_from(-start).unwrap_or(0);
        let inside = |start: i64| usize::try_from(start).unwrap_or(0);
        let channels = self.channels;
        let rows = self.rows().skip(inside(top));
        for (to, from) in part.rows_mut().skip(before(top)).zip(rows) {
            let to = to.iter_mut().skip(before(left) * channels);
            for (to, from) in to.zip(from.iter().skip(inside(left) * channels)) {
                *to = *from;
            }
        }
        part
    }

    /// The same picture with everything outside `bounds` black.
    #[must_use]
    pub fn keep(mut self, bounds: Bounds) -> Self {
        let channels = self.channels;
        let within = |at: usize, start: i32, end: i32| {
            i32::try_from(at).is_ok_and(|at| (start..end).contains(&at))
        };
        for (y, row) in self.rows_mut().enumerate() {
            if !within(y, bounds.y0, bounds.y1) {
                row.fill(0);
                continue;
            }
            for (x, pixel) in row.chunks_exact_mut(channels).enumerate() {
                if !within(x, bounds.x0, bounds.x1) {
                    pixel.fill(0);
                }
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_picture_is_black() {
        let picture = Raster::new(3, 2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        let part = |x0, y0, x1, y1| picture.crop(Bounds { x0, y0, x1, y1 }).into_data();
        assert_eq!(part(1, 0, 3, 2), [2, 3, 5, 6]);
        assert_eq!(part(-1, -1, 2, 1), [0, 0, 0, 0, 1, 2]);
        assert_eq!(part(2, 1, 4, 3), [6, 0, 0, 0]);
        assert_eq!(part(5, 5, 6, 6), [0]);
    }

    #[test]
    fn what_is_not_kept_is_black() {
        let picture = Raster::new(3, 2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        let bounds = Bounds {
            x0: -4,
            y0: 1,
            x1: 2,
            y1: 9,
        };
        assert_eq!(picture.keep(bounds).into_data(), [0, 0, 0, 4, 5, 0]);
    }

    #[test]
    fn other_lengths_are_refused() {
        assert_eq!(Raster::new(3, 2, 1, vec![0; 5]), None);
        assert_eq!(Raster::new(0, 2, 1, Vec::new()), None);
    }
}
