//! Sessions of sound alone.

use avatar_core::api::{self, Refusal};
use avatar_core::session::SessionId;

use super::realtime::{accept, answer};
use crate::reply::Reply;
use crate::worker::Worker;

/// `POST /audiostream/start/`
pub(crate) fn start(worker: &Worker, body: &[u8]) -> Reply {
    let job = api::start_audio(body, worker.config(), worker.catalogue());
    answer(job.and_then(|job| accept(worker, &job).map(api::started_audio)))
}

/// `GET /audiostream/task-status/<id>/`
pub(crate) fn status(worker: &Worker, id: SessionId) -> Reply {
    match worker.intake().find(id) {
        Some(record) => Reply::json(api::task_status(&record)),
        None => Refusal::unknown_session().into(),
    }
}
