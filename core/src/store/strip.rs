//! The newest pictures of a session, for those who look at them one by one.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use bytemuck::{Pod, Zeroable};

use crate::session::Timestamp;

/// What the file begins with.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Size {
    slots: u64,
    /// Bytes of a slot, with its [`Label`].
    slot: u64,
}

/// What a slot begins with. While a picture is written into it, `picture` is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
struct Label {
    /// Which picture, counted from one.
    picture: u64,
    /// When it is to be seen, in microseconds since the Unix epoch.
    due: u64,
    length: u64,
}

const SIZE: u64 = size_of::<Size>() as u64;
const LABEL: u64 = size_of::<Label>() as u64;

/// Writes pictures, each over the one that has been there the longest.
#[derive(Debug)]
pub(crate) struct StripWriter {
    file: File,
    size: Size,
    written: u64,
}

impl StripWriter {
    /// A new file at `path` for `slots` pictures of at most `room` bytes each.
    ///
    /// # Errors
    ///
    /// As of making a file.
    pub(super) fn create(path: &Path, slots: u64, room: u64) -> io::Result<Self> {
        let slot = (LABEL + room).next_multiple_of(4096);
        let size = Size {
            slots: slots.max(1),
            slot,
        };
        let file = File::create(path)?;
        file.write_all_at(bytemuck::bytes_of(&size), 0)?;
        Ok(Self {
            file,
            size,
            written: 0,
        })
    }

    /// Writes the next picture, which is to be seen at `due`, and returns how many there have been. One that has no room is
    /// left out.
    ///
    /// # Errors
    ///
    /// As of writing a file.
    pub(crate) fn push(&mut self, picture: &[u8], due: Timestamp) -> io::Result<u64> {
        let at = self.size.at(self.written);
        let length = picture.len() as u64;
        if LABEL + length > self.size.slot {
            return Ok(self.written);
        }
        let mut label = Label::zeroed();
        self.file.write_all_at(bytemuck::bytes_of(&label), at)?;
        self.file.write_all_at(picture, at + LABEL)?;
        self.written += 1;
        label = Label {
            picture: self.written,
            due: due.micros(),
            length,
        };
        self.file.write_all_at(bytemuck::bytes_of(&label), at)?;
        Ok(self.written)
    }
}

impl Size {
    fn at(self, picture: u64) -> u64 {
        SIZE + picture % self.slots.max(1) * self.slot
    }
}

/// Reads pictures while they are written.
#[derive(Debug)]
pub struct Strip {
    file: File,
    size: Size,
}

impl Strip {
    /// The file at `path`.
    ///
    /// # Errors
    ///
    /// As of reading a file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let mut size = Size::zeroed();
        file.read_exact_at(bytemuck::bytes_of_mut(&mut size), 0)?;
        Ok(Self { file, size })
    }

    fn label(&self, picture: u64) -> io::Result<Option<Label>> {
        let mut label = Label::zeroed();
        let at = self.size.at(picture);
        self.file
            .read_exact_at(bytemuck::bytes_of_mut(&mut label), at)?;
        Ok((label.picture == picture + 1).then_some(label))
    }

    /// When picture `picture`, counted from zero, is to be seen; `None` where it has been written over.
    ///
    /// # Errors
    ///
    /// As of reading a file.
    pub fn due(&self, picture: u64) -> io::Result<Option<Timestamp>> {
        let label = self.label(picture)?;
        Ok(label.map(|label| Timestamp::from_micros(label.due)))
    }

    /// Reads picture `picture` to the beginning of `room` and returns its length; `None` where it has been written over or is
    /// larger than that.
    ///
    /// # Errors
    ///
    /// As of reading a file.
    pub fn read(&self, picture: u64, room: &mut [u8]) -> io::Result<Option<usize>> {
        let Some(label) = self.label(picture)? else {
            return Ok(None);
        };
        let length = usize::try_from(label.length).unwrap_or(usize::MAX);
        let Some(room) = room.get_mut(..length) else {
            return Ok(None);
        };
        self.file
            .read_exact_at(room, self.size.at(picture) + LABEL)?;
        // Whoever writes over it says so before.
        let same = self.label(picture)? == Some(label);
        Ok(same.then_some(length))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn the_newest_pictures_are_there_and_no_others() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("strip");
        let mut writer = StripWriter::create(&path, 3, 1000).unwrap();
        let strip = Strip::open(&path).unwrap();
        for number in 0..5_u8 {
            let due = Timestamp::from_micros(u64::from(number) * 7);
            let written = writer.push(&vec![number; 900 + usize::from(number)], due);
            assert_eq!(written.unwrap(), u64::from(number) + 1);
        }
        let mut room = [0; 2000];
        for number in 0..2 {
            assert_eq!(strip.read(number, &mut room).unwrap(), None);
            assert_eq!(strip.due(number).unwrap(), None);
        }
        for number in 2..5_u8 {
            let length = strip.read(number.into(), &mut room).unwrap().unwrap();
            assert_eq!(length, 900 + usize::from(number));
            assert!(room[..length].iter().all(|byte| *byte == number));
            let due = strip.due(number.into()).unwrap().unwrap();
            assert_eq!(due.micros(), u64::from(number) * 7);
        }
        assert_eq!(strip.read(4, &mut room[..100]).unwrap(), None);
        assert_eq!(writer.push(&[0; 9000], Timestamp::now()).unwrap(), 5);
    }

    #[test]
    fn nobody_sees_half_a_picture() {
        const PICTURES: u64 = 20_000;
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("strip");
        let mut writer = StripWriter::create(&path, 2, 40_000).unwrap();
        let strip = Strip::open(&path).unwrap();
        let written = AtomicU64::new(0);
        let read = thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..PICTURES {
                    let length = 30_000 + (number % 5_000) as usize;
                    let count = writer.push(&vec![number as u8; length], Timestamp::now());
                    written.store(count.unwrap(), Ordering::Release);
                }
            });
            let (mut room, mut read) = (vec![0; 40_000], 0);
            while read == 0 || written.load(Ordering::Acquire) < PICTURES {
                let Some(newest) = written.load(Ordering::Acquire).checked_sub(1) else {
                    continue;
                };
                if let Some(length) = strip.read(newest, &mut room).unwrap() {
                    assert_eq!(length as u64, 30_000 + newest % 5_000);
                    assert!(room[..length].iter().all(|byte| *byte == newest as u8));
                    read += 1;
                }
            }
            read
        });
        assert!(read > 0);
    }
}
