//! The face as it is when nothing moves: everything of the head except eyeballs, lids, lips and hair.

use std::f32::consts::PI;

use super::canvas::{Canvas, Coverage, Ink};
use super::portrait::{Cut, MIDDLE, Portrait};
use super::shape::{Point, curve, ellipse, outline, ribbon, symmetric};

/// Paints the face and returns what it covers.
pub(super) fn paint(canvas: &mut Canvas, portrait: &Portrait) -> Option<Coverage> {
    if portrait.hair.cut == Cut::Short {
        ears(canvas, portrait);
    }
    let skin = &portrait.skin;
    let path = symmetric(MIDDLE, portrait.face)?;
    let cover = canvas.cover(&path, 0.0)?;
    let tones = [
        (0.0, skin.light),
        (0.45, skin.base),
        (0.8, skin.base),
        (1.0, skin.shade),
    ];
    let ink = Ink::Line((MIDDLE - 84.0, 150.0), (MIDDLE + 104.0, 290.0), &tones);
    canvas.pour(&cover, None, ink, 1.0);
    let mut brush = Brush {
        canvas,
        within: &cover,
    };
    planes(&mut brush, portrait);
    nose(&mut brush, portrait);
    sockets(&mut brush, portrait);
    if skin.stubble > 0.0 {
        stubble(&mut brush, portrait);
    }
    brows(&mut brush, portrait);
    Some(cover)
}

/// Soft strokes that stay on the face.
struct Brush<'a> {
    canvas: &'a mut Canvas,
    within: &'a Coverage,
}

impl Brush<'_> {
    fn glow(&mut self, centre: Point, radii: Point, colour: [f32; 3], opacity: f32) {
        let ink = Ink::Glow(centre, radii, colour);
        let path = ellipse(centre, radii.0, radii.1);
        self.canvas
            .shade(path, 0.0, Some(self.within), ink, opacity);
    }

    fn stroke(&mut self, points: &[Point], width: f32, soft: f32, colour: [f32; 3], opacity: f32) {
        let line = curve(points, 24);
        let path = ribbon(&line, |t| width * (t * PI).sin().max(0.0).powf(0.6));
        self.canvas
            .shade(path, soft, Some(self.within), Ink::Flat(colour), opacity);
    }

    fn patch(&mut self, points: &[Point], soft: f32, colour: [f32; 3], opacity: f32) {
        self.canvas.shade(
            outline(points),
            soft,
            Some(self.within),
            Ink::Flat(colour),
            opacity,
        );
    }
}

fn ears(canvas: &mut Canvas, portrait: &Portrait) {
    let skin = &portrait.skin;
    for side in [-1.0, 1.0] {
        let at = |points: &[Point]| -> Vec<Point> {
            points
                .iter()
                .map(|&(x, y)| (MIDDLE + side * x, y))
                .collect()
        };
        let rim = at(&[
            (78.0, 206.0),
            (90.0, 202.0),
            (98.0, 214.0),
            (96.0, 236.0),
            (90.0, 256.0),
            (80.0, 262.0),
        ]);
        let Some(cover) = outline(&rim).and_then(|path| canvas.cover(&path, 0.0)) else {
            continue;
        };
        let tone = if side < 0.0 { skin.base } else { skin.shade };
        canvas.pour(&cover, None, Ink::Flat(tone), 1.0);
        let inner = curve(
            &at(&[
                (82.0, 214.0),
                (90.0, 212.0),
                (91.0, 226.0),
                (86.0, 240.0),
                (84.0, 250.0),
            ]),
            16,
        );
        let path = ribbon(&inner, |t| 5.0 * (t * PI).sin().max(0.1));
        canvas.shade(path, 2.5, Some(&cover), Ink::Flat(skin.deep), 0.55);
        canvas.shade(
            ellipse((MIDDLE + side * 80.0, 236.0), 8.0, 30.0),
            6.0,
            Some(&cover),
            Ink::Flat(skin.deep),
            0.4,
        );
    }
}

/// Light and shadow on the large forms.
fn planes(brush: &mut Brush<'_>, portrait: &Portrait) {
    let skin = &portrait.skin;
    let chin = portrait.chin();
    let m = MIDDLE;
    let right = [
        (m + 92.0, 140.0),
        (m + 70.0, 190.0),
        (m + 68.0, 236.0),
        (m + 55.0, 276.0),
        (m + 36.0, chin - 16.0),
        (m + 14.0, chin + 6.0),
        (m + 70.0, chin + 10.0),
        (m + 104.0, 240.0),
    ];
    brush.patch(&right, 17.0, skin.shade, 0.62);
    let left = [
        (m - 94.0, 150.0),
        (m - 78.0, 200.0),
        (m - 73.0, 246.0),
        (m - 54.0, 286.0),
        (m - 20.0, chin + 2.0),
        (m - 70.0, chin + 10.0),
        (m - 104.0, 240.0),
    ];
    brush.patch(&left, 13.0, skin.shade, 0.34);
    brush.patch(
        &[
            (m - 40.0, chin + 8.0),
            (m - 20.0, chin - 1.0),
            (m, chin + 1.0),
            (m + 20.0, chin - 2.0),
            (m + 50.0, chin + 8.0),
        ],
        7.0,
        skin.shade,
        0.55,
    );
    // Hair shades the top of the forehead; below it the forehead catches the light.
    brush.glow((m - 14.0, 164.0), (62.0, 40.0), skin.light, 0.75);
    for side in [-1.0, 1.0] {
        let x = m + side * 50.0;
        brush.glow((x - side * 2.0, 258.0), (54.0, 44.0), skin.blush, 0.30);
        let lit = if side < 0.0 { 0.5 } else { 0.25 };
        brush.glow((x + side - 4.0, 244.0), (32.0, 18.0), skin.light, lit);
    }
    brush.glow((m - 4.0, chin - 16.0), (20.0, 12.0), skin.light, 0.55);
    // The hollow above the chin.
    brush.glow(
        (m, portrait.lips.line_y + 17.0),
        (20.0, 8.0),
        skin.shade,
        0.35,
    );
    // Where the cheeks end beside the mouth.
    for side in [-1.0, 1.0] {
        let fold = [
            (m + side * 22.0, 262.0),
            (m + side * 33.0, 272.0),
            (m + side * 39.0, 288.0),
        ];
        brush.stroke(&fold, 4.5, 4.5, skin.shade, 0.16);
    }
}

fn nose(brush: &mut Brush<'_>, portrait: &Portrait) {
    let skin = &portrait.skin;
    let m = MIDDLE;
    let wide = if portrait.hair.cut == Cut::Short {
        2.2
    } else {
        0.0
    };
    // The unlit flank, from the brow down to the wing.
    brush.patch(
        &[
            (m + 7.0, 202.0),
            (m + 13.0, 206.0),
            (m + 9.0, 228.0),
            (m + 15.0 + wide, 250.0),
            (m + 13.0 + wide, 261.0),
            (m + 6.0, 256.0),
            (m + 5.0, 232.0),
        ],
        5.0,
        skin.shade,
        0.62,
    );
    brush.stroke(
        &[(m - 9.0, 202.0), (m - 6.5, 224.0), (m - 11.0, 246.0)],
        4.0,
        4.0,
        skin.shade,
        0.3,
    );
    // Light along the bridge and on the tip.
    brush.stroke(
        &[(m - 1.0, 196.0), (m - 1.0, 224.0), (m - 1.5, 246.0)],
        6.0,
        4.0,
        skin.light,
        0.8,
    );
    brush.glow((m - 1.5, 251.0), (9.5, 8.0), skin.light, 0.85);
    brush.glow((m + 0.5, 257.0), (20.0, 13.0), skin.blush, 0.26);
    // Underside, wings and nostrils.
    brush.patch(
        &[
            (m - 13.0 - wide, 261.5),
            (m, 264.5),
            (m + 13.5 + wide, 261.5),
            (m + 7.0, 267.5),
            (m, 270.0),
            (m - 6.0, 267.5),
        ],
        4.0,
        skin.deep,
        0.40,
    );
    for side in [-1.0, 1.0] {
        let w = 15.6 + wide;
        let dark = if side < 0.0 { 0.34 } else { 0.5 };
        brush.stroke(
            &[
                (m + side * (w - 1.5), 252.5),
                (m + side * w, 258.0),
                (m + side * (w - 4.0), 263.0),
            ],
            2.6,
            1.8,
            skin.deep,
            dark,
        );
        brush.stroke(
            &[
                (m + side * 4.0, 264.2),
                (m + side * 7.8, 262.2),
                (m + side * 11.4 + side * wide * 0.6, 263.4),
            ],
            3.1,
            1.2,
            skin.deep,
            0.86,
        );
    }
    // The groove under the nose.
    brush.stroke(
        &[(m + 1.6, 269.0), (m + 2.2, 277.0)],
        4.0,
        3.0,
        skin.shade,
        0.35,
    );
    brush.stroke(
        &[(m - 2.4, 269.0), (m - 2.6, 277.0)],
        3.0,
        2.5,
        skin.light,
        0.35,
    );
}

fn sockets(brush: &mut Brush<'_>, portrait: &Portrait) {
    let (skin, eyes) = (&portrait.skin, &portrait.eyes);
    for side in [-1.0, 1.0] {
        let x = MIDDLE + side * eyes.apart;
        let y = eyes.line_y;
        brush.glow((x - side * 4.0, y - 12.0), (31.0, 20.0), skin.shade, 0.5);
        brush.glow((x - side * 20.0, y - 8.0), (14.0, 17.0), skin.shade, 0.45);
        brush.glow((x, y + 13.0), (30.0, 11.0), skin.blush, 0.16);
        // The light on the bone under the brow.
        brush.glow((x + side * 8.0, y - 23.0), (20.0, 6.5), skin.light, 0.6);
    }
}

fn stubble(brush: &mut Brush<'_>, portrait: &Portrait) {
    let skin = &portrait.skin;
    let chin = portrait.chin();
    let m = MIDDLE;
    let grey = [0.30, 0.26, 0.26];
    let jaw = [
        (m - 84.0, 238.0),
        (m - 70.0, 262.0),
        (m - 46.0, 276.0),
        (m - 30.0, 272.0),
        (m, 274.0),
        (m + 30.0, 272.0),
        (m + 46.0, 276.0),
        (m + 70.0, 262.0),
        (m + 84.0, 238.0),
        (m + 80.0, chin),
        (m, chin + 14.0),
        (m - 80.0, chin),
    ];
    brush.patch(&jaw, 15.0, grey, skin.stubble);
}

fn brows(brush: &mut Brush<'_>, portrait: &Portrait) {
    let eyes = &portrait.eyes;
    for side in [-1.0, 1.0] {
        let at: Vec<Point> = eyes
            .brow_line
            .iter()
            .map(|&(x, y)| (MIDDLE + side * x, y))
            .collect();
        let line = curve(&at, 28);
        let width = |t: f32| {
            let rise = (t / 0.14).min(1.0);
            let fall = ((1.0 - t) / 0.72).min(1.0);
            eyes.brow_thickness * (0.55 + 0.45 * rise) * fall.powf(0.85)
        };
        let shadow = ribbon(&line, |t| width(t) * 1.25);
        brush
            .canvas
            .shade(shadow, 3.0, Some(brush.within), Ink::Flat(eyes.brow), 0.28);
        brush.canvas.shade(
            ribbon(&line, width),
            1.5,
            Some(brush.within),
            Ink::Flat(eyes.brow),
            0.66,
        );
        hairs(brush, portrait, &line, width, side);
    }
}

fn hairs(
    brush: &mut Brush<'_>,
    portrait: &Portrait,
    line: &[Point],
    width: impl Fn(f32) -> f32,
    side: f32,
) {
    const COUNT: usize = 26;
    for n in 0..COUNT {
        let t = 0.82 * n as f32 / COUNT as f32;
        let Some(&(x, y)) = line.get((t * (line.len() - 1) as f32) as usize) else {
            continue;
        };
        let half = width(t) / 2.0;
        let lean = 1.6 + 3.0 * t;
        let root = (x - side * lean * 0.4, y + half * 0.9);
        let tip = (x + side * lean, y - half * (0.95 - 0.95 * t));
        let hair = curve(
            &[
                root,
                ((root.0 + tip.0) / 2.0 - side * 0.4, (root.1 + tip.1) / 2.0),
                tip,
            ],
            6,
        );
        let path = ribbon(&hair, |t| 1.2 * (1.0 - t) + 0.3);
        brush.canvas.shade(
            path,
            0.0,
            Some(brush.within),
            Ink::Flat(portrait.eyes.brow),
            0.5,
        );
    }
}
