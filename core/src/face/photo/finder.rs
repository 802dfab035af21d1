//! Finding the face in a photo, and the eyes in the face.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::bitmap::{Bitmap, Grey};
use super::cascade::Cascade;
use super::error::PhotoError;
use super::frame::Point;
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

/// The box of a face and its eyes, in pixels of the photo.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Face {
    pub(super) corner: Point,
    pub(super) side: f32,
    /// The middle of each eye, the left one in the picture first.
    pub(super) eyes: [Point; 2],
    /// Whether each was seen, by itself or by the other, and not placed where eyes usually are.
    pub(super) seen: [bool; 2],
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

    /// The largest face of a photo, and how many there are.
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
        let least = (small.width.min(small.height) / SMALLEST).max(24);
        let wanted = Search {
            pace: 1.1,
            votes: 3,
            least,
            most: usize::MAX,
        };
        let found = self.faces.iter().find_map(|cascade| {
            let found = search(cascade, &small, wanted);
            (!found.is_empty()).then_some(found)
        });
        let found = believed(found.ok_or(PhotoError::NoFace)?);
        let largest = found.iter().max_by_key(|found| found.width);
        let largest = largest.ok_or(PhotoError::NoFace)?;
        let full = |at: i32| (f64::from(at) * shrink) as f32;
        let mut face = Face {
            corner: (full(largest.x), full(largest.y)),
            side: full(largest.width),
            eyes: [(0.0, 0.0); 2],
            seen: [false; 2],
        };
        self.look_into(&grey, &mut face);
        Ok((face, found.len()))
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
                [left, right]
            }
            // One eye tells where the other is.
            [Some(left), _] => {
                face.seen = [true; 2];
                [left, (1.0 - left.0, left.1)]
            }
            [None, Some(right)] => {
                face.seen = [true; 2];
                [(1.0 - right.0, right.1), right]
            }
            [None, None] => USUAL,
        };
        face.eyes = placed(face, eyes);
    }
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
