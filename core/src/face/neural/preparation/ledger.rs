//! What has been done of a preparation, in a directory beside the one where the avatar is to lie.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use avatar_codec::RgbPicture;
use safetensors::tensor::{Dtype, TensorView};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::super::manifest::LATENTS;
use super::preparer::PreparedFrame;
use super::{Bounds, Manifest, Preparation, PreparationError, png};

/// What is prepared, by which the preparation is known again.
const SUBJECT: &str = "preparation.json";
/// A line for each frame that was looked at: its face or `null`; and one more when all have been.
const FACES: &str = "faces.jsonl";
const ALL: &str = "all";
/// A line for each frame that was made ready: what its mask covers.
const CROPS: &str = "crops.jsonl";
/// Their latents, one after the other.
const RAW: &str = "latents.raw";

/// Channels, rows and columns of a frame's latents.
const SHAPE: [usize; 3] = [8, 32, 32];
const LATENT_BYTES: u64 = avatar_neural::LATENTS as u64 * 4;

/// What has been done.
pub(super) struct Ledger {
    directory: PathBuf,
    faces: Vec<Option<Bounds>>,
    all_found: bool,
    crops: Vec<Bounds>,
    face_lines: File,
    crop_lines: File,
    raw: File,
    /// Holds the lock as long as the ledger is in hand.
    _subject: File,
}

impl Ledger {
    /// Goes on with a preparation, or begins it: anew, where what is there was of another film or with other settings.
    pub(super) fn open(preparation: &Preparation) -> Result<Self, PreparationError> {
        let directory = beside(&preparation.directory);
        fs::create_dir_all(&directory).map_err(PreparationError::of(&directory))?;
        let file = directory.join(SUBJECT);
        let failed = || PreparationError::of::<io::Error>(&file);
        let mut subject = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file)
            .map_err(failed())?;
        match subject.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(PreparationError::Busy {
                    directory: preparation.directory.clone(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed()(error)),
        }
        let wanted = describe(preparation)?;
        let known = fs::read_to_string(&file).map_err(failed())?;
        if serde_json::from_str::<Value>(&known).ok().as_ref() != Some(&wanted) {
            subject.set_len(0).map_err(failed())?;
            for name in [FACES, CROPS, RAW] {
                remove(&directory.join(name))?;
            }
            for name in ["frames", "masks"] {
                let part = directory.join(name);
                remove_directory(&part)?;
                fs::create_dir(&part).map_err(PreparationError::of(&part))?;
            }
            subject
                .write_all(wanted.to_string().as_bytes())
                .map_err(failed())?;
        }
        Self::go_on(directory, subject)
    }

    /// Reads what has been done, and drops what was only half done.
    fn go_on(directory: PathBuf, subject: File) -> Result<Self, PreparationError> {
        let (face_lines, faces) = lines::<Value>(&directory.join(FACES))?;
        let all_found = faces.last().and_then(Value::as_str) == Some(ALL);
        let faces: Vec<Option<Bounds>> = faces
            .into_iter()
            .map_while(|face| serde_json::from_value(face).ok())
            .collect();
        let (mut crop_lines, mut crops) = lines::<Bounds>(&directory.join(CROPS))?;
        let file = directory.join(RAW);
        let failed = || PreparationError::of::<io::Error>(&file);
        let mut raw = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file)
            .map_err(failed())?;
        let whole = raw.metadata().map_err(failed())?.len() / LATENT_BYTES;
        if (crops.len() as u64) > whole {
            crops.truncate(usize::try_from(whole).unwrap_or(0));
            let text: String = crops.iter().map(line).collect();
            let file = directory.join(CROPS);
            crop_lines
                .set_len(0)
                .and_then(|()| crop_lines.seek(SeekFrom::Start(0)))
                .and_then(|_| crop_lines.write_all(text.as_bytes()))
                .map_err(PreparationError::of(&file))?;
        }
        let end = crops.len() as u64 * LATENT_BYTES;
        raw.set_len(end)
            .and_then(|()| raw.seek(SeekFrom::Start(end)))
            .map_err(failed())?;
        Ok(Self {
            directory,
            faces,
            all_found,
            crops,
            face_lines,
            crop_lines,
            raw,
            _subject: subject,
        })
    }

    /// What was found in the frames looked at so far.
    pub(super) fn faces(&self) -> &[Option<Bounds>] {
        &self.faces
    }

    /// Whether all have been looked at.
    pub(super) fn all_found(&self) -> bool {
        self.all_found
    }

    /// What the masks cover of the frames made ready so far.
    pub(super) fn crops(&self) -> &[Bounds] {
        &self.crops
    }

    /// Where frame `index` lies.
    pub(super) fn frame_file(&self, index: usize) -> PathBuf {
        Manifest::frame_file(&self.directory, index)
    }

    /// Keeps a frame.
    pub(super) fn keep_frame(
        &self,
        index: usize,
        frame: &RgbPicture,
    ) -> Result<(), PreparationError> {
        let size = (frame.width, frame.height);
        png::write(
            &self.frame_file(index),
            size,
            ::png::ColorType::Rgb,
            &frame.data,
        )
    }

    /// Notes what was found in the next frame, which is kept already.
    pub(super) fn found(&mut self, face: Option<Bounds>) -> Result<(), PreparationError> {
        self.face_lines
            .write_all(line(&face).as_bytes())
            .map_err(PreparationError::of(&self.directory.join(FACES)))?;
        self.faces.push(face);
        Ok(())
    }

    /// Notes that there are no more frames.
    pub(super) fn all_are_found(&mut self) -> Result<(), PreparationError> {
        self.face_lines
            .write_all(line(&ALL).as_bytes())
            .map_err(PreparationError::of(&self.directory.join(FACES)))?;
        self.all_found = true;
        Ok(())
    }

    /// Keeps what the next frame was made into.
    pub(super) fn prepared(&mut self, prepared: &PreparedFrame) -> Result<(), PreparationError> {
        let index = self.crops.len();
        let (crop, latents) = (prepared.crop, &prepared.latents);
        let mask = Manifest::mask_file(&self.directory, index);
        let size = (crop.width(), crop.height());
        png::write(&mask, size, ::png::ColorType::Grayscale, &prepared.mask)?;
        let bytes: Vec<u8> = latents
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        if bytes.len() as u64 != LATENT_BYTES {
            return Err(PreparationError::Networks {
                frame: index,
                reason: format!(
                    "latents of {} numbers, where there must be {}",
                    latents.len(),
                    avatar_neural::LATENTS
                ),
            });
        }
        self.raw
            .write_all(&bytes)
            .map_err(PreparationError::of(&self.directory.join(RAW)))?;
        // Last, since it says that the rest is there.
        self.crop_lines
            .write_all(line(&crop).as_bytes())
            .map_err(PreparationError::of(&self.directory.join(CROPS)))?;
        self.crops.push(crop);
        Ok(())
    }

    /// Puts the finished avatar where it is to lie, in the place of what is there.
    pub(super) fn finish(
        self,
        directory: &Path,
        manifest: &Manifest,
    ) -> Result<(), PreparationError> {
        let raw = self.directory.join(RAW);
        let bytes = fs::read(&raw).map_err(PreparationError::of(&raw))?;
        let shape = [self.crops.len()].into_iter().chain(SHAPE).collect();
        let latents = self.directory.join(LATENTS);
        let tensor =
            TensorView::new(Dtype::F32, shape, &bytes).map_err(PreparationError::of(&latents))?;
        safetensors::serialize_to_file([("latents", tensor)], None, &latents)
            .map_err(PreparationError::of(&latents))?;
        drop(bytes);
        let file = self.directory.join(Manifest::FILE);
        if let Some(fault) = manifest.fault() {
            return Err(PreparationError::of(&file)(fault));
        }
        let text = serde_json::to_string_pretty(manifest).map_err(PreparationError::of(&file))?;
        fs::write(&file, text).map_err(PreparationError::of(&file))?;
        let old = named(directory, "replaced");
        remove_directory(&old)?;
        match fs::rename(directory, &old) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(PreparationError::of(directory)(error));
            }
            _ => {}
        }
        fs::rename(&self.directory, directory).map_err(PreparationError::of(directory))?;
        remove_directory(&old)?;
        for name in [FACES, CROPS, RAW, SUBJECT] {
            remove(&directory.join(name))?;
        }
        Ok(())
    }

    /// Throws everything away.
    pub(super) fn discard(self) -> Result<(), PreparationError> {
        remove_directory(&self.directory)
    }
}

/// The directory of an unfinished avatar. No avatar is called like that.
fn beside(directory: &Path) -> PathBuf {
    named(directory, "unfinished")
}

fn named(directory: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(directory.file_name().unwrap_or_default());
    name.push(".");
    name.push(ending);
    directory.with_file_name(name)
}

/// All that decides over the result.
fn describe(preparation: &Preparation) -> Result<Value, PreparationError> {
    let film = &preparation.film;
    let path = film.canonicalize().map_err(PreparationError::of(film))?;
    let metadata = fs::metadata(&path).map_err(PreparationError::of(film))?;
    let modified = metadata.modified().map_err(PreparationError::of(film))?;
    let modified = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(json!({
        "format": Manifest::FORMAT,
        "film": path.to_string_lossy(),
        "length": metadata.len(),
        "modified": modified.as_nanos().to_string(),
        "frame_rate": preparation.clip.frame_rate,
        "max_height": preparation.clip.max_height,
        "shape": preparation.shape,
        "weights": preparation.weights,
    }))
}

fn line(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    text + "\n"
}

/// The whole lines of a file that make sense, and the file without the rest, to write more.
fn lines<T: DeserializeOwned>(file: &Path) -> Result<(File, Vec<T>), PreparationError> {
    let failed = || PreparationError::of::<io::Error>(file);
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed()(error)),
    };
    let mut values = Vec::new();
    let mut end = 0;
    for part in text.split_inclusive('\n') {
        match serde_json::from_str(part) {
            Ok(value) if part.ends_with('\n') => values.push(value),
            _ => break,
        }
        end += part.len() as u64;
    }
    let mut opened = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(file)
        .map_err(failed())?;
    opened
        .set_len(end)
        .and_then(|()| opened.seek(SeekFrom::Start(end)))
        .map_err(failed())?;
    Ok((opened, values))
}

fn remove(file: &Path) -> Result<(), PreparationError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(PreparationError::of(file)(error))
        }
        _ => Ok(()),
    }
}

fn remove_directory(directory: &Path) -> Result<(), PreparationError> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(PreparationError::of(directory)(error))
        }
        _ => Ok(()),
    }
}
