//! Short hair, swept up and to one side.

use std::f32::consts::PI;

use super::super::super::chance::Chance;
use super::super::canvas::{Canvas, Coverage, Ink};
use super::super::portrait::{MIDDLE, Portrait};
use super::super::shape::{Point, curve, ribbon};
use super::Lock;

/// Hair, and its shadow on the face.
pub(super) fn paint_before(canvas: &mut Canvas, portrait: &Portrait, face: Option<&Coverage>) {
    let (hair, skin) = (&portrait.hair, &portrait.skin);
    let outer: [Point; 13] = [
        (174.0, 230.0),
        (168.0, 196.0),
        (165.0, 150.0),
        (174.0, 106.0),
        (202.0, 74.0),
        (240.0, 60.0),
        (284.0, 58.0),
        (322.0, 72.0),
        (344.0, 104.0),
        (350.0, 150.0),
        (346.0, 196.0),
        (341.0, 222.0),
        (339.0, 230.0),
    ];
    let line: [Point; 13] = [
        (180.0, 230.0),
        (183.0, 206.0),
        (183.0, 176.0),
        (186.0, 152.0),
        (202.0, 137.0),
        (226.0, 126.0),
        (256.0, 122.0),
        (290.0, 125.0),
        (316.0, 136.0),
        (328.0, 154.0),
        (331.0, 178.0),
        (332.0, 206.0),
        (333.0, 230.0),
    ];
    let mass = Lock {
        inner: &line,
        outer: &outer,
        lit: 1.0,
    };
    let lower = line.map(|(x, y)| (x + 3.0, y + 7.0));
    let shadow = Lock {
        inner: &lower,
        outer: &outer,
        lit: 0.0,
    };
    canvas.shade(shadow.path(), 8.0, face, Ink::Flat(skin.deep), 0.5);
    canvas.shade(mass.path(), 3.0, face, Ink::Flat(hair.deep), 0.7);
    let Some(cover) = mass.path().and_then(|path| canvas.cover(&path, 0.8)) else {
        return;
    };
    let tones = [(0.0, hair.light), (0.5, hair.base), (1.0, hair.deep)];
    canvas.pour(
        &cover,
        None,
        Ink::Line((200.0, 60.0), (330.0, 220.0), &tones),
        1.0,
    );
    let (roots, tips) = (curve(&line, 120), curve(&outer, 120));
    let mut chance = Chance::new(5);
    for n in 0..420 {
        let t = chance.unit();
        let sweep = (t * PI).sin() * chance.within(0.10, 0.20);
        let place = |points: &[Point], t: f32| {
            let n = (t.clamp(0.0, 1.0) * (points.len() - 1) as f32) as usize;
            points.get(n).copied().unwrap_or((MIDDLE, 100.0))
        };
        let (root, tip) = (place(&roots, t), place(&tips, t + sweep));
        let rise = place(&tips, t + sweep * 0.25);
        let middle = (
            root.0 * 0.35 + rise.0 * 0.65,
            root.1 * 0.35 + rise.1 * 0.65 + 3.0,
        );
        let reach = chance.within(0.75, 1.03);
        let end = (
            root.0 + (tip.0 - root.0) * reach,
            root.1 + (tip.1 - root.1) * reach,
        );
        let strand = curve(&[root, middle, end], 16);
        let width = chance.within(0.9, 3.0);
        let path = ribbon(&strand, |t| width * (1.0 - t).powf(0.6) + 0.3);
        let top = (t * PI).sin().powi(2);
        let (colour, opacity) = match n % 7 {
            0..=2 => (hair.deep, 0.4),
            3 | 4 => (hair.base, 0.5),
            5 => (hair.light, 0.5 * top),
            _ => (hair.shine, 0.35 * top * if t < 0.6 { 1.0 } else { 0.4 }),
        };
        canvas.shade(path, 0.0, None, Ink::Flat(colour), opacity);
    }
}
