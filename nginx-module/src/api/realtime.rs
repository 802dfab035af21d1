//! Starting, asking after and ending sessions.

use avatar_core::api::{self, Refusal, Urls};
use avatar_core::session::{Hint, Job, SessionId};
use serde_json::json;

use crate::reply::Reply;
use crate::worker::Worker;

pub(super) fn answer(result: Result<String, Refusal>) -> Reply {
    match result {
        Ok(body) => Reply::json(body),
        Err(refusal) => refusal.into(),
    }
}

/// `POST /api/stream/start`
pub(crate) fn start(worker: &Worker, body: &[u8], urls: Urls) -> Reply {
    let job = api::start(body, worker.config(), worker.catalogue());
    answer(job.and_then(|mut job| {
        job.base.clone_from(&urls.base);
        accept(worker, &job).map(|id| api::started(id, &urls))
    }))
}

/// Takes a job on and has it begun.
pub(super) fn accept(worker: &Worker, job: &Job) -> Result<SessionId, Refusal> {
    worker.intake().accept(job)?;
    tell_of(worker, job.id);
    Ok(job.id)
}

/// Tells the generator of a session that was taken on. Where there is none yet, the one that comes looks for itself.
pub(super) fn tell_of(worker: &Worker, id: SessionId) {
    if let Some(pid) = worker.intake().board().header().generator() {
        worker.tell(pid, Hint::wanted(id));
    }
}

/// `POST /api/stream/append`
pub(crate) fn append(worker: &Worker, body: &[u8]) -> Reply {
    let appended = api::addition(body, worker.config()).and_then(|addition| {
        if let Some((pid, hint)) = worker.intake().append(&addition)? {
            worker.tell(pid, hint);
        }
        Ok(json!({ "session_id": addition.id, "status": "appended" }).to_string())
    });
    answer(appended)
}

/// `GET /api/stream/status/<id>`
pub(crate) fn status(worker: &Worker, id: SessionId, urls: &Urls) -> Reply {
    match worker.intake().find(id) {
        Some(record) => Reply::json(api::status(&record, urls)),
        None => Refusal::unknown_session().into(),
    }
}

/// `POST /api/stream/interrupt`
pub(crate) fn interrupt(worker: &Worker, body: &[u8]) -> Reply {
    let interrupted = api::named_session(body).and_then(|id| {
        if let Some((pid, hint)) = worker.intake().interrupt(id)? {
            worker.tell(pid, hint);
        }
        Ok(json!({ "session_id": id, "status": "interrupted" }).to_string())
    });
    answer(interrupted)
}

/// `POST /api/cleanup`
pub(crate) fn clean_up(worker: &Worker, body: &[u8]) -> Reply {
    let cleaned = api::named_session(body).and_then(|id| {
        free(worker, id)?;
        Ok(json!({ "session_id": id, "status": "cleaned" }).to_string())
    });
    answer(cleaned)
}

/// Ends and frees a session.
pub(crate) fn free(worker: &Worker, id: SessionId) -> Result<(), Refusal> {
    for (pid, hint) in worker.intake().clean_up(id)? {
        worker.tell(pid, hint);
    }
    Ok(())
}

/// `GET /api/avatars`
pub(crate) fn avatars(worker: &Worker) -> Reply {
    Reply::json(worker.catalogue().avatars_json())
}

/// `GET /api/voices`
pub(crate) fn voices(worker: &Worker) -> Reply {
    Reply::json(worker.catalogue().voices_json())
}
