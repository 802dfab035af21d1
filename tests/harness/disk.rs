//! A disk that runs full.

use std::path::Path;
use std::process::Command;

use crate::Setup;

/// A small file system of its own, as long as this lives.
#[derive(Debug)]
pub struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None`, and says so, where this user may not mount one.
    pub fn mount(kilobytes: u32) -> Option<Self> {
        let place = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o"])
            .arg(format!("size={kilobytes}k"))
            .arg("tmpfs")
            .arg(place.path())
            .status();
        if !mounted.is_ok_and(|status| status.success()) {
            eprintln!("skipped: only root may mount the small file system this needs");
            return None;
        }
        Some(Self(place))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// An nginx whose sessions lie on it.
    pub fn setup(&self) -> Setup {
        Setup::new().http(&format!("avatar_data {};", self.path().display()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
