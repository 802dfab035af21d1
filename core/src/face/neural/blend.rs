//! The network's face, laid over its frame.
//!
//! The face is stretched to its place as OpenCV does it (`INTER_LINEAR`, 8 bits, weights of 11 bits) and shows as far as the
//! mask lets it, in the 8-bit arithmetic of Pillow's `paste`. Colour is converted before it is blended and not after: both
//! are linear, so the result differs by rounding only, and frames need no second form in red, green and blue. Only the
//! cutout is touched.

use avatar_codec::Picture;

use super::colour::{self, Rgb};
use super::cutout::Cutout;

/// Where between two neighbouring samples one is taken.
#[derive(Debug, Clone, Copy)]
struct Tap {
    first: usize,
    second: usize,
    /// The weights of both, of 2048 together.
    weights: [i32; 2],
}

impl Tap {
    /// For the pixel whose middle lies `offset` pixels after the edge of a face of `side` pixels that is stretched to `length`.
    fn new(offset: f64, length: f64, side: usize) -> Self {
        let at = (offset * (side as f64 / length) - 0.5) as f32;
        let floor = at.floor();
        let part = at - floor;
        let last = side.saturating_sub(1);
        let clamped = |index: f32| (index.max(0.0) as usize).min(last);
        let weight = |part: f32| (part * 2048.0).round_ties_even() as i32;
        Self {
            first: clamped(floor),
            second: clamped(floor + 1.0),
            weights: [weight(1.0 - part), weight(part)],
        }
    }
}

/// A line of the face, stretched across only: what two lines are mixed from.
#[derive(Debug, Default)]
struct Line {
    of: Option<usize>,
    samples: Vec<[i32; 3]>,
}

impl Line {
    fn fill(&mut self, row: usize, pixels: &[Rgb], columns: &[Tap]) {
        if self.of == Some(row) {
            return;
        }
        self.of = Some(row);
        self.samples.clear();
        let pixel = |at: usize| pixels.get(at).copied().unwrap_or_default();
        self.samples.extend(columns.iter().map(|tap| {
            let [near, far] = tap.weights;
            let (a, b) = (pixel(tap.first), pixel(tap.second));
            let mut mixed = [0; 3];
            for ((to, a), b) in mixed.iter_mut().zip(a).zip(b) {
                *to = i32::from(a) * near + i32::from(b) * far;
            }
            mixed
        }));
    }
}

/// Lays faces over frames; keeps its scratch memory from one to the next.
#[derive(Debug, Default)]
pub(super) struct Blender {
    columns: Vec<Tap>,
    /// Those two that were mixed last.
    lines: [Line; 2],
    /// Two lines of the face as they are laid over the frame.
    pair: [Vec<Rgb>; 2],
    small: Vec<Rgb>,
}

/// A square picture that is laid over a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn<'a> {
    /// Rows of red, green and blue.
    pub(super) pixels: &'a [u8],
    /// Pixels in a row, and rows.
    pub(super) side: usize,
    /// How much of it shows where the mask lets all of it, of 255.
    pub(super) weight: u8,
    /// Whether it is made smaller by halves first where its place is less than half as large: in frames that were scaled down
    /// themselves, fine lines would flicker otherwise.
    pub(super) softened: bool,
}

impl Blender {
    /// Lays `face` over `picture`, as much of it as `cutout` lets show.
    pub(super) fn blend(&mut self, face: Drawn<'_>, cutout: &Cutout, picture: &mut Picture) {
        let pixels = face.pixels.as_chunks::<3>().0;
        let [left, top, right, bottom] = cutout.face.map(f64::from);
        let (across, down) = (right - left, bottom - top);
        if pixels.len() < face.side * face.side || across <= 0.0 || down <= 0.0 {
            return;
        }
        let mut small = std::mem::take(&mut self.small);
        let mut side = face.side;
        if face.softened {
            let place = across.max(down);
            small.clear();
            small.extend_from_slice(pixels);
            while side.is_multiple_of(2) && side as f64 >= 2.0 * place {
                halve(&mut small, side);
                side /= 2;
            }
        }
        let pixels = match side == face.side {
            true => pixels,
            false => small.as_slice(),
        };
        let tap =
            |at: usize, edge: f64, length: f64| Tap::new(at as f64 - edge + 0.5, length, side);
        self.columns.clear();
        let columns = cutout.x..cutout.x + cutout.width;
        self.columns
            .extend(columns.map(|column| tap(column, left, across)));
        self.lines.iter_mut().for_each(|line| line.of = None);
        for (row, alpha) in alpha_pairs(cutout) {
            for (line, below) in [0, 1].into_iter().enumerate() {
                self.stretch(line, tap(row + below, top, down), pixels, side);
            }
            self.lay(row, cutout, alpha, face.weight, picture);
        }
        self.small = small;
    }

    /// Makes one line of the pair.
    fn stretch(&mut self, line: usize, tap: Tap, pixels: &[Rgb], side: usize) {
        let [first, second] = &mut self.lines;
        if second.of == Some(tap.first) {
            std::mem::swap(first, second);
        }
        for (line, row) in [(&mut *first, tap.first), (&mut *second, tap.second)] {
            let pixels = pixels.get(row * side..(row + 1) * side);
            line.fill(row, pixels.unwrap_or_default(), &self.columns);
        }
        let Some(to) = self.pair.get_mut(line) else {
            return;
        };
        to.clear();
        let [near, far] = tap.weights;
        to.extend(first.samples.iter().zip(&second.samples).map(|(a, b)| {
            let mut pixel = [0; 3];
            for ((to, a), b) in pixel.iter_mut().zip(a).zip(b) {
                let mixed = ((near * (a >> 4)) >> 16) + ((far * (b >> 4)) >> 16);
                *to = ((mixed + 2) >> 2) as u8;
            }
            pixel
        }));
    }

    /// Lays the pair over two rows of the picture, the first of them `row`.
    fn lay(
        &self,
        row: usize,
        cutout: &Cutout,
        alpha: [&[u8]; 2],
        weight: u8,
        picture: &mut Picture,
    ) {
        let (width, half) = (picture.width, picture.width / 2);
        for (line, (pixels, alpha)) in self.pair.iter().zip(alpha).enumerate() {
            let from = (row + line) * width + cutout.x;
            let Some(codes) = picture.y.get_mut(from..from + cutout.width) else {
                return;
            };
            for ((code, pixel), alpha) in codes.iter_mut().zip(pixels).zip(alpha) {
                let alpha = i32::from(faded(*alpha, weight));
                let under = i32::from(*code) * (255 - alpha);
                *code = by_255(i32::from(colour::luma(*pixel)) * alpha + under);
            }
        }
        let from = row / 2 * half + cutout.x / 2;
        let span = from..from + cutout.width / 2;
        let (Some(us), Some(vs)) = (picture.u.get_mut(span.clone()), picture.v.get_mut(span))
        else {
            return;
        };
        let [upper, lower] = &self.pair;
        let [alpha_upper, alpha_lower] = alpha;
        let pixels = upper
            .as_chunks::<2>()
            .0
            .iter()
            .zip(lower.as_chunks::<2>().0);
        let alphas = alpha_upper
            .as_chunks::<2>()
            .0
            .iter()
            .zip(alpha_lower.as_chunks::<2>().0);
        for (((u, v), (over, under)), (alpha_over, alpha_under)) in
            us.iter_mut().zip(vs).zip(pixels).zip(alphas)
        {
            // Four pixels share their differences: each gives a quarter, as far as it shows.
            let (mut sums, mut shown) = ([0_i32; 2], 0);
            let alphas = alpha_over.iter().chain(alpha_under);
            for (pixel, alpha) in over.iter().chain(under).zip(alphas) {
                let alpha = i32::from(faded(*alpha, weight));
                shown += alpha;
                for (sum, code) in sums.iter_mut().zip(colour::chroma(*pixel)) {
                    *sum += code * alpha;
                }
            }
            for (code, sum) in [u, v].into_iter().zip(sums) {
                const WHOLE: i32 = 4 * 255 * 256;
                let kept = i32::from(*code) * 256 * (4 * 255 - shown);
                *code = ((sum + kept + WHOLE / 2) / WHOLE) as u8;
            }
        }
    }
}

/// Every second row of a cutout with its opacity and that of the row below.
fn alpha_pairs(cutout: &Cutout) -> impl Iterator<Item = (usize, [&[u8]; 2])> {
    let pairs = cutout.alpha.chunks_exact((cutout.width * 2).max(1));
    (cutout.y..).step_by(2).zip(pairs.map(|pair| {
        let (upper, lower) = pair.split_at(pair.len() / 2);
        [upper, lower]
    }))
}

/// `alpha` where only `weight` of 255 shows at all.
fn faded(alpha: u8, weight: u8) -> u8 {
    match weight {
        255 => alpha,
        _ => by_255(i32::from(alpha) * i32::from(weight)),
    }
}

/// A 255th of `sum`, rounded to the nearest.
fn by_255(sum: i32) -> u8 {
    let sum = sum + 128;
    (((sum >> 8) + sum) >> 8) as u8
}

/// Makes a square picture half as large: each pixel is the mean of four.
fn halve(pixels: &mut Vec<Rgb>, side: usize) {
    let half = side / 2;
    for at in 0..half * half {
        let corner = at / half * 2 * side + at % half * 2;
        let mut sums = [2_u16; 3];
        for of in [corner, corner + 1, corner + side, corner + side + 1] {
            let pixel = pixels.get(of).copied().unwrap_or_default();
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += u16::from(value);
            }
        }
        // What is written here was read before: it lies before all that is still to be read.
        if let Some(to) = pixels.get_mut(at) {
            *to = sums.map(|sum| (sum / 4) as u8);
        }
    }
    pixels.truncate(half * half);
}

#[cfg(test)]
mod tests;
