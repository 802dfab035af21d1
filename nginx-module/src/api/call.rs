//! Peers that talk to sessions, or watch them, by WebRTC.

use std::cell::Cell;

use avatar_core::api::{
    self, Code as Word, MOST_ANSWER, Refusal, SDP_TYPE, Urls, answered, offered, peer_url,
};
use avatar_core::rtc::PeerId;
use avatar_core::session::{SessionId, State};

use super::realtime::{free, tell_of};
use crate::alarm;
use crate::base::urls;
use crate::context::Context;
use crate::handlers::send;
use crate::reply::{JSON, Reply};
use crate::request::{Code, Request};
use crate::stream::{self, Next, Source};
use crate::worker::Worker;

/// `POST /api/realtime/offer`
pub(crate) fn offer(request: Request<'_>, context: &Context, worker: &Worker, body: &[u8]) -> Code {
    let peer = PeerId::generate();
    let begun =
        api::offer(body, worker.config(), worker.catalogue()).and_then(|(mut job, offer)| {
            job.base = urls(request).base;
            worker.intake().accept_call(&job, peer, &offer)?;
            tell_of(worker, job.id);
            Ok(job.id)
        });
    ring(request, context, worker, begun, peer, Manner::Talks)
}

/// `POST /whep/<session>`
pub(crate) fn whep(
    request: Request<'_>,
    context: &Context,
    worker: &Worker,
    session: SessionId,
    body: &[u8],
) -> Code {
    let peer = PeerId::generate();
    let called = api::whep(body, worker.config()).and_then(|offer| {
        if let Some((pid, hint)) = worker.intake().call(session, peer, &offer)? {
            worker.tell(pid, hint);
        }
        Ok(session)
    });
    ring(request, context, worker, called, peer, Manner::Watches)
}

/// `GET` of `/whep/<session>` or of `/whep/<session>/<peer>`, which says only that it is there.
pub(crate) fn look(worker: &Worker, session: SessionId) -> Reply {
    match worker.intake().find(session) {
        Some(_) => Reply::empty(),
        None => Refusal::unknown_session().into(),
    }
}

/// `DELETE /whep/<session>/<peer>`
pub(crate) fn hang_up(worker: &Worker, session: SessionId, peer: PeerId) -> Reply {
    match worker.intake().hang_up(session, peer) {
        Ok(hint) => {
            if let Some((pid, hint)) = hint {
                worker.tell(pid, hint);
            }
            Reply::empty()
        }
        Err(refusal) => refusal.into(),
    }
}

fn ring(
    request: Request<'_>,
    context: &Context,
    worker: &Worker,
    called: Result<SessionId, Refusal>,
    peer: PeerId,
    manner: Manner,
) -> Code {
    match called {
        Ok(session) => {
            let ringing = Ringing {
                session,
                peer,
                manner,
                urls: urls(request),
                deadline: request.hold_deadline(),
                told: Cell::new(false),
            };
            stream::begin(request, context, worker, Box::new(ringing))
        }
        Err(refusal) => send(request, context, refusal.into()),
    }
}

/// What a peer calls for, which decides in which form he is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// His session is his own.
    Talks,
    Watches,
}

/// An answer that is held until the generator has it.
struct Ringing {
    session: SessionId,
    peer: PeerId,
    manner: Manner,
    urls: Urls,
    /// On the loop's clock.
    deadline: usize,
    told: Cell<bool>,
}

impl Source for Ringing {
    fn session(&self) -> SessionId {
        self.session
    }

    fn status(&self) -> u16 {
        match self.manner {
            Manner::Talks => 200,
            Manner::Watches => 201,
        }
    }

    fn place(&self) -> Option<String> {
        (self.manner == Manner::Watches).then(|| peer_url(self.session, self.peer, &self.urls))
    }

    fn content_type(&self) -> &'static str {
        match self.manner {
            Manner::Talks => JSON,
            Manner::Watches => SDP_TYPE,
        }
    }

    fn room(&self) -> usize {
        MOST_ANSWER
    }

    fn next(&self, worker: &Worker, room: &mut [u8]) -> Next {
        if self.told.get() {
            return Next::End;
        }
        let record = worker.watch(self.session);
        let answer = worker.intake().store().calls(self.session);
        let answer = answer.answered(self.peer).map_err(|error| {
            tracing::error!(session = %self.session, %error, "an answer was not read");
            Refusal::internal()
        });
        let answer = answer.and_then(|answer| answer.map(answered).transpose());
        match (answer, record) {
            (Ok(Some(sdp)), _) => {
                self.told.set(true);
                match self.manner {
                    Manner::Talks => {
                        let answer = offered(self.session, self.peer, &sdp, &self.urls);
                        stream::put(answer.as_bytes(), room)
                    }
                    Manner::Watches => stream::put(sdp.as_bytes(), room),
                }
            }
            (Ok(None), Some(record)) if !record.finished() && alarm::now() < self.deadline => {
                Next::Wait {
                    seen: record.version,
                    due: self.deadline,
                }
            }
            (Ok(None), Some(record)) if record.finished() => {
                self.give_up(worker, Refusal::new(Word::NotLive, "the session is over"))
            }
            (Ok(None), Some(record))
                if self.manner == Manner::Watches && record.state == State::Created =>
            {
                self.give_up(
                    worker,
                    Refusal::new(Word::NotLive, "the session has not begun yet"),
                )
            }
            (Ok(None), Some(_)) => self.give_up(
                worker,
                Refusal::new(Word::Busy, "nobody answers yet; try again shortly"),
            ),
            (Ok(None), None) => Next::Never(Refusal::unknown_session()),
            (Err(refusal), _) => self.give_up(worker, refusal),
        }
    }
}

impl Ringing {
    /// Refuses the call. Of a session that began with it, nobody was told.
    fn give_up(&self, worker: &Worker, refusal: Refusal) -> Next {
        if self.manner == Manner::Talks {
            let _ = free(worker, self.session);
        }
        Next::Never(refusal)
    }
}
