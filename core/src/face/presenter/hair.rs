//! Hair: soft masses first, then many fine strands along them.

use std::f32::consts::PI;

use super::super::chance::Chance;
use super::canvas::{Canvas, Coverage, Ink};
use super::portrait::{Cut, MIDDLE, Portrait};
use super::shape::{Point, between, curve, outline, ribbon};

/// Hair that falls behind the neck; painted before the body.
pub(super) fn paint_behind(canvas: &mut Canvas, portrait: &Portrait) {
    if portrait.hair.cut != Cut::Long {
        return;
    }
    let mass = [
        (256.0, 120.0),
        (330.0, 140.0),
        (362.0, 200.0),
        (368.0, 290.0),
        (362.0, 356.0),
        (330.0, 392.0),
        (256.0, 400.0),
        (182.0, 392.0),
        (150.0, 356.0),
        (144.0, 290.0),
        (150.0, 200.0),
        (182.0, 140.0),
    ];
    canvas.fill(outline(&mass), Ink::Flat(portrait.hair.deep), 1.0);
}

/// Hair in front, and its shadow on the face.
pub(super) fn paint_before(canvas: &mut Canvas, portrait: &Portrait, face: Option<&Coverage>) {
    match portrait.hair.cut {
        Cut::Long => long(canvas, portrait, face),
        Cut::Short => short(canvas, portrait, face),
    }
}

/// A lock: what lies between the edge at the face and the edge to the outside, both from root to tip.
struct Lock<'a> {
    inner: &'a [Point],
    outer: &'a [Point],
    lit: f32,
}

impl Lock<'_> {
    fn path(&self) -> Option<tiny_skia::Path> {
        let mut points = curve(self.inner, 40);
        points.extend(curve(self.outer, 40).into_iter().rev());
        let mut path = tiny_skia::PathBuilder::new();
        let mut points = points.into_iter();
        let start = points.next()?;
        path.move_to(start.0, start.1);
        for (x, y) in points {
            path.line_to(x, y);
        }
        path.close();
        path.finish()
    }
}

const LEFT: Lock<'static> = Lock {
    inner: &[
        (284.0, 103.0),
        (258.0, 117.0),
        (222.0, 136.0),
        (195.0, 163.0),
        (181.0, 195.0),
        (177.0, 235.0),
        (176.0, 275.0),
        (180.0, 315.0),
        (190.0, 355.0),
        (206.0, 394.0),
    ],
    outer: &[
        (284.0, 80.0),
        (244.0, 68.0),
        (198.0, 82.0),
        (164.0, 118.0),
        (149.0, 168.0),
        (143.0, 220.0),
        (136.0, 272.0),
        (128.0, 320.0),
        (134.0, 368.0),
        (178.0, 406.0),
    ],
    lit: 1.0,
};

const RIGHT: Lock<'static> = Lock {
    inner: &[
        (284.0, 103.0),
        (302.0, 112.0),
        (322.0, 134.0),
        (333.0, 165.0),
        (337.0, 200.0),
        (337.0, 240.0),
        (336.0, 280.0),
        (331.0, 318.0),
        (322.0, 356.0),
        (306.0, 394.0),
    ],
    outer: &[
        (284.0, 80.0),
        (312.0, 74.0),
        (342.0, 94.0),
        (361.0, 132.0),
        (370.0, 178.0),
        (374.0, 226.0),
        (380.0, 276.0),
        (386.0, 322.0),
        (379.0, 368.0),
        (334.0, 406.0),
    ],
    lit: 0.55,
};

fn long(canvas: &mut Canvas, portrait: &Portrait, face: Option<&Coverage>) {
    let (hair, skin) = (&portrait.hair, &portrait.skin);
    for lock in [&LEFT, &RIGHT] {
        let lower = |points: &[Point]| -> Vec<Point> {
            points.iter().map(|&(x, y)| (x + 5.0, y + 9.0)).collect()
        };
        let (inner, outer) = (lower(lock.inner), lower(lock.outer));
        let shadow = Lock {
            inner: &inner,
            outer: &outer,
            lit: 0.0,
        };
        canvas.shade(shadow.path(), 10.0, face, Ink::Flat(skin.deep), 0.55);
    }
    let mut chance = Chance::new(11);
    for lock in [&RIGHT, &LEFT] {
        let Some(cover) = lock.path().and_then(|path| canvas.cover(&path, 0.0)) else {
            continue;
        };
        let tones = [(0.0, hair.base), (0.45, hair.base), (1.0, hair.deep)];
        canvas.pour(
            &cover,
            None,
            Ink::Line((230.0, 90.0), (256.0, 420.0), &tones),
            1.0,
        );
        shade_lock(canvas, portrait, lock, &cover);
        strands(canvas, portrait, lock, &cover, &mut chance);
    }
    // The parting.
    let parting = curve(&[(284.0, 79.0), (285.0, 92.0), (284.0, 104.0)], 8);
    canvas.shade(
        ribbon(&parting, |t| 1.0 + 2.0 * t),
        1.5,
        None,
        Ink::Flat(hair.deep),
        0.7,
    );
}

/// Darker where a lock turns away at its edges, lighter on its back.
fn shade_lock(canvas: &mut Canvas, portrait: &Portrait, lock: &Lock<'_>, cover: &Coverage) {
    let hair = &portrait.hair;
    let inner = curve(lock.inner, 40);
    canvas.shade(
        ribbon(&inner, |t| 9.0 + 12.0 * t),
        8.0,
        Some(cover),
        Ink::Flat(hair.deep),
        0.8,
    );
    let outer = curve(lock.outer, 40);
    canvas.shade(
        ribbon(&outer, |_| 9.0),
        7.0,
        Some(cover),
        Ink::Flat(hair.deep),
        0.6,
    );
    let back = curve(&between(lock.inner, lock.outer, 0.6), 40);
    let path = ribbon(&back, |t| 24.0 * (t * PI).sin().max(0.05));
    canvas.shade(
        path,
        12.0,
        Some(cover),
        Ink::Flat(hair.light),
        0.55 * lock.lit,
    );
}

fn strands(
    canvas: &mut Canvas,
    portrait: &Portrait,
    lock: &Lock<'_>,
    cover: &Coverage,
    chance: &mut Chance,
) {
    let hair = &portrait.hair;
    for n in 0..150 {
        let t = chance.unit();
        let drift = chance.within(-0.10, 0.10);
        let wave = chance.within(-2.0, 2.0);
        let from = between(lock.inner, lock.outer, t);
        let to = between(lock.inner, lock.outer, (t + drift).clamp(0.0, 1.0));
        let last = (from.len() - 1).max(1) as f32;
        let guide: Vec<Point> = from
            .iter()
            .zip(&to)
            .enumerate()
            .map(|(n, (a, b))| {
                let s = n as f32 / last;
                let bend = wave * (s * PI * 2.0).sin();
                (a.0 + (b.0 - a.0) * s + bend, a.1 + (b.1 - a.1) * s)
            })
            .collect();
        let line = curve(&guide, 36);
        let width = chance.within(0.7, 2.6);
        let path = ribbon(&line, |t| width * (0.35 + 0.65 * (t * PI).sin().max(0.0)));
        let (colour, opacity) = match n % 5 {
            0 | 1 => (hair.deep, 0.34),
            2 | 3 => (hair.light, 0.34 * lock.lit),
            _ => (hair.base, 0.4),
        };
        canvas.shade(path, 0.0, Some(cover), Ink::Flat(colour), opacity);
    }
    // Sheen: two bands across the strands, where the hair bends towards the light.
    for n in 0..110 {
        let t = 0.08 + 0.84 * chance.unit();
        let line = curve(&between(lock.inner, lock.outer, t), 48);
        let (centre, reach) = if n % 3 == 0 {
            (chance.within(0.72, 0.82), 0.13)
        } else {
            (chance.within(0.24, 0.32), chance.within(0.10, 0.17))
        };
        let part: Vec<Point> = line
            .iter()
            .enumerate()
            .filter(|(n, _)| ((*n as f32 / 48.0) - centre).abs() < reach)
            .map(|(_, point)| *point)
            .collect();
        let width = chance.within(0.8, 2.4);
        let path = ribbon(&part, |t| width * (t * PI).sin().max(0.0));
        let fade = (t * PI).sin();
        canvas.shade(
            path,
            0.6,
            Some(cover),
            Ink::Flat(hair.shine),
            0.42 * lock.lit * fade,
        );
    }
}

fn short(canvas: &mut Canvas, portrait: &Portrait, face: Option<&Coverage>) {
    let (hair, skin) = (&portrait.hair, &portrait.skin);
    let outer: [Point; 13] = [
        (173.0, 236.0),
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
        (340.0, 236.0),
        (338.0, 238.0),
    ];
    let line: [Point; 13] = [
        (176.0, 238.0),
        (181.0, 206.0),
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
        (337.0, 238.0),
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
