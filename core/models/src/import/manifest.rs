//! What an imported directory says of itself.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ImportError;

/// The only format there is.
pub const FORMAT: u32 = 1;

/// The only model there is.
pub const MODEL: &str = "musetalk-1.5";

/// `manifest.json`, which is there when everything else is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`]
    pub format: u32,
    /// [`MODEL`]
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
        if manifest.format != FORMAT || manifest.model != MODEL {
            let Self { format, model, .. } = manifest;
            return Err(ImportError::malformed(
                &file,
                format_args!(
                    "it is of format {format} and model {model}, not {FORMAT} and {MODEL}"
                ),
            ));
        }
        Ok(manifest)
    }
}
