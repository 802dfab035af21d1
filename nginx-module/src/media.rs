//! Media: held until it is there, then left to nginx's own static handler.

use std::fmt::Write as _;

use avatar_core::api::{Code as Word, MediaFile, Refusal};
use avatar_core::session::{Condition, Record, SessionId, Verdict};

use crate::alarm;
use crate::context::{Context, Freshness};
use crate::handlers::reply_later;
use crate::request::{Code, Request};
use crate::wait::Ticket;
use crate::worker;

/// Bytes that the path of any file fits in: this runs for each one served.
const PATH: usize = 96;

/// Segments of an unfinished playlist without which Chromium's own player takes it for broken.
const ELEMENT_SEGMENTS: u32 = 3;

/// Whether a browser asks for what a `<video>` or `<audio>` has as its source, and not a script for it.
fn is_asked_by_element(request: Request<'_>) -> bool {
    let destination = request.header("Sec-Fetch-Dest");
    destination.is_some_and(|value| value == b"video" || value == b"audio")
}

/// Serves `file` of session `id`, or holds the request until that is possible. Called again whenever it may
/// have become so.
pub(crate) fn serve(
    request: Request<'_>,
    context: &Context,
    id: SessionId,
    file: MediaFile,
) -> Code {
    let Some(worker) = worker::current() else {
        return refuse(request, context, &Refusal::internal());
    };
    let (file, condition) = match file.asked(request.query().unwrap_or_default()) {
        Ok(asked) => asked,
        Err(refusal) => return refuse(request, context, &refusal),
    };
    let condition = match condition {
        Condition::Playable if file.is_watched() && is_asked_by_element(request) => {
            Condition::Segments(ELEMENT_SEGMENTS)
        }
        other => other,
    };
    let mut record = worker.intake().find(id);
    let file = match record.as_ref().map(|record| file.of_kind(record.kind)) {
        Some(Some(file)) => file,
        Some(None) => {
            let refusal = Refusal::new(Word::UnknownSession, "there is no such file");
            return refuse(request, context, &refusal);
        }
        None => file,
    };
    let mut verdict = condition.check(record.as_ref());
    if verdict == Verdict::Wait {
        // A change between the look above and the watch below would go unheard.
        record = worker.watch(id);
        verdict = condition.check(record.as_ref());
    }
    match (verdict, record) {
        (Verdict::Now, Some(record)) => {
            release(request, context);
            if file.is_watched() && !record.ended {
                worker.say_watched(id);
            }
            hand_over(request, context, &record, file, condition)
        }
        (Verdict::Wait, Some(record)) => {
            // More is listed only once somebody watches.
            if matches!(condition, Condition::Segments(_)) && record.playable() {
                worker.say_watched(id);
            }
            hold(request, context, &record)
        }
        (Verdict::Never(refusal), _) => refuse(request, context, &refusal),
        (_, None) => refuse(request, context, &Refusal::unknown_session()),
    }
}

fn hold(request: Request<'_>, context: &Context, record: &Record) -> Code {
    let now = alarm::now();
    let deadline = context
        .deadline
        .get()
        .unwrap_or_else(|| request.hold_deadline());
    context.deadline.set(Some(deadline));
    if now >= deadline {
        let refusal = Refusal::new(Word::Busy, "it is not there yet; try again shortly");
        return refuse(request, context, &refusal);
    }
    request.await_client(Some(idle));
    if let Some(ticket) = context.ticket.borrow().as_ref() {
        ticket.stay(record.version, deadline);
        return Code::AGAIN;
    }
    if !request.watch_client() {
        return Code::INTERNAL;
    }
    let ticket = Ticket::take(request, record.id, record.version, deadline, |request| {
        request.resume();
    });
    context.ticket.replace(Some(ticket));
    Code::AGAIN
}

/// While the request is held there is nothing to write.
unsafe extern "C" fn idle(_: *mut nginx_sys::ngx_http_request_t) {}

fn release(request: Request<'_>, context: &Context) {
    if context.ticket.take().is_some() {
        request.release_client();
    }
}

fn refuse(request: Request<'_>, context: &Context, refusal: &Refusal) -> Code {
    release(request, context);
    reply_later(request, context, refusal.clone().into())
}

/// Makes the request one for the file on disk. The name comes from the kind of file and the session's
/// identity, not from what the client wrote.
fn hand_over(
    request: Request<'_>,
    context: &Context,
    record: &Record,
    file: MediaFile,
    condition: Condition,
) -> Code {
    let Some(location) = request.location() else {
        return Code::INTERNAL;
    };
    let freshness = match (file.grows(), record.ended) {
        (true, false) => Freshness::Live {
            version: record.version,
            awaited: matches!(condition, Condition::Reached(_)),
        },
        (true, true) => Freshness::Finished,
        (false, _) if matches!(file, MediaFile::Output(_)) => Freshness::Finished,
        (false, _) => Freshness::Forever,
    };
    let mut path = String::with_capacity(PATH);
    // Writing to a string does not fail.
    let _ = write!(path, "/{}/{file}", record.id);
    if !request.set_path(&path) {
        return Code::INTERNAL;
    }
    context.media.set(Some((file, freshness)));
    // Whatever the location would answer with: the file is nginx's static handler's.
    request.set_content_handler(None);
    // SAFETY: the slots were made for this very location when it was configured, one for each module, and
    // live as long as the configuration, which every request outlives by nothing.
    unsafe { request.move_to(location.media) };
    Code::OK
}
