//! What an imported directory says of itself.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ImportError;

/// The only format there is.
pub const FORMAT: u32 = 1;

/// MuseTalk 1.5: the mouths of filmed avatars.
pub const MUSETALK: &str = "musetalk-1.5";
/// IMTalker, of either version, which its configurations tell: photos that speak.
pub const IMTALKER: &str = "imtalker";

/// `manifest.json`, which is there when everything else is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`]
    pub format: u32,
    /// What the directory holds: [`MUSETALK`] or [`IMTALKER`], or both with a space between.
    pub model: String,
    /// The files beside it, by name.
    pub files: BTreeMap<String, Entry>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// SHA-256, in hexadecimal.
    pub sha256: String,
    /// How many tensors it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tensors: Option<usize>,
}

impl Manifest {
    /// Its name.
    pub const NAME: &str = "manifest.json";

    /// That of the directory `weights`.
    ///
    /// # Errors
    ///
    /// [`ImportError::Io`] where there is none, [`ImportError::Malformed`] where it is not one of ours.
    pub fn read(weights: &Path) -> Result<Self, ImportError> {
        let file = weights.join(Self::NAME);
        let text = std::fs::read(&file).map_err(ImportError::io(&file))?;
        let manifest: Self =
            serde_json::from_slice(&text).map_err(|error| ImportError::malformed(&file, error))?;
        let known = |model| [MUSETALK, IMTALKER].contains(&model);
        if manifest.format != FORMAT || !manifest.model.split(' ').all(known) {
            let Self { format, model, .. } = manifest;
            return Err(ImportError::malformed(
                &file,
                format_args!(
                    "it is of format {format} and model {model}, not {FORMAT} and {MUSETALK} or {IMTALKER}"
                ),
            ));
        }
        Ok(manifest)
    }

    /// Whether the directory holds this model.
    pub fn holds(&self, model: &str) -> bool {
        self.model.split(' ').any(|held| held == model)
    }
}
