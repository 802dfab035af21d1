//! Pictures and layers in the planes video has: luma at full size, colour differences at half.

use avatar_codec::Picture;

use super::canvas::{Area, Canvas};
use super::colour;

/// The edge of the squares that layers are cut into when they are put together, in samples of a plane.
pub(super) const CELL: usize = 8;

/// One plane of samples.
#[derive(Debug)]
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) data: Vec<u8>,
}

impl Clone for Plane {
    fn clone(&self) -> Self {
        Self {
            width: self.width,
            data: self.data.clone(),
        }
    }

    /// Keeps the allocation: frames are cloned from one another.
    fn clone_from(&mut self, other: &Self) {
        self.width = other.width;
        self.data.clone_from(&other.data);
    }
}

impl Plane {
    fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            data: vec![0; width * height],
        }
    }

    pub(super) fn height(&self) -> usize {
        self.data.len() / self.width
    }

    /// The sample at a place, or zero outside.
    pub(super) fn at(&self, x: i32, y: i32) -> u8 {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return 0;
        };
        if x >= self.width {
            return 0;
        }
        self.data.get(y * self.width + x).copied().unwrap_or(0)
    }
}

/// Luma and the two colour differences.
#[derive(Debug)]
pub(super) struct Planes {
    pub(super) y: Plane,
    pub(super) u: Plane,
    pub(super) v: Plane,
}

impl Clone for Planes {
    fn clone(&self) -> Self {
        Self {
            y: self.y.clone(),
            u: self.u.clone(),
            v: self.v.clone(),
        }
    }

    fn clone_from(&mut self, other: &Self) {
        self.y.clone_from(&other.y);
        self.u.clone_from(&other.u);
        self.v.clone_from(&other.v);
    }
}

impl Planes {
    fn new(width: usize, height: usize) -> Self {
        Self {
            y: Plane::new(width, height),
            u: Plane::new(width / 2, height / 2),
            v: Plane::new(width / 2, height / 2),
        }
    }

    /// The planes of a canvas that is opaque everywhere.
    pub(super) fn opaque(canvas: &Canvas) -> Self {
        Layer::new(canvas).colour
    }

    /// Copies the upper left part of these planes over a picture.
    pub(super) fn show(&self, picture: &mut Picture) {
        let copy = |plane: &Plane, to: &mut [u8], width: usize| {
            for (to, from) in to
                .chunks_exact_mut(width)
                .zip(plane.data.chunks_exact(plane.width))
            {
                if let Some(from) = from.get(..width) {
                    to.copy_from_slice(from);
                }
            }
        };
        copy(&self.y, &mut picture.y, picture.width);
        copy(&self.u, &mut picture.u, picture.width / 2);
        copy(&self.v, &mut picture.v, picture.width / 2);
    }

    /// Writes painted, premultiplied colours over `area`, which is even in all its measures and counts from the planes' corner.
    pub(super) fn write(&mut self, area: Area, pixels: &[[f32; 4]]) {
        let (left, top) = (area.x.max(0) as usize, area.y.max(0) as usize);
        let (wide, narrow) = (self.y.width, self.u.width);
        let lines = self.y.data.chunks_exact_mut(wide).skip(top);
        for (row, (line, pixels)) in lines.zip(pixels.chunks_exact(area.width)).enumerate() {
            for ((sample, pixel), x) in line.iter_mut().skip(left).zip(pixels).zip(left..) {
                let [r, g, b, alpha] = *pixel;
                *sample = round(colour::luma([r, g, b], alpha), dither(alpha, x, top + row));
            }
        }
        let us = self.u.data.chunks_exact_mut(narrow).skip(top / 2);
        let vs = self.v.data.chunks_exact_mut(narrow).skip(top / 2);
        let pairs = pixels.chunks_exact(area.width * 2);
        for (row, ((us, vs), pair)) in us.zip(vs).zip(pairs).enumerate() {
            let samples = us.iter_mut().zip(vs).skip(left / 2);
            for (((u, v), mean), x) in samples.zip(quarters(pair, area.width)).zip(left / 2..) {
                let [r, g, b, alpha] = mean;
                let [blue, red] = colour::chroma([r, g, b], alpha);
                let limit = dither(alpha, x, top / 2 + row);
                (*u, *v) = (round(blue, limit), round(red, limit));
            }
        }
    }
}

/// The means of two by two pixels of a pair of rows.
fn quarters(pair: &[[f32; 4]], width: usize) -> impl Iterator<Item = [f32; 4]> {
    let (upper, lower) = pair.split_at(width);
    let quads = upper
        .as_chunks::<2>()
        .0
        .iter()
        .zip(lower.as_chunks::<2>().0);
    quads.map(|(over, under)| {
        let mut mean = [0.0; 4];
        for pixel in over.iter().chain(under) {
            for (sum, value) in mean.iter_mut().zip(pixel) {
                *sum += value / 4.0;
            }
        }
        mean
    })
}

/// Where to round: spread over the plane where it is opaque, in the middle at edges.
fn dither(alpha: f32, x: usize, y: usize) -> f32 {
    if alpha >= 0.999 {
        colour::threshold(x, y)
    } else {
        0.5
    }
}

fn round(value: f32, threshold: f32) -> u8 {
    (value + threshold) as u8
}

/// What a part of a layer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Nothing.
    Nothing,
    /// Opaque colour only.
    Solid,
    /// An edge.
    Edge,
}

/// How opaque the samples of one plane size are.
#[derive(Debug)]
pub(super) struct Opacity {
    pub(super) plane: Plane,
    /// What each square holds.
    cells: Vec<Holds>,
}

impl Opacity {
    fn new(plane: Plane) -> Self {
        let (columns, rows) = (plane.width / CELL, plane.height() / CELL);
        let holds = |column: usize, row: usize| {
            let span = (column * CELL)..((column + 1) * CELL);
            let lines = plane
                .data
                .chunks_exact(plane.width)
                .skip(row * CELL)
                .take(CELL);
            let samples = lines.flat_map(|line| line.get(span.clone()).unwrap_or_default());
            let (least, most) = samples.fold((u8::MAX, 0), |(least, most), sample| {
                (least.min(*sample), most.max(*sample))
            });
            match (least, most) {
                (_, 0) => Holds::Nothing,
                (u8::MAX, _) => Holds::Solid,
                _ => Holds::Edge,
            }
        };
        let cells = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (column, row)))
            .map(|(column, row)| holds(column, row))
            .collect();
        Self { plane, cells }
    }

    /// What the `reach` by `reach` samples from a place on hold. Beyond a layer's edge there is what is just within it.
    pub(super) fn holds(&self, x: i32, y: i32, reach: i32) -> Holds {
        let columns = self.plane.width / CELL;
        let rows = self.cells.len() / columns;
        let span = |from: i32, count: usize| {
            let cell = |at: i32| (at.max(0) as usize / CELL).min(count - 1);
            cell(from)..=cell(from + reach - 1)
        };
        let mut all = None;
        for row in span(y, rows) {
            for column in span(x, columns) {
                let one = self.cells.get(row * columns + column).copied();
                if one.is_none() || *all.get_or_insert(one) != one {
                    return Holds::Edge;
                }
            }
        }
        all.flatten().unwrap_or(Holds::Edge)
    }
}

/// A painted layer: premultiplied colour codes and their opacity.
#[derive(Debug)]
pub(super) struct Layer {
    /// Where it lies in the picture, on a grid of two squares.
    pub(super) area: Area,
    pub(super) colour: Planes,
    pub(super) opacity: Opacity,
    /// At the size of the colour differences.
    pub(super) opacity_half: Opacity,
}

impl Layer {
    /// The layer painted on `canvas`.
    pub(super) fn new(canvas: &Canvas) -> Self {
        let area = canvas.area;
        let mut colour = Planes::new(area.width, area.height);
        colour.write(Area { x: 0, y: 0, ..area }, &canvas.pixels);
        let mut full = Plane::new(area.width, area.height);
        for (sample, [.., alpha]) in full.data.iter_mut().zip(&canvas.pixels) {
            *sample = round(alpha * 255.0, 0.5);
        }
        let mut half = Plane::new(area.width / 2, area.height / 2);
        let pairs = canvas.pixels.chunks_exact(area.width * 2);
        for (line, pair) in half.data.chunks_exact_mut(area.width / 2).zip(pairs) {
            for (sample, [.., alpha]) in line.iter_mut().zip(quarters(pair, area.width)) {
                *sample = round(alpha * 255.0, 0.5);
            }
        }
        Self {
            area,
            colour,
            opacity: Opacity::new(full),
            opacity_half: Opacity::new(half),
        }
    }
}
