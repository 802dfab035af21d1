//! A segment that is being written.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

/// A file that grows part by part under a temporary name and gets its own when it is whole.
#[derive(Debug)]
pub struct SegmentFile {
    file: File,
    growing: PathBuf,
    whole: PathBuf,
}

impl SegmentFile {
    pub(super) fn create(whole: PathBuf) -> io::Result<Self> {
        let mut growing = whole.clone().into_os_string();
        growing.push(".part");
        let growing = PathBuf::from(growing);
        Ok(Self {
            file: File::create(&growing)?,
            growing,
            whole,
        })
    }

    /// Appends a part.
    ///
    /// # Errors
    ///
    /// As of writing to a file.
    pub fn append(&mut self, part: &[u8]) -> io::Result<()> {
        self.file.write_all(part)
    }

    /// Gives the file its name.
    ///
    /// # Errors
    ///
    /// As of renaming a file.
    pub fn complete(self) -> io::Result<()> {
        std::fs::rename(&self.growing, &self.whole)
    }
}
