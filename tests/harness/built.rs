//! What cargo has built of this project.

use std::fs;
use std::path::{Path, PathBuf};

/// The newest of a file, in whatever profile it was built.
pub(crate) fn built(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    ["checked", "release", "debug"]
        .map(|profile| target.join(profile).join(name))
        .into_iter()
        .filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))
        .max()
        .map(|(_, path)| path.canonicalize().unwrap())
}
