//! The room behind a presenter: a lit wall out of focus, so that the face is what is looked at.

use super::canvas::{Canvas, Ink};
use super::portrait::Portrait;
use super::shape::{Point, curve, ellipse, ribbon, rounded};

/// Paints the room over the whole canvas.
pub(super) fn paint(canvas: &mut Canvas, portrait: &Portrait) {
    let room = &portrait.room;
    let [light, base, dark] = room.wall;
    let area = canvas.area;
    let (left, top) = canvas.view.unit((0.0, 0.0));
    let (right, bottom) = canvas.view.unit((area.width as f32, area.height as f32));
    let whole = rounded(left - 2.0, top - 2.0, right + 2.0, bottom + 2.0, 0.1);
    canvas.fill(
        whole.clone(),
        Ink::Line(
            (left, top),
            (right, bottom),
            &[(0.0, light), (0.5, base), (1.0, dark)],
        ),
        1.0,
    );

    // A tall window far away on the left, and the light it throws.
    let pane = |x: f32, y: f32| rounded(x, y, x + 66.0, y + 118.0, 3.0);
    for (x, y) in [(-26.0, 20.0), (48.0, 20.0), (-26.0, 146.0), (48.0, 146.0)] {
        canvas.shade(pane(x, y), 15.0, None, Ink::Flat(room.glow), 0.75);
    }
    canvas.fill(
        whole.clone(),
        Ink::Glow((70.0, 140.0), (330.0, 330.0), room.glow),
        0.55,
    );

    // A shelf on the right with a few things on it.
    let shelf = |y: f32| rounded(352.0, y, right.max(560.0), y + 9.0, 2.0);
    for y in [150.0, 262.0] {
        canvas.shade(shelf(y + 7.0), 9.0, None, Ink::Flat(dark), 0.55);
        canvas.shade(shelf(y), 5.0, None, Ink::Flat(room.wood), 0.8);
    }
    let books: [(f32, f32, f32); 6] = [
        (398.0, 15.0, 62.0),
        (415.0, 12.0, 70.0),
        (429.0, 17.0, 56.0),
        (448.0, 11.0, 66.0),
        (461.0, 16.0, 60.0),
        (479.0, 13.0, 52.0),
    ];
    let spines = [room.leaf[1], light, room.wood, room.leaf[0], dark, light];
    for ((x, width, height), colour) in books.into_iter().zip(spines) {
        let book = rounded(x, 262.0 - height, x + width, 262.0, 2.0);
        canvas.shade(book, 6.0, None, Ink::Flat(colour), 0.7);
    }
    canvas.shade(
        ellipse((446.0, 128.0), 26.0, 22.0),
        7.0,
        None,
        Ink::Flat(light),
        0.75,
    );
    canvas.shade(
        rounded(434.0, 96.0, 458.0, 128.0, 8.0),
        7.0,
        None,
        Ink::Flat(light),
        0.75,
    );

    plant(canvas, portrait);

    // Light behind the head sets the hair off; the corners fall back.
    canvas.fill(
        whole.clone(),
        Ink::Glow((256.0, 190.0), (260.0, 250.0), room.glow),
        0.38,
    );
    let span = ((right - left) * 0.62, (bottom - top) * 0.72);
    let middle = ((left + right) / 2.0, top + (bottom - top) * 0.42);
    vignette(canvas, middle, span, dark);
}

fn plant(canvas: &mut Canvas, portrait: &Portrait) {
    let [light, dark] = portrait.room.leaf;
    let root = (56.0, 440.0);
    let tips: [(Point, f32); 8] = [
        ((-22.0, 300.0), 34.0),
        ((8.0, 258.0), 36.0),
        ((44.0, 236.0), 36.0),
        ((84.0, 262.0), 34.0),
        ((112.0, 306.0), 32.0),
        ((-34.0, 356.0), 30.0),
        ((128.0, 362.0), 30.0),
        ((60.0, 306.0), 32.0),
    ];
    for (n, (tip, width)) in tips.into_iter().enumerate() {
        let bend = (
            (root.0 + tip.0) / 2.0 + (tip.0 - root.0) * 0.05,
            (root.1 + tip.1) / 2.0 - 22.0,
        );
        let line = curve(&[root, bend, tip], 16);
        let leaf = ribbon(&line, |t| {
            width * (t * std::f32::consts::PI).sin().powf(0.8) * t.sqrt()
        });
        let colour = if n % 2 == 0 { light } else { dark };
        canvas.shade(leaf, 8.0, None, Ink::Flat(colour), 0.72);
    }
}

fn vignette(canvas: &mut Canvas, middle: Point, span: Point, dark: [f32; 3]) {
    let (area, view) = (canvas.area, canvas.view);
    let places = (0..area.height).flat_map(|y| (0..area.width).map(move |x| (x, y)));
    for (pixel, (x, y)) in canvas.pixels.iter_mut().zip(places) {
        let (x, y) = view.unit((x as f32, y as f32));
        let (dx, dy) = ((x - middle.0) / span.0, (y - middle.1) / span.1);
        let fall = ((dx * dx + dy * dy).sqrt() - 0.55).clamp(0.0, 1.0);
        let amount = fall * fall * 0.75;
        let [r, g, b, _] = pixel;
        for (channel, under) in [r, g, b].into_iter().zip(dark) {
            *channel += (under * 0.55 - *channel) * amount;
        }
    }
}
