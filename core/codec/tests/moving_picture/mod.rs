//! A moving picture to encode: much like a presenter, a still room in which a head sways, blinks and talks.

use avatar_codec::Picture;

type Colour = [f32; 3];

/// Frame `index` of a picture at 25 frames a second; the same every time.
pub(crate) fn moving_picture(width: usize, height: usize, index: u64) -> Picture {
    let mut picture = Picture::new(width, height);
    let (width, height) = (picture.width, picture.height);
    let scene = Scene::at(index as f32 / 25.0);
    let mut rgb = Vec::with_capacity(width * height);
    for row in 0..height {
        for column in 0..width {
            let x = column as f32 / width as f32 * 2.0 - 1.0;
            let y = row as f32 / height as f32 * 2.0 - 1.0;
            rgb.push(scene.colour(x, y, 2.0 / width as f32));
        }
    }
    for (luma, colour) in picture.y.iter_mut().zip(&rgb) {
        let [r, g, b] = colour;
        *luma = (16.5 + 219.0 * (0.2126 * r + 0.7152 * g + 0.0722 * b)) as u8;
    }
    for row in 0..height / 2 {
        for column in 0..width / 2 {
            let at = |dx, dy| rgb[(row * 2 + dy) * width + column * 2 + dx];
            let four = [at(0, 0), at(1, 0), at(0, 1), at(1, 1)];
            let mean = |channel: usize| four.iter().map(|c| c[channel]).sum::<f32>() / 4.0;
            let (r, g, b) = (mean(0), mean(1), mean(2));
            let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
            picture.u[row * width / 2 + column] = (128.5 + 224.0 * (b - luma) / 1.8556) as u8;
            picture.v[row * width / 2 + column] = (128.5 + 224.0 * (r - luma) / 1.5748) as u8;
        }
    }
    picture
}

/// Where everything is at one moment; both axes reach from −1 to 1.
struct Scene {
    head: (f32, f32),
    breath: f32,
    mouth: f32,
    lids: f32,
}

impl Scene {
    fn at(seconds: f32) -> Self {
        let sway = (seconds * 1.1).sin() * 0.018 + (seconds * 2.3).sin() * 0.008;
        let nod = (seconds * 1.7).sin() * 0.012;
        let talking = ((seconds * 27.0).sin() * (seconds * 17.3).sin()).abs();
        let blinking = (seconds % 3.1 - 1.5).abs();
        Self {
            head: (sway, -0.18 + nod),
            breath: (seconds * 1.5).sin() * 0.006,
            mouth: 0.012 + 0.07 * talking,
            lids: (blinking / 0.12).min(1.0),
        }
    }

    fn colour(&self, x: f32, y: f32, pixel: f32) -> Colour {
        let mut colour = mix([0.16, 0.27, 0.36], [0.55, 0.66, 0.70], (x + y) * 0.25 + 0.5);
        let mut paint = |with: Colour, distance: f32, soft: f32| {
            let cover = (0.5 - distance / (pixel * soft)).clamp(0.0, 1.0);
            colour = mix(colour, with, cover);
        };
        for (cx, cy, radius) in [(-0.7, -0.5, 0.2), (0.75, -0.65, 0.28), (0.6, 0.1, 0.12)] {
            paint(
                [0.75, 0.74, 0.62],
                ellipse(x - cx, y - cy, radius, radius),
                30.0,
            );
        }
        let (hx, hy) = (x - self.head.0, y - self.head.1);
        let body = ellipse(x - self.head.0 * 0.2, y - 1.12 - self.breath, 0.72, 0.62);
        paint(
            mix([0.12, 0.16, 0.34], [0.2, 0.27, 0.5], 0.9 - y),
            body,
            1.0,
        );
        paint(
            [0.86, 0.64, 0.54],
            ellipse(x - self.head.0 * 0.6, y - 0.42, 0.15, 0.26),
            1.0,
        );
        paint([0.25, 0.14, 0.09], ellipse(hx, hy + 0.1, 0.43, 0.5), 1.0);
        let skin = mix(
            [0.97, 0.80, 0.70],
            [0.86, 0.64, 0.53],
            hx.abs() * 1.4 + hy * 0.5 + 0.1,
        );
        paint(skin, ellipse(hx, hy - 0.06, 0.34, 0.45), 1.0);
        for side in [-1.0, 1.0] {
            let (ex, ey) = (hx - side * 0.14, hy + 0.04);
            paint(
                [0.98, 0.98, 0.98],
                ellipse(ex, ey, 0.065, 0.036 * self.lids + 0.002),
                1.0,
            );
            if self.lids > 0.5 {
                paint([0.28, 0.42, 0.38], ellipse(ex, ey, 0.03, 0.03), 1.0);
                paint([0.03, 0.03, 0.03], ellipse(ex, ey, 0.014, 0.014), 1.0);
            }
            paint([0.22, 0.13, 0.09], ellipse(ex, ey + 0.09, 0.09, 0.014), 1.0);
        }
        paint(
            [0.80, 0.58, 0.48],
            ellipse(hx, hy - 0.14, 0.035, 0.022),
            4.0,
        );
        let my = hy - 0.27;
        paint(
            [0.76, 0.36, 0.36],
            ellipse(hx, my, 0.115, self.mouth + 0.022),
            1.0,
        );
        paint([0.25, 0.06, 0.07], ellipse(hx, my, 0.09, self.mouth), 1.0);
        paint(
            [0.95, 0.94, 0.92],
            ellipse(hx, my + self.mouth * 0.75, 0.06, self.mouth * 0.3),
            1.0,
        );
        colour
    }
}

fn mix(from: Colour, to: Colour, share: f32) -> Colour {
    let share = share.clamp(0.0, 1.0);
    std::array::from_fn(|channel| from[channel] + (to[channel] - from[channel]) * share)
}

/// About how far a point lies outside an ellipse around the origin.
fn ellipse(x: f32, y: f32, across: f32, down: f32) -> f32 {
    let scaled = (x / across).hypot(y / down);
    (scaled - 1.0) * across.min(down)
}
