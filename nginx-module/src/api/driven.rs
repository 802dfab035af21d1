//! Faces that are driven by sound.

use std::cell::Cell;

use avatar_core::api::{
    self, Driven, Form, MediaFile, Refusal, Route, driven_refusal, driven_status, fed, freed,
};
use avatar_core::session::{Condition, Kind, SessionId, Verdict};
use avatar_core::store::Fed;

use super::realtime::{free, tell_of};
use crate::alarm;
use crate::body::Body;
use crate::context::Context;
use crate::growing::Growing;
use crate::handlers::send;
use crate::lease::Lease;
use crate::reply::{JSON, Reply};
use crate::request::{Code, Request};
use crate::stream::{self, NEVER, Next, Source};
use crate::worker::Worker;

/// Bytes of an answer in JSON; it is far shorter.
const ANSWER: usize = 4096;
/// Bytes of a film on their way to a client at once.
const ROOM: usize = 128 * 1024;

/// The calls whose bodies are forms.
pub(crate) fn take(
    request: Request<'_>,
    context: &Context,
    worker: &Worker,
    route: Route,
    body: Body,
) -> Code {
    let content_type = request
        .header("Content-Type")
        .and_then(|value| std::str::from_utf8(value).ok())
        .unwrap_or_default();
    let place = worker.intake().store().incoming();
    let form = place
        .map_err(|error| Refusal::of_writing(&error))
        .and_then(|place| Form::read(content_type, body, &place));
    let form = match form {
        Ok(form) => form,
        Err(refusal) => return send(request, context, refusal.into()),
    };
    if route == Route::DrivenFeed {
        let reply = feed(worker, form).unwrap_or_else(Reply::from);
        return send(request, context, reply);
    }
    let driven = match route {
        Route::DrivenInit => api::driven(form, worker.config(), worker.catalogue()),
        _ => api::driven_whole(form, worker.config(), worker.catalogue()),
    };
    let driven = match driven.and_then(|driven| begin(worker, driven)) {
        Ok(driven) => driven,
        Err(refusal) => return send(request, context, refusal.into()),
    };
    let source: Box<dyn Source> = if route == Route::Driven && !later(request) {
        Box::new(Film::new(driven.job.id))
    } else {
        Box::new(Beginning {
            driven,
            deadline: request.hold_deadline(),
            told: Cell::new(false),
        })
    };
    stream::begin(request, context, worker, source)
}

/// Whether the client does not wait for the film.
fn later(request: Request<'_>) -> bool {
    let query = request.query().unwrap_or_default();
    query.split('&').any(|word| word == "async=1")
}

fn begin(worker: &Worker, mut driven: Driven) -> Result<Driven, Refusal> {
    worker.intake().accept_driven(&mut driven)?;
    tell_of(worker, driven.job.id);
    Ok(driven)
}

fn feed(worker: &Worker, form: Form) -> Result<Reply, Refusal> {
    let mut piece = api::piece(form)?;
    let receipt = worker.intake().feed(&mut piece)?;
    if let Some((pid, hint)) = receipt.hint {
        worker.tell(pid, hint);
    }
    let frame_rate = worker.config().video.frame_rate;
    let repeated = receipt.fed == Fed::Repeated;
    Ok(Reply::json(fed(&receipt.record, frame_rate, repeated)))
}

/// `GET /api/audio-driven/chunked/status/<id>`
pub(crate) fn status(worker: &Worker, id: SessionId) -> Reply {
    let frame_rate = worker.config().video.frame_rate;
    match worker.intake().find(id) {
        Some(record) => Reply::json(driven_status(&record, frame_rate)),
        None => Refusal::unknown_session().into(),
    }
}

/// `DELETE /api/audio-driven/chunked/session/<id>`
pub(crate) fn clean_up(worker: &Worker, id: SessionId) -> Reply {
    match free(worker, id) {
        Ok(()) => Reply::json(freed(id)),
        Err(refusal) => refusal.into(),
    }
}

/// An answer that is held until there is something to watch, so that a picture without a face is refused.
struct Beginning {
    driven: Driven,
    /// On the loop's clock.
    deadline: usize,
    told: Cell<bool>,
}

impl Source for Beginning {
    fn session(&self) -> SessionId {
        self.driven.job.id
    }

    fn content_type(&self) -> &'static str {
        JSON
    }

    fn room(&self) -> usize {
        ANSWER
    }

    fn next(&self, worker: &Worker, room: &mut [u8]) -> Next {
        if self.told.get() {
            return Next::End;
        }
        let session = self.session();
        let record = worker.watch(session);
        match (Condition::Playable.check(record.as_ref()), record) {
            (Verdict::Wait, Some(record)) if alarm::now() < self.deadline => Next::Wait {
                seen: record.version,
                due: self.deadline,
            },
            // Whoever asks for the playlist waits there as well.
            (Verdict::Now | Verdict::Wait, _) => {
                self.told.set(true);
                let notes = worker.intake().store().notes(session);
                stream::put(self.driven.begun(notes.as_deref()).as_bytes(), room)
            }
            (Verdict::Never(refusal), _) => {
                // Nobody was told of it.
                let _ = free(worker, session);
                Next::Never(driven_refusal(refusal))
            }
        }
    }
}

/// The whole film, once it is there.
struct Film {
    growing: Growing,
    ready: Cell<bool>,
    /// Nobody else knows of it.
    _lease: Lease,
}

impl Film {
    fn new(session: SessionId) -> Self {
        Self {
            growing: Growing::whole(session, MediaFile::Output(Kind::Avatar)),
            ready: Cell::new(false),
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
            (Verdict::Never(refusal), _) => Next::Never(driven_refusal(refusal)),
            (Verdict::Wait, None) => Next::Never(Refusal::unknown_session()),
        }
    }
}
