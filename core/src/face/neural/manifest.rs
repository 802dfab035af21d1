//! What a prepared avatar's directory says of itself.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The name of the file of latents in a prepared avatar's directory: one tensor, called `latents`, f32, a row for each
/// frame of the clip.
pub const LATENTS: &str = "latents.safetensors";

/// A rectangle of pixels. It may reach beyond the picture it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "[i32; 4]", into = "[i32; 4]")]
pub struct Bounds {
    /// The first column.
    pub x0: i32,
    /// The first row.
    pub y0: i32,
    /// The column after the last.
    pub x1: i32,
    /// The row after the last.
    pub y1: i32,
}

impl From<[i32; 4]> for Bounds {
    fn from([x0, y0, x1, y1]: [i32; 4]) -> Self {
        Self { x0, y0, x1, y1 }
    }
}

impl From<Bounds> for [i32; 4] {
    fn from(bounds: Bounds) -> Self {
        [bounds.x0, bounds.y0, bounds.x1, bounds.y1]
    }
}

impl Bounds {
    /// Pixels across; zero where the corners are the wrong way round.
    pub fn width(&self) -> u32 {
        u32::try_from(i64::from(self.x1) - i64::from(self.x0)).unwrap_or(0)
    }

    /// Pixels down; zero where the corners are the wrong way round.
    pub fn height(&self) -> u32 {
        u32::try_from(i64::from(self.y1) - i64::from(self.y0)).unwrap_or(0)
    }
}

/// Which part of a face is redrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MaskMode {
    /// The mouth and the jaw, with cheeks as they were filmed.
    #[default]
    Jaw,
    /// Skin, mouth and lips.
    Raw,
    /// These, and the neck.
    Neck,
}

/// Where the face is in one frame of the clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameBounds {
    /// The part the network draws.
    pub face: Bounds,
    /// The part the frame's mask covers: it holds the face, and may reach beyond the frame.
    pub crop: Bounds,
}

/// What a prepared avatar's directory holds, and how it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`Manifest::FORMAT`]
    pub format: u32,
    /// What people call the avatar.
    pub name: String,
    /// The model whose latents these are.
    pub model: String,
    /// Frames a second of the clip.
    pub frame_rate: u32,
    /// Pixels across of every frame, even.
    pub width: u32,
    /// Pixels down of every frame, even.
    pub height: u32,
    /// How the masks were made.
    pub mode: MaskMode,
    /// Columns left of the middle, of 512, that are cheek.
    pub left_cheek: u32,
    /// Columns right of the middle, of 512, that are cheek.
    pub right_cheek: u32,
    /// Rows added to the face below the chin.
    pub extra_margin: u32,
    /// Rows by which the middle of the face was moved down.
    pub bbox_shift: i32,
    /// The frames of the clip, in order. It is played forward, then backward, and so on.
    pub frames: Vec<FrameBounds>,
}

/// Why a manifest is of no use.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("{}: {reason}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// The system's words.
        reason: std::io::Error,
    },
    /// It is no manifest.
    #[error("{}: {reason}", file.display())]
    Malformed {
        /// Which.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Manifest {
    /// The format described here.
    pub const FORMAT: u32 = 1;
    /// The file's name in the avatar's directory.
    pub const FILE: &str = "manifest.json";
    /// The only model there is.
    pub const MODEL: &str = "musetalk-1.5";

    /// Reads the manifest of the avatar in `directory`.
    ///
    /// # Errors
    ///
    /// [`ManifestError`] where there is none, or one that contradicts itself.
    pub fn read(directory: &Path) -> Result<Self, ManifestError> {
        let file = directory.join(Self::FILE);
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(reason) => return Err(ManifestError::Unreadable { file, reason }),
        };
        let checked = serde_json::from_slice(&bytes)
            .map_err(|error| error.to_string())
            .and_then(|manifest: Self| match manifest.fault() {
                None => Ok(manifest),
                Some(fault) => Err(fault),
            });
        checked.map_err(|reason| ManifestError::Malformed { file, reason })
    }

    /// The file of frame `index` of the clip in `directory`: a PNG, RGB, of the clip's size.
    pub fn frame_file(directory: &Path, index: usize) -> PathBuf {
        directory.join("frames").join(format!("{index:08}.png"))
    }

    /// The file of the mask of frame `index` in `directory`: a PNG, 8-bit grey, of the size of the frame's crop.
    pub fn mask_file(directory: &Path, index: usize) -> PathBuf {
        directory.join("masks").join(format!("{index:08}.png"))
    }

    /// What is wrong with it, if anything.
    pub(super) fn fault(&self) -> Option<String> {
        if self.format != Self::FORMAT {
            return Some(format!(
                "it is of format {}, and must be of format {}",
                self.format,
                Self::FORMAT
            ));
        }
        if self.model != Self::MODEL {
            return Some(format!(
                "it is for the model \"{}\", and must be for \"{}\"",
                self.model,
                Self::MODEL
            ));
        }
        let even = |side: u32| side > 0 && side.is_multiple_of(2);
        if !even(self.width) || !even(self.height) || self.frame_rate == 0 {
            return Some(format!(
                "{}×{} at {} a second is no clip",
                self.width, self.height, self.frame_rate
            ));
        }
        if self.frames.is_empty() {
            return Some("it has no frames".to_owned());
        }
        self.frames.iter().enumerate().find_map(|(index, frame)| {
            (!frame.fits(self.width, self.height))
                .then(|| format!("frame {index}: the face lies outside the picture or the crop"))
        })
    }
}

impl FrameBounds {
    /// Whether there is a face, inside both the picture and the crop.
    fn fits(&self, width: u32, height: u32) -> bool {
        let Self { face, crop } = self;
        let inside = |side: i32, limit: u32| u32::try_from(side).is_ok_and(|side| side <= limit);
        face.width() > 0
            && face.height() > 0
            && inside(face.x0, width)
            && inside(face.x1, width)
            && inside(face.y0, height)
            && inside(face.y1, height)
            && crop.x0 <= face.x0
            && crop.y0 <= face.y0
            && crop.x1 >= face.x1
            && crop.y1 >= face.y1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            format: 1,
            name: "Anna".to_owned(),
            model: Manifest::MODEL.to_owned(),
            frame_rate: 25,
            width: 640,
            height: 480,
            mode: MaskMode::Jaw,
            left_cheek: 90,
            right_cheek: 90,
            extra_margin: 10,
            bbox_shift: 0,
            frames: vec![FrameBounds {
                face: [100, 80, 300, 340].into(),
                crop: [5, 15, 395, 405].into(),
            }],
        }
    }

    fn read(manifest: &Manifest) -> Result<Manifest, ManifestError> {
        let directory = tempfile::tempdir().unwrap();
        let text = serde_json::to_string(manifest).unwrap();
        std::fs::write(directory.path().join(Manifest::FILE), text).unwrap();
        Manifest::read(directory.path())
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(read(&manifest()).unwrap(), manifest());
        let json = serde_json::to_value(manifest()).unwrap();
        assert_eq!(json["mode"], "jaw");
        assert_eq!(
            json["frames"][0]["crop"],
            serde_json::json!([5, 15, 395, 405])
        );
    }

    #[test]
    fn contradictions_are_refused() {
        let spoilt: [fn(&mut Manifest); 5] = [
            |manifest| manifest.format = 2,
            |manifest| manifest.model = "musetalk-1.0".to_owned(),
            |manifest| manifest.width = 641,
            |manifest| manifest.frames.clear(),
            |manifest| manifest.frames[0].face.x1 = 641,
        ];
        for spoil in spoilt {
            let mut manifest = manifest();
            spoil(&mut manifest);
            assert!(matches!(
                read(&manifest),
                Err(ManifestError::Malformed { .. })
            ));
        }
    }
}
