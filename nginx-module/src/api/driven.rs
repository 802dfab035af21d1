//! Faces that are driven by sound.

use std::cell::RefCell;

use avatar_core::api::{
    self, Driven, Form, Refusal, Route, Urls, driven_refusal, driven_status, fed, freed,
};
use avatar_core::session::{Condition, SessionId, Verdict};
use avatar_core::store::Fed;

use super::film::{Film, later};
use super::realtime::{free, tell_of};
use crate::alarm;
use crate::base::urls;
use crate::body::Body;
use crate::context::Context;
use crate::handlers::send;
use crate::lease::Lease;
use crate::reply::{JSON, Reply};
use crate::request::{Code, Request};
use crate::stream::{self, Next, Source};
use crate::worker::Worker;

/// Bytes of an answer in JSON; it is far shorter.
const ANSWER: usize = 4096;

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
        Route::Driven => api::driven_film(form, worker.config(), worker.catalogue()),
        _ => api::driven_whole(form, worker.config(), worker.catalogue()),
    };
    let driven = match driven.and_then(|driven| begin(worker, driven)) {
        Ok(driven) => driven,
        Err(refusal) => return send(request, context, refusal.into()),
    };
    let source: Box<dyn Source> = if route == Route::Driven && !later(request) {
        Box::new(Film::new(driven.job.id, driven_refusal))
    } else {
        Box::new(Beginning {
            lease: RefCell::new(Some(Lease::of(driven.job.id))),
            driven,
            urls: urls(request),
            deadline: request.hold_deadline(),
        })
    };
    stream::begin(request, context, worker, source)
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
    let trouble = receipt.trouble.as_deref();
    Ok(Reply::json(fed(
        &receipt.record,
        frame_rate,
        repeated,
        trouble,
    )))
}

/// `GET /api/audio-driven/chunked/status/<id>`
pub(crate) fn status(worker: &Worker, id: SessionId) -> Reply {
    let frame_rate = worker.config().video.frame_rate;
    match worker.intake().find(id) {
        Some(record) => {
            let trouble = worker.intake().trouble(id);
            Reply::json(driven_status(&record, frame_rate, trouble.as_deref()))
        }
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
    urls: Urls,
    /// On the loop's clock.
    deadline: usize,
    /// Until somebody was told of it.
    lease: RefCell<Option<Lease>>,
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
        if self.lease.borrow().is_none() {
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
                if let Some(lease) = self.lease.take() {
                    lease.waive();
                }
                let notes = worker.intake().store().notes(session);
                stream::put(
                    self.driven.begun(notes.as_deref(), &self.urls).as_bytes(),
                    room,
                )
            }
            (Verdict::Never(refusal), _) => Next::Never(driven_refusal(refusal)),
        }
    }
}
