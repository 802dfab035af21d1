//! The directory of original files.

use std::fs;
use std::path::{Path, PathBuf};

use super::ImportError;
use super::part::Companion;

/// Files of other models, by which their directories are known.
const OTHERS: [(&str, &str); 2] = [
    (
        "musetalk/pytorch_model.bin",
        "MuseTalk 1.0, which has the same tensors as 1.5 with other values",
    ),
    (
        "models/musetalk/pytorch_model.bin",
        "MuseTalk 1.0, which has the same tensors as 1.5 with other values",
    ),
];

/// Where in it they may lie.
const ROOTS: [&str; 3] = ["", "models", "checkpoints"];

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

    /// The files of these names that are there, the first name first.
    pub(super) fn files<'a>(
        &self,
        names: &'a [&'a str],
    ) -> impl Iterator<Item = PathBuf> + use<'a> {
        let directory = self.directory.clone();
        names
            .iter()
            .flat_map(|name| ROOTS.map(|root| Path::new(root).join(name)))
            .map(move |name| directory.join(name))
            .filter(|file| file.is_file())
    }

    /// Why nothing of these names is not enough.
    pub(super) fn lacking(&self, names: impl IntoIterator<Item = &'static str>) -> ImportError {
        let other = OTHERS
            .iter()
            .find(|(name, _)| self.directory.join(name).is_file());
        match other {
            Some((_, found)) => ImportError::Model {
                directory: self.directory.clone(),
                found,
            },
            None => ImportError::Missing {
                directory: self.directory.clone(),
                names: names.into_iter().map(str::to_owned).collect(),
            },
        }
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
