//! The directory of original files.

use std::fs;
use std::path::{Path, PathBuf};

use super::ImportError;
use super::part::{Companion, Part};

/// Files of other models, by which their directories are known.
const OTHERS: [(&str, &str); 4] = [
    ("checkpoints/renderer.ckpt", "IMTalker"),
    ("renderer.ckpt", "IMTalker"),
    (
        "musetalk/pytorch_model.bin",
        "MuseTalk 1.0, which has the same tensors as 1.5 with other values",
    ),
    (
        "models/musetalk/pytorch_model.bin",
        "MuseTalk 1.0, which has the same tensors as 1.5 with other values",
    ),
];

/// The directory of original files.
pub(super) struct Source {
    directory: PathBuf,
}

impl Source {
    /// # Errors
    ///
    /// [`ImportError::Io`] where it is no directory.
    pub(super) fn new(directory: &Path) -> Result<Self, ImportError> {
        fs::read_dir(directory).map_err(ImportError::io(directory))?;
        Ok(Self {
            directory: directory.to_owned(),
        })
    }

    /// The file of `part`; nothing where it is not there and need not be.
    ///
    /// # Errors
    ///
    /// [`ImportError::Missing`], [`ImportError::Model`] where another model's files are there in its stead.
    pub(super) fn find(&self, part: &Part) -> Result<Option<PathBuf>, ImportError> {
        let found = ["", "models"]
            .into_iter()
            .flat_map(|root| {
                part.sources
                    .iter()
                    .map(move |name| Path::new(root).join(name))
            })
            .map(|name| self.directory.join(name))
            .find(|file| file.is_file());
        if found.is_some() || !part.required {
            return Ok(found);
        }
        let other = OTHERS
            .iter()
            .find(|(name, _)| self.directory.join(name).is_file());
        Err(match other {
            Some((_, found)) => ImportError::Model {
                directory: self.directory.clone(),
                found,
            },
            None => ImportError::Missing {
                directory: self.directory.clone(),
                names: part.sources.iter().map(|name| (*name).to_owned()).collect(),
            },
        })
    }

    /// What people call a file of it.
    pub(super) fn name(&self, file: &Path) -> String {
        let name = file.strip_prefix(&self.directory).unwrap_or(file);
        name.display().to_string()
    }
}

/// The text that lies beside `file`.
///
/// # Errors
///
/// [`ImportError::Missing`], [`ImportError::Io`], [`ImportError::Malformed`] where it is no JSON.
pub(super) fn beside(file: &Path, companion: Companion) -> Result<String, ImportError> {
    let path = file.with_file_name(companion.source);
    if !path.is_file() {
        return Err(ImportError::Missing {
            directory: path.parent().unwrap_or(&path).to_owned(),
            names: vec![companion.source.to_owned()],
        });
    }
    let text = fs::read_to_string(&path).map_err(ImportError::io(&path))?;
    serde_json::from_str::<serde::de::IgnoredAny>(&text)
        .map_err(|error| ImportError::malformed(&path, error))?;
    Ok(text)
}
