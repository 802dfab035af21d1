//! What lies before an eye and stays where it is when the eye blinks: the rim of glasses, light that they reflect.

use super::eyes::Eye;
use super::frame::Point;
use super::patch::Patch;

/// Places along an eye at which it is told how high its lid is free.
pub(super) const COLUMNS: usize = 11;

/// How far above a lid its skin is drawn from, in the face's measure.
pub(super) const LID: f32 = 0.15;

/// Where there is less skin than this between rim and lid, nothing can be drawn down.
const LEAST: f32 = 0.035;

/// Skin that a lid shuts with whatever is above it.
const KEPT: f32 = 0.06;

/// Of the steps from one column to the next, those in which a rim goes on.
const STEADY: usize = 4;

/// How much darker than skin something above a lid is, and a line across an eye, as parts of its brightness.
const STEEP: f32 = 0.20;
const DARK: f32 = 0.30;

/// How far above and below a rim skin is looked at.
const BESIDE: f32 = 0.07;

/// The part of an eye and what is about it that is brighter than skin where glasses reflect: more than the white of an eye is.
const BRIGHT: f32 = 0.055;

/// Heights above which nothing moves, from the left of an eye to the right, below its pupil.
pub(super) type Rim = [f32; COLUMNS];

/// Where there is none.
pub(super) const FREE: Rim = [f32::MIN; COLUMNS];

/// What of a face about an eye can be seen to blink: the rim above the lid, or nothing where the blink would look wrong.
pub(super) fn look(patch: &Patch, eye: &Eye) -> Option<Rim> {
    if reflects(patch, eye) {
        return None;
    }
    let line = across(patch, eye);
    if line.is_some_and(|line| line > -eye.lids.0 - LEAST) {
        return None;
    }
    let mut rim = arc(patch, eye);
    for rim in &mut rim {
        *rim = rim.max(line.unwrap_or(f32::MIN));
    }
    Some(rim)
}

/// A rim, or a brow, that bends over the eye. It might be the shadow of either, so it leaves the lid what it needs to shut.
fn arc(patch: &Patch, eye: &Eye) -> Rim {
    let mut seen = [None; COLUMNS];
    for (n, seen) in seen.iter_mut().enumerate() {
        *seen = above(patch, eye, place(n));
    }
    let smooth = seen.windows(2).filter(|pair| match pair {
        [Some(a), Some(b)] => (a - b).abs() < 0.05,
        _ => false,
    });
    let mut rim = FREE;
    if smooth.count() < STEADY {
        return rim;
    }
    for (n, rim) in rim.iter_mut().enumerate() {
        let near = seen.get(n.saturating_sub(1)..(n + 2).min(COLUMNS));
        let near = near.unwrap_or(&[]).iter().flatten().copied();
        let bow = 1.0 - place(n).powi(2);
        let most = -eye.lids.0 * bow - KEPT * bow.sqrt();
        *rim = near.fold(f32::MIN, f32::max).min(most);
    }
    rim
}

/// Where along the eye a column lies, −1…1.
fn place(n: usize) -> f32 {
    n as f32 / (COLUMNS - 1) as f32 * 2.0 - 1.0
}

/// The height that is told for a place `s` along an eye.
pub(super) fn height(rim: &Rim, s: f32) -> f32 {
    let at = (s.clamp(-1.0, 1.0) + 1.0) / 2.0 * (COLUMNS - 1) as f32;
    let (n, part) = (at as usize, at.fract());
    let near = |n: usize| rim.get(n).copied().unwrap_or(f32::MIN);
    let (a, b) = (near(n), near((n + 1).min(COLUMNS - 1)));
    if a == f32::MIN || b == f32::MIN {
        return a.max(b);
    }
    a + (b - a) * part
}

/// The lower edge of something dark above the lid.
fn above(patch: &Patch, eye: &Eye, s: f32) -> Option<f32> {
    let bow = (1.0 - s * s).max(0.0);
    let lid = -eye.lids.0 * bow;
    let bright = |y: f32| patch.bright((eye.pupil.0 + s * eye.half_width, eye.pupil.1 + y));
    // Lashes and the fold of the lid lie below.
    let first = lid - 0.035;
    let last = lid - LID * bow.sqrt() - 0.03;
    let steps = ((first - last) / 0.008).max(0.0) as usize;
    let heights = (0..=steps).map(|n| first - n as f32 * 0.008);
    let dark = |y: &f32| bright(*y) < bright(*y + 0.05) * (1.0 - STEEP);
    // What begins dark is the shadow of the lid itself.
    let mut edges = heights.skip_while(dark).filter(dark);
    edges.next().map(|y| y + 0.024)
}

/// The lower edge of a dark line that goes straight on beyond both ends of an eye, at or above its lower lid.
fn across(patch: &Patch, eye: &Eye) -> Option<f32> {
    let side = |side: f32| {
        let near = line(patch, eye, side * (eye.half_width - 0.02))?;
        let far = line(patch, eye, side * (eye.half_width + 0.045))?;
        ((near.0 - far.0).abs() < 0.035).then_some(((near.0 + far.0) / 2.0, near.1.max(far.1)))
    };
    let (left, right) = (side(-1.0)?, side(1.0)?);
    ((left.0 - right.0).abs() < 0.07).then_some(left.1.max(right.1) + 0.012)
}

/// The height of the darkest line that crosses a column, and of its lower edge.
fn line(patch: &Patch, eye: &Eye, x: f32) -> Option<(f32, f32)> {
    let bright = |y: f32| patch.bright((eye.pupil.0 + x, eye.pupil.1 + y));
    let lowest = eye.lids.1;
    let mut best = (DARK, None);
    for n in 0..40 {
        let y = lowest - n as f32 * 0.008;
        let skin = bright(y - BESIDE).min(bright(y + BESIDE));
        let depth = 1.0 - bright(y) / skin.max(1.0);
        if depth > best.0 {
            best = (depth, Some((y, skin)));
        }
    }
    let (y, skin) = best.1?;
    let half = (bright(y) + skin) / 2.0;
    let mut edges = (0..12).map(|n| y + n as f32 * 0.008);
    let edge = edges.find(|y| bright(*y) > half).unwrap_or(y + BESIDE);
    Some((y, edge))
}

/// Whether more than a little of an eye and what is about it is brighter and whiter than skin.
fn reflects(patch: &Patch, eye: &Eye) -> bool {
    let samples = || {
        (0..patch.luma.len()).filter_map(|n| {
            let (x, y) = patch.place(n);
            let luma = patch.luma.get(n)?;
            let red = patch.redness.get(n)?;
            Some(((x - eye.pupil.0, y - eye.pupil.1), *luma, *red))
        })
    };
    let cheek = samples().filter(|((x, y), ..)| x.abs() < 0.3 && (0.2..0.38).contains(y));
    let (mut lights, mut reds): (Vec<f32>, Vec<f32>) =
        cheek.map(|(_, luma, red)| (luma, red)).unzip();
    lights.sort_by(f32::total_cmp);
    reds.sort_by(f32::total_cmp);
    let nth = |values: &[f32], tenths: usize| values.get(values.len() * tenths / 10).copied();
    let Some((skin, red)) = nth(&lights, 9).zip(nth(&reds, 5)) else {
        return false;
    };
    let around = |(x, y): &Point| x.abs() < eye.half_width + 0.05 && (-0.25..0.2).contains(y);
    let (mut bright, mut all) = (0.0, 0.0);
    for (_, luma, redness) in samples().filter(|(place, ..)| around(place)) {
        let white = if red > 0.06 {
            luma > 1.04 * skin && redness < 0.5 * red
        } else {
            luma > 1.2 * skin
        };
        bright += if white { 1.0 } else { 0.0 };
        all += 1.0;
    }
    bright > BRIGHT * all
}
