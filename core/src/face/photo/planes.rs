//! A photo in the planes that video has, and places between its samples.

use avatar_codec::Picture;

/// One plane of samples, rows packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) data: Vec<u8>,
}

/// Places between samples are told in parts of this many.
pub(super) const BITS: u32 = 16;

impl Plane {
    /// The sample between others at a place in 1/65536 samples; beyond the edge there is what is at the edge.
    #[inline(always)]
    pub(super) fn between(&self, x: i32, y: i32) -> u8 {
        let (column, row) = (x >> BITS, y >> BITS);
        let inside = column >= 0
            && row >= 0
            && (column as usize) + 1 < self.width
            && (row as usize) + 1 < self.height;
        if !inside {
            return self.at_edge(x, y);
        }
        let right = (x >> (BITS - 8)) as u32 & 255;
        let down = (y >> (BITS - 8)) as u32 & 255;
        let at = row as usize * self.width + column as usize;
        let pair = |at: usize| match self.data.get(at..at + 2) {
            Some([a, b]) => u32::from(*a) * (256 - right) + u32::from(*b) * right,
            _ => 0,
        };
        let sum = pair(at) * (256 - down) + pair(at + self.width) * down;
        ((sum + (1 << 15)) >> 16) as u8
    }

    /// A short run of samples from `at` on, each `step` further, where all lie between the same two rows and the same few
    /// columns, as they do but for a few; false where they do not. As [`between`](Self::between) gives them.
    #[inline(always)]
    pub(super) fn run(&self, at: (i32, i32), step: (i32, i32), samples: &mut [u8]) -> bool {
        const NEAR: usize = 16;
        let beyond = samples.len().saturating_sub(1) as i32;
        let row = at.1 >> BITS;
        let (first, last) = (at.0 >> BITS, (at.0 + step.0 * beyond) >> BITS);
        let near = row == (at.1 + step.1 * beyond) >> BITS
            && row >= 0
            && (row as usize) + 1 < self.height
            && first >= 0
            && (last as usize) + 1 < self.width
            && (first..first + NEAR as i32 - 1).contains(&last);
        if !near {
            return false;
        }
        let start = row as usize * self.width + first as usize;
        let chunk = |start: usize| self.data.get(start..)?.first_chunk::<NEAR>();
        let (Some(upper), Some(lower)) = (chunk(start), chunk(start + self.width)) else {
            return false;
        };
        let (mut x, mut y) = (at.0 - (first << BITS), at.1);
        for sample in samples {
            let column = (x >> BITS) as usize;
            let right = (x >> (BITS - 8)) as u32 & 255;
            let down = (y >> (BITS - 8)) as u32 & 255;
            let one = |row: &[u8; NEAR], at: usize| {
                u32::from(row.get(at % NEAR).copied().unwrap_or_default())
            };
            let pair = |row| one(row, column) * (256 - right) + one(row, column + 1) * right;
            let sum = pair(upper) * (256 - down) + pair(lower) * down;
            *sample = ((sum + (1 << 15)) >> 16) as u8;
            x += step.0;
            y += step.1;
        }
        true
    }

    #[cold]
    fn at_edge(&self, x: i32, y: i32) -> u8 {
        let near = |at: i32, count: usize| {
            let most = (count.max(1) - 1) as i32;
            at.clamp(0, most << BITS)
        };
        let (x, y) = (near(x, self.width), near(y, self.height));
        let (column, row) = ((x >> BITS) as usize, (y >> BITS) as usize);
        let right = (x >> (BITS - 8)) as u32 & 255;
        let down = (y >> (BITS - 8)) as u32 & 255;
        let at = |column: usize, row: usize| {
            let column = column.min(self.width.saturating_sub(1));
            let row = row.min(self.height.saturating_sub(1));
            u32::from(
                self.data
                    .get(row * self.width + column)
                    .copied()
                    .unwrap_or(0),
            )
        };
        let line = |row: usize| at(column, row) * (256 - right) + at(column + 1, row) * right;
        let sum = line(row) * (256 - down) + line(row + 1) * down;
        ((sum + (1 << 15)) >> 16) as u8
    }

    /// A part of a row.
    pub(super) fn span(&self, row: usize, from: usize, count: usize) -> Option<&[u8]> {
        let start = row * self.width + from;
        self.data.get(start..start + count)
    }

    /// A part of a row, to be written.
    pub(super) fn span_mut(&mut self, row: usize, from: usize, count: usize) -> Option<&mut [u8]> {
        let start = row * self.width + from;
        self.data.get_mut(start..start + count)
    }
}

/// Luma and the two colour differences at half the size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planes {
    pub(super) y: Plane,
    pub(super) u: Plane,
    pub(super) v: Plane,
}

impl Planes {
    /// The planes of a picture.
    pub(super) fn of(picture: Picture) -> Self {
        let plane = |data, step| Plane {
            width: picture.width / step,
            height: picture.height / step,
            data,
        };
        Self {
            y: plane(picture.y, 1),
            u: plane(picture.u, 2),
            v: plane(picture.v, 2),
        }
    }

    /// The three planes; each with how many samples of luma one of its own is, across and down.
    pub(super) fn each(&self) -> [(&Plane, usize); 3] {
        [(&self.y, 1), (&self.u, 2), (&self.v, 2)]
    }

    pub(super) fn each_mut(&mut self) -> [(&mut Plane, usize); 3] {
        [(&mut self.y, 1), (&mut self.u, 2), (&mut self.v, 2)]
    }
}

/// A rectangle of samples of luma, even in all its measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Area {
    /// What holds all `points` within planes of a size, on a grid of `grid` samples.
    pub(super) fn around(
        points: impl IntoIterator<Item = (f32, f32)>,
        grid: usize,
        (width, height): (usize, usize),
    ) -> Self {
        let (mut least, mut most) = ((f32::MAX, f32::MAX), (f32::MIN, f32::MIN));
        for (x, y) in points {
            least = (least.0.min(x), least.1.min(y));
            most = (most.0.max(x), most.1.max(y));
        }
        let down = |at: f32, side: usize| (at.clamp(0.0, side as f32) as usize) / grid * grid;
        let up = |at: f32, side: usize| {
            let at = at.clamp(0.0, side as f32).ceil() as usize;
            at.next_multiple_of(grid).min(side / grid * grid)
        };
        let (x, y) = (down(least.0, width), down(least.1, height));
        Self {
            x,
            y,
            width: up(most.0, width).saturating_sub(x),
            height: up(most.1, height).saturating_sub(y),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane() -> Plane {
        Plane {
            width: 5,
            height: 4,
            data: (0..20).map(|n| (n * 12) as u8).collect(),
        }
    }

    #[test]
    fn whole_places_are_samples_and_others_lie_between() {
        let plane = plane();
        assert_eq!(plane.between(2 << 16, 1 << 16), 84);
        assert_eq!(plane.between((2 << 16) + (1 << 15), 1 << 16), 90);
        assert_eq!(plane.between(2 << 16, (1 << 16) + (1 << 14)), 99);
    }

    #[test]
    fn beyond_the_edge_is_what_is_at_the_edge() {
        let plane = plane();
        assert_eq!(plane.between(-70_000, -1), 0);
        assert_eq!(plane.between(9 << 16, 9 << 16), 228);
        assert_eq!(plane.between(4 << 16, 3 << 16), 228);
        assert_eq!(plane.between(i32::MIN, i32::MAX), 180);
    }

    proptest::proptest! {
        #[test]
        fn a_run_is_what_lies_between(
            at in (-200_000..3_000_000_i32, -200_000..2_200_000_i32),
            step in (-20_000..150_000_i32, -30_000..30_000_i32),
            count in 0..9_usize,
        ) {
            let plane = Plane {
                width: 40,
                height: 30,
                data: (0..1200_u32).map(|n| (n * 97 % 256) as u8).collect(),
            };
            let mut run = vec![0; count];
            if plane.run(at, step, &mut run) {
                for (n, sample) in (0..).zip(run) {
                    let place = (at.0 + step.0 * n, at.1 + step.1 * n);
                    proptest::prop_assert_eq!(sample, plane.between(place.0, place.1));
                }
            }
        }
    }

    #[test]
    fn areas_stay_within_their_planes() {
        let area = Area::around([(-5.0, 3.0), (21.0, 90.0)], 4, (32, 30));
        assert_eq!(
            area,
            Area {
                x: 0,
                y: 0,
                width: 24,
                height: 28
            }
        );
    }
}
