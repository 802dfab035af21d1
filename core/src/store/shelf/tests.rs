//! A shelf and a directory that plays the finished session.

use super::*;
use crate::config::Config;
use crate::session::{Job, SessionId, State, Vocabulary};

const LONG: Duration = Duration::from_secs(3600);

struct Place {
    data: tempfile::TempDir,
    shelf: Shelf,
}

impl Place {
    fn new(size: u64) -> Self {
        let data = tempfile::tempdir().unwrap();
        let shelf = opened(data.path(), Some(Reuse { size, age: LONG }));
        Self { data, shelf }
    }

    /// Keeps a session of so many bytes that said `text`, and returns its directory.
    fn keep(&mut self, text: &str, size: usize) -> PathBuf {
        let session = self.data.path().join(format!("session {text}"));
        fs::create_dir(&session).unwrap();
        for (name, bytes) in [
            ("segment_000.m4s", vec![b'm'; size]),
            (
                "playlist.m3u8",
                b"#EXT-X-PART:URI=\"segment_000.1.m4s\"\n".to_vec(),
            ),
            ("segment_000.0.m4s", b"left".to_vec()),
            ("segment_000.1.m4s", b"part".to_vec()),
            ("segment_001.m4s.part", b"half".to_vec()),
            ("job.json", b"{}".to_vec()),
        ] {
            fs::write(session.join(name), bytes).unwrap();
        }
        self.shelf
            .keep(address(text), &session, &record(Timestamp::now()));
        session
    }

    /// The names of the files that are given, or nothing.
    fn take(&mut self, text: &str) -> Option<Vec<String>> {
        let to = tempfile::tempdir_in(self.data.path()).unwrap();
        let record = self.shelf.take(address(text), to.path());
        let mut names: Vec<String> = fs::read_dir(&to)
            .unwrap()
            .map(|found| found.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(record.is_none(), names.is_empty(), "{names:?}");
        record.map(|record| {
            assert_eq!(record.state, State::Ready);
            names
        })
    }

    fn entries(&self) -> usize {
        fs::read_dir(self.data.path().join("reuse"))
            .unwrap()
            .count()
    }
}

fn opened(data: &Path, bounds: Option<Reuse>) -> Shelf {
    let mut shelf = Shelf::new(data, bounds);
    shelf.open();
    shelf
}

fn address(text: &str) -> Address {
    Address::of(&Job::saying(text), &Config::default(), &[])
}

fn record(finished_at: Timestamp) -> Record {
    let mut record = Record::created(SessionId::generate(), Vocabulary::Realtime, finished_at);
    record.state = State::Ready;
    record.finished_at = Some(finished_at);
    record
}

fn given() -> Option<Vec<String>> {
    let names = ["playlist.m3u8", "segment_000.1.m4s", "segment_000.m4s"];
    Some(names.map(str::to_owned).into())
}

#[test]
fn what_is_kept_outlives_its_session_and_is_given_whole() {
    let mut place = Place::new(1 << 20);
    assert_eq!(place.take("one"), None);
    let session = place.keep("one", 1000);
    fs::remove_dir_all(session).unwrap();
    assert_eq!(place.take("one"), given());
    assert_eq!(
        place.take("one"),
        given(),
        "giving it away takes nothing from it"
    );
    assert_eq!(place.take("two"), None);
}

#[test]
fn it_outlives_the_process_and_what_was_half_kept_does_not() {
    let mut place = Place::new(1 << 20);
    place.keep("one", 1000);
    let kept = place.data.path().join("reuse");
    fs::create_dir(kept.join(format!("{}.new", address("two")))).unwrap();
    fs::create_dir(kept.join(address("three").to_string())).unwrap();
    let bounds = place.shelf.bounds;
    place.shelf = opened(place.data.path(), bounds);
    assert_eq!(place.entries(), 1);
    assert_eq!(place.take("one"), given());
    place.shelf = opened(place.data.path(), None);
    assert!(!kept.exists(), "switched off, it keeps nothing");
}

#[test]
fn a_damaged_entry_is_never_given() {
    type Damage = fn(&Path);
    let damages: [Damage; 5] = [
        |entry| fs::remove_file(entry.join("segment_000.m4s")).unwrap(),
        |entry| fs::write(entry.join("segment_000.m4s"), "short").unwrap(),
        |entry| fs::remove_file(entry.join(MANIFEST)).unwrap(),
        |entry| fs::write(entry.join(MANIFEST), "{").unwrap(),
        |entry| fs::remove_dir_all(entry).unwrap(),
    ];
    for damage in damages {
        let mut place = Place::new(1 << 20);
        place.keep("one", 1000);
        damage(&place.shelf.path(address("one")));
        assert_eq!(place.take("one"), None);
        assert_eq!(place.entries(), 0);
        fs::remove_dir_all(place.data.path().join("session one")).unwrap();
        place.keep("one", 1000);
        assert_eq!(place.take("one"), given(), "it is kept anew");
    }
}

#[test]
fn what_was_not_used_for_longest_goes_first() {
    let mut place = Place::new(5000);
    for text in ["one", "two", "three", "four"] {
        place.keep(text, 1200);
    }
    assert_eq!(place.take("one"), given());
    place.keep("five", 1200);
    assert_eq!(place.take("two"), None);
    for text in ["one", "three", "four", "five"] {
        assert!(place.shelf.has(address(text)), "{text}");
    }
    let bounds = place.shelf.bounds;
    place.shelf = opened(place.data.path(), bounds);
    place.keep("six", 1200);
    assert_eq!(
        place.take("three"),
        None,
        "the order is known after a restart"
    );
    assert_eq!(place.entries(), 4);
}

#[test]
fn one_long_text_does_not_drive_out_all_others() {
    let mut place = Place::new(5000);
    place.keep("short", 1000);
    place.keep("long", 2000);
    assert_eq!(place.take("long"), None);
    assert_eq!(place.take("short"), given());
}

#[test]
fn what_is_old_is_not_given_and_goes() {
    let mut place = Place::new(1 << 20);
    let session = place.keep("new", 1000);
    let before = Timestamp::from_micros(Timestamp::now().micros() - 3_601_000_000);
    place.shelf.keep(address("old"), &session, &record(before));
    assert_eq!(place.entries(), 2);
    assert_eq!(place.take("old"), None);
    place.shelf.forget_old();
    assert_eq!(place.entries(), 1);
    place.shelf.clear();
    assert_eq!(place.entries(), 0);
    assert!(place.shelf.is_empty());
}

#[test]
fn where_nothing_can_be_written_nothing_is_kept() {
    let mut place = Place::new(1 << 20);
    let kept = place.data.path().join("reuse");
    fs::remove_dir(&kept).unwrap();
    fs::write(&kept, "in the way").unwrap();
    let session = place.keep("one", 1000);
    assert!(session.join("segment_000.m4s").exists());
    assert_eq!(place.take("one"), None);
    assert!(place.shelf.is_empty());
}

#[test]
fn a_session_that_goes_meanwhile_is_not_kept() {
    let mut place = Place::new(1 << 20);
    let gone = place.data.path().join("gone");
    place
        .shelf
        .keep(address("gone"), &gone, &record(Timestamp::now()));
    assert_eq!(place.entries(), 0);
    assert_eq!(place.take("gone"), None);
}
