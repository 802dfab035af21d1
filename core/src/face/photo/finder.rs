//! Finding the face in a photo, and the eyes in the face.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::bitmap::{Bitmap, Grey};
use super::cascade::Cascade;
use super::error::PhotoError;
use super::eyes;
use super::frame::{Frame, Point};
use super::lips;
use super::search::{Found, Search, search};

/// Cascades for faces; the second is asked where the first finds nothing.
const FACES: [&str; 2] = [
    "haarcascade_frontalface_alt2.xml",
    "haarcascade_frontalface_default.xml",
];
const EYES: &str = "haarcascade_eye.xml";

/// Pixels along the longer side of what faces are looked for in.
const LOOKED_AT: u32 = 640;

/// A face is no smaller than this part of the shorter side.
const SMALLEST: usize = 16;

/// How wide a face is made before eyes are looked for, in pixels.
const FACE: usize = 160;

/// Where eyes are in the box of a face, in parts of it.
pub(super) const USUAL: [Point; 2] = [(0.305, 0.385), (0.695, 0.385)];

/// Angles by which a face may be turned where none is found upright, in degrees.
const TURNS: [f32; 4] = [-25.0, 25.0, -45.0, 45.0];

/// The box of a face and its eyes, in pixels of what it was found in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Face {
    pub(super) corner: Point,
    pub(super) side: f32,
    /// The middle of each eye, the left one in the picture first.
    pub(super) eyes: [Point; 2],
    /// Whether each was seen, by itself or by the other, and not placed where eyes usually are.
    pub(super) seen: [bool; 2],
    /// How many were seen by themselves.
    pub(super) own: usize,
    /// How many windows agreed on it.
    votes: usize,
}

/// What faces are found by.
#[derive(Debug)]
pub(super) struct Finder {
    faces: Vec<Cascade>,
    eyes: Cascade,
}

/// What was read, by its directory.
static READ: LazyLock<Mutex<HashMap<PathBuf, Arc<Finder>>>> = LazyLock::new(Mutex::default);

impl Finder {
    /// The cascades in a directory: read now, or shared with whoever had them read before. Where they cannot be read, the next
    /// who asks tries again.
    pub(super) fn shared(directory: &Path) -> Result<Arc<Self>, PhotoError> {
        // Held while reading: who comes meanwhile would read the same.
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(finder) = read.get(directory) {
            return Ok(Arc::clone(finder));
        }
        let finder = Arc::new(Self::read(directory)?);
        read.insert(directory.to_owned(), Arc::clone(&finder));
        Ok(finder)
    }

    /// Reads the cascades in a directory.
    fn read(directory: &Path) -> Result<Self, PhotoError> {
        let faces = FACES.iter().map(|name| Cascade::read(directory, name));
        Ok(Self {
            faces: faces.collect::<Result<_, _>>()?,
            eyes: Cascade::read(directory, EYES)?,
        })
    }

    /// The largest face of a photo, its eyes in the photo, and how many there are.
    ///
    /// What has neither eyes nor a mouth is no face. Turned ones are looked for where no upright one has all of that.
    pub(super) fn find(&self, photo: &Bitmap) -> Result<(Face, usize), PhotoError> {
        let grey = photo.grey();
        let longer = photo.width.max(photo.height);
        let shrink = (f64::from(longer) / f64::from(LOOKED_AT)).max(1.0);
        let small = if shrink > 1.0 {
            let side = |side: u32| ((f64::from(side) / shrink).round() as u32).max(1);
            photo
                .scaled(photo.whole(), side(photo.width), side(photo.height))?
                .grey()
        } else {
            grey.clone()
        };
        let judged = |faces: Vec<Face>| -> Vec<(Face, Likeness)> {
            let judged = faces.into_iter().map(|face| (face, likeness(photo, &face)));
            judged.collect()
        };
        let upright = judged(self.faces_of(&small, &grey, shrink));
        if upright.iter().any(|(_, like)| *like == Likeness::Whole) {
            return largest(&upright, Likeness::Part);
        }
        // The turn at which most windows agree on a whole face: at the others, cloth and hair look like one to a few.
        let mut turned = Vec::new();
        for degrees in TURNS {
            let angle = degrees.to_radians();
            let (small, turned_grey) = (small.turned(angle), grey.turned(angle));
            let from = (
                turned_grey.width as f32 / 2.0,
                turned_grey.height as f32 / 2.0,
            );
            let to = (grey.width as f32 / 2.0, grey.height as f32 / 2.0);
            let mut faces = self.faces_of(&small, &turned_grey, shrink);
            for face in &mut faces {
                let (sine, cosine) = angle.sin_cos();
                face.eyes = face.eyes.map(|(x, y)| {
                    let (x, y) = (x - from.0, y - from.1);
                    (x * cosine + y * sine + to.0, y * cosine - x * sine + to.1)
                });
            }
            let faces = judged(faces);
            if agreed(&faces) > agreed(&turned) {
                turned = faces;
            }
        }
        largest(&turned, Likeness::Whole).or_else(|_| largest(&upright, Likeness::Part))
    }

    /// What looks like an upright face in a picture, which is given small and whole, with its eyes in the whole one.
    fn faces_of(&self, small: &Grey, grey: &Grey, shrink: f64) -> Vec<Face> {
        let least = (small.width.min(small.height) / SMALLEST).max(24);
        let wanted = Search {
            pace: 1.1,
            votes: 3,
            least,
            most: usize::MAX,
        };
        let found = self.faces.iter().find_map(|cascade| {
            let found = search(cascade, small, wanted);
            (!found.is_empty()).then_some(found)
        });
        let full = |at: i32| (f64::from(at) * shrink) as f32;
        let faces = believed(found.unwrap_or_default())
            .into_iter()
            .map(|found| {
                let mut face = Face {
                    corner: (full(found.x), full(found.y)),
                    side: full(found.width),
                    eyes: [(0.0, 0.0); 2],
                    seen: [false; 2],
                    own: 0,
                    votes: found.votes,
                };
                self.look_into(grey, &mut face);
                face
            });
        faces.collect()
    }

    /// Finds the eyes of a face, or puts them where they usually are.
    fn look_into(&self, grey: &Grey, face: &mut Face) {
        let from = |at: f32| at.max(0.0) as usize;
        let side = face.side as usize;
        let upper = grey.cut(from(face.corner.0), from(face.corner.1), side, side * 5 / 8);
        if upper.width < 20 || upper.height < 12 {
            face.eyes = placed(face, USUAL);
            return;
        }
        let scale = FACE as f32 / face.side;
        let size = |side: usize| ((side as f32 * scale) as usize).max(1);
        let upper = upper.interpolated(size(upper.width), size(upper.height));
        let wanted = Search {
            pace: 1.08,
            votes: 2,
            least: FACE / 7,
            most: FACE * 2 / 5,
        };
        let found = search(&self.eyes, &upper, wanted);
        let best = USUAL.map(|usual| {
            let likely = |found: &Found| {
                let (x, y) = middle(found);
                let off = (x - usual.0).hypot(y - usual.1);
                (off < 0.14).then(|| (found.votes as f32).sqrt() * (-off * off / 0.01).exp())
            };
            let scored = found
                .iter()
                .filter_map(|found| Some((likely(found)?, found)));
            scored
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .map(|(_, found)| middle(found))
        });
        let eyes = match best {
            [Some(left), Some(right)] if level(left, right) => {
                face.seen = [true; 2];
                face.own = 2;
                [left, right]
            }
            // One eye tells where the other is.
            [Some(left), _] => {
                face.seen = [true; 2];
                face.own = 1;
                [left, (1.0 - left.0, left.1)]
            }
            [None, Some(right)] => {
                face.seen = [true; 2];
                face.own = 1;
                [(1.0 - right.0, right.1), right]
            }
            [None, None] => USUAL,
        };
        face.eyes = placed(face, eyes);
    }
}

/// How much of a face something has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    /// Neither eyes nor a mouth, or one eye alone.
    None,
    /// Eyes or a mouth: glasses, hands and hair hide the others.
    Part,
    /// Both eyes and a mouth.
    Whole,
}

fn likeness(photo: &Bitmap, face: &Face) -> Likeness {
    let [left, right] = face.eyes;
    let (frame, _) = eyes::look(photo, Frame::of(left, right), face.seen);
    let mouth = lips::look(photo, &frame).seen;
    match (face.own, mouth) {
        (2, true) => Likeness::Whole,
        (2, false) | (_, true) => Likeness::Part,
        _ => Likeness::None,
    }
}

/// How many windows agree on the whole face that most agree on.
fn agreed(faces: &[(Face, Likeness)]) -> usize {
    let whole = faces.iter().filter(|(_, like)| *like == Likeness::Whole);
    whole.map(|(face, _)| face.votes).max().unwrap_or(0)
}

/// The largest face of those that have so much of one, and how many have.
fn largest(faces: &[(Face, Likeness)], least: Likeness) -> Result<(Face, usize), PhotoError> {
    let enough = faces.iter().filter(|(_, like)| *like >= least);
    let largest = enough.clone().max_by(|a, b| a.0.side.total_cmp(&b.0.side));
    let (face, _) = largest.ok_or(PhotoError::NoFace)?;
    Ok((*face, enough.count()))
}

/// The middle of what was found in a face, in parts of the face.
fn middle(found: &Found) -> Point {
    let part = |at: i32, side: i32| (at as f32 + side as f32 / 2.0) / FACE as f32;
    (part(found.x, found.width), part(found.y, found.height))
}

/// Whether two eyes may belong to one upright face.
fn level(left: Point, right: Point) -> bool {
    let apart = right.0 - left.0;
    (0.26..0.6).contains(&apart) && (right.1 - left.1).abs() < 0.4 * apart
}

fn placed(face: &Face, eyes: [Point; 2]) -> [Point; 2] {
    eyes.map(|(x, y)| (face.corner.0 + x * face.side, face.corner.1 + y * face.side))
}

/// Without what few windows agree on, where many agree on something else: a pattern that looks like a face.
fn believed(mut found: Vec<Found>) -> Vec<Found> {
    let most = found.iter().map(|found| found.votes).max().unwrap_or(0);
    found.retain(|found| found.votes * 4 >= most);
    found
}
