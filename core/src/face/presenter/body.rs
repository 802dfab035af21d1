//! Neck, shoulders and clothes.

use super::canvas::{Canvas, Ink};
use super::portrait::{MIDDLE, Portrait};
use super::shape::{Point, curve, ellipse, outline, ribbon, symmetric};

/// Paints everything below the head.
pub(super) fn paint(canvas: &mut Canvas, portrait: &Portrait) {
    neck(canvas, portrait);
    shirt(canvas, portrait);
    for side in [-1.0, 1.0] {
        jacket(canvas, portrait, side);
    }
}

fn at(side: f32, points: &[Point]) -> Vec<Point> {
    points
        .iter()
        .map(|&(x, y)| (MIDDLE + side * x, y))
        .collect()
}

fn neck(canvas: &mut Canvas, portrait: &Portrait) {
    let skin = &portrait.skin;
    let chin = portrait.chin();
    let n = portrait.outfit.neck;
    let path = symmetric(
        MIDDLE,
        &[
            (0.0, 250.0),
            (n, 262.0),
            (n, 310.0),
            (n + 1.0, 340.0),
            (n + 7.0, 362.0),
            (n + 34.0, 380.0),
            (n + 60.0, 392.0),
            (n + 40.0, 470.0),
            (0.0, 530.0),
        ],
    );
    let Some(cover) = path.and_then(|path| canvas.cover(&path, 0.0)) else {
        return;
    };
    let tones = [(0.0, skin.light), (0.42, skin.base), (1.0, skin.shade)];
    let ink = Ink::Line(
        (MIDDLE - n - 20.0, 330.0),
        (MIDDLE + n + 36.0, 360.0),
        &tones,
    );
    canvas.pour(&cover, None, ink, 1.0);
    let soft = |canvas: &mut Canvas, points: &[Point], reach: f32, width: f32, opacity: f32| {
        let line = curve(points, 20);
        let path = ribbon(&line, |t| {
            width * (t * std::f32::consts::PI).sin().max(0.12)
        });
        canvas.shade(path, reach, Some(&cover), Ink::Flat(skin.deep), opacity);
    };
    // The shadow of the head falls down and to the right.
    let shadow = [
        (MIDDLE - n - 14.0, chin - 30.0),
        (MIDDLE - 18.0, chin + 17.0),
        (MIDDLE + 12.0, chin + 24.0),
        (MIDDLE + n + 8.0, chin + 8.0),
        (MIDDLE + n + 16.0, chin - 60.0),
        (MIDDLE - n - 14.0, chin - 70.0),
    ];
    canvas.shade(
        outline(&shadow),
        11.0,
        Some(&cover),
        Ink::Flat(skin.deep),
        0.62,
    );
    // The muscles from behind the ears to the pit of the throat, and the collar bones.
    soft(
        canvas,
        &[
            (MIDDLE + n - 5.0, 335.0),
            (MIDDLE + 20.0, 366.0),
            (MIDDLE + 9.0, 388.0),
        ],
        5.0,
        8.0,
        0.11,
    );
    soft(
        canvas,
        &[
            (MIDDLE - n + 7.0, 345.0),
            (MIDDLE - 20.0, 370.0),
            (MIDDLE - 9.0, 388.0),
        ],
        5.0,
        6.0,
        0.11,
    );
    canvas.shade(
        ellipse((MIDDLE + 1.0, 393.0), 8.0, 6.0),
        6.0,
        Some(&cover),
        Ink::Flat(skin.deep),
        0.20,
    );
    for side in [-1.0, 1.0] {
        let bone = at(side, &[(10.0, 397.0), (34.0, 395.0), (66.0, 386.0)]);
        soft(canvas, &bone, 4.0, 5.0, 0.25);
        let lit = at(side, &[(12.0, 391.0), (34.0, 389.0), (60.0, 381.0)]);
        let path = ribbon(&curve(&lit, 16), |_| 4.0);
        canvas.shade(path, 4.0, Some(&cover), Ink::Flat(skin.light), 0.45);
    }
}

fn shirt(canvas: &mut Canvas, portrait: &Portrait) {
    let outfit = &portrait.outfit;
    let [light, dark] = outfit.shirt;
    let n = outfit.neck;
    let depth = if outfit.collar { 404.0 } else { 424.0 };
    let left: &[Point] = &[
        (-n - 4.0, 380.0),
        (-n - 4.0, 380.0),
        (-24.0, depth - 14.0),
        (0.0, depth),
        (24.0, depth - 14.0),
        (n + 4.0, 380.0),
        (n + 4.0, 380.0),
        (n + 40.0, 540.0),
        (n + 40.0, 540.0),
        (-n - 40.0, 540.0),
        (-n - 40.0, 540.0),
    ];
    let points = at(1.0, left);
    let Some(path) = outline(&points) else { return };
    // It lies on the skin, and so throws a thin shadow.
    canvas.shade(
        Some(path.clone()),
        4.0,
        None,
        Ink::Flat(portrait.skin.deep),
        0.45,
    );
    let Some(cover) = canvas.cover(&path, 0.0) else {
        return;
    };
    let tones = [(0.0, light), (0.6, light), (1.0, dark)];
    canvas.pour(
        &cover,
        None,
        Ink::Line((MIDDLE - 70.0, 400.0), (MIDDLE + 90.0, 450.0), &tones),
        1.0,
    );
    let folds: [(&[Point], f32); 4] = [
        (&[(-30.0, 420.0), (-14.0, 460.0), (-8.0, 530.0)], 0.5),
        (&[(-6.0, 432.0), (4.0, 470.0), (2.0, 530.0)], 0.35),
        (&[(26.0, 418.0), (20.0, 460.0), (10.0, 530.0)], 0.6),
        (&[(44.0, 400.0), (38.0, 440.0), (26.0, 500.0)], 0.6),
    ];
    for (points, opacity) in folds {
        let line = curve(&at(1.0, points), 16);
        let fold = ribbon(&line, |t| 2.0 + 7.0 * t);
        canvas.shade(fold, 6.0, Some(&cover), Ink::Flat(dark), opacity);
    }
    if outfit.collar {
        collar(canvas, portrait);
    }
}

fn collar(canvas: &mut Canvas, portrait: &Portrait) {
    let outfit = &portrait.outfit;
    let [light, dark] = outfit.shirt;
    let n = outfit.neck;
    let placket = at(1.0, &[(0.0, 402.0), (1.0, 460.0), (1.0, 530.0)]);
    canvas.shade(
        ribbon(&curve(&placket, 8), |_| 1.6),
        1.2,
        None,
        Ink::Flat(dark),
        0.9,
    );
    for side in [-1.0, 1.0] {
        let wing = at(
            side,
            &[
                (n - 2.0, 340.0),
                (n - 2.0, 340.0),
                (n + 5.0, 350.0),
                (n + 12.0, 376.0),
                (n + 2.0, 420.0),
                (n + 2.0, 420.0),
                (18.0, 398.0),
                (4.0, 404.0),
                (4.0, 404.0),
                (n - 16.0, 378.0),
            ],
        );
        let path = outline(&wing);
        canvas.shade(path.clone(), 6.0, None, Ink::Flat(dark), 0.9);
        let tones = if side < 0.0 {
            [(0.0, light), (1.0, light)]
        } else {
            [(0.0, light), (1.0, dark)]
        };
        canvas.fill(
            path,
            Ink::Line((MIDDLE, 380.0), (MIDDLE + side * (n + 30.0), 400.0), &tones),
            1.0,
        );
    }
}

fn jacket(canvas: &mut Canvas, portrait: &Portrait, side: f32) {
    let outfit = &portrait.outfit;
    let [base, light, dark] = outfit.jacket;
    let (n, s) = (outfit.neck, outfit.shoulders);
    let front = at(
        side,
        &[
            (n - 2.0, 345.0),
            (n - 2.0, 345.0),
            (n + 12.0, 358.0),
            (n + 34.0, 374.0),
            (s - 62.0, 390.0),
            (s - 24.0, 407.0),
            (s, 440.0),
            (s + 14.0, 490.0),
            (s + 22.0, 560.0),
            (s + 22.0, 560.0),
            (-6.0, 560.0),
            (-6.0, 560.0),
            (2.0, 508.0),
            (24.0, 452.0),
            (n + 3.0, 400.0),
            (n + 3.0, 376.0),
        ],
    );
    let Some(path) = outline(&front) else { return };
    canvas.shade(Some(path.clone()), 6.0, None, Ink::Flat(dark), 0.25);
    let Some(cover) = canvas.cover(&path, 0.0) else {
        return;
    };
    let tones = if side < 0.0 {
        [(0.0, light), (0.55, base), (1.0, base)]
    } else {
        [(0.0, base), (0.5, base), (1.0, dark)]
    };
    let from = MIDDLE + side * if side < 0.0 { s } else { 20.0 };
    let to = MIDDLE + side * if side < 0.0 { 20.0 } else { s };
    canvas.pour(
        &cover,
        None,
        Ink::Line((from, 400.0), (to, 500.0), &tones),
        1.0,
    );
    let fold = |canvas: &mut Canvas, points: &[Point], width: f32, reach: f32, ink, opacity| {
        let line = curve(&at(side, points), 16);
        let path = ribbon(&line, |t| width * (t * std::f32::consts::PI).sin().max(0.1));
        canvas.shade(path, reach, Some(&cover), Ink::Flat(ink), opacity);
    };
    // Sleeve seam, folds at the arm, light on the shoulder.
    fold(
        canvas,
        &[(s - 34.0, 406.0), (s - 44.0, 450.0), (s - 42.0, 540.0)],
        10.0,
        9.0,
        dark,
        0.55,
    );
    fold(
        canvas,
        &[(s - 44.0, 470.0), (s - 70.0, 492.0), (s - 96.0, 530.0)],
        12.0,
        10.0,
        dark,
        0.35,
    );
    fold(
        canvas,
        &[(s - 30.0, 412.0), (s - 14.0, 440.0), (s - 6.0, 500.0)],
        14.0,
        10.0,
        light,
        0.5,
    );
    fold(
        canvas,
        &[(n + 24.0, 373.0), (s - 70.0, 392.0), (s - 30.0, 408.0)],
        8.0,
        6.0,
        light,
        0.75,
    );

    let lapel = at(
        side,
        &[
            (n - 2.0, 345.0),
            (n - 2.0, 345.0),
            (n + 12.0, 358.0),
            (n + 26.0, 369.0),
            (n + 37.0, 390.0),
            (n + 53.0, 427.0),
            (n + 53.0, 427.0),
            (n + 30.0, 430.0),
            (n + 30.0, 430.0),
            (n + 43.0, 446.0),
            (n + 43.0, 446.0),
            (48.0, 490.0),
            (8.0, 546.0),
            (8.0, 546.0),
            (1.0, 512.0),
            (1.0, 512.0),
            (23.0, 454.0),
            (n + 1.0, 404.0),
            (n + 2.0, 376.0),
        ],
    );
    let path = outline(&lapel);
    canvas.shade(path.clone(), 8.0, Some(&cover), Ink::Flat(dark), 0.9);
    let tones = if side < 0.0 {
        [(0.0, light), (1.0, base)]
    } else {
        [(0.0, base), (1.0, dark)]
    };
    canvas.fill(
        path,
        Ink::Line(
            (MIDDLE + side * n, 380.0),
            (MIDDLE + side * (n + 34.0), 500.0),
            &tones,
        ),
        1.0,
    );
    let edge = at(side, &[(n + 1.0, 402.0), (24.0, 454.0), (2.0, 512.0)]);
    canvas.shade(
        ribbon(&curve(&edge, 16), |_| 1.6),
        1.2,
        None,
        Ink::Flat(light),
        0.7,
    );
    let seam = at(
        side,
        &[(n + 14.0, 392.0), (n + 22.0, 412.0), (n + 30.0, 429.0)],
    );
    canvas.shade(
        ribbon(&curve(&seam, 8), |_| 1.5),
        1.0,
        None,
        Ink::Flat(dark),
        0.8,
    );
}
