//! Accepting work.

use super::board::Census;
use super::screening::{screen, screen_piece};
use super::{Board, Hint, Job, Pace, Record, SessionId, Source, Timestamp};
use crate::api::{Addition, Code, Driven, Piece, Refusal, Upload};
use crate::config::Limits;
use crate::rtc::PeerId;
use crate::session::{Failure, FailureCode};
use crate::store::{DraftError, Fed, FeedError, Offer, Store};
use crate::time::Samples;

/// Where workers hand in jobs and look sessions up.
#[derive(Debug, Clone)]
pub struct Intake {
    board: Board,
    store: Store,
    limits: Limits,
}

/// What became of a piece of sound.
#[derive(Debug)]
pub struct Receipt {
    /// How its session stood.
    pub record: Record,
    /// Whether it was taken.
    pub fed: Fed,
    /// A hint for a process, which may be sent now.
    pub hint: Option<(u32, Hint)>,
    /// What was wrong with what came before, if anything was.
    pub trouble: Option<String>,
}

impl Intake {
    /// An intake in front of `board` and `store`.
    pub fn new(board: Board, store: Store, limits: Limits) -> Self {
        Self {
            board,
            store,
            limits,
        }
    }

    /// Takes a job on: once this returns, it will be done or reported as failed. The generator may be
    /// given a hint now.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: busy, or no room on the disk.
    pub fn accept(&self, job: &Job) -> Result<(), Refusal> {
        self.accept_with(job, || Ok(()))
    }

    /// The same for a session that is driven by sound, with what came with it.
    ///
    /// # Errors
    ///
    /// As of [`accept`](Self::accept).
    pub fn accept_driven(&self, driven: &mut Driven) -> Result<(), Refusal> {
        let Driven {
            job, image, audio, ..
        } = driven;
        if let (Some(audio), Source::Feed { bare, .. }) = (audio.as_mut(), job.source) {
            screen(audio, bare)?;
        }
        self.accept_with(job, || {
            if let Some(image) = image {
                self.store.keep_portrait(job.id, &image.read()?)?;
            }
            match audio {
                Some(audio) => self.pour(job.id, None, audio, true, false).map(drop),
                None => Ok(()),
            }
        })
    }

    /// The same for a session whose face is made of `picture`, a file as photos are read.
    ///
    /// # Errors
    ///
    /// As of [`accept`](Self::accept).
    pub fn accept_pictured(&self, job: &Job, picture: &[u8]) -> Result<(), Refusal> {
        self.accept_with(job, || Ok(self.store.keep_portrait(job.id, picture)?))
    }

    /// The same for a session that begins with a call, whose answer [`Calls::answered`](crate::store::Calls::answered) has later.
    ///
    /// # Errors
    ///
    /// As of [`accept`](Self::accept).
    pub fn accept_call(&self, job: &Job, peer: PeerId, offer: &Offer) -> Result<(), Refusal> {
        self.accept_with(job, || {
            self.store.calls(job.id).offer(peer, offer)?;
            Ok(())
        })?;
        self.board.wish_called(job.id);
        Ok(())
    }

    /// Has `peer` call session `id`. The hint, for a process, may be sent now.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: there is no such session, it is not being shown, or there is no room on the disk.
    pub fn call(
        &self,
        id: SessionId,
        peer: PeerId,
        offer: &Offer,
    ) -> Result<Option<(u32, Hint)>, Refusal> {
        self.check_shown(id)
            .map_err(|refusal| match refusal.code() {
                Code::BadParameter => Refusal::new(Code::NotLive, refusal.message()),
                _ => refusal,
            })?;
        let left = self.store.calls(id).offer(peer, offer);
        left.map_err(|error| Refusal::of_writing(&error))?;
        Ok(self.ring(id))
    }

    /// Lets `peer` of session `id` go. The hint, for a process, may be sent now.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: there is no such session, or there is no room on the disk.
    pub fn hang_up(&self, id: SessionId, peer: PeerId) -> Result<Option<(u32, Hint)>, Refusal> {
        let record = self.find(id).ok_or_else(Refusal::unknown_session)?;
        if record.finished() {
            return Ok(None);
        }
        let left = self.store.calls(id).end(peer);
        left.map_err(|error| Refusal::of_writing(&error))?;
        Ok(self.ring(id))
    }

    fn ring(&self, id: SessionId) -> Option<(u32, Hint)> {
        Some((self.board.wish_called(id)?, Hint::wanted(id)))
    }

    fn accept_with(
        &self,
        job: &Job,
        bring: impl FnOnce() -> Result<(), FeedError>,
    ) -> Result<(), Refusal> {
        let busy = || {
            Refusal::new(
                Code::Busy,
                "too many sessions are running; try again shortly",
            )
        };
        let census = self.board.census();
        if census.created + census.processing >= self.limits.sessions + self.limits.queue {
            return Err(busy());
        }
        self.expect_networks(job, census)?;
        self.store.accept(job).map_err(|error| {
            tracing::error!(session = %job.id, %error, "the job was not written");
            Refusal::of_writing(&error)
        })?;
        bring().map_err(|error| {
            tracing::error!(session = %job.id, %error, "what came with the job was not written");
            self.store.remove(job.id);
            match error {
                FeedError::Write(error) => Refusal::of_writing(&error),
                _ => Refusal::internal(),
            }
        })?;
        let record = Record::of(job);
        self.board.open(&record).map_err(|_| {
            self.store.remove(job.id);
            busy()
        })
    }

    /// Refuses a job whose face networks draw when these hold no more in real time. All of them share one device.
    fn expect_networks(&self, job: &Job, census: Census) -> Result<(), Refusal> {
        let header = self.board.header();
        let (filmed, photos) = (header.filmed(), header.photos());
        let (own, words) = match (job.filmed, job.portrait) {
            (true, _) => (filmed, "filmed avatars"),
            (false, Some(_)) => (photos, "photos"),
            (false, None) => return Ok(()),
        };
        let Some(own) = own else {
            return Ok(());
        };
        // A device that holds nobody's real time may be used by one session all the same.
        let share = |count: usize, most: Option<u32>| {
            most.map_or(0.0, |most| count as f64 / f64::from(most.max(1)))
        };
        let taken = share(census.filmed, filmed) + share(census.photos, photos);
        // A hair for what dividing loses.
        if taken + share(1, Some(own)) <= 1.0 + 1e-9 {
            return Ok(());
        }
        Err(Refusal::new(
            Code::Busy,
            format!("as many {words} speak as can in real time; try again shortly"),
        ))
    }

    /// How session `id` stands, from shared memory or, where that has forgotten it, from disk.
    pub fn find(&self, id: SessionId) -> Option<Record> {
        if let Some(record) = self.board.find(id) {
            return Some(record);
        }
        if self.board.holds(id) {
            return None;
        }
        let mut record = self.store.record(id)?;
        if !record.finished() {
            record.fail(lost());
            // Its playlists, if there are any, are still to be ended.
            record.ended = !record.playable();
        }
        Some(record)
    }

    /// Whether session `id` can be watched while it is made, picture by picture.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: there is no such session, it is over, it has no pictures, or it is made too far ahead of the clock.
    pub fn check_shown(&self, id: SessionId) -> Result<(), Refusal> {
        let record = self.find(id).ok_or_else(Refusal::unknown_session)?;
        let wrong = |reason| Err(Refusal::new(Code::BadParameter, reason));
        if record.finished() {
            return wrong("the session is over");
        }
        let job = self.store.job(id).ok_or_else(Refusal::unknown_session)?;
        if !job.kind.is_seen() {
            return wrong("the session has no pictures");
        }
        if job.pace == Pace::Fast {
            return wrong(
                "the session is made ahead of the clock: only one of pace \"live\" can be watched while it is made",
            );
        }
        Ok(())
    }

    /// Adds to the text of a session that was begun with the promise of more. The hint, for a process, may be sent now.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: there is no such session, it is over, its text is complete or would be too long, or there is no room
    /// on the disk.
    pub fn append(&self, addition: &Addition) -> Result<Option<(u32, Hint)>, Refusal> {
        let &Addition { id, ref text, last } = addition;
        let record = self.find(id).ok_or_else(Refusal::unknown_session)?;
        if record.finished() {
            return Err(Refusal::new(Code::BadParameter, "the session is over"));
        }
        let most = self.limits.whole_text.max(self.limits.text);
        let appended = self.store.draft(id).append(text, last, most);
        appended.map_err(|error| match error {
            DraftError::NotOpen | DraftError::Complete => {
                Refusal::new(Code::BadParameter, "the text of this session is complete")
            }
            DraftError::TooLong => Refusal::new(
                Code::TextTooLong,
                format!("the text of the session would be longer than {most} characters"),
            ),
            DraftError::Busy => being_written(),
            DraftError::Write(error) => {
                tracing::error!(session = %id, %error, "the text was not written");
                Refusal::of_writing(&error)
            }
        })?;
        let pid = self.board.responsible_for(id);
        Ok(pid.map(|pid| (pid, Hint::wanted(id))))
    }

    /// Feeds a session with a piece of sound.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: there is no such session, it is over or not fed, more has come than it can use for now, or there is no
    /// room on the disk.
    pub fn feed(&self, piece: &mut Piece) -> Result<Receipt, Refusal> {
        let id = piece.id;
        let record = self.find(id).ok_or_else(Refusal::unknown_session)?;
        let wrong = |reason: String| Refusal::new(Code::BadParameter, reason);
        // Whoever did not hear that a piece was taken may ask again at any time.
        let feed = self.store.feed(id);
        if piece.number.is_some_and(|number| feed.has(number)) {
            return Ok(Receipt {
                record,
                fed: Fed::Repeated,
                hint: None,
                trouble: None,
            });
        }
        if record.finished() {
            return Err(wrong("the session is over".to_owned()));
        }
        if record.waiting >= MOST_WAITING {
            return Err(Refusal::new(
                Code::TooFast,
                "more sound has come than can be shown in a minute; try again shortly",
            ));
        }
        let trouble = screen_piece(piece, &self.store)?;
        let (number, last, bare) = (piece.number, piece.last, piece.bare);
        let poured = match &mut piece.audio {
            Some(audio) => self.pour(id, number, audio, last, bare),
            None => self.store.feed(id).add(number, &[], last, bare),
        };
        let fed = poured.map_err(|error| match error {
            FeedError::NotFed => wrong("the session is not fed with sound".to_owned()),
            FeedError::Complete => wrong("the last piece of this session has come".to_owned()),
            FeedError::Missing(number) => wrong(format!(
                "sequence is too far ahead: piece {number} has not come yet"
            )),
            FeedError::Busy => being_written(),
            FeedError::Write(error) => {
                tracing::error!(session = %id, %error, "the sound was not written");
                Refusal::of_writing(&error)
            }
        })?;
        let pid = self.board.responsible_for(id);
        Ok(Receipt {
            record,
            fed,
            hint: pid.map(|pid| (pid, Hint::wanted(id))),
            trouble,
        })
    }

    /// What was wrong with what session `id` was fed last, if anything was.
    pub fn trouble(&self, id: SessionId) -> Option<String> {
        self.store.feed(id).trouble()
    }

    /// Writes a piece into a session's feed. One that has no number may be larger than what is read at once.
    fn pour(
        &self,
        id: SessionId,
        number: Option<u64>,
        sound: &mut Upload,
        last: bool,
        bare: bool,
    ) -> Result<Fed, FeedError> {
        let feed = self.store.feed(id);
        if number.is_some() {
            return feed.add(number, &sound.read()?, last, bare);
        }
        let mut fed = Fed::Taken;
        sound.in_stretches(STRETCH, |stretch, end| {
            fed = feed.add(None, stretch, last && end, bare)?;
            Ok::<(), FeedError>(())
        })?;
        Ok(fed)
    }

    /// Ends and frees session `id`. The hints, each for a process, may be sent now.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: there is no such session.
    pub fn clean_up(&self, id: SessionId) -> Result<Vec<(u32, Hint)>, Refusal> {
        self.find(id).ok_or_else(Refusal::unknown_session)?;
        Ok(match self.board.wish_removed(id) {
            Some((owner, watchers)) => owner
                .into_iter()
                .map(|pid| (pid, Hint::wanted(id)))
                .chain(watchers.into_iter().map(|pid| (pid, Hint::changed(id))))
                .collect(),
            None => {
                self.store.put_away(id);
                Vec::new()
            }
        })
    }

    /// Ends session `id` where it stands. The hint, for a process, may be sent now.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: there is no such session.
    pub fn interrupt(&self, id: SessionId) -> Result<Option<(u32, Hint)>, Refusal> {
        let record = self.find(id).ok_or_else(Refusal::unknown_session)?;
        if record.finished() {
            return Ok(None);
        }
        let owner = self.board.wish_interrupted(id).flatten();
        Ok(owner.map(|pid| (pid, Hint::wanted(id))))
    }

    /// The board.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

fn being_written() -> Refusal {
    Refusal::new(
        Code::Busy,
        "another piece of this session is being written; try again shortly",
    )
}

/// How much sound may wait to be shown before no more is taken.
const MOST_WAITING: Samples = Samples::from_millis(60_000);
/// Bytes of a large file that are read at once.
const STRETCH: usize = 1 << 20;

/// What is said of sessions whose generator is no more.
pub(crate) fn lost() -> Failure {
    Failure {
        code: FailureCode::Interrupted,
        text: "the server was restarted before the session was finished".to_owned(),
    }
}

/// Whether a session that only the disk knows is beyond hope: made before this board was.
pub(crate) fn orphaned(id: SessionId, board: &Board, now: Timestamp) -> bool {
    const ACCEPTING: std::time::Duration = std::time::Duration::from_secs(10);
    !board.holds(id) && (id.made_at() < board.header().since() || id.made_at().age(now) > ACCEPTING)
}
