//! The desk: takes jobs, hands them to the pool, keeps the listings on the clock, and files what is done.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::assembler::Assembler;
use super::caretaker::Caretaker;
use super::herald::Herald;
use super::listing::{Listing, Standing};
use super::live::{Live, Publication};
use super::painter::{Links, Painter};
use super::pool::{Pool, Waker};
use super::reel::Reel;
use super::repertoire::Repertoire;
use super::speaker::Speaker;
use super::transcript::Transcript;
use super::workshop::Faces;
use crate::api::{Urls, status};
use crate::config::Config;
use crate::hls::Part;
use crate::session::{Failure, FailureCode, Hint, SessionId, Stage, State, Timestamp, lost};

/// How long a lost hint can delay anything.
const TICK: Duration = Duration::from_millis(250);

/// Frames on their way between the two halves of a session: enough for both to work at once.
const REEL: usize = 6;

/// Something the desk should look at.
#[derive(Debug)]
pub(crate) enum Notice {
    Hint(Hint),
    Part(SessionId, Box<Part>),
    Generated(SessionId),
    Failed(SessionId),
    Stop,
}

/// The way to the desk.
#[derive(Debug, Clone)]
pub(crate) struct Notices(Sender<Notice>);

impl Notices {
    pub(crate) fn channel() -> (Self, Receiver<Notice>) {
        let (sender, receiver) = channel();
        (Self(sender), receiver)
    }

    // A desk that is gone has no use for notices.
    fn send(&self, notice: Notice) {
        let _ = self.0.send(notice);
    }

    pub(crate) fn hint(&self, hint: Hint) {
        self.send(Notice::Hint(hint));
    }

    pub(crate) fn part(&self, id: SessionId, part: Part) {
        self.send(Notice::Part(id, Box::new(part)));
    }

    pub(crate) fn generated(&self, id: SessionId) {
        self.send(Notice::Generated(id));
    }

    pub(crate) fn failed(&self, id: SessionId) {
        self.send(Notice::Failed(id));
    }

    pub(crate) fn stop(&self) {
        self.send(Notice::Stop);
    }
}

struct Session {
    live: Arc<Live>,
    listing: Listing,
    transcript: Arc<Transcript>,
    painter: Waker,
    assembler: Waker,
}

/// What a desk works with.
pub(crate) struct Supplies {
    pub(crate) config: Arc<Config>,
    pub(crate) publication: Publication,
    pub(crate) notices: Notices,
    pub(crate) faces: Arc<Faces>,
    pub(crate) speaker: Speaker,
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
    /// When to delete the parts of which segments, the soonest first.
    leaving: VecDeque<(Instant, SessionId, u32)>,
}

impl Desk {
    pub(crate) fn new(supplies: Supplies) -> Self {
        Self {
            supplies,
            sessions: HashMap::new(),
            leaving: VecDeque::new(),
        }
    }

    /// Works until it is told to stop.
    pub(crate) fn run(mut self, notices: &Receiver<Notice>) {
        self.supplies.repertoire.open();
        let mut tick = Instant::now();
        loop {
            let now = Instant::now();
            if now >= tick {
                self.look_around();
                tick = now + TICK;
            }
            let due = self.sessions.values().filter_map(|s| s.listing.due());
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
            let due = session.listing.due().is_some_and(|due| due <= now);
            if due && session.listing.publish(&session.live, now) == Standing::Ended {
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
                if let Some(session) = self.sessions.get_mut(&id) {
                    session.listing.add(&part);
                    session.listing.publish(&session.live, Instant::now());
                }
            }
            Notice::Generated(id) => self.file(id),
            Notice::Failed(id) => self.file_failed(id),
            Notice::Stop => {}
        }
    }

    /// Deletes the parts that have been gone from their playlists long enough.
    fn clear_away(&mut self) {
        let now = Instant::now();
        for (&id, session) in &mut self.sessions {
            let gone = now + session.listing.grace();
            let departed = session.listing.departed();
            self.leaving
                .extend(departed.map(|segment| (gone, id, segment)));
        }
        while let Some(&(gone, id, segment)) = self.leaving.front()
            && gone <= now
        {
            let heights = self.supplies.config.renditions.iter().copied().map(Some);
            for height in heights.chain([None]) {
                let store = &self.supplies.publication.store;
                store.discard_parts(id, height, segment, 0);
            }
            self.leaving.pop_front();
        }
    }

    /// Remembers what of a listing is still to be deleted.
    fn see_off(&mut self, id: SessionId, listing: &mut Listing) {
        let gone = Instant::now() + listing.grace();
        let departed = listing.departed().map(|segment| (gone, id, segment));
        self.leaving.extend(departed);
    }

    /// Whatever a lost hint might have spoken of.
    fn look_around(&mut self) {
        self.clear_away();
        let board = self.supplies.publication.board;
        let ours: Vec<SessionId> = self.sessions.keys().copied().collect();
        for id in ours {
            if board.removed(id) || board.interrupted(id) || board.watched(id) {
                self.look_at(id, false);
            }
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

    /// Whether another session may be generated. Those of which only the end is still to be listed take no room.
    fn has_room(&self) -> bool {
        let sessions = self.sessions.values();
        let active = sessions.filter(|session| !session.listing.is_complete());
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
            if board.watched(id) {
                session.listing.start_clock(&session.live, Instant::now());
            }
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
        let video = &self.supplies.config.video;
        let links = Links {
            live: Arc::clone(&live),
            reel: Arc::new(Reel::new(REEL, video.width as usize, video.height as usize)),
            transcript: Arc::new(Transcript::new(&live.job.text)),
            painter: self.supplies.pool.waker(),
            assembler: self.supplies.pool.waker(),
        };
        let session = Session {
            listing: Listing::new(&self.supplies.config, &live.job),
            transcript: Arc::clone(&links.transcript),
            painter: links.painter.clone(),
            assembler: links.assembler.clone(),
            live: Arc::clone(&live),
        };
        self.sessions.insert(id, session);
        match (self.supplies.faces)(&live.job, &self.supplies.config) {
            Ok(face) => {
                let painter = Painter::new(
                    &links,
                    self.supplies.speaker.clone(),
                    face,
                    &self.supplies.config,
                );
                let assembler = Assembler::new(&links, &self.supplies.config);
                self.supplies.pool.add(&links.painter, Box::new(painter));
                self.supplies
                    .pool
                    .add(&links.assembler, Box::new(assembler));
            }
            Err(error) => live.fail(Failure {
                code: FailureCode::InferenceFailed,
                text: error.to_string(),
            }),
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
        if session.is_some_and(|session| session.listing.is_complete()) {
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
        session.listing.end_here(&session.live, &session.transcript);
        self.see_off(id, &mut session.listing);
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
        if watched {
            session.listing.start_clock(&session.live, now);
        }
        let standing = session.listing.complete(&session.live, now);
        session.live.update(|record| {
            record.state = State::Ready;
            record.stage = Stage::Done;
            record.progress = 100;
            record.finished_at = Some(Timestamp::now());
        });
        let live = Arc::clone(&session.live);
        self.tell(&live);
        let record = live.record();
        tracing::info!(
            session = %id,
            seconds = record.duration.seconds(),
            took_ms = live.started.elapsed().as_millis() as u64,
            "ready"
        );
        if standing == Standing::Ended {
            self.let_go(id);
        }
        self.fill();
    }

    /// Nothing more will happen to a session.
    fn let_go(&mut self, id: SessionId) {
        if let Some(mut session) = self.dismiss(id) {
            self.see_off(id, &mut session.listing);
            self.supplies.repertoire.learn(&session.live);
            self.supplies.publication.board.release(id);
        }
        self.count();
    }

    fn file_failed(&mut self, id: SessionId) {
        let Some(mut session) = self.dismiss(id) else {
            return;
        };
        session.listing.end(&session.live, &session.transcript);
        self.see_off(id, &mut session.listing);
        let failure = session.live.failure().unwrap_or_else(|| Failure {
            code: FailureCode::Internal,
            text: "something went wrong on the server".to_owned(),
        });
        if failure.code == FailureCode::DiskFull {
            self.supplies.repertoire.clear();
        }
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
