//! Configurations that lie beside weights.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::weights::WeightsError;

/// Reads a network's configuration from a file of JSON.
///
/// # Errors
///
/// [`WeightsError::Unreadable`]
pub(crate) fn read<T: DeserializeOwned>(file: &Path) -> Result<T, WeightsError> {
    let unreadable = |reason: String| WeightsError::Unreadable {
        file: file.to_owned(),
        reason,
    };
    let text = std::fs::read(file).map_err(|error| unreadable(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))
}
