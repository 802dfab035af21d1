//! The local directory.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Calls, Draft, Eater, Feed, SegmentFile, Strip, StripWriter};
use crate::api::{MediaFile, RenditionFile};
use crate::hls::{Form, RenditionName};
use crate::media::ByteRange;
use crate::session::{Job, Record, SessionId, Source};

/// A directory with one directory for each session.
#[derive(Debug, Clone)]
pub struct Store {
    sessions: PathBuf,
}

impl Store {
    /// The store in the data directory `data`.
    pub fn new(data: &Path) -> Self {
        Self {
            sessions: data.join("sessions"),
        }
    }

    /// Makes the directory, if it is not there.
    ///
    /// # Errors
    ///
    /// As of making a directory.
    pub fn prepare(&self) -> io::Result<()> {
        fs::create_dir_all(&self.sessions)
    }

    /// The directory of session `id`.
    pub fn directory(&self, id: SessionId) -> PathBuf {
        self.sessions.join(id.to_string())
    }

    /// Where `file` of session `id` lies once it exists.
    pub fn path(&self, id: SessionId, file: MediaFile) -> PathBuf {
        self.directory(id).join(file.to_string())
    }

    /// Makes a session's directory with its job in it.
    pub(crate) fn accept(&self, job: &Job) -> io::Result<()> {
        let directory = self.directory(job.id);
        // The first request may come before any generator has prepared anything.
        match fs::create_dir(&directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.prepare()?;
                fs::create_dir(&directory)?;
            }
            made => made?,
        }
        let written = self
            .begin_draft(job)
            .and_then(|()| self.begin_feed(job))
            .and_then(|()| write_whole(&directory.join("job.json"), &json(job)?));
        if written.is_err() {
            self.remove(job.id);
        }
        written
    }

    /// Begins the text of a job of which more is to come.
    fn begin_draft(&self, job: &Job) -> io::Result<()> {
        if !job.open {
            return Ok(());
        }
        let draft = self.draft(job.id);
        draft.begin()?;
        draft
            .append(&job.text, false, usize::MAX)
            .map_err(io::Error::other)
    }

    /// Makes room for what a session is fed.
    fn begin_feed(&self, job: &Job) -> io::Result<()> {
        match job.source {
            Source::Text => Ok(()),
            Source::Feed { .. } => self.feed(job.id).begin(),
        }
    }

    /// What session `id` is fed.
    pub(crate) fn feed(&self, id: SessionId) -> Feed {
        Feed::new(self.directory(id).join("feed"))
    }

    /// Keeps the picture that a face is made of.
    pub(crate) fn keep_portrait(&self, id: SessionId, picture: &[u8]) -> io::Result<()> {
        write_whole(&self.directory(id).join("portrait"), picture)
    }

    /// The picture that the face of session `id` is made of.
    pub(crate) fn portrait(&self, id: SessionId) -> io::Result<Vec<u8>> {
        fs::read(self.directory(id).join("portrait"))
    }

    /// Keeps what is to be said of that picture, which may be nothing.
    pub(crate) fn keep_notes(&self, id: SessionId, notes: &str) -> io::Result<()> {
        write_whole(&self.directory(id).join("notes"), notes.as_bytes())
    }

    /// What there is to be said of the picture of session `id`.
    pub fn notes(&self, id: SessionId) -> Option<String> {
        let notes = fs::read_to_string(self.directory(id).join("notes")).ok()?;
        (!notes.is_empty()).then_some(notes)
    }

    /// Where files lie that are on their way in. It is made where no generator has made it yet.
    ///
    /// # Errors
    ///
    /// As of making a directory.
    pub fn incoming(&self) -> io::Result<PathBuf> {
        let place = self.sessions.with_file_name("incoming");
        fs::create_dir_all(&place)?;
        Ok(place)
    }

    /// Reads what session `id` is fed, from the beginning.
    pub(crate) fn eater(&self, id: SessionId) -> Eater {
        Eater::new(self.feed(id))
    }

    /// The calls of session `id`.
    pub fn calls(&self, id: SessionId) -> Calls {
        Calls::new(self.directory(id).join("calls"))
    }

    /// The newest still pictures of session `id`.
    ///
    /// # Errors
    ///
    /// As of reading a file.
    pub fn strip(&self, id: SessionId) -> io::Result<Strip> {
        Strip::open(&self.directory(id).join("strip"))
    }

    /// Writes still pictures of session `id`, of which the newest `slots` are kept, of at most `room` bytes each.
    pub(crate) fn strip_writer(
        &self,
        id: SessionId,
        slots: u64,
        room: u64,
    ) -> io::Result<StripWriter> {
        StripWriter::create(&self.directory(id).join("strip"), slots, room)
    }

    /// The text of session `id`, where that is still being written.
    pub(crate) fn draft(&self, id: SessionId) -> Draft {
        Draft::new(self.directory(id).join("draft.jsonl"))
    }

    /// The job of session `id`.
    pub(crate) fn job(&self, id: SessionId) -> Option<Job> {
        read_json(&self.directory(id).join("job.json"))
    }

    /// Keeps `record`.
    pub(crate) fn save(&self, record: &Record) -> io::Result<()> {
        write_whole(
            &self.directory(record.id).join("session.json"),
            &json(record)?,
        )
    }

    /// The record of session `id` as it was last kept.
    pub(crate) fn record(&self, id: SessionId) -> Option<Record> {
        read_json(&self.directory(id).join("session.json"))
            .or_else(|| Some(Record::of(&self.job(id)?)))
    }

    /// Writes `file` of session `id`, replacing it at once.
    pub(crate) fn write(&self, id: SessionId, file: MediaFile, bytes: &[u8]) -> io::Result<()> {
        write_whole(&self.path(id, file), bytes)
    }

    /// Says at the end of session `id`'s playlists that they will not grow (RFC 8216 section 4.3.3.4).
    pub(crate) fn end_playlists(&self, id: SessionId) {
        let forms = [Form::LowLatency, Form::Delta, Form::Plain];
        let smaller = self.smaller(id).into_iter().map(RenditionName::Height);
        let playlists = smaller
            .chain([RenditionName::Full, RenditionName::Sound])
            .flat_map(|name| forms.map(|form| RenditionFile::Playlist(form).of(name)));
        for file in playlists.chain(forms.map(MediaFile::Captions)) {
            let Ok(text) = fs::read_to_string(self.path(id, file)) else {
                continue;
            };
            let lines = text.lines();
            let mut text: String = lines
                .filter(|line| !line.starts_with("#EXT-X-PRELOAD-HINT"))
                .filter(|line| !line.starts_with("#EXT-X-RENDITION-REPORT"))
                .flat_map(|line| [line, "\n"])
                .collect();
            text.push_str("#EXT-X-ENDLIST\n");
            if let Err(error) = self.write(id, file, text.as_bytes()) {
                tracing::warn!(session = %id, %error, "the playlist was not ended");
            }
        }
    }

    /// Makes the directory of a rendition of session `id`.
    pub(crate) fn make_room(&self, id: SessionId, height: u16) -> io::Result<()> {
        match fs::create_dir(self.directory(id).join(height.to_string())) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// The heights of the smaller renditions of session `id`.
    pub(crate) fn smaller(&self, id: SessionId) -> Vec<u16> {
        let Ok(entries) = fs::read_dir(self.directory(id)) else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .collect()
    }

    /// Writes `file` of session `id`, which nobody is allowed to read before this returns.
    pub(crate) fn write_unseen(
        &self,
        id: SessionId,
        file: MediaFile,
        bytes: &[u8],
    ) -> io::Result<()> {
        fs::write(self.path(id, file), bytes)
    }

    /// The bytes of `file` of session `id`.
    pub(crate) fn read(&self, id: SessionId, file: MediaFile) -> io::Result<Vec<u8>> {
        fs::read(self.path(id, file))
    }

    /// Deletes `file` of session `id`; false when there is none.
    pub(crate) fn discard(&self, id: SessionId, file: MediaFile) -> bool {
        fs::remove_file(self.path(id, file)).is_ok()
    }

    /// Whether there is a `file` of session `id`.
    pub(crate) fn has(&self, id: SessionId, file: MediaFile) -> bool {
        self.path(id, file).exists()
    }

    /// Deletes the parts of a segment of session `id` from number `first` on, of one rendition; says whether there were
    /// any.
    pub(crate) fn discard_parts(
        &self,
        id: SessionId,
        rendition: RenditionName,
        segment: u32,
        first: u32,
    ) -> bool {
        let part = |index| RenditionFile::Part(segment, index).of(rendition);
        let gone = |&index: &u32| self.discard(id, part(index));
        (first..).take_while(gone).count() > 0
    }

    /// Begins `file` of session `id`, which is read while it grows, as far as its record says it goes.
    pub(crate) fn create(&self, id: SessionId, file: MediaFile) -> io::Result<File> {
        File::create_new(self.path(id, file))
    }

    /// Begins a file that will be written in parts.
    pub(crate) fn begin(&self, id: SessionId, file: MediaFile) -> io::Result<SegmentFile> {
        SegmentFile::create(self.path(id, file))
    }

    /// Appends ranges of a file to another.
    pub(crate) fn copy(
        &self,
        id: SessionId,
        file: MediaFile,
        ranges: &[ByteRange],
        to: &mut SegmentFile,
    ) -> io::Result<()> {
        let mut from = File::open(self.path(id, file))?;
        let mut bytes = Vec::new();
        for range in ranges {
            from.seek(SeekFrom::Start(range.offset))?;
            bytes.clear();
            let mut part = Read::by_ref(&mut from).take(range.length);
            part.read_to_end(&mut bytes)?;
            if bytes.len() as u64 != range.length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            to.append(&bytes)?;
        }
        Ok(())
    }

    /// Deletes everything of session `id`.
    pub(crate) fn remove(&self, id: SessionId) {
        if let Err(error) = fs::remove_dir_all(self.directory(id))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(session = %id, %error, "the session's files were not deleted");
        }
    }

    /// Puts everything of session `id` out of sight, in one step: there may be thousands of files, and whoever answers requests
    /// has no time to delete them. [`empty`](Self::empty) does.
    pub(crate) fn put_away(&self, id: SessionId) {
        let place = self.removed();
        let away = || fs::rename(self.directory(id), place.join(id.to_string()));
        let done = match away() {
            // Either the session is gone or nothing was ever put away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&place).and_then(|()| away())
            }
            done => done,
        };
        if let Err(error) = done
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(session = %id, %error, "the session's files were not put away");
        }
    }

    fn removed(&self) -> PathBuf {
        self.sessions.with_file_name("removed")
    }

    /// Deletes what was put away.
    pub(crate) fn empty(&self) {
        let Ok(entries) = fs::read_dir(self.removed()) else {
            return;
        };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if let Err(error) = fs::remove_dir_all(&path)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(path = %path.display(), %error, "what was put away was not deleted");
            }
        }
    }

    /// The sessions that have a directory.
    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        let Ok(entries) = fs::read_dir(&self.sessions) else {
            return Vec::new();
        };
        entries
            .filter_map(|entry| SessionId::parse(entry.ok()?.file_name().to_str()?))
            .collect()
    }
}

/// How often a lock that another process holds is asked for, and how long is waited in between: together a fiftieth of a second.
/// It is held while a piece is written to the page cache, which takes far less.
const ASKS: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(1);

/// Locks `file`; false where another holds it for so long that something is wrong with it or the disk. Whoever calls answers
/// requests, all of which would wait.
pub(super) fn lock_soon(file: &File) -> io::Result<bool> {
    for _ in 0..ASKS {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => thread::sleep(BETWEEN),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(false)
}

pub(super) fn json<T: Serialize>(value: &T) -> io::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(io::Error::other)
}

pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut growing = path.as_os_str().to_owned();
    growing.push(".part");
    let mut file = File::create(&growing)?;
    file.write_all(bytes)?;
    fs::rename(&growing, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hls::SegmentFormat;
    use crate::language::Language;
    use crate::session::{Kind, Pace, Source, Timestamp, Vocabulary};
    use crate::speech::Tempo;

    fn job() -> Job {
        Job {
            id: SessionId::generate(),
            vocabulary: Vocabulary::Specification,
            kind: Kind::Avatar,
            source: Source::Text,
            portrait: None,
            text: "Сәлем!".to_owned(),
            open: false,
            expand: false,
            ssml: false,
            mixed: false,
            language: Language::Kk,
            voice: "kk".to_owned(),
            tempo: Tempo::default(),
            avatar: "anna".to_owned(),
            filmed: false,
            pace: Pace::Live,
            segment_format: SegmentFormat::Fmp4,
            fine: false,
            webhook: None,
            base: String::new(),
            reuse: true,
            created_at: Timestamp::now(),
        }
    }

    #[test]
    fn a_session_leaves_with_all_its_files() {
        let data = tempfile::tempdir().unwrap();
        let store = Store::new(data.path());
        let job = job();
        store.accept(&job).unwrap();
        assert_eq!(store.job(job.id), Some(job.clone()));
        assert_eq!(store.sessions(), vec![job.id]);
        let mut record = store.record(job.id).unwrap();
        assert_eq!(record.vocabulary, Vocabulary::Specification);
        record.segments = 4;
        store.save(&record).unwrap();
        assert_eq!(store.record(job.id), Some(record));
        store.remove(job.id);
        assert!(store.sessions().is_empty());
        assert_eq!(store.record(job.id), None);
    }

    #[test]
    fn a_session_is_out_of_sight_before_it_is_deleted() {
        let data = tempfile::tempdir().unwrap();
        let store = Store::new(data.path());
        store.empty();
        store.put_away(SessionId::generate());
        let jobs = [job(), job()];
        for job in &jobs {
            store.accept(job).unwrap();
            store.put_away(job.id);
            assert_eq!(store.job(job.id), None);
        }
        assert!(store.sessions().is_empty());
        let left = || fs::read_dir(data.path().join("removed")).unwrap().count();
        assert_eq!(left(), 2);
        store.empty();
        assert_eq!(left(), 0);
    }

    #[test]
    fn a_segment_has_its_name_only_when_it_is_whole() {
        let data = tempfile::tempdir().unwrap();
        let store = Store::new(data.path());
        store.prepare().unwrap();
        let job = job();
        store.accept(&job).unwrap();
        let mut segment = store
            .begin(job.id, RenditionFile::Segment(0).of(RenditionName::Full))
            .unwrap();
        segment.append(b"abc").unwrap();
        let path = store.path(job.id, RenditionFile::Segment(0).of(RenditionName::Full));
        assert!(!path.exists());
        segment.append(b"defg").unwrap();
        segment.complete().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"abcdefg");
        let mut whole = store
            .begin(job.id, MediaFile::Output(Kind::Avatar))
            .unwrap();
        let range = |offset, length| ByteRange {
            segment: 0,
            offset,
            length,
        };
        let mut copy = |ranges: &[ByteRange]| {
            store.copy(
                job.id,
                RenditionFile::Segment(0).of(RenditionName::Full),
                ranges,
                &mut whole,
            )
        };
        copy(&[range(1, 2), range(5, 2)]).unwrap();
        assert!(copy(&[range(5, 9)]).is_err());
        whole.complete().unwrap();
        let output = store.path(job.id, MediaFile::Output(Kind::Avatar));
        assert_eq!(fs::read(output).unwrap(), b"bcfg");
    }
}
