//! A real library, compiled from backend.c against the header in the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

use avatar_neural::{Library, Options};
use tempfile::TempDir;

/// The library that backend.c makes with these definitions.
pub(crate) fn compile(directory: &Path, definitions: &[&str]) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = directory.join(format!("libbackend{}.so", definitions.concat()));
    let status = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic"])
        .args(["-O1", "-shared", "-fPIC"])
        .args(definitions.iter().map(|name| format!("-D{name}")))
        .arg("-I")
        .arg(here.join("../../ffi/include"))
        .arg("-o")
        .arg(&library)
        .arg(here.join("tests/backend.c"))
        .arg("-lm")
        .status()
        .expect("a C compiler");
    assert!(status.success());
    library
}

pub(crate) struct Setup {
    pub(crate) directory: TempDir,
    pub(crate) library: Library,
}

impl Setup {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let library = Library::open(&compile(directory.path(), &[])).unwrap();
        Self { directory, library }
    }

    /// Networks that misbehave as `words` say.
    pub(crate) fn options(&self, words: &str) -> Options {
        Options::new(&self.directory.path().join(words))
    }
}
