//! An avatar's frames as encoders take them, in a file that can be thrown away.
//!
//! Frames are unpacked, scaled and converted once, when they are first shown, and kept in a file with a place for each. They
//! are read from there ever after, straight into the picture that is painted: what is read often lies in the system's page
//! cache, shared by all sessions, and nothing in ours. A place that was never written, was damaged, or is of another clip does
//! not carry its own checksum, and is written anew; so a missing file, a stale one and a corrupt one are all the same.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use avatar_codec::Picture;
use sha2::{Digest, Sha256};

use super::colour;
use super::cutout::Cutout;
use super::framing::Framing;
use super::gallery::Exhibit;
use super::manifest::Manifest;
use super::raster::{Raster, RasterError};

/// Raised when the same clip would be kept in another form.
const FORMAT: u32 = 1;

/// Where the first place begins; each begins at a multiple of this.
const PAGE: u64 = 4096;

/// What comes before the planes in a place: a checksum, where the face lies, and the cutout's rectangle.
const LABEL: usize = 8 + 4 * 4 + 4 * 4;

/// An avatar's frames at one size.
#[derive(Debug)]
pub struct Film {
    directory: PathBuf,
    manifest: Arc<Manifest>,
    framing: Framing,
    /// `None` where no file could be made: then every frame is unpacked whenever it is shown.
    file: Option<File>,
    place: u64,
    /// The places whose checksum was seen to be right.
    sound: Vec<AtomicBool>,
}

impl Film {
    /// The frames of `exhibit`, made `width` by `height` pixels, which are even, and kept in `file`.
    pub fn open(exhibit: &Exhibit, file: &Path, (width, height): (u32, u32)) -> Self {
        let Exhibit {
            directory,
            manifest,
            ..
        } = exhibit;
        let manifest = Arc::clone(manifest);
        let framing = Framing::new(&manifest, width, height);
        let samples = u64::from(width) * u64::from(height) * 3 / 2;
        let cut = Cutout::most_pixels(&manifest.frames, &framing) as u64;
        let place = (LABEL as u64 + samples + cut).next_multiple_of(PAGE);
        let head = head(directory, &manifest, &framing, place);
        let frames = manifest.frames.len();
        let length = PAGE + place * frames as u64;
        let opened = reopen(file, &head, length).or_else(|| {
            let made = make(file, &head, length);
            made.inspect_err(
                |error| tracing::warn!(file = %file.display(), %error, "frames are not kept"),
            )
            .ok()
        });
        Self {
            directory: directory.to_owned(),
            manifest,
            framing,
            file: opened,
            place,
            sound: (0..frames).map(|_| AtomicBool::new(false)).collect(),
        }
    }

    /// Whether frames are shown in another size than they were filmed in.
    pub(super) fn is_scaled(&self) -> bool {
        !self.framing.is_plain()
    }

    /// Puts frame `index` into `picture`, which is of the film's size, and what its mask lets show into `cutout`.
    ///
    /// # Errors
    ///
    /// [`RasterError`] where the avatar's own files are of no use.
    pub(super) fn show(
        &self,
        index: usize,
        picture: &mut Picture,
        cutout: &mut Cutout,
    ) -> Result<(), RasterError> {
        if self.load(index, picture, cutout).is_some() {
            return Ok(());
        }
        self.develop(index, picture, cutout)?;
        self.keep(index, picture, cutout);
        Ok(())
    }

    fn offset(&self, index: usize) -> u64 {
        PAGE + self.place * index as u64
    }

    /// Reads frame `index`; `None` when it is not there as it should be.
    fn load(&self, index: usize, picture: &mut Picture, cutout: &mut Cutout) -> Option<()> {
        let file = self.file.as_ref()?;
        let sound = self.sound.get(index)?;
        let mut at = self.offset(index);
        let mut label = [0; LABEL];
        let mut read = |to: &mut [u8]| {
            let done = file.read_exact_at(to, at).ok();
            at += to.len() as u64;
            done
        };
        read(&mut label)?;
        let checksum = read_label(&label, cutout)?;
        let pixels = cutout.width.checked_mul(cutout.height)?;
        let even = cutout.x.is_multiple_of(2)
            && cutout.y.is_multiple_of(2)
            && cutout.width.is_multiple_of(2)
            && cutout.height.is_multiple_of(2);
        let inside = cutout.x.checked_add(cutout.width)? <= picture.width
            && cutout.y.checked_add(cutout.height)? <= picture.height;
        if !even || !inside {
            return None;
        }
        cutout.alpha.resize(pixels, 0);
        for plane in [
            &mut picture.y,
            &mut picture.u,
            &mut picture.v,
            &mut cutout.alpha,
        ] {
            read(plane)?;
        }
        if !sound.load(Ordering::Relaxed) {
            if checksum_of(&label, picture, cutout) != checksum {
                return None;
            }
            sound.store(true, Ordering::Relaxed);
        }
        Some(())
    }

    /// Makes frame `index` from the avatar's own files.
    fn develop(
        &self,
        index: usize,
        picture: &mut Picture,
        cutout: &mut Cutout,
    ) -> Result<(), RasterError> {
        let Some(bounds) = self.manifest.frames.get(index) else {
            return Ok(());
        };
        let (width, height) = self.framing.clip;
        let file = Manifest::frame_file(&self.directory, index);
        let frame = Raster::<3>::read(&file)?;
        frame
            .expect_size(width, height)
            .map_err(|error| error.of(&file))?;
        let frame = match self.framing.is_plain() {
            true => frame,
            false => frame.resized(self.framing.seen, self.framing.video)?,
        };
        colour::convert(&frame.bytes, picture);
        let file = Manifest::mask_file(&self.directory, index);
        let mask = Raster::<1>::read(&file)?;
        *cutout = Cutout::new(&mask, bounds, &self.framing).map_err(|error| error.of(&file))?;
        Ok(())
    }

    /// Writes frame `index` to its place. One that is not written whole is found out by its checksum.
    fn keep(&self, index: usize, picture: &Picture, cutout: &Cutout) {
        let Some(file) = &self.file else {
            return;
        };
        let mut bytes = label(picture, cutout).to_vec();
        for plane in [&picture.y, &picture.u, &picture.v, &cutout.alpha] {
            bytes.extend_from_slice(plane);
        }
        if let Err(error) = file.write_all_at(&bytes, self.offset(index)) {
            tracing::warn!(avatar = %self.directory.display(), frame = index, %error, "a frame is not kept");
        }
    }
}

/// What a file of this clip at this size begins with.
fn head(directory: &Path, manifest: &Manifest, framing: &Framing, place: u64) -> Vec<u8> {
    let mut hash = Sha256::new();
    for number in [
        framing.clip.0,
        framing.clip.1,
        framing.video.0,
        framing.video.1,
        manifest.frame_rate,
    ] {
        hash.update(number.to_be_bytes());
    }
    for (index, frame) in manifest.frames.iter().enumerate() {
        for bounds in [frame.face, frame.crop] {
            for edge in <[i32; 4]>::from(bounds) {
                hash.update(edge.to_be_bytes());
            }
        }
        for file in [
            Manifest::frame_file(directory, index),
            Manifest::mask_file(directory, index),
        ] {
            // One that is missing is complained of when it is to be shown.
            if let Ok(metadata) = fs::metadata(file) {
                hash.update(metadata.len().to_be_bytes());
                hash.update(metadata.mtime().to_be_bytes());
                hash.update(metadata.mtime_nsec().to_be_bytes());
            }
        }
    }
    let mut head = b"avatar film\0".to_vec();
    head.extend(FORMAT.to_le_bytes());
    head.extend(place.to_le_bytes());
    head.extend(hash.finalize());
    head.resize(PAGE as usize, 0);
    head
}

/// Opens a file that begins as it should.
fn reopen(file: &Path, head: &[u8], length: u64) -> Option<File> {
    let file = OpenOptions::new().read(true).write(true).open(file).ok()?;
    let mut found = vec![0; head.len()];
    file.read_exact_at(&mut found, 0).ok()?;
    if found != head {
        return None;
    }
    // What was cut off is made anew.
    if file.metadata().ok()?.len() < length {
        file.set_len(length).ok()?;
    }
    Some(file)
}

/// Makes a file with nothing in it but its head. Others may have an older one open; theirs stays as it is.
fn make(file: &Path, head: &[u8], length: u64) -> io::Result<File> {
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory)?;
    }
    let new = file.with_extension(format!("{}.new", std::process::id()));
    let made = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&new)?;
    let begun = made
        .write_all_at(head, 0)
        .and_then(|()| made.set_len(length))
        .and_then(|()| fs::rename(&new, file));
    if begun.is_err() {
        let _ = fs::remove_file(&new);
    }
    begun.map(|()| made)
}

fn label(picture: &Picture, cutout: &Cutout) -> [u8; LABEL] {
    let mut label = [0; LABEL];
    let rectangle = [cutout.x, cutout.y, cutout.width, cutout.height];
    let words = cutout
        .face
        .map(f32::to_le_bytes)
        .into_iter()
        .chain(rectangle.map(|side| (side as u32).to_le_bytes()));
    let fields = label.get_mut(8..).unwrap_or_default();
    for (to, word) in fields.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *to = word;
    }
    let checksum = checksum_of(&label, picture, cutout).to_le_bytes();
    if let Some(first) = label.first_chunk_mut() {
        *first = checksum;
    }
    label
}

/// Reads a label into `cutout` and returns the checksum.
fn read_label(label: &[u8; LABEL], cutout: &mut Cutout) -> Option<u64> {
    let (checksum, fields) = label.split_first_chunk::<8>()?;
    let (face, rectangle) = fields.as_chunks::<4>().0.split_at_checked(4)?;
    for (edge, word) in cutout.face.iter_mut().zip(face) {
        *edge = f32::from_le_bytes(*word);
    }
    let side = |at: usize| Some(u32::from_le_bytes(*rectangle.get(at)?) as usize);
    (cutout.x, cutout.y) = (side(0)?, side(1)?);
    (cutout.width, cutout.height) = (side(2)?, side(3)?);
    Some(u64::from_le_bytes(*checksum))
}

/// Of everything in a place but the checksum itself; never zero, which is what is read where nothing was written.
fn checksum_of(label: &[u8; LABEL], picture: &Picture, cutout: &Cutout) -> u64 {
    let mut sum = 0x9e37_79b9_7f4a_7c15;
    let fields = label.get(8..).unwrap_or_default();
    for bytes in [fields, &picture.y, &picture.u, &picture.v, &cutout.alpha] {
        let (words, rest) = bytes.as_chunks::<8>();
        let mut last = [0; 8];
        for (to, byte) in last.iter_mut().zip(rest) {
            *to = *byte;
        }
        for word in words.iter().chain([&last]) {
            sum = mixed(sum, u64::from_le_bytes(*word));
        }
    }
    sum.max(1)
}

fn mixed(sum: u64, word: u64) -> u64 {
    (sum.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
}

#[cfg(test)]
mod tests;
