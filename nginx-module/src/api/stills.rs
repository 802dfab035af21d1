//! Faces as streams of still pictures.

use std::cell::{Cell, OnceCell};
use std::io;

use avatar_core::api::{
    self, Code as Word, Refusal, STILL_MARGIN, STILLS_END, STILLS_TYPE, Sight, enclose,
};
use avatar_core::session::{Condition, Record, SessionId, Timestamp, Verdict};
use avatar_core::store::Strip;

use super::realtime::accept;
use crate::alarm;
use crate::context::Context;
use crate::handlers::send;
use crate::lease::Lease;
use crate::request::{Code, Request};
use crate::stream::{self, NEVER, Next, Source, put};
use crate::worker::Worker;

/// `GET /api/stream_mjpeg`
pub(crate) fn asked(request: Request<'_>, context: &Context, worker: &Worker) -> Code {
    let query = request.query().unwrap_or_default();
    let sight = api::stills_asked(query, worker.config(), worker.catalogue());
    begin(request, context, worker, sight)
}

/// `POST /api/stream_mjpeg`
pub(crate) fn posted(
    request: Request<'_>,
    context: &Context,
    worker: &Worker,
    body: &[u8],
) -> Code {
    let sight = api::stills(body, worker.config(), worker.catalogue());
    begin(request, context, worker, sight)
}

fn begin(
    request: Request<'_>,
    context: &Context,
    worker: &Worker,
    sight: Result<Sight, Refusal>,
) -> Code {
    let room = worker.config().still_bytes() + 2 * STILL_MARGIN;
    let opened = sight.and_then(|sight| match sight {
        Sight::New(job) => {
            let session = accept(worker, &job)?;
            Ok((session, Some(Lease::of(session))))
        }
        Sight::Of(session) => {
            worker.intake().check_shown(session)?;
            Ok((session, None))
        }
    });
    match opened {
        Ok((session, lease)) => {
            let stills = Stills {
                session,
                room,
                deadline: request.hold_deadline(),
                strip: OnceCell::new(),
                next: Cell::new(None),
                ended: Cell::new(false),
                _lease: lease,
            };
            stream::begin(request, context, worker, Box::new(stills))
        }
        Err(refusal) => send(request, context, refusal.into()),
    }
}

/// The pictures of one session as one client sees them: each when it is due, and where the client is slow the newest.
struct Stills {
    session: SessionId,
    room: usize,
    /// Until when the first is waited for, on the loop's clock.
    deadline: usize,
    strip: OnceCell<Strip>,
    /// The number of the one after the last that was sent.
    next: Cell<Option<u64>>,
    ended: Cell<bool>,
    /// Where nobody else knows of the session.
    _lease: Option<Lease>,
}

impl Source for Stills {
    fn session(&self) -> SessionId {
        self.session
    }

    fn content_type(&self) -> &'static str {
        STILLS_TYPE
    }

    fn room(&self) -> usize {
        self.room
    }

    fn next(&self, worker: &Worker, room: &mut [u8]) -> Next {
        if self.ended.get() {
            return Next::End;
        }
        let board = worker.intake().board();
        board.say_looked(self.session);
        worker.say_watched(self.session);
        let record = worker.watch(self.session);
        let sent = self.next.get().unwrap_or_default();
        match (Condition::Taken(sent).check(record.as_ref()), record) {
            (Verdict::Now, Some(record)) if record.stills > sent => {
                let shown = self.show(worker, &record, room);
                shown.unwrap_or_else(|error| {
                    tracing::error!(session = %self.session, %error, "a picture was not read");
                    Next::Never(Refusal::internal())
                })
            }
            (Verdict::Now, _) => self.end(room),
            (Verdict::Wait, Some(record)) => self.wait(&record),
            // What was said before it failed was seen.
            (Verdict::Never(_), Some(_)) if sent > 0 => self.end(room),
            (Verdict::Never(refusal), _) => Next::Never(api::unmade(refusal)),
            (Verdict::Wait, None) => Next::Never(Refusal::unknown_session()),
        }
    }
}

impl Stills {
    fn wait(&self, record: &Record) -> Next {
        let due = match self.next.get() {
            Some(_) => NEVER,
            None if alarm::now() < self.deadline => self.deadline,
            None => {
                return Next::Never(Refusal::new(
                    Word::Busy,
                    "it is not there yet; try again shortly",
                ));
            }
        };
        Next::Wait {
            seen: record.version,
            due,
        }
    }

    fn end(&self, room: &mut [u8]) -> Next {
        if self.next.get().is_none() {
            return Next::End;
        }
        self.ended.set(true);
        put(STILLS_END, room)
    }

    /// The newest picture that is due, or the time until the next is.
    fn show(&self, worker: &Worker, record: &Record, room: &mut [u8]) -> io::Result<Next> {
        let strip = match self.strip.get() {
            Some(strip) => strip,
            None => {
                let strip = worker.intake().store().strip(self.session)?;
                self.strip.get_or_init(|| strip)
            }
        };
        let now = Timestamp::now();
        let unseen = self.next.get().unwrap_or_default()..record.stills;
        for picture in unseen.clone().rev() {
            let Some(due) = strip.due(picture)? else {
                break;
            };
            if due <= now
                && let Some(length) = self.copy(strip, picture, room)?
            {
                self.next.set(Some(picture + 1));
                return Ok(Next::Bytes(length));
            }
        }
        // None is due, so the oldest of those that are left is the next to be.
        let mut due = NEVER;
        for picture in unseen {
            if let Some(at) = strip.due(picture)? {
                let wait = now.age(at).as_micros().div_ceil(1000);
                due = alarm::now() + usize::try_from(wait).unwrap_or_default();
                break;
            }
        }
        Ok(Next::Wait {
            seen: record.version,
            due,
        })
    }

    /// Puts a picture and what is around it into `room`.
    fn copy(&self, strip: &Strip, picture: u64, room: &mut [u8]) -> io::Result<Option<usize>> {
        let space = room.get_mut(STILL_MARGIN..).unwrap_or_default();
        let length = strip.read(picture, space)?;
        Ok(length.and_then(|length| enclose(room, length, self.next.get().is_none())))
    }
}
