//! What is seen between lips: teeth, tongue, and the dark behind them, in the light of the photo.

use std::sync::Arc;

use super::super::bell;
use super::super::smoothstep;
use super::bitmap::Bitmap;
use super::frame::Frame;
use super::jaw::{Edges, Jaw};
use super::lips::Shape;
use super::teeth::{self, Enamel, Teeth};

/// Luma and the two colour differences as codes.
pub(super) type Code = [f32; 3];

/// Colours of a mouth in the light of its photo.
#[derive(Debug, Clone)]
pub(super) struct Hollow {
    dark: Code,
    deep: Code,
    enamel: Code,
    shaded: Code,
    tongue: Code,
    flesh: Code,
    teeth: Arc<Teeth>,
    /// The luma of the upper lip.
    pub(super) lip: f32,
    /// The line between lips that meet.
    pub(super) seam: Code,
}

/// The code of a colour, its parts 0…1.
pub(super) fn code([red, green, blue]: [f32; 3]) -> Code {
    // ITU-R BT.709-6, sections 3.2 and 4.6.
    let luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    [
        16.0 + 219.0 * luma,
        128.0 + 224.0 * (blue - luma) / 1.8556,
        128.0 + 224.0 * (red - luma) / 1.5748,
    ]
}

/// Between two colours.
pub(super) fn mixed(from: Code, to: Code, part: f32) -> Code {
    let mut code = from;
    for (value, to) in code.iter_mut().zip(to) {
        *value += (to - *value) * part;
    }
    code
}

impl Hollow {
    /// The colours of a mouth in a photo.
    pub(super) fn new(photo: &Bitmap, frame: &Frame, mouth: &Shape) -> Self {
        let mut lights = Vec::new();
        let mut skin = [0.0_f32; 3];
        let mut count = 0.0;
        // Cheeks, nose and what is about the mouth.
        for row in 0..24 {
            for column in 0..24 {
                let part = |n: i32| n as f32 / 23.0;
                let place = (-0.7 + 1.4 * part(column), 0.3 + 0.6 * part(row));
                let (x, y) = frame.pixel(place);
                let colour = photo.sample(x, y).map(|part| part / 255.0);
                let [red, green, blue] = colour;
                lights.push(0.2126 * red + 0.7152 * green + 0.0722 * blue);
                for (sum, part) in skin.iter_mut().zip(colour) {
                    *sum += part;
                }
                count += 1.0;
            }
        }
        let skin = skin.map(|sum| sum / count);
        lights.sort_by(f32::total_cmp);
        let bright = lights.get(lights.len() * 9 / 10).copied().unwrap_or(0.7);
        let [red, green, blue] = skin;
        let grey = (red - green).abs() + (green - blue).abs() < 0.01;
        // Enamel is as bright as the brightest skin, and has a little of its colour.
        let white = (bright * 0.93).clamp(0.22, 0.86);
        let mean = ((red + green + blue) / 3.0).max(0.05);
        let tint = |part: f32, much: f32| 1.0 + much * (part / mean - 1.0);
        let enamel = [red, green, blue].map(|part| white * tint(part, 0.5));
        let light = (white / 0.85).clamp(0.4, 1.1);
        let lit = |colour: [f32; 3]| {
            let [red, green, blue] = colour.map(|part| part * light);
            let luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
            code(if grey { [luma; 3] } else { [red, green, blue] })
        };
        // A photo that shows teeth tells their colour.
        let shown = shown_teeth(photo, frame, mouth);
        let bright = shown.unwrap_or(enamel);
        let [red, green, blue] = bright;
        // Teeth in shadow are lit by gums and lips.
        let shaded = if grey {
            bright.map(|part| part * 0.5)
        } else {
            [red * 0.60, green * 0.48, blue * 0.44]
        };
        let enamel = Enamel {
            bright,
            shaded,
            seen: shown.is_some(),
        };
        Self {
            dark: lit([0.115, 0.035, 0.04]),
            deep: lit([0.23, 0.075, 0.075]),
            enamel: code(bright),
            shaded: code(shaded),
            tongue: lit([0.66, 0.34, 0.33]),
            flesh: lit([0.45, 0.18, 0.18]),
            lip: lip(photo, frame, mouth),
            teeth: Arc::new(Teeth::new(photo, frame, mouth, &enamel)),
            seam: lit([0.30, 0.12, 0.12]),
        }
    }

    /// The colour at a place between the edges of lips; `s` runs from corner to corner, `y` is in the mouth's measure.
    pub(super) fn colour(&self, jaw: &Jaw, edges: Edges, (s, y): (f32, f32), soft: f32) -> Code {
        let mouth = &jaw.mouth;
        let depth = (y - edges.upper) / (edges.lower - edges.upper).max(1e-3);
        let mut colour = mixed(self.dark, self.deep, depth * depth);
        let below = |line: f32| ((y - line) / soft + 0.5).clamp(0.0, 1.0);
        let tongue = {
            let lying = edges.lower - 0.30 * (edges.lower - edges.upper);
            let raised = jaw.teeth(0.0) + 0.01;
            let top = lying + (raised - lying) * mouth.tongue;
            let wide = 0.66 + 0.1 * mouth.open - 0.16 * mouth.tongue;
            top + (edges.lower - top + 0.05) * (s / wide).powi(2)
        };
        let flesh = ((y - tongue) / (3.0 * soft) + 0.5).clamp(0.0, 1.0);
        if flesh > 0.0 {
            let t = ((y - tongue) / 0.12).clamp(0.0, 1.0);
            let groove = (1.0 - (s / 0.09).abs()).max(0.0) * 0.3;
            let tone = mixed(mixed(self.tongue, self.flesh, t), self.flesh, groove);
            // In shadow, the more the less the mouth is open.
            let lit = (0.35 + 0.45 * mouth.open + 0.45 * mouth.tongue).min(0.9);
            colour = mixed(colour, tone, flesh * lit * (1.0 - 0.6 * s.abs()));
        }
        let side = smoothstep(0.15, 0.85, s.abs());
        let shown = 1.0 - smoothstep(0.55, 0.92, s.abs());
        // A lower lip that is drawn down shows the teeth behind it.
        let bare = 0.026 * (1.0 - mouth.round) * smoothstep(0.1, 0.5, mouth.open);
        let (off, crown) = teeth::lower(s * jaw.half_width());
        let lower = below(jaw.lower_teeth(s).min(edges.lower - bare) + crown);
        if lower > 0.0 {
            let dim = 0.55 + 0.25 * off + 0.20 * side;
            let tooth = mixed(
                mixed(self.enamel, self.shaded, 0.4),
                self.dark,
                dim.min(1.0) * 0.7,
            );
            colour = mixed(colour, tooth, lower * shown * 0.9);
        }
        // Rounded lips come forward, and down over teeth that were not seen.
        let lift = if self.teeth.seen {
            0.0
        } else {
            0.05 * mouth.round
        };
        let (tooth, cover) = self.teeth.at((s * jaw.half_width(), y + lift));
        if cover > 0.0 {
            let shadow = 1.0 - smoothstep(0.0, 0.07, y - edges.upper);
            let hidden = smoothstep(0.35, 0.95, mouth.round);
            let dim = 0.06 + 0.42 * shadow + 0.30 * side;
            let dim = dim + (0.90 - dim) * 0.70 * hidden;
            let cover = cover * (1.0 - 0.80 * hidden);
            colour = mixed(colour, mixed(tooth, self.dark, dim), cover);
        }
        // Lips throw shadow on what lies behind them.
        let lip = bell((y - edges.upper) / 0.012).max(0.7 * bell((edges.lower - y) / 0.010));
        mixed(colour, self.dark, lip * 0.45)
    }
}

/// The mean luma of the middle of the upper lip.
fn lip(photo: &Bitmap, frame: &Frame, mouth: &Shape) -> f32 {
    let across = [-0.5, -0.3, -0.1, 0.1, 0.3, 0.5_f32];
    let luma = across.map(|s| {
        let bow = 1.0 - s * s;
        let x = s * mouth.half_width;
        let y = mouth.y + mouth.slope * x + (mouth.bulge - 0.5 * mouth.upper) * bow;
        let (x, y) = frame.pixel((mouth.x + x, y));
        let [luma, ..] = code(photo.sample(x, y).map(|part| part / 255.0));
        luma
    });
    luma.iter().sum::<f32>() / luma.len() as f32
}

/// The mean of the brighter half of what is between the lips, if they are apart and it is bright.
fn shown_teeth(photo: &Bitmap, frame: &Frame, mouth: &Shape) -> Option<[f32; 3]> {
    if mouth.gap == 0.0 {
        return None;
    }
    let mut seen = Vec::new();
    for row in 0..7 {
        for column in 0..13 {
            let s = (column as f32 / 6.0 - 1.0) * 0.6;
            let down = mouth.bulge + mouth.gap * (0.1 + 0.8 * row as f32 / 6.0);
            let y = mouth.y + mouth.slope * s * mouth.half_width + down * (1.0 - s * s);
            let (x, y) = frame.pixel((mouth.x + s * mouth.half_width, y));
            let [red, green, blue] = photo.sample(x, y).map(|part| part / 255.0);
            seen.push((red + green + blue, [red, green, blue]));
        }
    }
    seen.sort_by(|a, b| b.0.total_cmp(&a.0));
    seen.truncate(seen.len() / 2);
    let count = seen.len() as f32;
    let mut mean = [0.0; 3];
    for (_, colour) in &seen {
        for (sum, part) in mean.iter_mut().zip(colour) {
            *sum += part / count;
        }
    }
    let [red, green, blue] = mean;
    (red + green + blue > 1.05 && red < 1.6 * blue.max(0.01)).then_some(mean)
}
