//! A disk that runs full.

use std::path::Path;
use std::process::Command;

use crate::Setup;

/// A small file system of its own, as long as this lives.
#[derive(Debug)]
pub struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// A file system of so many kilobytes.
    ///
    /// # Panics
    ///
    /// Where this user may not mount one: a test that did not run has not passed. Whoever is not root leaves them out by
    /// name (`--skip`), or runs the tests with `sudo`.
    pub fn mount(kilobytes: u32) -> Self {
        let place = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o"])
            .arg(format!("size={kilobytes}k"))
            .arg("tmpfs")
            .arg(place.path())
            .status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "this test mounts a small file system, which only root may: run it as root, or leave it out by its name (--skip)"
        );
        Self(place)
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
