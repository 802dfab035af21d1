//! Putting sessions away: those that are made, those that failed, and those that nobody wants any more.

use std::sync::Arc;
use std::time::Instant;

use super::{Desk, Session};
use crate::api::{Urls, status};
use crate::generator::listing::Standing;
use crate::generator::live::Live;
use crate::session::{Failure, FailureCode, Record, SessionId, Stage, State, Timestamp};

impl Desk {
    /// Lets go of a session's tasks.
    pub(super) fn dismiss(&mut self, id: SessionId) -> Option<Session> {
        let session = self.sessions.remove(&id)?;
        session.live.put_down();
        session.painter.wake();
        session.assembler.wake();
        Some(session)
    }

    pub(super) fn remove(&mut self, id: SessionId) {
        let board = self.supplies.publication.board;
        if self.dismiss(id).is_none() && !board.holds(id) {
            return;
        }
        self.supplies.publication.store.put_away(id);
        self.supplies.files.empty();
        board.remove(id);
        tracing::info!(session = %id, "removed");
    }

    pub(super) fn interrupt(&mut self, id: SessionId) {
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

    pub(super) fn file(&mut self, id: SessionId) {
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
    pub(super) fn let_go(&mut self, id: SessionId) {
        if let Some(mut session) = self.dismiss(id) {
            session.depart(&mut self.departures, Instant::now());
            match session.live.failure() {
                None => {
                    if session.live.job.kind.is_listed() {
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
    }

    pub(super) fn file_failed(&mut self, id: SessionId) {
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
    pub(super) fn finished(&self, live: &Live) {
        self.supplies.publication.board.release(live.id());
        self.tell(live);
    }

    /// Tells whom its client wants to be told how a session ended.
    pub(super) fn tell(&self, live: &Live) {
        if let Some(address) = &live.job.webhook {
            let status = status(
                &live.record(),
                &Urls {
                    base: live.job.base.clone(),
                },
            );
            self.supplies.herald.tell(live.id(), address, status);
        }
    }
}
