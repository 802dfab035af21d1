//! Where the chin ends.

use super::bitmap::Bitmap;
use super::frame::Frame;
use super::lips::Shape;
use super::patch::{FINE, Patch};

/// How far chins lie below the mouth.
const USUAL: f32 = 0.70;
const SPREAD: f32 = 0.13;

/// What is looked at, below the mouth.
const FROM: f32 = 0.42;
const TO: f32 = 1.05;

/// The height of the tip of the chin in the face's measure: where brightness falls off below the mouth, as the neck lies in
/// the chin's shadow, and not far from where chins are.
pub(super) fn look(photo: &Bitmap, frame: &Frame, mouth: &Shape) -> f32 {
    let corner = (mouth.x - 0.16, mouth.y + FROM - 0.1);
    let patch = Patch::new(photo, frame, corner, (mouth.x + 0.16, mouth.y + TO + 0.1));
    let rows: Vec<f32> = patch
        .luma
        .chunks_exact(patch.width.max(1))
        .map(|row| row.iter().sum::<f32>() / row.len() as f32)
        .collect();
    let mut best = (f32::MIN, mouth.y + USUAL);
    let steps = ((TO - FROM) * FINE) as usize;
    for n in 0..steps {
        let below = FROM + n as f32 / FINE;
        let y = mouth.y + below;
        let at = |dy: f32| {
            let row = patch.row(y + dy).max(0.0) as usize;
            rows.get(row).copied().unwrap_or(0.0)
        };
        let fall = (at(-0.05) + at(-0.03)) - (at(0.03) + at(0.05));
        let off = (below - USUAL) / SPREAD;
        let score = fall.abs().min(60.0) - 14.0 * off * off;
        if score > best.0 {
            best = (score, y);
        }
    }
    best.1
}
