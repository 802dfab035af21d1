//! The desk: takes jobs, hands them to the pool, keeps the listings on the clock, and files what is done.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::assembler::Assembler;
use super::caretaker::Caretaker;
use super::departures::Departures;
use super::herald::Herald;
use super::listener::Listener;
use super::listing::{Listing, Standing};
use super::live::{Live, Publication};
use super::manuscript::Manuscript;
use super::notices::{Notice, Notices};
use super::painter::{Links, Painter};
use super::pool::{Pool, Task, Waker};
use super::recorder::Recorder;
use super::reel::Reel;
use super::repertoire::Repertoire;
use super::sitting::Sitting;
use super::speaker::Speaker;
use super::studio::Studio;
use super::transcript::Transcript;
use super::workshop::Faces;
use super::writer::Writer;
use crate::api::{Urls, status};
use crate::config::{Config, Video};
use crate::session::{
    Failure, FailureCode, Hint, Kind, Record, SessionId, Source, Stage, State, Timestamp, lost,
};
use crate::store::Eater;

/// How long a lost hint can delay anything.
const TICK: Duration = Duration::from_millis(250);

/// How long sessions are still made in a process that is to be replaced.
const GRACE: Duration = Duration::from_secs(10);

/// Frames on their way between the two halves of a session: enough for both to work at once.
const REEL: usize = 6;
/// The same where a frame is a part of sound.
const SOUND_REEL: usize = 2;

struct Session {
    live: Arc<Live>,
    /// A recording has none.
    listing: Option<Listing>,
    transcript: Arc<Transcript>,
    manuscript: Arc<Manuscript>,
    /// How far its draft was read, where more text may come.
    read: Option<u64>,
    fed: Option<Fed>,
    painter: Waker,
    assembler: Waker,
}

/// What comes to a session that is fed.
struct Fed {
    eater: Eater,
    listener: Listener,
    /// When something last did, or somebody watched.
    stirred: Instant,
}

impl Session {
    /// When its listing grows by itself.
    fn due(&self) -> Option<Instant> {
        self.listing.as_ref()?.due()
    }

    /// Has the parts noted that have left its playlists.
    fn depart(&mut self, departures: &mut Departures, now: Instant) {
        if let Some(listing) = &mut self.listing {
            let job = &self.live.job;
            departures.note((job.id, job.kind), listing, now);
        }
    }

    /// Whether all of it is made, though not all may be listed.
    fn is_complete(&self) -> bool {
        self.listing.as_ref().is_some_and(Listing::is_complete)
    }
}

/// What a desk works with.
pub(crate) struct Supplies {
    pub(crate) config: Arc<Config>,
    pub(crate) publication: Publication,
    pub(crate) notices: Notices,
    pub(crate) faces: Arc<Faces>,
    pub(crate) studio: Option<Studio>,
    pub(crate) speaker: Speaker,
    /// Where prompts are written out.
    pub(crate) writer: Option<Writer>,
    pub(crate) pool: Pool,
    pub(crate) caretaker: Caretaker,
    pub(crate) herald: Herald,
    pub(crate) repertoire: Repertoire,
    /// This process.
    pub(crate) pid: u32,
    /// Told how many sessions still need this process.
    pub(crate) running: Arc<AtomicUsize>,
}

/// The one thread that decides.
pub(crate) struct Desk {
    supplies: Supplies,
    sessions: HashMap<SessionId, Session>,
    departures: Departures,
    /// When this process goes at the latest.
    leaving: Option<Instant>,
}

impl Desk {
    pub(crate) fn new(supplies: Supplies) -> Self {
        Self {
            supplies,
            sessions: HashMap::new(),
            departures: Departures::default(),
            leaving: None,
        }
    }

    /// Works until it is told to stop.
    pub(crate) fn run(mut self, notices: &Receiver<Notice>) {
        self.supplies.repertoire.open();
        let mut tick = Instant::now();
        while !self.supplies.notices.stopped() {
            let now = Instant::now();
            if now >= tick {
                self.look_around();
                self.make_way(now);
                tick = now + TICK;
            }
            let due = self.sessions.values().filter_map(Session::due);
            let wake = due.min().map_or(tick, |due| due.min(tick));
            match notices.recv_timeout(wake.saturating_duration_since(now)) {
                Ok(Notice::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(notice) => self.handle(notice),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.publish(Instant::now());
        }
        for session in self.sessions.values() {
            session.live.cancel.raise();
        }
        self.supplies.pool.stop();
    }

    /// Lists what the clock allows now.
    fn publish(&mut self, now: Instant) {
        let mut ended = Vec::new();
        for (&id, session) in &mut self.sessions {
            if self.supplies.notices.stopped() {
                return;
            }
            if let Some(listing) = &mut session.listing
                && listing.due().is_some_and(|due| due <= now)
                && listing.publish(&session.live, now) == Standing::Ended
            {
                ended.push(id);
            }
        }
        for id in ended {
            self.let_go(id);
        }
    }

    fn handle(&mut self, notice: Notice) {
        match notice {
            Notice::Hint(hint) => {
                // What was made before takes no place from what is being made.
                let room = self.has_room() || self.knows(hint.id);
                self.look_at(hint.id, room);
            }
            Notice::Part(id, part) => {
                if let Some(session) = self.sessions.get_mut(&id)
                    && let Some(listing) = &mut session.listing
                {
                    listing.add(&part);
                    listing.publish(&session.live, Instant::now());
                }
            }
            Notice::Generated(id) => self.file(id),
            Notice::Failed(id) => self.file_failed(id),
            Notice::Broken => self.resign(),
            Notice::Stop => {}
        }
    }

    /// Deletes the parts that have been gone from their playlists long enough.
    fn clear_away(&mut self, now: Instant) {
        for session in self.sessions.values_mut() {
            session.depart(&mut self.departures, now);
        }
        let Supplies {
            config,
            publication,
            ..
        } = &self.supplies;
        self.departures.clear(&publication.store, config, now);
    }

    /// Whatever a lost hint might have spoken of.
    fn look_around(&mut self) {
        self.clear_away(Instant::now());
        let board = self.supplies.publication.board;
        let concern = |(&id, session): (&SessionId, &Session)| {
            let patient = session.listing.as_ref().is_some_and(Listing::is_patient);
            let begins = || patient && board.watched(id);
            (board.removed(id) || board.interrupted(id) || begins()).then_some(id)
        };
        let concerned: Vec<SessionId> = self.sessions.iter().filter_map(concern).collect();
        for id in concerned {
            self.look_at(id, false);
        }
        let open = self
            .sessions
            .iter()
            .filter(|(_, session)| session.read.is_some() || session.fed.is_some());
        let open: Vec<SessionId> = open.map(|(&id, _)| id).collect();
        for id in open {
            self.read_on(id);
            self.close_draft(id);
            self.close_feed(id);
        }
        if board.header().generator() == Some(self.supplies.pid) {
            self.supplies
                .caretaker
                .look_around(&self.supplies.publication, &mut self.supplies.repertoire);
            for (id, _) in board.sessions(State::Created) {
                self.look_at(id, self.has_room());
            }
        }
        self.count();
    }

    /// This process will be replaced: it takes nothing new.
    fn resign(&mut self) {
        let Supplies {
            publication, pid, ..
        } = &self.supplies;
        publication.board.header().resign(*pid);
        self.leaving = Some(Instant::now() + GRACE);
        tracing::error!("this process makes way for another when its other sessions are made");
        self.make_way(Instant::now());
    }

    /// Has this process replaced, if it is to be, once nothing is being made in it any more.
    fn make_way(&self, now: Instant) {
        let Some(until) = self.leaving else {
            return;
        };
        let mut sessions = self.sessions.values();
        let made = sessions.all(Session::is_complete);
        if now >= until || made && self.supplies.herald.waiting() == 0 {
            let Supplies {
                publication, pid, ..
            } = &self.supplies;
            publication.bell.ring(*pid, Hint::replace());
        }
    }

    /// Whether another session may be generated. Those of which only the end is still to be listed take no room.
    fn has_room(&self) -> bool {
        if self.leaving.is_some() {
            return false;
        }
        let sessions = self.sessions.values();
        let active = sessions.filter(|session| !session.is_complete());
        active.count() < self.supplies.config.limits.sessions
    }

    /// Whether what session `id` asks for was made before.
    fn knows(&self, id: SessionId) -> bool {
        let Supplies {
            repertoire,
            publication,
            ..
        } = &self.supplies;
        !repertoire.is_empty()
            && publication
                .store
                .job(id)
                .is_some_and(|job| repertoire.knows(&job))
    }

    /// Does what session `id` needs done; it is begun only if there is `room` for it.
    fn look_at(&mut self, id: SessionId, room: bool) {
        let board = self.supplies.publication.board;
        if board.removed(id) {
            self.remove(id);
        } else if board.interrupted(id) {
            self.interrupt(id);
        } else if let Some(session) = self.sessions.get_mut(&id) {
            if board.watched(id)
                && let Some(listing) = &mut session.listing
            {
                listing.start_clock(&session.live, Instant::now());
            }
            self.read_on(id);
        } else if room && self.claim(id) {
            self.take(id);
        }
        self.count();
    }

    /// Makes session `id` ours if it waits for its turn. A hint may come when it is long finished.
    fn claim(&self, id: SessionId) -> bool {
        let board = self.supplies.publication.board;
        if !board.own(id, self.supplies.pid) {
            return false;
        }
        let waits = board
            .find(id)
            .is_some_and(|record| record.state == State::Created);
        if !waits {
            board.release(id);
        }
        waits
    }

    /// Sessions that keep this process needed: those in hand, and those nobody else will take.
    fn count(&self) {
        let board = &self.supplies.publication.board;
        let waiting = match board.header().generator() {
            Some(pid) if pid == self.supplies.pid => board.count(State::Created),
            _ => 0,
        };
        let needed = self.sessions.len() + waiting + self.supplies.herald.waiting();
        self.supplies.running.store(needed, Ordering::Release);
    }

    fn take(&mut self, id: SessionId) {
        let Some(job) = self.supplies.publication.store.job(id) else {
            tracing::error!(session = %id, "the job is not on disk");
            self.supplies.publication.fail(id, lost());
            return;
        };
        let live = Arc::new(Live::new(
            job,
            self.supplies.publication.clone(),
            self.supplies.notices.clone(),
        ));
        if self.supplies.repertoire.repeat(&live) {
            tracing::info!(session = %id, "ready: it was made before");
            self.finished(&live);
            return;
        }
        live.enter(Stage::Tts);
        let Video { width, height, .. } = self.supplies.config.video;
        let reel = match live.job.kind {
            Kind::Avatar => Reel::new(REEL, Some((width as usize, height as usize))),
            Kind::Audio | Kind::Recording(_) => Reel::new(SOUND_REEL, None),
        };
        let painter = self.supplies.pool.waker();
        let transcript = Arc::new(Transcript::default());
        let job = &live.job;
        let mixed = job.mixed.then_some(job.language);
        let manuscript = Manuscript::new(Arc::clone(&transcript), painter.clone(), mixed);
        if !job.open && !job.expand {
            // It was found to be well-formed when it came.
            let read = job.ssml.then(|| manuscript.push_ssml(&job.text));
            if !matches!(read, Some(Ok(()))) {
                manuscript.push(&job.text);
            }
            manuscript.finish();
        }
        let inbox = Arc::default();
        let fed = match job.source {
            Source::Text => None,
            Source::Feed { rate } => {
                let started =
                    Listener::start(Arc::clone(&live), rate, Arc::clone(&inbox), painter.clone());
                match started {
                    Ok(listener) => Some(Fed {
                        eater: live.store().eater(id),
                        listener,
                        stirred: Instant::now(),
                    }),
                    Err(error) => {
                        live.fail(Failure {
                            code: FailureCode::Internal,
                            text: format!("nobody can listen: {error}"),
                        });
                        None
                    }
                }
            }
        };
        let links = Links {
            live: Arc::clone(&live),
            reel: Arc::new(reel),
            transcript,
            manuscript: Arc::new(manuscript),
            inbox,
            painter,
            assembler: self.supplies.pool.waker(),
        };
        let session = Session {
            listing: (!live.job.kind.is_recording())
                .then(|| Listing::new(&self.supplies.config, &live.job)),
            transcript: Arc::clone(&links.transcript),
            manuscript: Arc::clone(&links.manuscript),
            read: live.job.open.then_some(0),
            fed,
            painter: links.painter.clone(),
            assembler: links.assembler.clone(),
            live: Arc::clone(&live),
        };
        self.sessions.insert(id, session);
        self.read_on(id);
        self.write_out(&links);
        match self.face(&links) {
            Ok(face) => {
                let painter = Painter::new(
                    &links,
                    self.supplies.speaker.clone(),
                    face,
                    &self.supplies.config,
                );
                let second: Box<dyn Task> = match live.job.kind {
                    Kind::Recording(format) => Box::new(Recorder::new(&links, format)),
                    Kind::Avatar | Kind::Audio => {
                        Box::new(Assembler::new(&links, &self.supplies.config))
                    }
                };
                self.supplies.pool.add(&links.painter, Box::new(painter));
                self.supplies.pool.add(&links.assembler, second);
            }
            Err(failure) => live.fail(failure),
        }
    }

    /// The face that the session of `links` is to have.
    fn face(&self, links: &Links) -> Result<Option<Sitting>, Failure> {
        let Supplies {
            faces,
            studio,
            config,
            ..
        } = &self.supplies;
        let job = &links.live.job;
        match job.kind {
            Kind::Avatar => {}
            Kind::Audio | Kind::Recording(_) => return Ok(None),
        }
        let failed = |text: String| Failure {
            code: FailureCode::InferenceFailed,
            text,
        };
        if let Some(portrait) = job.portrait {
            return Ok(Some(Sitting::of_picture(&links.live, portrait, config)));
        }
        let face = match (job.filmed, studio) {
            (false, _) => faces(job, config).map_err(|error| failed(error.to_string())),
            (true, Some(studio)) => studio.sit(links, &job.avatar),
            (true, None) => Err(failed(
                "there are no networks for filmed avatars".to_owned(),
            )),
        };
        Ok(Some(Sitting::Done(face?)))
    }

    /// Has the prompt of a session written out, if it is one.
    fn write_out(&self, links: &Links) {
        match &self.supplies.writer {
            _ if !links.live.job.expand => {}
            Some(writer) => writer.write(Arc::clone(&links.live), Arc::clone(&links.manuscript)),
            None => links.live.fail(Failure {
                code: FailureCode::InferenceFailed,
                text: "there is no language model any more".to_owned(),
            }),
        }
    }

    /// Takes in what was added to a session's text, or what it was fed.
    fn read_on(&mut self, id: SessionId) {
        let store = &self.supplies.publication.store;
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if let Some(fed) = &mut session.fed {
            match fed.eater.read() {
                Ok(morsels) if morsels.is_empty() => {}
                Ok(morsels) => {
                    fed.stirred = Instant::now();
                    for morsel in morsels {
                        fed.listener.feed(morsel);
                    }
                }
                Err(error) => session.live.fail(Failure {
                    code: FailureCode::Internal,
                    text: format!("what was fed could not be read: {error}"),
                }),
            }
            return;
        }
        let Some(read) = session.read else {
            return;
        };
        match store.draft(id).read(read) {
            Ok(news) => {
                if news.end > read {
                    session.manuscript.push(&news.text);
                }
                session.read = (!news.complete).then_some(news.end);
                if news.complete {
                    session.manuscript.finish();
                }
            }
            Err(error) => session.live.fail(Failure {
                code: FailureCode::Internal,
                text: format!("the text could not be read: {error}"),
            }),
        }
    }

    /// Ends the text of a session for which no more has come for long enough.
    fn close_draft(&mut self, id: SessionId) {
        let Supplies {
            config,
            publication,
            ..
        } = &self.supplies;
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if let Some(read) = session.read
            && session.manuscript.dry_for() >= config.text_timeout
            && publication.store.draft(id).close(read).unwrap_or(true)
        {
            tracing::info!(session = %id, "no more text came");
            session.read = None;
            session.manuscript.finish();
        }
    }

    /// Ends a session that was neither fed nor watched for long enough.
    fn close_feed(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some(fed) = &mut session.fed else {
            return;
        };
        if self.supplies.publication.board.take_seen(id) {
            fed.stirred = Instant::now();
        }
        if fed.stirred.elapsed() >= self.supplies.config.feed_timeout {
            tracing::info!(session = %id, "nothing came and nobody watched");
            session.fed = None;
        }
    }

    /// Lets go of a session's tasks.
    fn dismiss(&mut self, id: SessionId) -> Option<Session> {
        let session = self.sessions.remove(&id)?;
        session.live.put_down();
        session.painter.wake();
        session.assembler.wake();
        Some(session)
    }

    fn remove(&mut self, id: SessionId) {
        let board = self.supplies.publication.board;
        if self.dismiss(id).is_none() && !board.holds(id) {
            return;
        }
        self.supplies.publication.store.remove(id);
        board.remove(id);
        tracing::info!(session = %id, "removed");
    }

    fn interrupt(&mut self, id: SessionId) {
        let session = self.sessions.get(&id);
        if session.is_some_and(Session::is_complete) {
            // All of it is made; there is nothing left to interrupt.
            return;
        }
        let interrupted = Failure {
            code: FailureCode::Interrupted,
            text: "interrupted by the client".to_owned(),
        };
        let Some(mut session) = self.dismiss(id) else {
            // It was still waiting for its turn.
            if self.claim(id) {
                self.supplies.publication.fail(id, interrupted);
            }
            return;
        };
        if let Some(listing) = &mut session.listing {
            listing.end_here(&session.live, &session.transcript);
        }
        session.depart(&mut self.departures, Instant::now());
        session.live.update(|record| record.fail(interrupted));
        self.finished(&session.live);
        tracing::info!(session = %id, "interrupted");
    }

    fn file(&mut self, id: SessionId) {
        let watched = self.supplies.publication.board.watched(id);
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let now = Instant::now();
        let standing = match &mut session.listing {
            Some(listing) => {
                if watched {
                    listing.start_clock(&session.live, now);
                }
                listing.complete(&session.live, now)
            }
            None => Standing::Ended,
        };
        let live = Arc::clone(&session.live);
        // One that ends with a failure does so when all that was said is listed.
        if live.failure().is_none() {
            let ready = |record: &mut Record| {
                record.state = State::Ready;
                record.ended |= standing == Standing::Ended;
                record.stage = Stage::Done;
                record.progress = 100;
                record.finished_at = Some(Timestamp::now());
            };
            if live.job.kind.is_recording() {
                // Before anybody knows: it goes as soon as its client has all of it.
                let mut record = live.record();
                ready(&mut record);
                self.supplies.repertoire.learn(&live, &record);
            }
            live.update(ready);
            self.tell(&live);
            let record = live.record();
            tracing::info!(
                session = %id,
                seconds = record.duration.seconds(),
                took_ms = live.started.elapsed().as_millis() as u64,
                "ready"
            );
        }
        if standing == Standing::Ended {
            self.let_go(id);
        }
        self.fill();
    }

    /// Nothing more will happen to a session.
    fn let_go(&mut self, id: SessionId) {
        if let Some(mut session) = self.dismiss(id) {
            session.depart(&mut self.departures, Instant::now());
            match session.live.failure() {
                None => {
                    if !session.live.job.kind.is_recording() {
                        let record = session.live.record();
                        self.supplies.repertoire.learn(&session.live, &record);
                    }
                    self.supplies.publication.board.release(id);
                }
                Some(failure) => {
                    session.live.update(|record| record.fail(failure));
                    self.finished(&session.live);
                }
            }
        }
        self.count();
    }

    fn file_failed(&mut self, id: SessionId) {
        let Some(mut session) = self.dismiss(id) else {
            return;
        };
        let failure = session.live.failure().unwrap_or_else(|| Failure {
            code: FailureCode::Internal,
            text: "something went wrong on the server".to_owned(),
        });
        let full = failure.code == FailureCode::DiskFull;
        if full {
            self.supplies.repertoire.clear();
        }
        match &mut session.listing {
            Some(listing) if full => listing.end_on_full_disk(&session.live, &session.transcript),
            Some(listing) => listing.end(&session.live, &session.transcript),
            None => {}
        }
        session.depart(&mut self.departures, Instant::now());
        session.live.update(|record| record.fail(failure));
        self.finished(&session.live);
        self.fill();
    }

    /// The record of a session will not change again.
    fn finished(&self, live: &Live) {
        self.supplies.publication.board.release(live.id());
        self.tell(live);
    }

    /// Tells whom its client wants to be told how a session ended.
    fn tell(&self, live: &Live) {
        if let Some(address) = &live.job.webhook {
            let status = status(&live.record(), &Urls::default());
            self.supplies.herald.tell(live.id(), address, status);
        }
    }

    /// A place is free: the next session in the queue gets it.
    fn fill(&mut self) {
        let board = self.supplies.publication.board;
        if board.header().generator() == Some(self.supplies.pid) {
            let mut waiting = board.sessions(State::Created);
            waiting.sort_unstable();
            for (id, _) in waiting {
                self.look_at(id, self.has_room());
            }
        }
        self.count();
    }
}
