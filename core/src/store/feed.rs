//! The sound a session is fed, on its way from whoever takes it in to whoever listens.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::directory::{json, lock_soon, read_json, write_whole};

/// Pieces of sound, numbered from zero, in files of a megabyte or so that are deleted once they are read.
///
/// Each piece is a [`Label`] of [`LABEL`] bytes and the sound. What is there is what the ledger says is there; whoever writes
/// holds a lock, and writes over what somebody left who was killed while writing.
#[derive(Debug)]
pub(crate) struct Feed {
    directory: PathBuf,
}

/// How far the feed is.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Ledger {
    /// The file that is written to, and its length.
    file: u64,
    end: u64,
    /// All pieces below this have come.
    next: u64,
    /// Those beyond it that have.
    ahead: BTreeSet<u64>,
    /// How many there are in all, once the last has come.
    count: Option<u64>,
}

/// One piece of what is fed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Morsel {
    /// Where it belongs.
    pub(crate) number: u64,
    /// The sound, which may be cut anywhere.
    pub(crate) sound: Vec<u8>,
    /// Whether it is the last.
    pub(crate) last: bool,
    /// Whether its client says that these are samples without a header.
    pub(crate) bare: bool,
}

/// What became of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fed {
    /// It was taken.
    Taken,
    /// It had come before; nothing was done.
    Repeated,
}

/// Why a piece was not taken.
#[derive(Debug, Error)]
pub(crate) enum FeedError {
    /// The session is not one that is fed.
    #[error("the session is not fed with sound")]
    NotFed,
    /// Its last piece has come.
    #[error("the last piece has come")]
    Complete,
    /// Too many pieces before it are missing.
    #[error("piece {0} has not come yet")]
    Missing(u64),
    /// Somebody else is adding to it, and takes long.
    #[error("another piece is being written")]
    Busy,
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// Bytes of a [`Label`].
const LABEL: usize = 16;
/// A file with as much is not added to.
const FULL: u64 = 1 << 20;
/// How many pieces may overtake one.
const AHEAD: u64 = 64;

/// What is written before a piece.
#[derive(Debug, Clone, Copy)]
struct Label {
    number: u64,
    length: u32,
    last: bool,
    bare: bool,
}

impl Label {
    fn to_bytes(self) -> [u8; LABEL] {
        let mut bytes = [0; LABEL];
        let (number, rest) = bytes.split_at_mut(8);
        number.copy_from_slice(&self.number.to_le_bytes());
        let (length, last) = rest.split_at_mut(4);
        length.copy_from_slice(&self.length.to_le_bytes());
        last.copy_from_slice(&[self.bare.into(), 0, 0, self.last.into()]);
        bytes
    }

    fn from_bytes(bytes: &[u8; LABEL]) -> Option<Self> {
        Some(Self {
            number: u64::from_le_bytes(*bytes.first_chunk()?),
            length: u32::from_le_bytes(*bytes.get(8..)?.first_chunk()?),
            last: bytes.last() == Some(&1),
            bare: bytes.get(12) == Some(&1),
        })
    }
}

impl Feed {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Makes room for it.
    ///
    /// # Errors
    ///
    /// As of making a directory.
    pub(super) fn begin(&self) -> io::Result<()> {
        fs::create_dir(&self.directory)?;
        File::create_new(self.directory.join("lock"))?;
        self.enter(&Ledger::default())
    }

    /// Whether piece `number` has come.
    pub(crate) fn has(&self, number: u64) -> bool {
        self.ledger()
            .is_ok_and(|ledger| number < ledger.next || ledger.ahead.contains(&number))
    }

    /// Whether piece `number`, or the next there is, is the first.
    pub(crate) fn begins_with(&self, number: Option<u64>) -> bool {
        number.unwrap_or_default() == 0 && self.ledger().is_ok_and(|ledger| ledger.next == 0)
    }

    /// Says what is wrong with what came last.
    ///
    /// # Errors
    ///
    /// As of writing a file.
    pub(crate) fn complain(&self, trouble: &str) -> io::Result<()> {
        write_whole(&self.directory.join("trouble"), trouble.as_bytes())
    }

    /// What came last is well.
    pub(crate) fn forgive(&self) {
        // Mostly there is nothing.
        let _ = fs::remove_file(self.directory.join("trouble"));
    }

    /// What is wrong with what came last, if anything is.
    pub(crate) fn trouble(&self) -> Option<String> {
        fs::read_to_string(self.directory.join("trouble")).ok()
    }

    /// Takes in a piece: `number` where whoever sends it numbers them, else the next there is.
    ///
    /// # Errors
    ///
    /// [`FeedError`]; nothing was taken then.
    pub(crate) fn add(
        &self,
        number: Option<u64>,
        sound: &[u8],
        last: bool,
        bare: bool,
    ) -> Result<Fed, FeedError> {
        let lock = File::open(self.directory.join("lock")).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => FeedError::NotFed,
            _ => FeedError::Write(error),
        })?;
        if !lock_soon(&lock)? {
            return Err(FeedError::Busy);
        }
        let mut ledger = self.ledger()?;
        let number = number.unwrap_or(ledger.next);
        if number < ledger.next || ledger.ahead.contains(&number) {
            return Ok(Fed::Repeated);
        }
        let beyond = |count: u64| number >= count;
        let before_others = last && ledger.ahead.last().is_some_and(|&most| most > number);
        if ledger.count.is_some_and(beyond) || before_others {
            return Err(FeedError::Complete);
        }
        if number - ledger.next > AHEAD {
            return Err(FeedError::Missing(ledger.next));
        }
        if ledger.end >= FULL {
            ledger.file += 1;
            ledger.end = 0;
        }
        let label = Label {
            number,
            length: u32::try_from(sound.len()).map_err(io::Error::other)?,
            last,
            bare,
        };
        ledger.end = self.write(&ledger, label, sound)?;
        ledger.ahead.insert(number);
        while ledger.ahead.remove(&ledger.next) {
            ledger.next += 1;
        }
        if last {
            ledger.count = Some(number + 1);
        }
        self.enter(&ledger)?;
        Ok(Fed::Taken)
    }

    /// Writes a piece at the end; returns where it ends.
    fn write(&self, ledger: &Ledger, label: Label, sound: &[u8]) -> io::Result<u64> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.file(ledger.file))?;
        file.seek(SeekFrom::Start(ledger.end))?;
        file.write_all(&label.to_bytes())?;
        file.write_all(sound)?;
        let end = file.stream_position()?;
        // Somebody who was killed may have left more than this.
        file.set_len(end)?;
        Ok(end)
    }

    fn file(&self, number: u64) -> PathBuf {
        self.directory.join(number.to_string())
    }

    fn ledger(&self) -> io::Result<Ledger> {
        read_json(&self.directory.join("ledger.json"))
            .ok_or_else(|| io::Error::other("the ledger cannot be read"))
    }

    fn enter(&self, ledger: &Ledger) -> io::Result<()> {
        write_whole(&self.directory.join("ledger.json"), &json(ledger)?)
    }
}

/// Reads a feed, in the order it was written.
#[derive(Debug)]
pub(crate) struct Eater {
    feed: Feed,
    file: u64,
    at: u64,
}

impl Eater {
    /// From its beginning.
    pub(super) fn new(feed: Feed) -> Self {
        Self {
            feed,
            file: 0,
            at: 0,
        }
    }

    /// The next piece, if it has come; a file that was read to its end is deleted once there is another.
    ///
    /// # Errors
    ///
    /// As of reading a file.
    pub(crate) fn next(&mut self) -> io::Result<Option<Morsel>> {
        loop {
            let ledger = self.feed.ledger()?;
            let newest = self.file == ledger.file;
            if newest && self.at == ledger.end {
                return Ok(None);
            }
            let path = self.feed.file(self.file);
            let mut file = File::open(&path)?;
            if newest || self.at < file.metadata()?.len() {
                file.seek(SeekFrom::Start(self.at))?;
                let (morsel, length) = read_morsel(&mut file)?;
                self.at += length;
                return Ok(Some(morsel));
            }
            fs::remove_file(&path)?;
            (self.file, self.at) = (self.file + 1, 0);
        }
    }
}

/// A piece, and how many bytes it takes.
fn read_morsel(file: &mut File) -> io::Result<(Morsel, u64)> {
    let mut label = [0; LABEL];
    file.read_exact(&mut label)?;
    let label = Label::from_bytes(&label).ok_or(io::Error::from(io::ErrorKind::InvalidData))?;
    let length = u64::from(label.length);
    let mut sound = Vec::new();
    file.take(length).read_to_end(&mut sound)?;
    if sound.len() as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let morsel = Morsel {
        number: label.number,
        sound,
        last: label.last,
        bare: label.bare,
    };
    Ok((morsel, LABEL as u64 + length))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn feed(place: &tempfile::TempDir) -> Feed {
        Feed::new(place.path().join("feed"))
    }

    /// All that has come.
    fn rest(eater: &mut Eater) -> Vec<Morsel> {
        std::iter::from_fn(|| eater.next().unwrap()).collect()
    }

    #[test]
    fn pieces_come_out_as_they_went_in_and_leave_no_room_taken() {
        let place = tempfile::tempdir().unwrap();
        feed(&place).begin().unwrap();
        let mut eater = Eater::new(feed(&place));
        assert_eq!(rest(&mut eater), []);
        let sound = vec![7; 400_000];
        for number in 0..8 {
            let fed = feed(&place).add(None, &sound, number == 7, false).unwrap();
            assert_eq!(fed, Fed::Taken);
        }
        let numbers: Vec<_> = rest(&mut eater).iter().map(|m| m.number).collect();
        assert_eq!(numbers, (0..8).collect::<Vec<_>>());
        let left = fs::read_dir(place.path().join("feed")).unwrap();
        assert_eq!(left.count(), 3, "the lock, the ledger and the newest file");
        assert!(matches!(
            feed(&place).add(None, &sound, false, false),
            Err(FeedError::Complete)
        ));
    }

    #[test]
    fn what_is_repeated_changes_nothing_and_what_is_missing_is_named() {
        let place = tempfile::tempdir().unwrap();
        assert!(matches!(
            feed(&place).add(None, b"", false, false),
            Err(FeedError::NotFed)
        ));
        feed(&place).begin().unwrap();
        let add = |number, last| feed(&place).add(Some(number), &[number as u8], last, false);
        assert_eq!(add(1, false).unwrap(), Fed::Taken);
        assert_eq!(add(1, false).unwrap(), Fed::Repeated);
        assert!(feed(&place).has(1) && !feed(&place).has(0));
        assert!(matches!(add(0, true), Err(FeedError::Complete)));
        assert!(matches!(add(90, false), Err(FeedError::Missing(0))));
        assert_eq!(add(0, false).unwrap(), Fed::Taken);
        assert_eq!(add(0, true).unwrap(), Fed::Repeated);
        assert_eq!(add(2, true).unwrap(), Fed::Taken);
        assert!(matches!(add(3, false), Err(FeedError::Complete)));
        assert_eq!(rest(&mut Eater::new(feed(&place))).len(), 3);
    }

    #[test]
    fn nobody_waits_long_for_another_who_writes() {
        let place = tempfile::tempdir().unwrap();
        feed(&place).begin().unwrap();
        let other = File::open(place.path().join("feed/lock")).unwrap();
        other.lock().unwrap();
        assert!(matches!(
            feed(&place).add(None, b"one", false, false),
            Err(FeedError::Busy)
        ));
        drop(other);
        assert_eq!(
            feed(&place).add(None, b"one", false, false).unwrap(),
            Fed::Taken
        );
    }

    #[test]
    fn what_was_half_written_is_written_over() {
        let place = tempfile::tempdir().unwrap();
        feed(&place).begin().unwrap();
        feed(&place).add(None, b"one", false, false).unwrap();
        let mut file = OpenOptions::new()
            .append(true)
            .open(place.path().join("feed/0"))
            .unwrap();
        file.write_all(&[9; 40]).unwrap();
        feed(&place).add(None, b"two", false, false).unwrap();
        let sounds: Vec<_> = rest(&mut Eater::new(feed(&place)))
            .into_iter()
            .map(|morsel| morsel.sound)
            .collect();
        assert_eq!(sounds, [b"one", b"two"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn every_piece_is_read_once_whenever_it_is_read(
            order in Just((0..20_u64).collect::<Vec<_>>()).prop_shuffle(),
            lengths in prop::collection::vec(0..400_000_usize, 20),
            asks in prop::collection::vec(any::<bool>(), 20),
        ) {
            let place = tempfile::tempdir().unwrap();
            feed(&place).begin().unwrap();
            let mut eater = Eater::new(feed(&place));
            let mut found = Vec::new();
            for ((number, length), ask) in order.iter().zip(lengths).zip(asks) {
                feed(&place).add(Some(*number), &vec![*number as u8; length], false, false).unwrap();
                if ask {
                    found.extend(rest(&mut eater));
                }
            }
            found.extend(rest(&mut eater));
            let numbers: Vec<_> = found.iter().map(|morsel| morsel.number).collect();
            prop_assert_eq!(numbers, order);
            for morsel in found {
                prop_assert!(morsel.sound.iter().all(|byte| *byte == morsel.number as u8));
            }
        }
    }
}
