//! A photo, its face found and measured.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use avatar_codec::Picture;

use super::super::colour;
use super::super::presenter::SIZES;
use super::bitmap::Bitmap;
use super::cascade::CASCADES;
use super::crease::Crease;
use super::error::PhotoError;
use super::eyes::{self, Eye};
use super::finder::Finder;
use super::frame::Frame;
use super::hollow::Hollow;
use super::lips::{self, Lips};
use super::planes::Planes;
use super::{chin, decode, view};

/// How a photo is to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Whether only the face is shown, with hair and the beginning of the shoulders, or all of the photo. What does not fill the
    /// picture's shape is filled up with a blur.
    pub crop: bool,
    /// Pixels across and down of the pictures, even, from 64 to 1920.
    pub size: (usize, usize),
    /// The directory of OpenCV's Haar cascades.
    pub cascades: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            crop: true,
            size: (512, 512),
            cascades: PathBuf::from(CASCADES),
        }
    }
}

/// What whoever sent the photo should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// There are this many faces; the largest is shown.
    Faces(usize),
    /// The eyes were not found: they do not blink.
    NoEyes,
    /// Glasses lie over the lids or reflect light: the eyes do not blink.
    Glasses,
    /// The mouth was not found, and is taken to be where mouths usually are.
    NoMouth,
}

impl fmt::Display for Note {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Faces(count) => write!(
                to,
                "{count} faces were found in the picture; the largest is shown"
            ),
            Self::NoEyes => to.write_str("the eyes were not found, so they do not blink"),
            Self::Glasses => {
                to.write_str("glasses lie over the lids or reflect light, so the eyes do not blink")
            }
            Self::NoMouth => {
                to.write_str("the mouth was not found, and is taken to be where mouths usually are")
            }
        }
    }
}

/// A photo ready to speak. Sessions can share it: it does not change, and a clone of it is a handle.
#[derive(Debug, Clone)]
pub struct Photo(pub(super) Arc<Measured>);

/// The photo in the size in which it is shown, with a margin, and where everything in it is.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) planes: Planes,
    pub(super) size: (usize, usize),
    pub(super) frame: Frame,
    pub(super) eyes: [Eye; 2],
    pub(super) lips: Lips,
    pub(super) chin: f32,
    pub(super) hollow: Hollow,
    pub(super) crease: Crease,
}

impl Photo {
    /// Reads a JPEG, PNG, WebP, HEIC or AVIF and finds the face in it.
    ///
    /// EXIF's orientation and colour profiles are honoured; what is transparent is white. Takes some tenths of a second, and for that time
    /// up to ten bytes for each of the file's pixels; what stays is about two bytes for each pixel of `options.size`. It blocks.
    ///
    /// # Errors
    ///
    /// [`PhotoError`]; all but [`PhotoError::Cascade`] and [`PhotoError::Size`] are about the photo.
    pub fn read(bytes: &[u8], options: &Options) -> Result<(Self, Vec<Note>), PhotoError> {
        let Found {
            photo,
            frame,
            seen,
            mut notes,
        } = find(bytes, options)?;
        let (frame, eyes) = eyes::look(&photo, frame, seen);
        if eyes.iter().all(|eye| !eye.seen) {
            notes.push(Note::NoEyes);
        }
        if eyes.iter().any(|eye| eye.covered) {
            notes.push(Note::Glasses);
        }
        let lips = lips::look(&photo, &frame);
        if !lips.seen {
            notes.push(Note::NoMouth);
        }
        let chin = chin::look(&photo, &frame, &lips.shape);
        let part = view::part(&photo, &frame, options.crop, options.size);
        let seen = view::seen(&photo, &frame, part, options.size)?;
        let hollow = Hollow::new(&seen.bitmap, &seen.frame, &lips.shape);
        let planes = planes(&seen.bitmap);
        let measured = Measured {
            crease: Crease::new(&planes.y, &seen.frame, &lips.shape),
            planes,
            size: options.size,
            frame: seen.frame,
            eyes,
            lips,
            chin,
            hollow,
        };
        Ok((Self(Arc::new(measured)), notes))
    }

    /// Pixels across and down of the pictures made of it.
    pub fn size(&self) -> (usize, usize) {
        self.0.size
    }
}

/// A photo, and the face that is shown of it.
pub(super) struct Found {
    pub(super) photo: Bitmap,
    pub(super) frame: Frame,
    /// Which of the eyes were found.
    pub(super) seen: [bool; 2],
    pub(super) notes: Vec<Note>,
}

/// Reads a file and finds the face that is shown.
pub(super) fn find(bytes: &[u8], options: &Options) -> Result<Found, PhotoError> {
    let (width, height) = options.size;
    let fits = |side: usize| SIZES.contains(&side) && side.is_multiple_of(2);
    if !fits(width) || !fits(height) {
        return Err(PhotoError::Size(width, height));
    }
    let photo = decode::decode(bytes)?;
    let finder = Finder::shared(&options.cascades)?;
    let (face, count) = finder.find(&photo)?;
    let [left, right] = face.eyes;
    let notes = (count > 1).then_some(Note::Faces(count));
    Ok(Found {
        photo,
        frame: Frame::of(left, right),
        seen: face.seen,
        notes: notes.into_iter().collect(),
    })
}

fn planes(bitmap: &Bitmap) -> Planes {
    let mut picture = Picture::new(bitmap.width as usize, bitmap.height as usize);
    colour::convert(&bitmap.bytes, &mut picture);
    Planes::of(picture)
}
