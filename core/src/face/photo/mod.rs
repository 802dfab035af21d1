//! The caller's own photo, made to speak without any network.
//!
//! A face is found by classical means ([`Photo::read`]): a cascade of OpenCV's, which Debian has as a package, finds the face and its
//! eyes; lips, lids and chin are found where they divide the picture best. From then on the photo is bent: jaw and lips move
//! with the speech, lids shut, the head sways ([`PhotoFace`]). What was hidden, teeth and tongue, is painted in the light of the photo.
//!
//! Distances on a face are measured from pupil to pupil ([`frame`]), so that nothing depends on a picture's size.

mod bitmap;
mod blink;
mod cascade;
mod chin;
mod crease;
mod decode;
mod error;
mod exif;
mod eyes;
mod finder;
mod frame;
mod glasses;
mod grouping;
mod hollow;
mod jaw;
mod lips;
mod patch;
mod planes;
mod portrait;
mod profile;
mod search;
mod seems;
mod show;
mod speak;
mod still;
mod sway;
mod teeth;
mod view;

pub use cascade::CASCADES;
pub use error::PhotoError;
pub use portrait::{Note, Options, Photo};
pub use show::{PhotoFace, Styles};
pub use still::{SIDE, Still};

#[cfg(test)]
mod contact;
#[cfg(test)]
mod tests;
