//! Whole films as answers.

use std::cell::Cell;

use avatar_core::api::{self, MediaFile, Refusal};
use avatar_core::session::{Condition, Kind, SessionId, Verdict};

use super::realtime::{accept, answer};
use crate::base::urls;
use crate::context::Context;
use crate::growing::Growing;
use crate::handlers::send;
use crate::lease::Lease;
use crate::request::{Code, Request};
use crate::stream::{self, NEVER, Next, Source};
use crate::worker::Worker;

/// Bytes of a film on their way to a client at once.
const ROOM: usize = 128 * 1024;

/// `POST /api/generate`
pub(crate) fn generate(
    request: Request<'_>,
    context: &Context,
    worker: &Worker,
    body: &[u8],
) -> Code {
    let urls = urls(request);
    let accepted = api::generate(body, worker.config(), worker.catalogue()).and_then(|mut job| {
        job.base.clone_from(&urls.base);
        accept(worker, &job)
    });
    match accepted {
        Ok(session) if !later(request) => {
            let film = Box::new(Film::new(session, api::unmade));
            stream::begin(request, context, worker, film)
        }
        accepted => send(
            request,
            context,
            answer(accepted.map(|id| api::generating(id, &urls))),
        ),
    }
}

/// Whether the client does not wait for the film.
pub(super) fn later(request: Request<'_>) -> bool {
    let query = request.query().unwrap_or_default();
    query.split('&').any(|word| word == "async=1")
}

/// The whole film, once it is there.
pub(super) struct Film {
    growing: Growing,
    ready: Cell<bool>,
    /// What is said where there will be none.
    refuse: fn(Refusal) -> Refusal,
    /// Nobody else knows of it.
    _lease: Lease,
}

impl Film {
    pub(super) fn new(session: SessionId, refuse: fn(Refusal) -> Refusal) -> Self {
        Self {
            growing: Growing::whole(session, MediaFile::Output(Kind::Avatar)),
            ready: Cell::new(false),
            refuse,
            _lease: Lease::of(session),
        }
    }
}

impl Source for Film {
    fn session(&self) -> SessionId {
        self.growing.session()
    }

    fn content_type(&self) -> &'static str {
        MediaFile::Output(Kind::Avatar).content_type()
    }

    fn room(&self) -> usize {
        ROOM
    }

    fn next(&self, worker: &Worker, room: &mut [u8]) -> Next {
        if self.ready.get() {
            return self.growing.read_whole(worker, room);
        }
        let record = worker.watch(self.session());
        match (Condition::Ready.check(record.as_ref()), record) {
            (Verdict::Now, _) => {
                self.ready.set(true);
                self.growing.read_whole(worker, room)
            }
            (Verdict::Wait, Some(record)) => Next::Wait {
                seen: record.version,
                due: NEVER,
            },
            (Verdict::Never(refusal), _) => Next::Never((self.refuse)(refusal)),
            (Verdict::Wait, None) => Next::Never(Refusal::unknown_session()),
        }
    }
}
