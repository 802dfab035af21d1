//! The desk: takes jobs, hands them to the pool, keeps the listings on the clock, and files what is done.

mod calling;
mod filing;
mod inflow;
mod opening;
mod succession;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::audience::Audience;
use super::caretaker::Caretaker;
use super::conversation::Conversation;
use super::departures::Departures;
use super::files::Files;
use super::herald::Herald;
use super::listing::{Listing, Standing};
use super::live::{Live, Publication};
use super::notices::{Notice, Notices};
use super::pool::{Pool, Waker};
use super::repertoire::Repertoire;
use super::speaker::Speaker;
use super::studio::Studio;
use super::telephone::{Line, Telephone};
use super::transcript::Transcript;
use super::workshop::Faces;
use super::writer::Writer;
use crate::config::Config;
use crate::session::{Hint, Kind, SessionId, State};
use inflow::{Flow, Inflow, Waits};

/// How long a lost hint can delay anything.
const TICK: Duration = Duration::from_millis(250);

/// How long sessions are still made in a process that is to be replaced.
const GRACE: Duration = Duration::from_secs(10);

struct Session {
    live: Arc<Live>,
    /// A recording has none.
    listing: Option<Listing>,
    transcript: Arc<Transcript>,
    /// How more comes to it, where more may.
    inflow: Option<Inflow>,
    conversation: Conversation,
    audience: Arc<Audience>,
    /// For its peers, once there was one.
    line: Option<Line>,
    painter: Waker,
    assembler: Waker,
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
    /// Where filmed avatars are drawn.
    pub(crate) studio: Option<Studio>,
    /// Where clients' own pictures are.
    pub(crate) talker: Option<Studio>,
    pub(crate) speaker: Speaker,
    /// Where prompts are written out.
    pub(crate) writer: Option<Writer>,
    pub(crate) pool: Pool,
    pub(crate) caretaker: Caretaker,
    /// Where files are deleted.
    pub(crate) files: Files,
    pub(crate) herald: Herald,
    pub(crate) telephone: Telephone,
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
    /// Until when one that comes next is waited for, once this process was asked to go.
    retiring: Option<Instant>,
}

impl Desk {
    pub(crate) fn new(supplies: Supplies) -> Self {
        Self {
            supplies,
            sessions: HashMap::new(),
            departures: Departures::default(),
            leaving: None,
            retiring: None,
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
                self.pass_on(now);
                tick = now + TICK;
            }
            // Once a turn, whatever happened in it: it looks through all there are.
            self.count();
            let due = self.sessions.values().filter_map(Session::due);
            let wake = due.min().map_or(tick, |due| due.min(tick));
            match notices.recv_timeout(wake.saturating_duration_since(now)) {
                Err(RecvTimeoutError::Disconnected) => break,
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
                // What was made before takes no place from what is being made. Whether it was is read from the disk, which what
                // is being made is not asked for: at full load all hints but a few are about that.
                let room =
                    self.sessions.contains_key(&hint.id) || self.has_room() || self.knows(hint.id);
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
            Notice::Retire => self.retire(Instant::now()),
            Notice::Stop => {}
        }
    }

    /// Deletes the parts that have been gone from their playlists long enough.
    fn clear_away(&mut self, now: Instant) {
        for session in self.sessions.values_mut() {
            session.depart(&mut self.departures, now);
        }
        let Supplies { config, files, .. } = &self.supplies;
        self.departures.clear(files, config, now);
    }

    /// Whatever a lost hint might have spoken of.
    fn look_around(&mut self) {
        self.clear_away(Instant::now());
        self.supplies.telephone.waits();
        let board = self.supplies.publication.board;
        let concern = |(&id, session): (&SessionId, &Session)| {
            let patient = session.listing.as_ref().is_some_and(Listing::is_patient);
            let begins = || patient && board.watched(id);
            (board.removed(id) || board.interrupted(id) || board.called(id) || begins())
                .then_some(id)
        };
        let concerned: Vec<SessionId> = self.sessions.iter().filter_map(concern).collect();
        for id in concerned {
            self.look_at(id, false);
        }
        self.expire();
        if board.header().generator() == Some(self.supplies.pid) {
            let Supplies {
                caretaker,
                publication,
                files,
                repertoire,
                ..
            } = &mut self.supplies;
            caretaker.look_around(publication, files, repertoire);
            for (id, _) in board.sessions(State::Created) {
                self.look_at(id, self.has_room());
            }
        }
    }

    /// Takes in what has come to sessions that are open to more, and ends those to which nothing comes any more.
    fn expire(&mut self) {
        let last = self.is_last(Instant::now());
        let Supplies {
            config,
            publication,
            ..
        } = &self.supplies;
        let waits = match last {
            true => Waits::default(),
            false => Waits {
                text: config.text_timeout,
                sound: config.feed_timeout,
            },
        };
        for (&id, session) in &mut self.sessions {
            let Session {
                inflow, live, line, ..
            } = session;
            let busy = line.as_mut().map(Line::is_busy);
            if let Some(open) = inflow {
                let flow = match (open.take_in(live), busy) {
                    (Flow::Open, Some(true)) => Flow::Open,
                    (Flow::Open, _) => {
                        let watched = publication.board.take_seen(id);
                        // Whoever called and has gone will not say more.
                        let text = match busy {
                            Some(false) if live.job.kind == Kind::Stream && !watched => {
                                Duration::ZERO
                            }
                            _ => waits.text,
                        };
                        open.expire(live, Waits { text, ..waits }, watched)
                    }
                    (Flow::Closed, _) => Flow::Closed,
                };
                if flow == Flow::Closed {
                    *inflow = None;
                }
            }
        }
    }

    /// Takes in what has come to session `id`.
    fn read_on(&mut self, id: SessionId) {
        if let Some(Session { inflow, live, .. }) = self.sessions.get_mut(&id)
            && let Some(open) = inflow
            && open.take_in(live) == Flow::Closed
        {
            *inflow = None;
        }
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
            self.take_calls(id);
        } else if room && self.claim(id) {
            self.take(id);
        }
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
            Some(pid) if pid == self.supplies.pid => board.census().created,
            _ => 0,
        };
        let needed = self.sessions.len() + waiting + self.supplies.herald.waiting();
        self.supplies.running.store(needed, Ordering::Release);
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
    }
}
