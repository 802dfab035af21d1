//! What of a photo is shown.

use super::bitmap::{Bitmap, Part};
use super::error::PhotoError;
use super::frame::{Frame, Point};

/// How high and wide a cropped picture of a face is, in distances between the pupils: the square about a detector's box that
/// portraits are usually cut to, hair and the beginning of the shoulders included.
const CROP: f32 = 4.7;

/// How far the middle of that lies below the pupils.
const MIDDLE: f32 = 0.5;

/// How many pixels the picture goes on beyond each of its edges, for heads that move.
pub(super) const MARGIN: usize = 32;

/// How coarse what fills up a picture is, in pixels.
const BACKDROP: u32 = 12;

/// A photo at the size at which it is shown, with a margin.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) bitmap: Bitmap,
    /// The face's frame in it.
    pub(super) frame: Frame,
}

/// The part of a photo that fills `size`; it may reach beyond the photo.
pub(super) fn part(photo: &Bitmap, frame: &Frame, crop: bool, size: (usize, usize)) -> Part {
    let (width, height) = (f64::from(photo.width), f64::from(photo.height));
    let aspect = size.0 as f64 / size.1 as f64;
    if !crop {
        let across = width.max(height * aspect);
        let down = across / aspect;
        return Part {
            x: (width - across) / 2.0,
            y: (height - down) / 2.0,
            width: across,
            height: down,
        };
    }
    let shorter = f64::from(CROP * frame.unit).min(width).min(height);
    let (across, down) = if aspect >= 1.0 {
        (shorter * aspect, shorter)
    } else {
        (shorter, shorter / aspect)
    };
    let middle = frame.pixel((0.0, MIDDLE));
    let start = |middle: f32, length: f64, limit: f64| {
        let start = f64::from(middle) - length / 2.0;
        if length <= limit {
            start.clamp(0.0, limit - length)
        } else {
            (limit - length) / 2.0
        }
    };
    Part {
        x: start(middle.0, across, width),
        y: start(middle.1, down, height),
        width: across,
        height: down,
    }
}

/// The part `part` of a photo at `size` pixels. What lies beyond the photo is filled with a blur of it, and what lies beyond
/// both with what is at the edge.
pub(super) fn seen(
    photo: &Bitmap,
    frame: &Frame,
    part: Part,
    size: (usize, usize),
) -> Result<Seen, PhotoError> {
    let scale = size.0 as f64 / part.width;
    let margin = MARGIN as f64;
    // The photo's edges in the canvas, as far as the canvas shows it.
    let edge = |at: f64, from: f64, limit: usize| {
        let at = ((at - from) * scale + margin).round();
        at.clamp(0.0, limit as f64) as usize
    };
    let canvas = (size.0 + 2 * MARGIN, size.1 + 2 * MARGIN);
    let left = edge(0.0, part.x, canvas.0);
    let right = edge(f64::from(photo.width), part.x, canvas.0).max(left + 1);
    let top = edge(0.0, part.y, canvas.1);
    let bottom = edge(f64::from(photo.height), part.y, canvas.1).max(top + 1);
    let back = |at: usize, from: f64| from + (at as f64 - margin) / scale;
    let shown = Part {
        x: back(left, part.x).max(0.0),
        y: back(top, part.y).max(0.0),
        width: (right - left) as f64 / scale,
        height: (bottom - top) as f64 / scale,
    };
    let piece = photo.scaled(shown, (right - left) as u32, (bottom - top) as u32)?;
    let filled =
        left > MARGIN || top > MARGIN || right < MARGIN + size.0 || bottom < MARGIN + size.1;
    let blur = if filled {
        let coarse = photo.scaled(photo.whole(), BACKDROP, BACKDROP)?;
        Some(coarse.scaled(coarse.whole(), size.0 as u32, size.1 as u32)?)
    } else {
        None
    };
    let mut bytes = Vec::with_capacity(canvas.0 * canvas.1 * 3);
    for y in 0..canvas.1 {
        for x in 0..canvas.0 {
            let inside = (
                x.clamp(MARGIN, MARGIN + size.0 - 1),
                y.clamp(MARGIN, MARGIN + size.1 - 1),
            );
            let held =
                |x: usize, y: usize| (left..right).contains(&x) && (top..bottom).contains(&y);
            let (x, y) = if held(x, y) { (x, y) } else { inside };
            let pixel = match &blur {
                Some(blur) if !held(x, y) => blur
                    .pixel((x - MARGIN) as i64, (y - MARGIN) as i64)
                    .map(|part| part / 2 + part / 8),
                _ => piece.pixel(x as i64 - left as i64, y as i64 - top as i64),
            };
            bytes.extend(pixel);
        }
    }
    let corner: Point = (
        (part.x - margin / scale) as f32,
        (part.y - margin / scale) as f32,
    );
    Ok(Seen {
        bitmap: Bitmap {
            width: canvas.0 as u32,
            height: canvas.1 as u32,
            bytes,
        },
        frame: frame.seen(corner, scale as f32),
    })
}
