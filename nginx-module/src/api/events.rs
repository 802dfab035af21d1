//! Server-sent events (the HTML standard, section 9.2): how a session stands, whenever that changes.
//!
//! A client that reads slowly is sent the newest state when it can take one, never a backlog.

use std::cell::{Cell, RefCell};

use avatar_core::api::{Refusal, Urls, status};
use avatar_core::session::{Record, SessionId};

use crate::alarm;
use crate::base::urls;
use crate::context::Context;
use crate::handlers::send;
use crate::reply::Reply;
use crate::request::{Code, Request};
use crate::stream::{self, Next, Source};
use crate::worker::Worker;

/// How often something is sent, in milliseconds, so that nobody in between takes the connection for dead.
const HEARTBEAT: usize = 15_000;

/// Bytes of an event; a status is far shorter.
const EVENT: usize = 4096;

/// What a client was told of a session.
struct Events {
    session: SessionId,
    urls: Urls,
    /// The version the client was last sent.
    sent: Cell<u64>,
    /// What it was told. A version may differ in nothing that is said here.
    told: RefCell<String>,
    /// When the next heartbeat is due, on the loop's clock.
    beat: Cell<usize>,
}

/// `GET /api/stream/events/<id>`
pub(crate) fn begin(
    request: Request<'_>,
    context: &Context,
    worker: &Worker,
    id: SessionId,
) -> Code {
    let Some(record) = worker.intake().find(id) else {
        return send(request, context, Refusal::unknown_session().into());
    };
    if record.finished() && last_event(request) == Some(record.version) {
        // The one answer that keeps an EventSource from asking again.
        return send(request, context, Reply::empty());
    }
    let events = Events {
        session: id,
        urls: urls(request),
        sent: Cell::new(0),
        told: RefCell::default(),
        beat: Cell::new(alarm::now() + HEARTBEAT),
    };
    stream::begin(request, context, worker, Box::new(events))
}

/// The version that a client which comes back has seen.
fn last_event(request: Request<'_>) -> Option<u64> {
    let value = request.header("Last-Event-ID")?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

impl Source for Events {
    fn session(&self) -> SessionId {
        self.session
    }

    fn content_type(&self) -> &'static str {
        "text/event-stream"
    }

    fn room(&self) -> usize {
        EVENT
    }

    fn next(&self, worker: &Worker, room: &mut [u8]) -> Next {
        let Some(record) = worker.watch(self.session) else {
            return Next::End;
        };
        let now = alarm::now();
        let event = if let Some(event) = self.news(&record) {
            event
        } else if record.finished() {
            return Next::End;
        } else if now >= self.beat.get() {
            ":\n\n".to_owned()
        } else {
            return Next::Wait {
                seen: record.version,
                due: self.beat.get(),
            };
        };
        self.beat.set(now + HEARTBEAT);
        stream::put(event.as_bytes(), room)
    }
}

impl Events {
    /// The event that tells of a version, if it is news.
    fn news(&self, record: &Record) -> Option<String> {
        if record.version == self.sent.replace(record.version) {
            return None;
        }
        let status = status(record, &self.urls);
        let event = format!("event: status\nid: {}\ndata: {status}\n\n", record.version);
        let told = self.told.replace(status);
        (*self.told.borrow() != told).then_some(event)
    }
}
