//! The face of a session that shows a photo.

use avatar_codec::Picture;

use super::super::performance::{LOOKAHEAD, Moment, Performance};
use super::super::presenter::Region;
use super::super::{Face, FaceError, Mouth};
use super::blink::Blink;
use super::planes::Planes;
use super::portrait::{Measured, Photo};
use super::speak::Speak;
use super::sway::{Stance, Sway};
use super::view::MARGIN;
use crate::speech::Mark;
use crate::time::{FrameRate, Samples};

/// What poses and glances are measured in: this many of it are the distance between the pupils.
const UNITS: f32 = 75.0;

/// How deep the pupil lies in the eye, as a part of the distance between the pupils.
const EYEBALL: f32 = 0.19;

/// How the head is held and where the eyes look, in general; what they do by themselves is added.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Styles {
    /// Pitch, yaw and roll of the head, in radians: positive is chin down, towards the right edge of the picture, and
    /// clockwise. No more than ±0.35, ±0.35 and ±0.5 is done.
    pub pose: [f32; 3],
    /// Where the eyes look, in radians: positive is towards the right edge of the picture, and up. No more is done than eyes
    /// can, about ±0.4 and ±0.2.
    pub gaze: [f32; 2],
    /// How much the head moves by itself: 0 not at all, 1 as people do who speak.
    pub liveliness: f32,
}

impl Default for Styles {
    fn default() -> Self {
        Self {
            pose: [0.0; 3],
            gaze: [0.0; 2],
            liveliness: 1.0,
        }
    }
}

/// A number from a request, brought within its bounds.
fn bounded(value: f32, most: f32) -> f32 {
    if value.is_finite() {
        value.clamp(-most, most)
    } else {
        0.0
    }
}

/// A photo that speaks.
#[derive(Debug)]
pub struct PhotoFace {
    photo: Photo,
    performance: Performance,
    stance: Stance,
    gaze: (f32, f32),
    liveliness: f32,
    /// The photo with mouth and eyes as they are now.
    drawn: Planes,
    /// The mouth in it.
    shown: Option<Mouth>,
    speak: Speak,
    blinks: Vec<Blink>,
    sway: Sway,
}

impl PhotoFace {
    /// The face of a session that shows `photo`. What it does by itself depends on `seed` alone.
    pub fn new(photo: &Photo, rate: FrameRate, seed: u64, styles: &Styles) -> Self {
        let measured: &Measured = &photo.0;
        let planes = measured.planes.clone();
        let whole = (planes.y.width, planes.y.height);
        let frame = measured.frame;
        let [pitch, yaw, roll] = styles.pose;
        let [aside, up] = styles.gaze;
        let seen = measured.eyes.iter().filter(|eye| eye.seen && !eye.covered);
        Self {
            photo: photo.clone(),
            performance: Performance::new(seed, rate),
            stance: Stance {
                pitch: bounded(pitch, 0.35),
                yaw: bounded(yaw, 0.35),
                roll: bounded(roll, 0.5),
            },
            gaze: (
                EYEBALL * bounded(aside, 1.0).sin(),
                -EYEBALL * bounded(up, 1.0).sin(),
            ),
            liveliness: bounded(styles.liveliness, 1.5).max(0.0),
            drawn: planes,
            shown: None,
            speak: Speak::new(
                measured.lips.shape,
                measured.chin,
                frame,
                whole,
                measured.hollow.clone(),
            ),
            blinks: seen.map(|eye| Blink::new(*eye, frame, whole)).collect(),
            sway: Sway::new(&frame, measured.chin, measured.size),
        }
    }

    /// Where the mouth is, however it opens; a head that moves takes it along a little.
    pub fn mouth_region(&self) -> Region {
        let area = self.speak.region();
        let (width, height) = self.photo.size();
        let x = area.x.saturating_sub(MARGIN).min(width - 2);
        let y = area.y.saturating_sub(MARGIN).min(height - 2);
        Region {
            x,
            y,
            width: area.width.min(width - x),
            height: area.height.min(height - y),
        }
    }

    /// The mouth of the frame painted last.
    pub fn mouth(&self) -> Mouth {
        self.performance.mouth()
    }

    /// Bytes that the session keeps beside the photo, which sessions can share.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let planes: usize = self
            .drawn
            .each()
            .iter()
            .map(|(plane, _)| plane.data.len())
            .sum();
        planes + self.speak.bytes() + self.sway.bytes()
    }

    /// Paints one moment.
    pub(super) fn show(&mut self, moment: &Moment, picture: &mut Picture) {
        let measured: &Measured = &self.photo.0;
        let photo = &measured.planes;
        if self.shown != Some(moment.mouth) {
            self.speak.draw(measured, &mut self.drawn, moment.mouth);
            self.shown = Some(moment.mouth);
        }
        let gaze = (
            self.gaze.0 + self.liveliness * moment.look.gaze.0 / UNITS,
            self.gaze.1 + self.liveliness * moment.look.gaze.1 / UNITS,
        );
        for blink in &self.blinks {
            blink.draw(photo, &mut self.drawn, moment.look.shut, gaze);
        }
        let mut pose = moment.pose;
        for measure in [
            &mut pose.turn,
            &mut pose.nod,
            &mut pose.tilt,
            &mut pose.shift.0,
            &mut pose.shift.1,
            &mut pose.breath,
            &mut pose.brows,
        ] {
            *measure *= self.liveliness;
        }
        self.sway.show(&self.drawn, &pose, &self.stance, picture);
    }
}

impl Face for PhotoFace {
    fn lookahead(&self) -> Samples {
        LOOKAHEAD
    }

    fn least_lookahead(&self) -> Samples {
        Samples::ZERO
    }

    fn hear(&mut self, pcm: &[f32], marks: &[Mark]) {
        self.performance.hear(pcm, marks);
    }

    fn forget(&mut self, from: Samples) {
        self.performance.forget(from);
    }

    fn paint(&mut self, picture: &mut Picture) -> Result<(), FaceError> {
        let (width, height) = self.photo.size();
        if (picture.width, picture.height) != (width, height) {
            return Err(FaceError::Failed(format!(
                "a photo of {width} × {height} pixels was asked for a picture of {} × {}",
                picture.width, picture.height
            )));
        }
        let moment = self.performance.next();
        self.show(&moment, picture);
        Ok(())
    }
}
