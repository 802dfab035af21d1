//! The prepared avatars in a directory, as they stand there at the moment.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::manifest::{LATENTS, Manifest, ManifestError};

/// The longest name of an avatar's directory.
const LONGEST: usize = 64;

/// A directory with a prepared avatar in each of its directories. Whether one was added, replaced or taken away is seen
/// whenever it is asked for; manifests are read again only when they have changed.
#[derive(Debug, Clone)]
pub struct Gallery {
    directory: PathBuf,
    known: Arc<Mutex<HashMap<String, Known>>>,
}

/// A prepared avatar.
#[derive(Debug, Clone)]
pub struct Exhibit {
    /// The name of its directory: what clients ask for.
    pub id: String,
    /// Where it lies.
    pub directory: PathBuf,
    /// What it says of itself.
    pub manifest: Arc<Manifest>,
    /// Differs from that of any other, and from its own before it was prepared anew.
    pub fingerprint: [u8; 32],
}

#[derive(Debug)]
struct Known {
    stamp: Stamp,
    /// `None` where it cannot be used.
    exhibit: Option<Exhibit>,
}

/// When a manifest and its latents were written, and how long they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp([(u64, i64, i64); 2]);

impl Stamp {
    fn of(directory: &Path) -> Option<Self> {
        let stamp = |file: &str| {
            let metadata = fs::metadata(directory.join(file)).ok()?;
            Some((metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
        };
        Some(Self([stamp(Manifest::FILE)?, stamp(LATENTS)?]))
    }
}

/// Whether `id` can be the name of a prepared avatar: letters of ASCII, digits, `-` and `_`. Such a name is a name in every
/// directory and leads out of none.
pub fn is_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(allowed)
}

impl Gallery {
    /// The avatars in `directory`.
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            known: Arc::default(),
        }
    }

    /// The avatar called `id`, if there is one that can be used.
    pub fn find(&self, id: &str) -> Option<Exhibit> {
        if !is_id(id) {
            return None;
        }
        let directory = self.directory.join(id);
        let stamp = Stamp::of(&directory);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(stamp) = stamp else {
            known.remove(id);
            return None;
        };
        if let Some(known) = known.get(id)
            && known.stamp == stamp
        {
            return known.exhibit.clone();
        }
        let exhibit = read(id, directory, stamp)
            .inspect_err(|error| tracing::warn!(avatar = id, "an avatar cannot be used: {error}"))
            .ok();
        let found = exhibit.clone();
        known.insert(id.to_owned(), Known { stamp, exhibit });
        found
    }

    /// All that can be used, in the order of their names.
    pub fn all(&self) -> Vec<Exhibit> {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return Vec::new();
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut ids: Vec<String> = names.filter(|name| is_id(name)).collect();
        ids.sort_unstable();
        ids.iter().filter_map(|id| self.find(id)).collect()
    }
}

fn read(id: &str, directory: PathBuf, stamp: Stamp) -> Result<Exhibit, ManifestError> {
    let manifest = Manifest::read(&directory)?;
    let mut hash = Sha256::new();
    hash.update(id);
    for (length, seconds, nanos) in stamp.0 {
        hash.update(length.to_be_bytes());
        hash.update(seconds.to_be_bytes());
        hash.update(nanos.to_be_bytes());
    }
    Ok(Exhibit {
        id: id.to_owned(),
        directory,
        manifest: Arc::new(manifest),
        fingerprint: hash.finalize().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::specimen;
    use super::*;

    #[test]
    fn avatars_come_change_and_go() {
        let place = tempfile::tempdir().unwrap();
        let gallery = Gallery::new(place.path());
        assert!(gallery.all().is_empty());
        let mut manifest = specimen::manifest(64, 48, 2);
        for id in ["boris", "anna"] {
            specimen::write(&place.path().join(id), &manifest);
        }
        let ids = |gallery: &Gallery| -> Vec<String> {
            gallery.all().into_iter().map(|found| found.id).collect()
        };
        assert_eq!(ids(&gallery), ["anna", "boris"]);
        let before = gallery.find("anna").unwrap();
        assert_eq!(
            gallery.find("anna").unwrap().fingerprint,
            before.fingerprint
        );
        manifest.name = "Anna the second".to_owned();
        specimen::write(&place.path().join("anna"), &manifest);
        let after = gallery.find("anna").unwrap();
        assert_eq!(after.manifest.name, "Anna the second");
        assert_ne!(after.fingerprint, before.fingerprint);
        fs::remove_dir_all(place.path().join("anna")).unwrap();
        assert_eq!(ids(&gallery), ["boris"]);
        assert!(gallery.find("anna").is_none());
    }

    #[test]
    fn what_is_not_whole_is_not_shown() {
        let place = tempfile::tempdir().unwrap();
        let gallery = Gallery::new(place.path());
        specimen::write(&place.path().join("anna"), &specimen::manifest(64, 48, 2));
        fs::remove_file(place.path().join("anna").join(LATENTS)).unwrap();
        fs::create_dir(place.path().join("empty")).unwrap();
        specimen::write(&place.path().join("odd"), &specimen::manifest(64, 48, 2));
        fs::write(place.path().join("odd").join(Manifest::FILE), "{}").unwrap();
        specimen::write(&place.path().join("a b"), &specimen::manifest(64, 48, 2));
        assert!(gallery.all().is_empty());
        for id in ["", ".", "..", "../anna", "a b", "anna/", "\0"] {
            assert!(gallery.find(id).is_none(), "{id:?}");
        }
    }
}
