//! Server-sent events (the HTML standard, section 9.2): how a session stands, whenever that changes.
//!
//! A client that reads slowly is sent the newest state when it can take one, never a backlog.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

use avatar_core::api::{Refusal, Urls, status};
use avatar_core::session::{Record, SessionId};
use nginx_sys::{NGX_HTTP_REQUEST_TIME_OUT, ngx_buf_t, ngx_http_request_t};

use crate::alarm;
use crate::boundary::contain;
use crate::context::Context;
use crate::handlers::send;
use crate::reply::Reply;
use crate::request::{Code, Request};
use crate::wait::Ticket;
use crate::worker::{self, Worker};

/// How often something is sent, in milliseconds, so that nobody in between takes the connection for dead.
const HEARTBEAT: usize = 15_000;

/// Bytes of an event; a status is far shorter.
const EVENT: usize = 4096;

/// A stream of events that is being sent.
#[derive(Debug)]
pub(crate) struct Stream {
    session: SessionId,
    /// The one buffer, used for every event once the one before has been sent.
    buffer: NonNull<ngx_buf_t>,
    /// The version the client was last sent.
    sent: Cell<u64>,
    /// What it was told. A version may differ in nothing that is said here.
    told: RefCell<String>,
    /// When the next heartbeat is due, on the loop's clock.
    beat: Cell<usize>,
}

/// What became of a stream.
enum Progress {
    Open,
    Closed(Code),
}

/// `GET /api/stream/events/<id>`
pub(crate) fn begin(
    request: Request<'_>,
    context: &Context,
    worker: &Worker,
    id: SessionId,
) -> Code {
    let Some(record) = worker.intake().find(id) else {
        return send(request, context, &Refusal::unknown_session().into());
    };
    if record.finished() && last_event(request) == Some(record.version) {
        // The one answer that keeps an EventSource from asking again.
        return send(request, context, &Reply::empty());
    }
    let discarded = request.discard_body();
    if discarded.is_failure() {
        return discarded;
    }
    context.answered.set(true);
    request.set_content_type("text/event-stream");
    request.set_content_length(None);
    let headers = request.set_constant_header("Cache-Control", "no-store")
        && request.set_constant_header("X-Accel-Buffering", "no");
    if !headers {
        return Code::INTERNAL;
    }
    let header = request.send_header(200);
    if header.is_failure() || request.header_only() {
        return header;
    }
    let Some(buffer) = request.reusable(EVENT) else {
        return Code::ERROR;
    };
    let stream = context.stream.get_or_init(|| Stream {
        session: id,
        buffer,
        sent: Cell::new(0),
        told: RefCell::default(),
        beat: Cell::new(alarm::now() + HEARTBEAT),
    });
    match stream.advance(request, worker) {
        Progress::Closed(code) => code,
        Progress::Open => {
            if !request.watch_client() {
                return Code::ERROR;
            }
            request.await_client(Some(on_space));
            request.hold_open();
            let ticket = Ticket::take(request, id, stream.sent.get(), stream.beat.get(), wake);
            context.ticket.replace(Some(ticket));
            Code::DONE
        }
    }
}

/// The version that a client which comes back has seen.
fn last_event(request: Request<'_>) -> Option<u64> {
    let value = request.header("Last-Event-ID")?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

impl Stream {
    /// Sends what there is to be said, if the client can take it.
    fn advance(&self, request: Request<'_>, worker: &Worker) -> Progress {
        if request.is_pending(self.buffer) {
            return self.await_space(request);
        }
        let Some(record) = worker.watch(self.session) else {
            return Progress::Closed(request.send_last());
        };
        let now = alarm::now();
        let event = if let Some(event) = self.news(&record) {
            event
        } else if record.finished() {
            return Progress::Closed(request.send_last());
        } else if now >= self.beat.get() {
            ":\n\n".to_owned()
        } else {
            return Progress::Open;
        };
        self.beat.set(now + HEARTBEAT);
        let written = request.refill(self.buffer, event.as_bytes());
        let code = if written {
            request.output(self.buffer)
        } else {
            Code::ERROR
        };
        if code == Code::ERROR {
            Progress::Closed(code)
        } else if record.finished() {
            Progress::Closed(request.send_last())
        } else if code == Code::AGAIN {
            self.await_space(request)
        } else {
            Progress::Open
        }
    }

    /// The event that tells of a version, if it is news.
    fn news(&self, record: &Record) -> Option<String> {
        if record.version == self.sent.replace(record.version) {
            return None;
        }
        let status = status(record, &Urls::default());
        let event = format!("event: status\nid: {}\ndata: {status}\n\n", record.version);
        let told = self.told.replace(status);
        (*self.told.borrow() != told).then_some(event)
    }

    fn await_space(&self, request: Request<'_>) -> Progress {
        if request.watch_space() {
            Progress::Open
        } else {
            Progress::Closed(Code::ERROR)
        }
    }
}

/// The session changed, or a heartbeat is due.
fn wake(request: Request<'_>) {
    let (Some(context), Some(worker)) = (request.context(), worker::current()) else {
        return;
    };
    let Some(stream) = context.stream.get() else {
        return;
    };
    match stream.advance(request, &worker) {
        Progress::Open => {
            if let Some(ticket) = context.ticket.borrow().as_ref() {
                ticket.stay(stream.sent.get(), stream.beat.get());
            }
        }
        Progress::Closed(code) => {
            drop(context.ticket.take());
            request.finish_from_loop(code);
        }
    }
}

/// The client can take more, or took too long to.
unsafe extern "C" fn on_space(raw: *mut ngx_http_request_t) {
    // SAFETY: nginx calls this with the live request whose connection can be written to.
    let Some(request) = (unsafe { Request::new(raw) }) else {
        return;
    };
    let progress = contain(Progress::Closed(Code::ERROR), || space(request));
    if let Progress::Closed(code) = progress {
        if let Some(context) = request.context() {
            drop(context.ticket.take());
        }
        request.finish(code);
    }
}

fn space(request: Request<'_>) -> Progress {
    if request.timed_out() {
        return Progress::Closed(Code(NGX_HTTP_REQUEST_TIME_OUT as isize));
    }
    let stream = request.context().and_then(|context| context.stream.get());
    let (Some(stream), Some(worker)) = (stream, worker::current()) else {
        return Progress::Closed(Code::ERROR);
    };
    let flushed = request.flush();
    if flushed == Code::ERROR {
        Progress::Closed(flushed)
    } else if flushed == Code::AGAIN {
        stream.await_space(request)
    } else {
        request.has_space();
        stream.advance(request, &worker)
    }
}
