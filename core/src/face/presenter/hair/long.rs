//! Long hair, parted on one side: two masses of overlapping locks.

use std::f32::consts::PI;

use super::super::super::chance::Chance;
use super::super::canvas::{Canvas, Coverage, Ink};
use super::super::colour::mix;
use super::super::portrait::Portrait;
use super::super::shape::{Point, between, curve, ellipse, outline, ribbon};
use super::Lock;

/// What hair covers on the right of the parting, and on the left.
const MASSES: [&[Point]; 2] = [
    &[
        (285.0, 61.0),
        (285.0, 61.0),
        (318.0, 67.0),
        (347.0, 90.0),
        (364.0, 132.0),
        (371.0, 180.0),
        (374.0, 230.0),
        (380.0, 280.0),
        (388.0, 322.0),
        (389.0, 358.0),
        (378.0, 387.0),
        (356.0, 403.0),
        (330.0, 406.0),
        (302.0, 394.0),
        (302.0, 394.0),
        (322.0, 370.0),
        (335.0, 338.0),
        (341.0, 294.0),
        (339.0, 250.0),
        (337.0, 212.0),
        (331.0, 174.0),
        (315.0, 138.0),
        (284.0, 108.0),
        (284.0, 108.0),
    ],
    &[
        (292.0, 62.0),
        (292.0, 62.0),
        (262.0, 57.0),
        (226.0, 62.0),
        (190.0, 79.0),
        (163.0, 111.0),
        (149.0, 156.0),
        (143.0, 205.0),
        (137.0, 255.0),
        (128.0, 300.0),
        (123.0, 345.0),
        (130.0, 380.0),
        (151.0, 402.0),
        (180.0, 408.0),
        (211.0, 396.0),
        (211.0, 396.0),
        (190.0, 372.0),
        (177.0, 338.0),
        (171.0, 298.0),
        (173.0, 262.0),
        (179.0, 232.0),
        (187.0, 201.0),
        (203.0, 171.0),
        (229.0, 146.0),
        (261.0, 124.0),
        (290.0, 107.0),
        (290.0, 107.0),
    ],
];

/// Locks of each, from the back to the front; their tips reach beyond what hair covers.
const LOCKS: [&[Lock<'static>]; 2] = [
    &[
        Lock {
            inner: &[
                (298.0, 84.0),
                (340.0, 122.0),
                (353.0, 178.0),
                (355.0, 240.0),
                (362.0, 300.0),
                (360.0, 352.0),
                (318.0, 412.0),
            ],
            outer: &[
                (286.0, 58.0),
                (350.0, 82.0),
                (373.0, 146.0),
                (378.0, 220.0),
                (391.0, 292.0),
                (398.0, 352.0),
                (344.0, 424.0),
            ],
            lit: 0.45,
        },
        Lock {
            inner: &[
                (284.0, 107.0),
                (318.0, 136.0),
                (334.0, 178.0),
                (337.0, 236.0),
                (341.0, 294.0),
                (332.0, 346.0),
                (284.0, 398.0),
            ],
            outer: &[
                (286.0, 64.0),
                (338.0, 92.0),
                (358.0, 150.0),
                (362.0, 222.0),
                (371.0, 292.0),
                (371.0, 350.0),
                (318.0, 416.0),
            ],
            lit: 0.75,
        },
    ],
    &[
        Lock {
            inner: &[
                (262.0, 84.0),
                (196.0, 116.0),
                (168.0, 176.0),
                (159.0, 240.0),
                (151.0, 300.0),
                (155.0, 352.0),
                (204.0, 416.0),
            ],
            outer: &[
                (290.0, 56.0),
                (182.0, 68.0),
                (146.0, 140.0),
                (138.0, 218.0),
                (122.0, 292.0),
                (114.0, 352.0),
                (176.0, 426.0),
            ],
            lit: 0.8,
        },
        Lock {
            inner: &[
                (290.0, 106.0),
                (226.0, 132.0),
                (188.0, 182.0),
                (177.0, 236.0),
                (171.0, 294.0),
                (180.0, 346.0),
                (232.0, 400.0),
            ],
            outer: &[
                (290.0, 66.0),
                (202.0, 82.0),
                (162.0, 146.0),
                (152.0, 220.0),
                (140.0, 292.0),
                (140.0, 350.0),
                (198.0, 420.0),
            ],
            lit: 1.0,
        },
        // The fringe sweeps across the forehead.
        Lock {
            inner: &[
                (290.0, 106.0),
                (262.0, 123.0),
                (228.0, 145.0),
                (201.0, 172.0),
                (186.0, 202.0),
                (178.0, 234.0),
                (170.0, 274.0),
            ],
            outer: &[
                (290.0, 70.0),
                (240.0, 82.0),
                (200.0, 108.0),
                (177.0, 148.0),
                (168.0, 192.0),
                (165.0, 232.0),
                (169.0, 276.0),
            ],
            lit: 1.15,
        },
    ],
];

/// Hair behind the neck.
pub(super) fn paint_behind(canvas: &mut Canvas, portrait: &Portrait) {
    let hair = &portrait.hair;
    let mass = [
        (256.0, 120.0),
        (330.0, 140.0),
        (362.0, 200.0),
        (370.0, 290.0),
        (366.0, 356.0),
        (332.0, 392.0),
        (256.0, 402.0),
        (180.0, 392.0),
        (146.0, 356.0),
        (142.0, 290.0),
        (150.0, 200.0),
        (182.0, 140.0),
    ];
    let Some(cover) = outline(&mass).and_then(|path| canvas.cover(&path, 0.0)) else {
        return;
    };
    let soft = mix(hair.deep, hair.base, 0.30);
    let tones = [(0.0, hair.deep), (0.5, hair.deep), (1.0, soft)];
    canvas.pour(
        &cover,
        None,
        Ink::Line((256.0, 250.0), (256.0, 400.0), &tones),
        1.0,
    );
    let mut chance = Chance::new(3);
    for _ in 0..70 {
        let x = chance.within(150.0, 362.0);
        let drift = chance.within(-12.0, 12.0);
        let strand = curve(
            &[(x, 250.0), (x + drift * 0.3, 330.0), (x + drift, 404.0)],
            12,
        );
        let width = chance.within(0.8, 3.0);
        let path = ribbon(&strand, |t| width * (t * PI).sin().max(0.1));
        canvas.shade(path, 0.8, Some(&cover), Ink::Flat(hair.base), 0.22);
    }
}

/// Hair on the skull behind the forehead.
pub(super) fn paint_under(canvas: &mut Canvas, portrait: &Portrait) {
    let path = ellipse((260.0, 156.0), 106.0, 96.0);
    canvas.fill(path, Ink::Flat(portrait.hair.base), 1.0);
}

/// Hair in front, and its shadow on the face.
pub(super) fn paint_before(canvas: &mut Canvas, portrait: &Portrait, face: Option<&Coverage>) {
    let (hair, skin) = (&portrait.hair, &portrait.skin);
    for mass in MASSES {
        let lower: Vec<Point> = mass.iter().map(|&(x, y)| (x + 4.0, y + 8.0)).collect();
        canvas.shade(outline(&lower), 10.0, face, Ink::Flat(skin.deep), 0.5);
    }
    let mut chance = Chance::new(11);
    for ((mass, locks), in_window_light) in MASSES.into_iter().zip(LOCKS).zip([false, true]) {
        let Some(cover) = outline(mass).and_then(|path| canvas.cover(&path, 0.0)) else {
            continue;
        };
        let tones = [(0.0, hair.base), (0.55, hair.base), (1.0, hair.deep)];
        canvas.pour(
            &cover,
            None,
            Ink::Line((240.0, 90.0), (256.0, 490.0), &tones),
            1.0,
        );
        for lock in locks {
            // Each lock shades the one it lies on.
            canvas.shade(
                lock.moved((2.0, 4.0)),
                8.0,
                Some(&cover),
                Ink::Flat(hair.deep),
                0.55,
            );
            let Some(mut own) = lock.path().and_then(|path| canvas.cover(&path, 1.2)) else {
                continue;
            };
            own.keep_within(&cover);
            canvas.pour(
                &own,
                None,
                Ink::Line((240.0, 90.0), (256.0, 490.0), &tones),
                1.0,
            );
            shade_lock(canvas, portrait, lock, &own, &mut chance);
            strands(canvas, portrait, lock, &own, &mut chance);
        }
        edges(canvas, portrait, mass, in_window_light, &cover);
    }
}

/// Hair turns away at its outline; on the side of the window it catches the light there.
fn edges(
    canvas: &mut Canvas,
    portrait: &Portrait,
    mass: &[Point],
    in_window_light: bool,
    cover: &Coverage,
) {
    let hair = &portrait.hair;
    let rim: Vec<Point> = mass.iter().skip(1).take(12).copied().collect();
    let line = curve(&rim, 60);
    canvas.shade(
        ribbon(&line, |_| 7.0),
        5.0,
        Some(cover),
        Ink::Flat(hair.deep),
        0.4,
    );
    if in_window_light {
        let path = ribbon(&line, |t| 3.4 * (t * PI).sin().max(0.0));
        canvas.shade(path, 2.0, Some(cover), Ink::Flat(hair.shine), 0.55);
    }
    let face: Vec<Point> = mass.iter().skip(14).copied().collect();
    let path = ribbon(&curve(&face, 60), |t| 12.0 - 7.0 * t);
    canvas.shade(path, 7.0, Some(cover), Ink::Flat(hair.deep), 0.6);
}

/// Broad soft waves of light and dark along a lock.
fn shade_lock(
    canvas: &mut Canvas,
    portrait: &Portrait,
    lock: &Lock<'_>,
    cover: &Coverage,
    chance: &mut Chance,
) {
    let hair = &portrait.hair;
    let along = |t: f32| curve(&between(lock.inner, lock.outer, t), 48);
    canvas.shade(
        ribbon(&along(0.98), |_| 6.0),
        5.0,
        Some(cover),
        Ink::Flat(hair.deep),
        0.4,
    );
    for n in 0..9 {
        let t = (n as f32 + 0.5) / 9.0 + chance.within(-0.04, 0.04);
        let width = chance.within(4.0, 10.0);
        let (colour, opacity) = if n % 2 == 0 {
            (hair.light, 0.42 * lock.lit)
        } else {
            (hair.deep, 0.34)
        };
        let path = ribbon(&along(t), |t| {
            width * (0.15 + 0.85 * (t * PI).sin().max(0.0))
        });
        canvas.shade(path, 4.5, Some(cover), Ink::Flat(colour), opacity);
    }
}

/// Fine strands, and the sheen where the hair bends towards the light.
fn strands(
    canvas: &mut Canvas,
    portrait: &Portrait,
    lock: &Lock<'_>,
    cover: &Coverage,
    chance: &mut Chance,
) {
    let hair = &portrait.hair;
    for n in 0..54 {
        let from = chance.unit();
        let to = (from + chance.within(-0.08, 0.08)).clamp(0.0, 1.0);
        let (first, second) = (
            between(lock.inner, lock.outer, from),
            between(lock.inner, lock.outer, to),
        );
        let last = (first.len() - 1).max(1) as f32;
        let guide: Vec<Point> = first
            .iter()
            .zip(&second)
            .zip(0..)
            .map(|((a, b), n)| {
                let s = n as f32 / last;
                (a.0 + (b.0 - a.0) * s, a.1 + (b.1 - a.1) * s)
            })
            .collect();
        let width = chance.within(0.6, 1.6);
        let path = ribbon(&curve(&guide, 40), |t| {
            width * (0.3 + 0.7 * (t * PI).sin().max(0.0))
        });
        let (colour, opacity) = match n % 3 {
            0 => (hair.deep, 0.30),
            1 => (hair.light, 0.38 * lock.lit),
            _ => (hair.shine, 0.16 * lock.lit),
        };
        canvas.shade(path, 0.0, Some(cover), Ink::Flat(colour), opacity);
    }
    for n in 0..44 {
        let t = 0.06 + 0.88 * chance.unit();
        let line = curve(&between(lock.inner, lock.outer, t), 60);
        let (centre, reach) = match n % 3 {
            0 => (chance.within(0.70, 0.78), 0.12),
            _ => (chance.within(0.20, 0.28), chance.within(0.08, 0.16)),
        };
        let part: Vec<Point> = line
            .iter()
            .zip(0..)
            .filter(|(_, n)| (*n as f32 / 60.0 - centre).abs() < reach)
            .map(|(point, _)| *point)
            .collect();
        let width = chance.within(1.0, 3.6);
        let path = ribbon(&part, |t| width * (t * PI).sin().max(0.0));
        let fade = (t * PI).sin();
        canvas.shade(
            path,
            1.4,
            Some(cover),
            Ink::Flat(hair.shine),
            0.40 * lock.lit * fade,
        );
    }
}
