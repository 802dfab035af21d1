use proptest::prelude::*;

use super::*;

/// As in any book: floating point, red, green and blue, the whole frame.
struct Slow {
    width: usize,
    height: usize,
    frame: Vec<[f64; 3]>,
}

impl Slow {
    fn blend(&mut self, face: &[u8], side: usize, cutout: &Cutout) {
        let [left, top, right, bottom] = cutout.face.map(f64::from);
        let sample = |x: f64, y: f64, channel: usize| {
            let clamp = |at: f64| at.clamp(0.0, side as f64 - 1.0);
            let (x, y) = (clamp(x), clamp(y));
            let (x0, y0) = (x.floor(), y.floor());
            let (x1, y1) = (
                (x0 + 1.0).min(side as f64 - 1.0),
                (y0 + 1.0).min(side as f64 - 1.0),
            );
            let at =
                |x: f64, y: f64| f64::from(face[(y as usize * side + x as usize) * 3 + channel]);
            let (fx, fy) = (x - x0, y - y0);
            (at(x0, y0) * (1.0 - fx) + at(x1, y0) * fx) * (1.0 - fy)
                + (at(x0, y1) * (1.0 - fx) + at(x1, y1) * fx) * fy
        };
        for row in 0..cutout.height {
            for column in 0..cutout.width {
                let alpha = f64::from(cutout.alpha[row * cutout.width + column]) / 255.0;
                let (x, y) = (cutout.x + column, cutout.y + row);
                let across = side as f64 / (right - left);
                let down = side as f64 / (bottom - top);
                let pixel = &mut self.frame[y * self.width + x];
                for (channel, value) in pixel.iter_mut().enumerate() {
                    let drawn = sample(
                        (x as f64 + 0.5 - left) * across - 0.5,
                        (y as f64 + 0.5 - top) * down - 0.5,
                        channel,
                    );
                    *value = *value * (1.0 - alpha) + drawn * alpha;
                }
            }
        }
    }

    fn codes(&self) -> [Vec<f64>; 3] {
        let luma = |[r, g, b]: [f64; 3]| 0.2126 * r + 0.7152 * g + 0.0722 * b;
        let y = self
            .frame
            .iter()
            .map(|rgb| 16.0 + luma(*rgb) * 219.0 / 255.0);
        let (mut u, mut v) = (Vec::new(), Vec::new());
        for row in (0..self.height).step_by(2) {
            for column in (0..self.width).step_by(2) {
                let mut mean = [0.0; 3];
                for (x, y) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    let pixel = self.frame[(row + y) * self.width + column + x];
                    for (sum, value) in mean.iter_mut().zip(pixel) {
                        *sum += value / 4.0;
                    }
                }
                let y = luma(mean);
                u.push(128.0 + (mean[2] - y) / 1.8556 * 224.0 / 255.0);
                v.push(128.0 + (mean[0] - y) / 1.5748 * 224.0 / 255.0);
            }
        }
        [y.collect(), u, v]
    }
}

fn noise(seed: u32, count: usize, smooth: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    };
    let coarse: Vec<u8> = (0..count / smooth + 2).map(|_| next()).collect();
    (0..count).map(|at| coarse[at / smooth]).collect()
}

const SIDE: usize = 32;

fn drawn(pixels: &[u8]) -> Drawn<'_> {
    Drawn {
        pixels,
        side: SIDE,
        weight: 255,
        softened: false,
    }
}

proptest! {
    #[test]
    fn it_is_what_the_slow_way_gives(
        seed in any::<u32>(),
        x in 0_usize..6,
        y in 0_usize..6,
        width in 1_usize..14,
        height in 1_usize..14,
        face in (0.0_f32..20.0, 0.0_f32..20.0, 4.0_f32..60.0, 4.0_f32..60.0),
    ) {
        let (wide, high) = (40, 40);
        let cutout = Cutout {
            face: [face.0, face.1, face.0 + face.2, face.1 + face.3],
            x: x * 2,
            y: y * 2,
            width: width * 2,
            height: height * 2,
            alpha: noise(seed, width * height * 4, 3),
        };
        // Of one colour, so that what four pixels share is what each of them has.
        let ground = [noise(seed ^ 7, 3, 1)[0], 90, 140];
        let rgb: Vec<u8> = ground.repeat(wide * high);
        let mut picture = Picture::new(wide, high);
        colour::convert(&rgb, &mut picture);
        let pixels = noise(seed ^ 99, SIDE * SIDE * 3, 1);
        let before = picture.clone();
        Blender::default().blend(drawn(&pixels), &cutout, &mut picture);
        let mut slow = Slow {
            width: wide,
            height: high,
            frame: vec![ground.map(f64::from); wide * high],
        };
        slow.blend(&pixels, SIDE, &cutout);
        let codes = slow.codes();
        for (found, wanted) in [&picture.y, &picture.u, &picture.v].into_iter().zip(&codes) {
            for (found, wanted) in found.iter().zip(wanted) {
                prop_assert!((f64::from(*found) - wanted).abs() < 1.6, "{} {}", found, wanted);
            }
        }
        for (at, (found, was)) in picture.y.iter().zip(&before.y).enumerate() {
            let (column, row) = (at % wide, at / wide);
            let inside = (cutout.x..cutout.x + cutout.width).contains(&column)
                && (cutout.y..cutout.y + cutout.height).contains(&row);
            prop_assert!(inside || found == was);
        }
    }
}

#[test]
fn a_face_in_a_place_of_its_own_size_is_copied() {
    let pixels = noise(5, SIDE * SIDE * 3, 1);
    let cutout = Cutout {
        face: [4.0, 4.0, 36.0, 36.0],
        x: 4,
        y: 4,
        width: 32,
        height: 32,
        alpha: vec![255; 32 * 32],
    };
    let mut picture = Picture::new(40, 40);
    Blender::default().blend(drawn(&pixels), &cutout, &mut picture);
    for (row, line) in pixels.chunks_exact(SIDE * 3).enumerate() {
        for (column, pixel) in line.as_chunks::<3>().0.iter().enumerate() {
            assert_eq!(picture.y[(row + 4) * 40 + column + 4], colour::luma(*pixel));
        }
    }
}

/// `cv2.resize` (opencv-python 4.11, `INTER_LINEAR`) of the row 0, 100, 200, 50 made seven wide.
#[test]
fn faces_are_stretched_as_opencv_does_it() {
    let pixels: Vec<u8> = [0_u8, 100, 200, 50]
        .iter()
        .flat_map(|value| [*value; 3])
        .collect();
    let square: Vec<u8> = pixels.repeat(4);
    let mut blender = Blender {
        columns: (0..7)
            .map(|x| Tap::new(f64::from(x) + 0.5, 7.0, 4))
            .collect(),
        ..Blender::default()
    };
    blender.stretch(0, Tap::new(0.5, 4.0, 4), square.as_chunks::<3>().0, 4);
    let reds: Vec<u8> = blender.pair[0].iter().map(|pixel| pixel[0]).collect();
    assert_eq!(reds, [0, 36, 93, 150, 189, 104, 50]);
}

#[test]
fn one_255th_is_rounded() {
    for sum in 0..=255 * 255 {
        assert_eq!(i32::from(by_255(sum)), (2 * sum + 255) / 510, "{sum}");
    }
}

#[test]
fn a_face_that_fades_shows_as_much_as_it_weighs() {
    let pixels = vec![255; SIDE * SIDE * 3];
    let cutout = Cutout {
        face: [0.0, 0.0, 32.0, 32.0],
        x: 0,
        y: 0,
        width: 2,
        height: 2,
        alpha: vec![255; 4],
    };
    let lit = |weight: u8| {
        let mut picture = Picture::new(40, 40);
        let face = Drawn {
            weight,
            ..drawn(&pixels)
        };
        Blender::default().blend(face, &cutout, &mut picture);
        picture.y[0]
    };
    assert_eq!((lit(0), lit(255)), (16, 235));
    assert_eq!(lit(128), 126);
}

#[test]
fn a_softened_face_has_no_finer_lines_than_its_place() {
    // Columns of black and white: at a quarter of the size they are grey everywhere.
    let pixels: Vec<u8> = (0..SIDE * SIDE)
        .flat_map(|at| [if at % 2 == 0 { 0 } else { 255 }; 3])
        .collect();
    let cutout = Cutout {
        face: [0.5, 0.5, 8.5, 8.5],
        x: 0,
        y: 0,
        width: 8,
        height: 8,
        alpha: vec![255; 64],
    };
    let spread = |softened: bool| {
        let mut picture = Picture::new(16, 16);
        let face = Drawn {
            softened,
            ..drawn(&pixels)
        };
        Blender::default().blend(face, &cutout, &mut picture);
        let inner: Vec<u8> = (1..7).map(|x| picture.y[16 + x]).collect();
        inner.iter().max().unwrap() - inner.iter().min().unwrap()
    };
    assert_eq!(spread(true), 0);
}
