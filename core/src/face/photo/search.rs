//! Finding what a cascade was taught to find, as OpenCV does it: at many sizes, in steps.

use super::bitmap::Grey;
use super::cascade::{Branch, Cascade, Rectangle};
use super::grouping;

/// A place where something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: i32,
    pub(super) height: i32,
    /// How many windows agreed.
    pub(super) votes: usize,
}

/// What is searched for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search {
    /// How much larger the window is from one round to the next.
    pub(super) pace: f64,
    /// How many windows must agree.
    pub(super) votes: usize,
    /// The least and the most pixels across.
    pub(super) least: usize,
    pub(super) most: usize,
}

/// More windows than this never agree on a face. Grouping takes the square of it.
const MOST_WINDOWS: usize = 6_000;

/// Sums over all samples above and left of each place.
struct Sums {
    stride: usize,
    plain: Vec<u32>,
    squares: Vec<u64>,
}

impl Sums {
    fn new(picture: &Grey) -> Self {
        let stride = picture.width + 1;
        let mut plain = vec![0_u32; stride];
        let mut squares = vec![0_u64; stride];
        plain.reserve(stride * picture.height);
        squares.reserve(stride * picture.height);
        for line in picture.bytes.chunks_exact(picture.width.max(1)) {
            let above = plain.len() - stride;
            let (mut sum, mut square) = (0_u32, 0_u64);
            plain.push(0);
            squares.push(0);
            for (n, sample) in line.iter().enumerate() {
                let sample = u32::from(*sample);
                sum += sample;
                square += u64::from(sample * sample);
                let over = above + n + 1;
                plain.push(sum + plain.get(over).copied().unwrap_or(0));
                squares.push(square + squares.get(over).copied().unwrap_or(0));
            }
        }
        Self {
            stride,
            plain,
            squares,
        }
    }

    /// Where the corners of a rectangle lie, counted from its window.
    fn corners(&self, place: &Rectangle) -> Corners {
        let at = |x: u32, y: u32| y as usize * self.stride + x as usize;
        let (right, bottom) = (place.x + place.width, place.y + place.height);
        Corners {
            at: [
                at(place.x, place.y),
                at(right, place.y),
                at(place.x, bottom),
                at(right, bottom),
            ],
            weight: place.weight,
        }
    }
}

/// A rectangle as four places in the sums.
#[derive(Debug, Clone, Copy)]
struct Corners {
    at: [usize; 4],
    weight: f32,
}

impl Corners {
    #[inline(always)]
    fn sum(&self, sums: &[u32]) -> i32 {
        let [a, b, c, d] = self
            .at
            .map(|at| sums.get(at).copied().unwrap_or(0).cast_signed());
        a.wrapping_sub(b).wrapping_sub(c).wrapping_add(d)
    }
}

/// What became of a window.
#[derive(PartialEq, Eq)]
enum Verdict {
    Passed,
    /// Thrown out by the very first stage: what lies beside it is no better.
    Hopeless,
    Rejected,
}

/// One round: a picture at one scale, and the cascade laid out for it.
struct Round<'a> {
    cascade: &'a Cascade,
    sums: Sums,
    features: Vec<[Corners; 3]>,
    inner: Corners,
    area: f64,
}

impl<'a> Round<'a> {
    fn new(cascade: &'a Cascade, picture: &Grey) -> Self {
        let sums = Sums::new(picture);
        let none = Corners {
            at: [0; 4],
            weight: 0.0,
        };
        let features = cascade.features.iter().map(|rectangles| {
            let mut corners = [none; 3];
            for (corners, rectangle) in corners.iter_mut().zip(rectangles) {
                *corners = sums.corners(rectangle);
            }
            corners
        });
        let (width, height) = cascade.window;
        let inner = Rectangle {
            x: 1,
            y: 1,
            width: width as u32 - 2,
            height: height as u32 - 2,
            weight: 1.0,
        };
        Self {
            cascade,
            features: features.collect(),
            inner: sums.corners(&inner),
            area: f64::from(inner.width * inner.height),
            sums,
        }
    }

    /// Whether the window at a place of the sums is what is looked for.
    fn judge(&self, place: usize) -> Verdict {
        let plain = self.sums.plain.get(place..).unwrap_or(&[]);
        let squares = self.sums.squares.get(place..).unwrap_or(&[]);
        let sum = f64::from(self.inner.sum(plain));
        let [a, b, c, d] = self
            .inner
            .at
            .map(|at| squares.get(at).copied().unwrap_or(0));
        let square = a.wrapping_sub(b).wrapping_sub(c).wrapping_add(d) as f64;
        let spread = self.area * square - sum * sum;
        // Flat places hold nothing.
        if spread <= 0.0 {
            return Verdict::Rejected;
        }
        let scale = (1.0 / spread.sqrt()) as f32;
        if self.area * f64::from(scale) >= 0.1 {
            return Verdict::Rejected;
        }
        for (n, stage) in self.cascade.stages.iter().enumerate() {
            let mut sum = 0.0;
            for tree in &stage.trees {
                let mut at = 0;
                while let Some(node) = tree.get(at) {
                    let Some([first, second, third]) = self.features.get(node.feature) else {
                        break;
                    };
                    let part = |corners: &Corners| corners.weight * corners.sum(plain) as f32;
                    let mut value = part(first) + part(second);
                    if third.weight != 0.0 {
                        value += part(third);
                    }
                    let branch = if value * scale < node.threshold {
                        node.below
                    } else {
                        node.above
                    };
                    match branch {
                        Branch::Node(next) => at = next,
                        Branch::Leaf(leaf) => {
                            sum += leaf;
                            break;
                        }
                    }
                }
            }
            if sum < stage.threshold {
                return if n == 0 {
                    Verdict::Hopeless
                } else {
                    Verdict::Rejected
                };
            }
        }
        Verdict::Passed
    }
}

fn rounded(value: f64) -> i32 {
    value.round_ties_even() as i32
}

/// Everything in a picture that a cascade finds, in no order.
pub(super) fn search(cascade: &Cascade, picture: &Grey, wanted: Search) -> Vec<Found> {
    let mut windows = Vec::new();
    let (width, height) = cascade.window;
    let mut factor = 1.0_f64;
    loop {
        let across = rounded(width as f64 * factor) as usize;
        let down = rounded(height as f64 * factor) as usize;
        if across > wanted.most.min(picture.width) || down > wanted.most.min(picture.height) {
            break;
        }
        if across >= wanted.least && down >= wanted.least {
            let scale = f64::from(factor as f32);
            let size = |side: usize| rounded((side as f64) / scale).max(1) as usize;
            let scaled = picture.interpolated(size(picture.width), size(picture.height));
            let round = Round::new(cascade, &scaled);
            let step = if scale >= 2.0 { 1 } else { 2 };
            let rows = (scaled.height + 1).saturating_sub(height);
            let columns = (scaled.width + 1).saturating_sub(width);
            for y in (0..rows).step_by(step) {
                let mut x = 0;
                while x < columns {
                    match round.judge(y * round.sums.stride + x) {
                        Verdict::Passed if windows.len() < MOST_WINDOWS => windows.push(Found {
                            x: rounded(f64::from(x as f32 * scale as f32)),
                            y: rounded(f64::from(y as f32 * scale as f32)),
                            width: across as i32,
                            height: down as i32,
                            votes: 1,
                        }),
                        Verdict::Hopeless => x += step,
                        _ => {}
                    }
                    x += step;
                }
            }
        }
        factor *= wanted.pace;
    }
    grouping::grouped(&windows, wanted.votes)
}
