//! Sessions of sound alone.

use avatar_core::api::{self, Refusal, Urls};
use avatar_core::session::SessionId;

use super::realtime::{accept, answer};
use crate::reply::Reply;
use crate::worker::Worker;

/// `POST /audiostream/start/`
pub(crate) fn start(worker: &Worker, body: &[u8], urls: Urls) -> Reply {
    let job = api::start_audio(body, worker.config(), worker.catalogue());
    answer(job.and_then(|mut job| {
        job.base.clone_from(&urls.base);
        accept(worker, &job).map(|id| api::started_audio(id, &urls))
    }))
}

/// `GET /audiostream/task-status/<id>/`
pub(crate) fn status(worker: &Worker, id: SessionId, urls: &Urls) -> Reply {
    match worker.intake().find(id) {
        Some(record) => Reply::json(api::task_status(&record, urls)),
        None => Refusal::unknown_session().into(),
    }
}
