//! Where portraits are painted, once: deep colour, soft edges, gradients.

use tiny_skia::{FillRule, Mask, Path, Transform};

use super::colour::{Rgb, mix};
use super::shape::Point;

/// How the units portraits are drawn in become pixels; 474 of them make the height of a square picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct View {
    /// Pixels a unit.
    pub(super) scale: f32,
    /// Where the unit origin lies, in pixels.
    pub(super) origin: Point,
}

impl View {
    /// The view that seats a portrait at the bottom middle of a picture.
    pub(super) fn seated(width: usize, height: usize) -> Self {
        let (width, height) = (width as f32, height as f32);
        let scale = (width / 400.0).min(height / 474.0);
        Self {
            scale,
            origin: ((width - 512.0 * scale) / 2.0, height - 497.0 * scale),
        }
    }

    /// A place in pixels.
    pub(super) fn pixel(&self, (x, y): Point) -> Point {
        (
            self.origin.0 + x * self.scale,
            self.origin.1 + y * self.scale,
        )
    }

    /// A place in units.
    pub(super) fn unit(&self, (x, y): Point) -> Point {
        (
            (x - self.origin.0) / self.scale,
            (y - self.origin.1) / self.scale,
        )
    }
}

/// A rectangle of pixels of a picture; may reach beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Area {
    /// The smallest area on a grid of `step` pixels that holds two opposite corners.
    pub(super) fn around(from: Point, to: Point, step: i32) -> Self {
        let low = |v: f32| (v.floor() as i32).div_euclid(step) * step;
        let high = |v: f32| (v.ceil() as i32 + step - 1).div_euclid(step) * step;
        let (x, y) = (low(from.0), low(from.1));
        Self {
            x,
            y,
            width: (high(to.0) - x).max(step) as usize,
            height: (high(to.1) - y).max(step) as usize,
        }
    }
}

/// What a shape is filled with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ink<'a> {
    /// One colour.
    Flat(Rgb),
    /// Colours along a line, at rising positions 0…1.
    Line(Point, Point, &'a [(f32, Rgb)]),
    /// Opacities of one colour along a line, at rising positions 0…1.
    Fade(Point, Point, Rgb, &'a [(f32, f32)]),
    /// Opacity of one colour falling smoothly from the centre of an ellipse of two radii to its rim.
    Glow(Point, Point, Rgb),
}

impl Ink<'_> {
    fn at(&self, place: Point) -> (Rgb, f32) {
        match *self {
            Self::Flat(colour) => (colour, 1.0),
            Self::Line(from, to, stops) => {
                let t = along(from, to, place);
                (between(stops, t, mix).unwrap_or_default(), 1.0)
            }
            Self::Fade(from, to, colour, stops) => {
                let t = along(from, to, place);
                let alpha = between(stops, t, |a, b, t| a + (b - a) * t);
                (colour, alpha.unwrap_or_default())
            }
            Self::Glow(centre, radii, colour) => {
                let (x, y) = (
                    (place.0 - centre.0) / radii.0,
                    (place.1 - centre.1) / radii.1,
                );
                let t = (1.0 - (x * x + y * y).sqrt()).clamp(0.0, 1.0);
                (colour, t * t * (3.0 - 2.0 * t))
            }
        }
    }
}

fn along(from: Point, to: Point, place: Point) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    ((place.0 - from.0) * dx + (place.1 - from.1) * dy) / (dx * dx + dy * dy).max(1e-6)
}

fn between<T: Copy>(stops: &[(f32, T)], t: f32, blend: impl Fn(T, T, f32) -> T) -> Option<T> {
    let &(first, colour) = stops.first()?;
    if t <= first {
        return Some(colour);
    }
    for (&(low, from), &(high, to)) in stops.iter().zip(stops.iter().skip(1)) {
        if t <= high {
            return Some(blend(from, to, (t - low) / (high - low).max(1e-6)));
        }
    }
    stops.last().map(|&(_, colour)| colour)
}

/// How much of each pixel of an area a shape covers.
#[derive(Debug, Clone)]
pub(super) struct Coverage {
    area: Area,
    values: Vec<f32>,
}

impl Coverage {
    fn at(&self, x: i32, y: i32) -> f32 {
        let (x, y) = (x - self.area.x, y - self.area.y);
        if x < 0 || y < 0 || x as usize >= self.area.width {
            return 0.0;
        }
        let index = y as usize * self.area.width + x as usize;
        self.values.get(index).copied().unwrap_or_default()
    }
}

impl Coverage {
    /// Takes away what `other` does not cover.
    pub(super) fn keep_within(&mut self, other: &Self) {
        let area = self.area;
        for (row, y) in self.values.chunks_exact_mut(area.width).zip(area.y..) {
            for (value, x) in row.iter_mut().zip(area.x..) {
                *value *= other.at(x, y);
            }
        }
    }
}

/// An area of a picture being painted, in premultiplied floating-point colour.
#[derive(Debug)]
pub(super) struct Canvas {
    pub(super) area: Area,
    pub(super) view: View,
    pub(super) pixels: Vec<[f32; 4]>,
}

impl Canvas {
    /// A clear canvas.
    pub(super) fn new(area: Area, view: View) -> Self {
        Self {
            area,
            view,
            pixels: vec![[0.0; 4]; area.width * area.height],
        }
    }

    /// What `path`, its edge softened over about `soft` units to either side, covers of this canvas.
    pub(super) fn cover(&self, path: &Path, soft: f32) -> Option<Coverage> {
        let reach = (soft * self.view.scale).max(0.0);
        let margin = reach.ceil() as i32 + 1;
        let bounds = path.bounds();
        let (left, top) = self.view.pixel((bounds.left(), bounds.top()));
        let (right, bottom) = self.view.pixel((bounds.right(), bounds.bottom()));
        let limit = (
            self.area.x + self.area.width as i32 + margin,
            self.area.y + self.area.height as i32 + margin,
        );
        let x = (left.floor() as i32 - margin).max(self.area.x - margin);
        let y = (top.floor() as i32 - margin).max(self.area.y - margin);
        let width = (right.ceil() as i32 + margin).min(limit.0) - x;
        let height = (bottom.ceil() as i32 + margin).min(limit.1) - y;
        let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
        let mut mask = Mask::new(width, height)?;
        let scale = self.view.scale;
        let shift = (self.view.origin.0 - x as f32, self.view.origin.1 - y as f32);
        let place = Transform::from_row(scale, 0.0, 0.0, scale, shift.0, shift.1);
        mask.fill_path(path, FillRule::Winding, true, place);
        let area = Area {
            x,
            y,
            width: width as usize,
            height: height as usize,
        };
        let mut values: Vec<f32> = mask.data().iter().map(|v| f32::from(*v) / 255.0).collect();
        if reach > 0.3 {
            blur(&mut values, area.width, reach);
        }
        Some(Coverage { area, values })
    }

    /// Fills what `coverage` and, where given, `within` have in common.
    pub(super) fn pour(
        &mut self,
        coverage: &Coverage,
        within: Option<&Coverage>,
        ink: Ink<'_>,
        opacity: f32,
    ) {
        let area = coverage.area;
        let first = (self.area.x - area.x).max(0) as usize;
        for (row, values) in coverage.values.chunks_exact(area.width).enumerate() {
            let y = area.y + row as i32;
            let Ok(line) = usize::try_from(y - self.area.y) else {
                continue;
            };
            let start = line * self.area.width + (area.x - self.area.x).max(0) as usize;
            let end = (line + 1) * self.area.width;
            let Some(pixels) = self.pixels.get_mut(start..end) else {
                continue;
            };
            let left = area.x.max(self.area.x);
            for ((pixel, value), x) in pixels.iter_mut().zip(values.iter().skip(first)).zip(left..)
            {
                if *value <= 0.0 {
                    continue;
                }
                let clip = within.map_or(1.0, |within| within.at(x, y));
                let place = self.view.unit((x as f32 + 0.5, y as f32 + 0.5));
                let ([r, g, b], alpha) = ink.at(place);
                let a = value * clip * alpha * opacity;
                for (under, over) in pixel.iter_mut().zip([r, g, b, 1.0]) {
                    *under += (over - *under) * a;
                }
            }
        }
    }

    /// Fills an outline.
    pub(super) fn fill(&mut self, path: Option<Path>, ink: Ink<'_>, opacity: f32) {
        self.shade(path, 0.0, None, ink, opacity);
    }

    /// Fills an outline with its edge softened, inside of `within` only.
    pub(super) fn shade(
        &mut self,
        path: Option<Path>,
        soft: f32,
        within: Option<&Coverage>,
        ink: Ink<'_>,
        opacity: f32,
    ) {
        if let Some(coverage) = path.and_then(|path| self.cover(&path, soft)) {
            self.pour(&coverage, within, ink, opacity);
        }
    }
}

/// Three box averages each way, which together come close to a Gaussian that reaches `reach` pixels.
fn blur(values: &mut [f32], width: usize, reach: f32) {
    let radius = (reach / 3.0).round().max(1.0) as usize;
    let height = values.len() / width.max(1);
    let mut line = vec![0.0; width];
    let mut column = vec![0.0; width * height];
    for _ in 0..3 {
        for row in values.chunks_exact_mut(width) {
            line.copy_from_slice(row);
            average(&line, row, radius);
        }
    }
    for _ in 0..3 {
        column.copy_from_slice(values);
        average_down(&column, values, width, radius);
    }
}

fn average(from: &[f32], to: &mut [f32], radius: usize) {
    let share = 1.0 / (2 * radius + 1) as f32;
    let mut sum: f64 = from.iter().take(radius).map(|v| f64::from(*v)).sum();
    let entering = from.iter().skip(radius).chain(std::iter::repeat(&0.0));
    let leaving = std::iter::repeat_n(&0.0, radius + 1).chain(from);
    for ((to, entering), leaving) in to.iter_mut().zip(entering).zip(leaving) {
        sum += f64::from(*entering) - f64::from(*leaving);
        *to = (sum as f32 * share).max(0.0);
    }
}

fn average_down(from: &[f32], to: &mut [f32], width: usize, radius: usize) {
    let share = 1.0 / (2 * radius + 1) as f32;
    let none = vec![0.0; width];
    let mut sums = vec![0.0_f64; width];
    for row in from.chunks_exact(width).take(radius) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += f64::from(*value);
        }
    }
    let entering = from
        .chunks_exact(width)
        .skip(radius)
        .chain(std::iter::repeat(none.as_slice()));
    let leaving = std::iter::repeat_n(none.as_slice(), radius + 1).chain(from.chunks_exact(width));
    for ((to, entering), leaving) in to.chunks_exact_mut(width).zip(entering).zip(leaving) {
        for (((sum, to), entering), leaving) in sums.iter_mut().zip(to).zip(entering).zip(leaving) {
            *sum += f64::from(*entering) - f64::from(*leaving);
            *to = (*sum as f32 * share).max(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::shape::ellipse;
    use super::*;

    const SQUARE: Area = Area {
        x: 0,
        y: 0,
        width: 64,
        height: 64,
    };
    const PLAIN: View = View {
        scale: 1.0,
        origin: (0.0, 0.0),
    };

    #[test]
    fn a_soft_shape_covers_as_much_as_a_hard_one() {
        let canvas = Canvas::new(SQUARE, PLAIN);
        let path = ellipse((32.0, 32.0), 12.0, 10.0).unwrap();
        let sum = |soft| {
            canvas
                .cover(&path, soft)
                .unwrap()
                .values
                .iter()
                .sum::<f32>()
        };
        assert!((sum(0.0) - sum(9.0)).abs() / sum(0.0) < 0.01);
    }

    #[test]
    fn shapes_are_clipped_at_the_canvas() {
        let area = Area {
            x: 20,
            y: 20,
            width: 16,
            height: 16,
        };
        let mut canvas = Canvas::new(area, PLAIN);
        canvas.fill(
            ellipse((20.0, 20.0), 9.0, 9.0),
            Ink::Flat([1.0, 0.5, 0.0]),
            1.0,
        );
        assert_eq!(canvas.pixels[0], [1.0, 0.5, 0.0, 1.0]);
        assert_eq!(canvas.pixels[15], [0.0; 4]);
        assert_eq!(canvas.pixels[15 * 16], [0.0; 4]);
    }

    #[test]
    fn an_area_lies_on_its_grid() {
        let area = Area::around((-3.0, 5.0), (17.2, 31.0), 16);
        assert_eq!((area.x, area.y, area.width, area.height), (-16, 0, 48, 32));
    }
}
