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

/// One sample further.
pub(super) const ONE: i32 = 1 << BITS;

/// Samples that are drawn at once; that many sums of sixteen bits fill a register of every x86-64.
const LANES: usize = 8;

/// Between two samples, `part` of 256 from one to the other.
#[inline(always)]
fn mix(one: u16, other: u16, part: u16) -> u16 {
    (one * (256 - part) + other * part + 128) >> 8
}

/// How far each lane of a run lies behind a sample, of 256 to the next. Only what is behind the point matters, which is what
/// sixteen bits keep.
#[inline(always)]
fn parts(at: i32, pace: i32) -> [u16; LANES] {
    let mut parts = [0; LANES];
    for (part, n) in parts.iter_mut().zip(0..) {
        *part = (at as u16).wrapping_add((pace as u16).wrapping_mul(n)) >> 8;
    }
    parts
}

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
        let right = (x >> (BITS - 8)) as u16 & 255;
        let down = (y >> (BITS - 8)) as u16 & 255;
        let at = row as usize * self.width + column as usize;
        let pair = |at: usize| match self.data.get(at..at + 2) {
            Some([a, b]) => mix(u16::from(*a), u16::from(*b), right),
            _ => 0,
        };
        mix(pair(at), pair(at + self.width), down) as u8
    }

    /// Samples in a row: the first from the place `at`, and each from a place `pace` beside that of the one before and one
    /// sample further; [`between`](Self::between) gives the same one by one.
    #[inline(always)]
    pub(super) fn run(&self, at: (i32, i32), pace: (i32, i32), samples: &mut [u8]) {
        for (n, samples) in samples.chunks_mut(LANES).enumerate() {
            let first = (n * LANES) as i32;
            self.few(
                (at.0 + first * (ONE + pace.0), at.1 + first * pace.1),
                pace,
                samples,
            );
        }
    }

    /// No more than [`LANES`] of a run. Most come from between the same two rows, and from columns side by side.
    #[inline(always)]
    fn few(&self, at: (i32, i32), pace: (i32, i32), samples: &mut [u8]) {
        // How far the columns are from where each is one after the other, and the row.
        let cell = |n: usize| {
            let n = n as i32;
            ((at.0 + n * pace.0) >> BITS, (at.1 + n * pace.1) >> BITS)
        };
        let last = cell(samples.len().saturating_sub(1));
        let mut done = 0;
        while done < samples.len() {
            let here = cell(done);
            let end = if here == last {
                samples.len()
            } else {
                let end = (done + 1..samples.len()).find(|n| cell(*n) != here);
                end.unwrap_or(samples.len())
            };
            let Some(drawn) = samples.get_mut(done..end) else {
                return;
            };
            match self.lanes(here, at, pace) {
                Some(lanes) => {
                    if let Some(lanes) = lanes.get(done..end) {
                        drawn.copy_from_slice(lanes);
                    }
                }
                None => {
                    for (sample, n) in drawn.iter_mut().zip(done as i32..) {
                        *sample = self.between(at.0 + n * (ONE + pace.0), at.1 + n * pace.1);
                    }
                }
            }
            done = end;
        }
    }

    /// What a run would be if all of it lay in one `cell`; `None` where that is at the edge.
    #[inline(always)]
    fn lanes(&self, cell: (i32, i32), at: (i32, i32), pace: (i32, i32)) -> Option<[u8; LANES]> {
        let column = usize::try_from(cell.0).ok()?;
        let row = usize::try_from(cell.1).ok()?;
        if column + LANES >= self.width || row + 1 >= self.height {
            return None;
        }
        let start = row * self.width + column;
        let few = |start: usize| self.data.get(start..)?.first_chunk::<LANES>();
        let row = |start: usize| Some(few(start)?.iter().zip(few(start + 1)?));
        let corners = row(start)?.zip(row(start + self.width)?);
        let parts = parts(at.0, pace.0).into_iter().zip(parts(at.1, pace.1));
        let mut lanes = [0; LANES];
        for ((lane, (upper, lower)), (right, down)) in lanes.iter_mut().zip(corners).zip(parts) {
            let pair = |(one, other): (&u8, &u8)| mix(u16::from(*one), u16::from(*other), right);
            *lane = mix(pair(upper), pair(lower), down) as u8;
        }
        Some(lanes)
    }

    #[cold]
    fn at_edge(&self, x: i32, y: i32) -> u8 {
        let near = |at: i32, count: usize| {
            let most = (count.max(1) - 1) as i32;
            at.clamp(0, most << BITS)
        };
        let (x, y) = (near(x, self.width), near(y, self.height));
        let (column, row) = ((x >> BITS) as usize, (y >> BITS) as usize);
        let right = (x >> (BITS - 8)) as u16 & 255;
        let down = (y >> (BITS - 8)) as u16 & 255;
        let at = |column: usize, row: usize| {
            let column = column.min(self.width.saturating_sub(1));
            let row = row.min(self.height.saturating_sub(1));
            u16::from(
                self.data
                    .get(row * self.width + column)
                    .copied()
                    .unwrap_or(0),
            )
        };
        let pair = |row: usize| mix(at(column, row), at(column + 1, row), right);
        mix(pair(row), pair(row + 1), down) as u8
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
        /// At the edge and within it, straight and bent.
        #[test]
        fn a_run_is_its_samples_one_by_one(
            at in (-200_000..3_000_000_i32, -200_000..2_200_000_i32),
            pace in (-90_000..90_000_i32, -30_000..30_000_i32),
            count in 0..40_usize,
        ) {
            let plane = Plane {
                width: 40,
                height: 30,
                data: (0..1200_u32).map(|n| (n * 97 % 256) as u8).collect(),
            };
            let mut run = vec![0; count];
            plane.run(at, pace, &mut run);
            for (n, sample) in (0..).zip(run) {
                let place = (at.0 + n * (ONE + pace.0), at.1 + n * pace.1);
                proptest::prop_assert_eq!(sample, plane.between(place.0, place.1));
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
