//! Eight samples at a time: read between others, put over others.

use wide::{i16x8, u8x16, u16x8};

use super::planes::{CELL, Plane};

/// As many samples as are read of a line of a plane.
type Line = [u8; 2 * CELL + 2];

/// A plane, and the place in it where a square comes from.
pub(super) struct Source<'a> {
    pub(super) plane: &'a Plane,
    pub(super) from: (i32, i32),
}

impl Source<'_> {
    /// The samples of line `n`, counting from the place.
    #[inline(always)]
    fn line(&self, n: i32) -> &Line {
        const NONE: &Line = &[0; size_of::<Line>()];
        let start = (self.from.1 + n) as usize * self.plane.width + self.from.0 as usize;
        let samples = self.plane.data.get(start..).and_then(<[u8]>::first_chunk);
        samples.unwrap_or(NONE)
    }
}

/// Eight samples.
pub(super) type Eight = u16x8;

/// The eight numbers from zero.
const COUNT: Eight = Eight::new([0, 1, 2, 3, 4, 5, 6, 7]);

/// Premultiplied samples over others.
#[inline(always)]
pub(super) fn over(samples: Eight, opacity: Eight, back: &[u8; CELL]) -> Eight {
    // Exact division by 255, rounded, of anything up to 255².
    let rest = Eight::from(back.map(u16::from)) * (Eight::splat(255) - opacity) + Eight::splat(128);
    samples + ((rest + (rest >> 8)) >> 8)
}

/// `part`/256 of the way from one to the other.
#[inline(always)]
fn mixed(from: Eight, to: Eight, part: Eight) -> Eight {
    (from * (Eight::splat(256) - part) + to * part + Eight::splat(128)) >> 8
}

/// `later` where a whole sample is passed, else `sooner`.
#[inline(always)]
fn passed(whole: Eight, sooner: Eight, later: Eight) -> Eight {
    let mask = Eight::ZERO - whole;
    (sooner & !mask) | (later & mask)
}

/// Samples as bytes; anything above 255 becomes 255.
#[inline(always)]
pub(super) fn narrow(samples: Eight) -> [u8; CELL] {
    let samples: i16x8 = bytemuck::cast(samples);
    let [low, _]: [[u8; CELL]; 2] = bytemuck::cast(u8x16::narrow_i16x8(samples, samples));
    low
}

/// Eight samples of a line, from the `FIRST` on.
#[inline(always)]
fn eight<const FIRST: usize>(line: &Line) -> Eight {
    let bytes = line.get(FIRST..).and_then(<[u8]>::first_chunk::<16>);
    bytes.map_or(Eight::ZERO, |bytes| {
        Eight::from_u8x16_low(u8x16::new(*bytes))
    })
}

/// Where the eight samples of a row come from: offsets of the first and from one to the next, 1/65536 samples.
pub(super) struct Row {
    pub(super) start: (i32, i32),
    pub(super) step: (i32, i32),
}

impl Row {
    /// Whole samples passed, and parts of 256 of the next, of something that starts and steps like this.
    #[inline(always)]
    fn parts(start: i32, step: i32) -> (Eight, Eight) {
        // Quarters of the unit, so that two whole samples still fit.
        let offset = Eight::splat((start >> 2) as u16) + Eight::splat((step >> 2) as u16) * COUNT;
        (offset >> 14, (offset >> 6) & Eight::splat(255))
    }

    #[inline(always)]
    pub(super) fn within_one(&self, source: &Source<'_>, n: i32) -> Eight {
        let (_, right) = Self::parts(self.start.0, self.step.0);
        let (_, down) = Self::parts(self.start.1, self.step.1);
        let line = |n| {
            let line = source.line(n);
            mixed(eight::<0>(line), eight::<1>(line), right)
        };
        mixed(line(n), line(n + 1), down)
    }

    #[inline(always)]
    pub(super) fn within_two(&self, source: &Source<'_>, n: i32) -> Eight {
        let (columns, right) = Self::parts(self.start.0, self.step.0);
        let (rows, down) = Self::parts(self.start.1, self.step.1);
        let line = |n| {
            let line = source.line(n);
            let (a, b, c) = (eight::<0>(line), eight::<1>(line), eight::<2>(line));
            mixed(passed(columns, a, b), passed(columns, b, c), right)
        };
        let (a, b, c) = (line(n), line(n + 1), line(n + 2));
        mixed(passed(rows, a, b), passed(rows, b, c), down)
    }

    pub(super) fn one_by_one(&self, source: &Source<'_>, n: i32) -> Eight {
        let Source { plane, from } = source;
        let mut out = [0_u16; CELL];
        for (out, column) in out.iter_mut().zip(0..) {
            let dx = self.start.0 + self.step.0 * column;
            let dy = self.start.1 + self.step.1 * column;
            let (x, y) = (from.0 + column + (dx >> 16), from.1 + n + (dy >> 16));
            let (right, down) = (((dx >> 8) & 255) as u16, ((dy >> 8) & 255) as u16);
            let at = |x, y| u16::from(plane.at(x, y));
            let mix = |a: u16, b: u16, part: u16| (a * (256 - part) + b * part + 128) >> 8;
            let upper = mix(at(x, y), at(x + 1, y), right);
            let lower = mix(at(x, y + 1), at(x + 1, y + 1), right);
            *out = mix(upper, lower, down);
        }
        Eight::from(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane() -> Plane {
        let samples = (0..64 * 64_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8);
        Plane {
            width: 64,
            data: samples.collect(),
        }
    }

    #[test]
    fn one_by_one_and_eight_at_once_agree() {
        let plane = plane();
        let source = Source {
            plane: &plane,
            from: (14, 10),
        };
        for n in 0..40 {
            let near = Row {
                start: (9_000, 30_000),
                step: (1_500, -2_000),
            };
            let alone = near.one_by_one(&source, n);
            assert_eq!(near.within_one(&source, n), alone);
            assert_eq!(near.within_two(&source, n), alone);
            let far = Row {
                start: (60_000, 80_000),
                step: (4_000, -6_000),
            };
            assert_eq!(far.within_two(&source, n), far.one_by_one(&source, n));
        }
    }

    #[test]
    fn premultiplied_samples_are_put_over_others() {
        let back = [0, 10, 100, 200, 255, 255, 128, 77];
        let samples = Eight::new([50, 0, 20, 30, 0, 255, 64, 77]);
        let opacity = Eight::new([255, 0, 128, 51, 0, 255, 128, 255]);
        assert_eq!(
            narrow(over(samples, opacity, &back)),
            [50, 10, 70, 190, 255, 255, 128, 77]
        );
    }
}
