//! What was made before, kept for those who ask for the same.
//!
//! Files are shared with sessions by hard links: they cost no room while the session has them too, outlive it,
//! and are never written to again, since what a finished session replaces it replaces by name.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::Address;
use super::directory::{json, read_json, write_whole};
use crate::api::{MediaFile, RenditionFile};
use crate::config::Reuse;
use crate::hls::{PLAYLIST, SOUND_PLAYLIST};
use crate::session::{Kind, Record, Timestamp};

/// What an entry consists of. An entry without it is none.
const MANIFEST: &str = "made.json";

/// One entry takes at most this part of the whole: no single text drives out all others.
const SHARE: u64 = 4;

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    /// The record of the session that was made.
    record: Record,
    /// Names and lengths in bytes.
    files: Vec<(String, u64)>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    size: u64,
    made: Timestamp,
    used: Timestamp,
}

/// The entries, bounded by size and age. One process at a time has them in hand.
#[derive(Debug)]
pub(crate) struct Shelf {
    directory: PathBuf,
    bounds: Option<Reuse>,
    entries: HashMap<Address, Entry>,
}

impl Shelf {
    /// The shelf in the data directory `data`, which keeps nothing without `bounds`. It is empty until it is
    /// [opened](Self::open).
    pub(crate) fn new(data: &Path, bounds: Option<Reuse>) -> Self {
        Self {
            directory: data.join("reuse"),
            bounds,
            entries: HashMap::new(),
        }
    }

    /// Takes over what lies there already.
    pub(crate) fn open(&mut self) {
        if self.bounds.is_none() {
            delete(&self.directory);
            return;
        }
        if let Err(error) = fs::create_dir_all(&self.directory) {
            tracing::warn!(%error, "nothing is kept for reuse");
            self.bounds = None;
            return;
        }
        for found in fs::read_dir(&self.directory)
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = found.file_name();
            let address = name.to_str().and_then(Address::parse);
            match address.and_then(|address| Some((address, Entry::read(&found.path())?))) {
                Some((address, entry)) => {
                    self.entries.insert(address, entry);
                }
                // What a process did not finish, or did not finish deleting.
                None => delete(&found.path()),
            }
        }
        self.forget_old();
        self.make_room(0);
    }

    /// Whether there is anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there is something at `address`.
    pub(crate) fn has(&self, address: Address) -> bool {
        let now = Timestamp::now();
        let fresh = |entry: &Entry| {
            self.bounds
                .is_some_and(|bounds| entry.made.age(now) <= bounds.age)
        };
        self.entries.get(&address).is_some_and(fresh)
    }

    /// Gives the directory `to` the files of the entry at `address`, and returns the record of the session
    /// they were made for. What turns out to be incomplete is not given and is forgotten.
    pub(crate) fn take(&mut self, address: Address, to: &Path) -> Option<Record> {
        if !self.has(address) {
            return None;
        }
        let from = self.path(address);
        let manifest = from.join(MANIFEST);
        let taken = read_json::<Manifest>(&manifest)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
            .and_then(|made| share(&from, to, &made.files).map(|()| made.record));
        match taken {
            Ok(record) => {
                if let Some(entry) = self.entries.get_mut(&address) {
                    entry.used = Timestamp::now();
                    // Only the order of leaving is lost with it.
                    let _ = touch(&manifest, entry.used);
                }
                Some(record)
            }
            Err(error) => {
                tracing::warn!(%address, %error, "what was kept is damaged, and is made anew");
                self.forget(address);
                None
            }
        }
    }

    /// Keeps the files of the finished session of `record`, which lie in the directory `from`.
    pub(crate) fn keep(&mut self, address: Address, from: &Path, record: &Record) {
        let Some(bounds) = self.bounds else {
            return;
        };
        if self.has(address) {
            return;
        }
        let kept = finished_files(from, record.kind).and_then(|files| {
            let size = files.iter().map(|(_, size)| size).sum();
            if size > bounds.size / SHARE {
                return Ok(None);
            }
            self.forget(address);
            self.make_room(size);
            let record = record.clone();
            self.put(address, from, &Manifest { record, files })?;
            Ok(Some(size))
        });
        match kept {
            Ok(Some(size)) => {
                let now = Timestamp::now();
                let made = record.finished_at.unwrap_or(now);
                let used = now;
                self.entries.insert(address, Entry { size, made, used });
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(session = %record.id, %error, "it is not kept for reuse");
            }
        }
    }

    /// Writes an entry, which has its name only when it is whole.
    fn put(&self, address: Address, from: &Path, made: &Manifest) -> io::Result<()> {
        let growing = self.directory.join(format!("{address}.new"));
        delete(&growing);
        let put = fs::create_dir_all(&growing)
            .and_then(|()| share(from, &growing, &made.files))
            .and_then(|()| write_whole(&growing.join(MANIFEST), &json(made)?))
            .and_then(|()| {
                let path = self.path(address);
                delete(&path);
                fs::rename(&growing, path)
            });
        if put.is_err() {
            delete(&growing);
        }
        put
    }

    /// Forgets what is older than it may be.
    pub(crate) fn forget_old(&mut self) {
        let age = self.bounds.map_or(Duration::ZERO, |bounds| bounds.age);
        let now = Timestamp::now();
        let old = |(_, entry): &(&Address, &Entry)| entry.made.age(now) > age;
        let old: Vec<Address> = self
            .entries
            .iter()
            .filter(old)
            .map(|(&address, _)| address)
            .collect();
        for address in old {
            self.forget(address);
        }
    }

    /// Forgets everything: the disk is full.
    pub(crate) fn clear(&mut self) {
        for (address, _) in std::mem::take(&mut self.entries) {
            delete_entry(&self.path(address));
        }
    }

    /// Forgets what was not used for longest, until there is room for `size` bytes more.
    fn make_room(&mut self, size: u64) {
        let most = self.bounds.map_or(0, |bounds| bounds.size);
        let mut total = size + self.entries.values().map(|entry| entry.size).sum::<u64>();
        while total > most {
            let last = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            let Some((&address, entry)) = last else {
                return;
            };
            total -= entry.size;
            self.forget(address);
        }
    }

    fn forget(&mut self, address: Address) {
        if self.entries.remove(&address).is_some() {
            delete_entry(&self.path(address));
        }
    }

    fn path(&self, address: Address) -> PathBuf {
        self.directory.join(address.to_string())
    }
}

impl Entry {
    fn read(path: &Path) -> Option<Self> {
        let manifest = path.join(MANIFEST);
        let made: Manifest = read_json(&manifest)?;
        let used = fs::metadata(&manifest)
            .and_then(|found| found.modified())
            .ok()?;
        let used = used.duration_since(UNIX_EPOCH).ok()?.as_micros();
        Some(Self {
            size: made.files.iter().map(|(_, size)| size).sum(),
            made: made.record.finished_at?,
            used: Timestamp::from_micros(u64::try_from(used).ok()?),
        })
    }
}

/// The names and lengths of a finished session's media.
fn finished_files(directory: &Path, kind: Kind) -> io::Result<Vec<(String, u64)>> {
    let playlist = match kind {
        Kind::Avatar => fs::read_to_string(directory.join(PLAYLIST))?,
        Kind::Audio => fs::read_to_string(directory.join(SOUND_PLAYLIST))?,
        Kind::Stream | Kind::Recording(_) => String::new(),
    };
    let mut files = Vec::new();
    let mut rooms = vec![String::new()];
    while let Some(room) = rooms.pop() {
        for found in fs::read_dir(directory.join(&room))? {
            let found = found?;
            let about = found.metadata()?;
            let Ok(name) = found.file_name().into_string() else {
                continue;
            };
            let path = format!("{room}{name}");
            // The files of a rendition lie in a directory of its own.
            if about.is_dir() && room.is_empty() {
                rooms.push(format!("{name}/"));
                continue;
            }
            // The job and the record are the session's own; what is still growing is of no use.
            let ours = name.ends_with(".json") || name.ends_with(".part");
            // Parts that have left the playlist are about to be deleted.
            let file = MediaFile::parse(&name);
            let part = matches!(file, Some(MediaFile::Rendition(_, RenditionFile::Part(..))));
            let left = part && !playlist.contains(&format!("\"{name}\""));
            if about.is_file() && !ours && !left {
                files.push((path, about.len()));
            }
        }
    }
    Ok(files)
}

/// Gives the directory `to` the `files` of the directory `from`: all of them, each of its length, or none.
fn share(from: &Path, to: &Path, files: &[(String, u64)]) -> io::Result<()> {
    let give = |(name, size): &(String, u64)| {
        let (from, to) = (from.join(name), to.join(name));
        if name.contains('/')
            && let Some(room) = to.parent()
        {
            fs::create_dir_all(room)?;
        }
        fs::hard_link(&from, &to).or_else(|error| match error.kind() {
            // A copy onto a name that is there would write into a file that others share.
            io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::copy(&from, &to).map(|_| ()),
        })?;
        match fs::metadata(&to)?.len() == *size {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    };
    let given = files.iter().try_for_each(give);
    if given.is_err() {
        for (name, _) in files {
            let _ = fs::remove_file(to.join(name));
        }
    }
    given
}

fn touch(file: &Path, at: Timestamp) -> io::Result<()> {
    let at: SystemTime = UNIX_EPOCH + Duration::from_micros(at.micros());
    File::options().write(true).open(file)?.set_modified(at)
}

/// Deletes an entry so that half of one is never taken for a whole.
fn delete_entry(path: &Path) {
    let _ = fs::remove_file(path.join(MANIFEST));
    delete(path);
}

fn delete(path: &Path) {
    if let Err(error) = fs::remove_dir_all(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "what was kept for reuse was not deleted");
    }
}

#[cfg(test)]
mod tests;
