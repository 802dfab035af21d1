//! Eyes behind glasses, which are drawn onto the photograph.

use avatar_codec::Picture;
use image::{Rgb, RgbImage};

use super::super::*;
use super::{photograph, png, rate, read};
use crate::face::motion::Look;
use crate::face::performance::Moment;

const SIDE: usize = 512;

/// Where the pupils are in the photograph.
const PUPILS: [(f32, f32); 2] = [(202.0, 101.0), (247.5, 102.7)];

/// Glasses about the pupils, in pixels of the photograph.
#[derive(Debug, Clone, Copy)]
struct Glasses {
    round: bool,
    half_width: f32,
    up: f32,
    down: f32,
    thick: f32,
}

impl Glasses {
    /// How far a place is from the middle of the rim.
    fn off(&self, (x, y): (f32, f32)) -> f32 {
        let off = PUPILS.map(|(pupil_x, pupil_y)| {
            let middle = pupil_y + (self.down - self.up) / 2.0;
            let (a, b) = (self.half_width, (self.up + self.down) / 2.0);
            let (dx, dy) = ((x - pupil_x).abs(), (y - middle).abs());
            if self.round {
                ((dx / a).hypot(dy / b) - 1.0).abs() * a.min(b)
            } else {
                (dx - a).max(dy - b).abs()
            }
        });
        off[0].min(off[1])
    }

    /// How much of a pixel is rim.
    fn part(&self, x: u32, y: u32) -> f32 {
        let sides = [0.125, 0.375, 0.625, 0.875];
        let places = sides.into_iter().flat_map(|dx| sides.map(|dy| (dx, dy)));
        let rim =
            places.filter(|(dx, dy)| self.off((x as f32 + dx, y as f32 + dy)) < self.thick / 2.0);
        rim.count() as f32 / 16.0
    }

    fn drawn(&self) -> RgbImage {
        let mut picture = photograph();
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            mix(pixel, [28.0, 26.0, 28.0], self.part(x, y));
        }
        picture
    }

    /// Places in the middle of the rim above the eyes.
    fn upper(&self) -> Vec<(f32, f32)> {
        let middle = (self.down - self.up) / 2.0;
        let (a, b) = (self.half_width, (self.up + self.down) / 2.0);
        let across = (-8..=8).map(|n| n as f32 / 10.0);
        let eye = |(x, y): (f32, f32)| {
            across.clone().map(move |s| {
                let high = if self.round {
                    (1.0 - s * s).sqrt()
                } else {
                    1.0
                };
                (x + s * a, y + middle - b * high)
            })
        };
        PUPILS.into_iter().flat_map(eye).collect()
    }
}

fn mix(pixel: &mut Rgb<u8>, colour: [f32; 3], part: f32) {
    for (value, colour) in pixel.0.iter_mut().zip(colour) {
        *value = (f32::from(*value) + (colour - f32::from(*value)) * part).round() as u8;
    }
}

/// The luma of a photo with its eyes open and shut.
fn blinked(photo: &Photo) -> [Vec<u8>; 2] {
    [0.0, 1.0].map(|shut| {
        let mut face = PhotoFace::new(photo, rate(), 1, &Styles::default());
        let mut picture = Picture::new(SIDE, SIDE);
        let look = Look {
            shut,
            gaze: (0.0, 0.0),
        };
        let moment = Moment {
            look,
            ..Moment::default()
        };
        face.show(&moment, &mut picture);
        picture.y
    })
}

/// Which sample of its pictures shows a place of a photo.
fn shown(picture: &RgbImage) -> impl Fn((f32, f32)) -> usize {
    let bitmap = bitmap::Bitmap {
        width: picture.width(),
        height: picture.height(),
        bytes: picture.as_raw().clone(),
    };
    let finder = finder::Finder::shared(std::path::Path::new(CASCADES)).unwrap();
    let face = finder.find(&bitmap).unwrap().0;
    let [left, right] = face.eyes;
    let (frame, _) = eyes::look(&bitmap, frame::Frame::of(left, right), face.seen);
    let part = view::part(&bitmap, &frame, true, (SIDE, SIDE));
    let scale = SIDE as f64 / part.width;
    let at = move |at: f32, from: f64| ((f64::from(at) - from) * scale) as usize;
    move |(x, y)| at(y, part.y) * SIDE + at(x, part.x)
}

#[test]
fn rims_stay_where_they_are_when_eyes_blink() {
    let rectangle = Glasses {
        round: false,
        half_width: 17.0,
        up: 9.0,
        down: 11.0,
        thick: 1.6,
    };
    let thick = Glasses {
        half_width: 18.0,
        up: 12.0,
        down: 13.0,
        thick: 2.0,
        ..rectangle
    };
    let thin = Glasses {
        round: true,
        half_width: 14.0,
        up: 9.0,
        down: 14.0,
        thick: 1.0,
    };
    for glasses in [rectangle, thick, thin] {
        let drawn = glasses.drawn();
        let (photo, notes) = read(&png(&drawn.clone().into()), (SIDE, SIDE));
        assert_eq!(notes, [], "{glasses:?}");
        let [open, shut] = blinked(&photo);
        let sample = shown(&drawn);
        for place in glasses.upper() {
            let at = sample(place);
            let (before, after) = (open[at], shut[at]);
            assert!(
                before.abs_diff(after) < 12,
                "{glasses:?}: {before} {after} at {place:?}"
            );
        }
        for pupil in PUPILS {
            let at = sample(pupil);
            assert!(shut[at] > open[at] + 15, "{glasses:?}: a shut eye");
        }
    }
}

#[test]
fn a_rim_before_the_lids_and_reflections_keep_eyes_open() {
    let low = Glasses {
        round: false,
        half_width: 17.0,
        up: 2.0,
        down: 14.0,
        thick: 1.4,
    };
    let mut mirror = Glasses {
        round: true,
        half_width: 17.0,
        up: 15.0,
        down: 17.0,
        thick: 1.2,
    }
    .drawn();
    for (pupil_x, pupil_y) in PUPILS {
        for (x, y, pixel) in mirror.enumerate_pixels_mut() {
            let (dx, dy) = (x as f32 - pupil_x, y as f32 - pupil_y);
            let along = dx + 0.4 * dy;
            if (-8.5..0.0).contains(&along) && (-8.0..6.0).contains(&dy) {
                mix(pixel, [245.0, 248.0, 255.0], 0.75);
            }
        }
    }
    for (name, drawn) in [("low", low.drawn()), ("mirror", mirror)] {
        let (photo, notes) = read(&png(&drawn.into()), (SIDE, SIDE));
        assert_eq!(notes, [Note::Glasses], "{name}");
        assert!(notes[0].to_string().contains("glasses"));
        let [open, shut] = blinked(&photo);
        assert!(open == shut, "{name}");
    }
}
