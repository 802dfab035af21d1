//! The text of a session that is still being written.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::directory::lock_soon;

/// Pieces of text in the order they came in.
///
/// Each piece is two lines of JSON: the text, and how far all of it is now. A piece is only there once its second line is
/// whole; whoever writes holds a lock on the file, and takes away what somebody left who was killed while writing.
#[derive(Debug)]
pub(crate) struct Draft {
    path: PathBuf,
}

/// How far the text is after a piece.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    /// Characters of all pieces so far.
    characters: usize,
    /// Whether that is all.
    complete: bool,
}

/// What somebody who reads on finds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// All that came since.
    pub(crate) text: String,
    /// Whether nothing more will come.
    pub(crate) complete: bool,
    /// Where to read on, in bytes.
    pub(crate) end: u64,
}

/// Why a piece was not taken.
#[derive(Debug, Error)]
pub(crate) enum DraftError {
    /// The session was begun with all of its text.
    #[error("the session was begun with all of its text")]
    NotOpen,
    /// Its last piece has come.
    #[error("the text is complete")]
    Complete,
    /// There would be too much of it.
    #[error("the text would be too long")]
    TooLong,
    /// Somebody else is adding to it, and takes long.
    #[error("another piece is being written")]
    Busy,
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// Bytes in which a [`Mark`] and the end of the line before it fit.
const TAIL: u64 = 96;

impl Draft {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Makes the file.
    ///
    /// # Errors
    ///
    /// As of making a file.
    pub(super) fn begin(&self) -> io::Result<()> {
        File::create_new(&self.path).map(drop)
    }

    /// Adds a piece, with which there are at most `most` characters; the `last` may be empty.
    ///
    /// # Errors
    ///
    /// [`DraftError`]; nothing is added then.
    pub(crate) fn append(&self, text: &str, last: bool, most: usize) -> Result<(), DraftError> {
        let mut file = self.open().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => DraftError::NotOpen,
            _ => DraftError::Write(error),
        })?;
        if !lock_soon(&file)? {
            return Err(DraftError::Busy);
        }
        let (end, mark) = state(&mut file)?;
        if mark.complete {
            return Err(DraftError::Complete);
        }
        let characters = mark.characters.saturating_add(text.chars().count());
        if characters > most {
            return Err(DraftError::TooLong);
        }
        let mark = Mark {
            characters,
            complete: last,
        };
        Ok(write(&mut file, end, text, mark)?)
    }

    /// Ends the text, unless there is more of it than its first `read` bytes; says whether it has ended.
    ///
    /// # Errors
    ///
    /// As of reading and writing a file.
    pub(crate) fn close(&self, read: u64) -> io::Result<bool> {
        let mut file = self.open()?;
        // The generator's own thread may wait for whoever adds a piece, which is never long.
        file.lock()?;
        let (end, mark) = state(&mut file)?;
        if end != read {
            return Ok(false);
        }
        let mark = Mark {
            complete: true,
            ..mark
        };
        write(&mut file, end, "", mark).map(|()| true)
    }

    /// What came after the first `from` bytes.
    ///
    /// # Errors
    ///
    /// As of reading a file.
    pub(crate) fn read(&self, from: u64) -> io::Result<News> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut news = News {
            end: from,
            ..News::default()
        };
        let (mut at, mut piece) = (from, String::new());
        for line in lines(&bytes) {
            at += line.len() as u64;
            if let Ok(mark) = serde_json::from_slice::<Mark>(line) {
                news.text.push_str(&std::mem::take(&mut piece));
                news.complete |= mark.complete;
                news.end = at;
            } else if let Ok(text) = serde_json::from_slice(line) {
                piece = text;
            }
        }
        Ok(news)
    }

    /// Opens the file for writing, which needs its lock.
    fn open(&self) -> io::Result<File> {
        File::options().read(true).write(true).open(&self.path)
    }
}

/// Where the last whole piece ends, and its mark.
fn state(file: &mut File) -> io::Result<(u64, Mark)> {
    let length = file.metadata()?.len();
    let begin = length.saturating_sub(TAIL);
    for begin in [begin, 0] {
        file.seek(SeekFrom::Start(begin))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (mut at, mut last) = (begin, None);
        for line in lines(&bytes) {
            at += line.len() as u64;
            if let Ok(mark) = serde_json::from_slice(line) {
                last = Some((at, mark));
            }
        }
        if let Some((end, mark)) = last
            && (end == length || begin == 0)
        {
            return Ok((end, mark));
        }
    }
    Ok((0, Mark::default()))
}

/// Writes a piece where the last whole one ends; of a piece that cannot be written, nothing stays.
fn write(file: &mut File, end: u64, text: &str, mark: Mark) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(text)?;
    bytes.push(b'\n');
    serde_json::to_writer(&mut bytes, &mark)?;
    bytes.push(b'\n');
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    file.write_all(&bytes).or_else(|error| {
        file.set_len(end)?;
        Err(error)
    })
}

/// The whole lines, with their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .split_inclusive(|&byte| byte == b'\n')
        .filter(|line| line.ends_with(b"\n"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::thread;

    use proptest::prelude::*;

    use super::*;

    fn draft(place: &tempfile::TempDir) -> Draft {
        let draft = Draft::new(place.path().join("draft.jsonl"));
        draft.begin().unwrap();
        draft
    }

    fn read_all(draft: &Draft) -> String {
        draft.read(0).unwrap().text
    }

    #[test]
    fn nobody_waits_long_for_another_who_writes() {
        let place = tempfile::tempdir().unwrap();
        let draft = draft(&place);
        let other = draft.open().unwrap();
        other.lock().unwrap();
        assert!(matches!(
            draft.append("one ", false, 10),
            Err(DraftError::Busy)
        ));
        drop(other);
        draft.append("one ", false, 10).unwrap();
        assert_eq!(read_all(&draft), "one ");
    }

    #[test]
    fn nothing_comes_after_the_last_piece_or_beyond_the_limit() {
        let place = tempfile::tempdir().unwrap();
        let draft = draft(&place);
        draft.append("one ", false, 10).unwrap();
        assert!(matches!(
            draft.append("too many", false, 10),
            Err(DraftError::TooLong)
        ));
        draft.append("двушки", true, 10).unwrap();
        assert!(matches!(
            draft.append("", true, 10),
            Err(DraftError::Complete)
        ));
        assert_eq!(read_all(&draft), "one двушки");
        let other = Draft::new(place.path().join("other"));
        assert!(matches!(
            other.append("a", false, 10),
            Err(DraftError::NotOpen)
        ));
    }

    #[test]
    fn whoever_closes_it_has_read_it_all() {
        let place = tempfile::tempdir().unwrap();
        let draft = draft(&place);
        let read = draft.read(0).unwrap();
        draft.append("one", false, 10).unwrap();
        assert!(!draft.close(read.end).unwrap());
        let read = draft.read(read.end).unwrap();
        assert_eq!((read.text.as_str(), read.complete), ("one", false));
        assert!(draft.close(read.end).unwrap());
        assert!(draft.read(read.end).unwrap().complete);
        assert!(matches!(
            draft.append("two", false, 10),
            Err(DraftError::Complete)
        ));
    }

    #[test]
    fn pieces_of_many_writers_are_whole() {
        let place = tempfile::tempdir().unwrap();
        let draft = draft(&place);
        thread::scope(|scope| {
            for writer in 0..4 {
                let draft = &draft;
                scope.spawn(move || {
                    for number in 0..50 {
                        let piece = format!("{writer}:{number} ");
                        draft.append(&piece, false, 10_000).unwrap();
                    }
                });
            }
        });
        let text = read_all(&draft);
        for writer in 0..4 {
            let own = text.split_whitespace().filter_map(|piece| {
                let (by, number) = piece.split_once(':')?;
                (by == writer.to_string()).then(|| number.parse().unwrap())
            });
            assert_eq!(own.collect::<Vec<i32>>(), (0..50).collect::<Vec<_>>());
        }
    }

    proptest! {
        /// However the writing of a piece is cut short, those before stay and others can follow.
        #[test]
        fn half_a_piece_is_none(
            pieces in prop::collection::vec("\\PC{0,40}|[\"\\\\\n{}a]{0,200}", 1..6), lost in 1_usize..200,
        ) {
            let place = tempfile::tempdir().unwrap();
            let draft = draft(&place);
            let (last, before) = pieces.split_last().unwrap();
            for piece in before {
                draft.append(piece, false, 10_000).unwrap();
            }
            let whole = fs::metadata(&draft.path).unwrap().len();
            draft.append(last, false, 10_000).unwrap();
            let length = fs::metadata(&draft.path).unwrap().len();
            let file = File::options().write(true).open(&draft.path).unwrap();
            file.set_len(whole.max(length.saturating_sub(lost as u64))).unwrap();
            prop_assert_eq!(read_all(&draft), before.concat());
            let read = draft.read(0).unwrap();
            prop_assert_eq!(read.end, whole);
            draft.append("end", true, 10_000).unwrap();
            let news = draft.read(read.end).unwrap();
            prop_assert_eq!((news.text.as_str(), news.complete), ("end", true));
        }
    }
}
