//! How a clip lies in a video of another size.

use super::manifest::{Bounds, Manifest};

/// A rectangle of a picture in pixels, its edges anywhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) x0: f64,
    pub(super) y0: f64,
    pub(super) x1: f64,
    pub(super) y1: f64,
}

/// The part of a clip that is seen, and how large. The clip fills the video; what is too much is cut off on both sides
/// alike, but never from a face where that can be helped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Framing {
    /// The size of the clip.
    pub(super) clip: (u32, u32),
    /// The size of the video.
    pub(super) video: (u32, u32),
    /// The part of the clip that is seen, in its own pixels.
    pub(super) seen: Area,
    scale: f64,
}

impl Framing {
    /// The clip of `manifest` in a video of `width` by `height` pixels.
    pub(super) fn new(manifest: &Manifest, width: u32, height: u32) -> Self {
        let clip = (manifest.width, manifest.height);
        let across = f64::from(width) / f64::from(clip.0.max(1));
        let down = f64::from(height) / f64::from(clip.1.max(1));
        let scale = across.max(down);
        let faces = || manifest.frames.iter().map(|frame| frame.face);
        let least = |edge: fn(Bounds) -> i32| faces().map(edge).min().unwrap_or(0);
        let most = |edge: fn(Bounds) -> i32| faces().map(edge).max().unwrap_or(0);
        let (x0, x1) = span(
            clip.0,
            f64::from(width) / scale,
            (least(|face| face.x0), most(|face| face.x1)),
        );
        let (y0, y1) = span(
            clip.1,
            f64::from(height) / scale,
            (least(|face| face.y0), most(|face| face.y1)),
        );
        Self {
            clip,
            video: (width, height),
            seen: Area { x0, y0, x1, y1 },
            scale,
        }
    }

    /// Whether the clip is seen just as it is.
    pub(super) fn is_plain(&self) -> bool {
        self.clip == self.video
    }

    /// Where `bounds` of the clip lie in the video.
    pub(super) fn place(&self, bounds: Bounds) -> Area {
        let x = |x: i32| (f64::from(x) - self.seen.x0) * self.scale;
        let y = |y: i32| (f64::from(y) - self.seen.y0) * self.scale;
        Area {
            x0: x(bounds.x0),
            y0: y(bounds.y0),
            x1: x(bounds.x1),
            y1: y(bounds.y1),
        }
    }

    /// Pixels of the clip to one of the video.
    pub(super) fn step(&self) -> f64 {
        1.0 / self.scale
    }
}

/// Where `length` of `whole` pixels are taken from: the middle, moved as little as need be for all of `faces` to be in it.
fn span(whole: u32, length: f64, faces: (i32, i32)) -> (f64, f64) {
    let whole = f64::from(whole);
    let length = length.min(whole);
    let middle = (whole - length) / 2.0;
    let (first, last) = (f64::from(faces.0), f64::from(faces.1));
    let from = match last - first <= length {
        true => middle.clamp((last - length).min(first), first),
        // More than there is room for: the middle of the faces.
        false => (first + last - length) / 2.0,
    };
    let from = from.clamp(0.0, whole - length);
    (from, from + length)
}

#[cfg(test)]
mod tests {
    use super::super::specimen;
    use super::*;

    #[test]
    fn what_is_too_much_goes_from_both_sides() {
        assert_eq!(span(1280, 720.0, (500, 780)), (280.0, 1000.0));
    }

    #[test]
    fn faces_are_kept() {
        assert_eq!(span(1280, 720.0, (100, 400)), (100.0, 820.0));
        assert_eq!(span(1280, 720.0, (900, 1200)), (480.0, 1200.0));
        assert_eq!(span(1280, 720.0, (0, 900)), (90.0, 810.0));
        assert_eq!(span(1280, 720.0, (1200, 1280)), (560.0, 1280.0));
    }

    #[test]
    fn a_clip_of_the_videos_size_is_taken_as_it_is() {
        let manifest = specimen::manifest(640, 480, 1);
        let framing = Framing::new(&manifest, 640, 480);
        assert!(framing.is_plain());
        let face = manifest.frames[0].face;
        let place = framing.place(face);
        assert_eq!(
            [place.x0, place.y0, place.x1, place.y1],
            [face.x0, face.y0, face.x1, face.y1].map(f64::from)
        );
        let smaller = Framing::new(&manifest, 320, 240);
        assert_eq!(smaller.place(face).x0, f64::from(face.x0) / 2.0);
        assert_eq!(smaller.step(), 2.0);
    }
}
