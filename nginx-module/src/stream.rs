//! Answers that go on while something happens to a session: events, a file that grows.
//!
//! A stream has one buffer, which is filled when it is empty and there is something to send: a client that reads slowly is
//! never owed more than that. The header leaves with the first bytes. Up to then a source may still refuse; afterwards a
//! stream that cannot go on is cut off, so that its client does not take what it has for the whole.
//!
//! A client that takes everything at once does not hold up the others of its worker: after [`TURN`] bytes they have theirs.

use std::cell::Cell;
use std::ptr::NonNull;

use avatar_core::api::Refusal;
use avatar_core::session::SessionId;
use nginx_sys::{NGX_HTTP_REQUEST_TIME_OUT, ngx_buf_t, ngx_http_request_t};

use crate::boundary::contain;
use crate::context::Context;
use crate::handlers::send;
use crate::request::{Code, Request};
use crate::wait::Ticket;
use crate::worker::{self, Worker};

/// Where a stream's bytes come from.
pub(crate) trait Source {
    /// The session whose changes bring more.
    fn session(&self) -> SessionId;

    /// The media type of the answer.
    fn content_type(&self) -> &'static str;

    /// The status of the answer.
    fn status(&self) -> u16 {
        200
    }

    /// Where what was made is found, if anything was.
    fn place(&self) -> Option<String> {
        None
    }

    /// How many bytes there will be in all, where that is known before the first leaves.
    fn length(&self, _: &Worker) -> Option<usize> {
        None
    }

    /// How many bytes may be on their way to the client at once.
    fn room(&self) -> usize;

    /// Puts what comes next into `room`, which is as long as was asked for.
    fn next(&self, worker: &Worker, room: &mut [u8]) -> Next;
}

/// What a source has.
pub(crate) enum Next {
    /// So many bytes, at least one.
    Bytes(usize),
    /// Nothing before the session is newer than version `seen` or the moment `due` on the loop's clock has come.
    Wait { seen: u64, due: usize },
    /// Nothing any more: that was all.
    End,
    /// Nothing any more, though that was not all.
    Never(Refusal),
}

/// Puts `bytes` into `room`, all of them.
pub(crate) fn put(bytes: &[u8], room: &mut [u8]) -> Next {
    match room.get_mut(..bytes.len()) {
        Some(room) => {
            room.copy_from_slice(bytes);
            Next::Bytes(bytes.len())
        }
        None => Next::Never(Refusal::internal()),
    }
}

/// An answer that is being sent.
pub(crate) struct Stream {
    source: Box<dyn Source>,
    buffer: NonNull<ngx_buf_t>,
    /// Whether the header has left.
    begun: Cell<bool>,
}

/// What became of a stream.
enum Progress {
    /// It goes on when its session changes from version `seen`, when it is `due`, or when the client can take more.
    Open {
        seen: u64,
        due: usize,
    },
    Closed(Code),
}

/// When something is due that nobody waits for.
pub(crate) const NEVER: usize = usize::MAX;

/// Bytes that one stream sends before the event loop looks after others: a millisecond or so of reading and sending, and so few
/// turns of the loop that they cost nothing.
const TURN: usize = 1 << 20;

/// Answers with what `source` has now and what it will have. The code is for nginx, or for [`Request::finish`].
pub(crate) fn begin(
    request: Request<'_>,
    context: &Context,
    worker: &Worker,
    source: Box<dyn Source>,
) -> Code {
    let discarded = request.discard_body();
    if discarded.is_failure() {
        return discarded;
    }
    let Some(buffer) = request.reusable(source.room()) else {
        return Code::INTERNAL;
    };
    let stream = context.stream.get_or_init(|| Stream {
        source,
        buffer,
        begun: Cell::new(false),
    });
    match stream.advance(request, context, worker) {
        Progress::Closed(code) => code,
        Progress::Open { seen, due } => {
            request.await_client(Some(on_space));
            if !request.watch_client() {
                return Code::ERROR;
            }
            request.hold_open();
            let session = stream.source.session();
            let ticket = Ticket::take(request, session, seen, due, wake);
            context.ticket.replace(Some(ticket));
            Code::DONE
        }
    }
}

impl Stream {
    /// The session that is told of.
    pub(crate) fn session(&self) -> SessionId {
        self.source.session()
    }

    /// Sends what there is, as long as the client can take it and its turn lasts.
    fn advance(&self, request: Request<'_>, context: &Context, worker: &Worker) -> Progress {
        let mut sent_now = 0;
        loop {
            if request.is_pending(self.buffer) {
                return Progress::Open {
                    seen: 0,
                    due: NEVER,
                };
            }
            if sent_now >= TURN {
                request.go_on_next_turn();
                return Progress::Open {
                    seen: 0,
                    due: NEVER,
                };
            }
            match self.next(request, worker) {
                Next::Bytes(length) => sent_now += length,
                Next::Wait { seen, due } => return Progress::Open { seen, due },
                Next::End => return Progress::Closed(self.end(request, context, worker)),
                Next::Never(_) if self.begun.get() => {
                    request.break_off();
                    return Progress::Closed(Code::ERROR);
                }
                Next::Never(refusal) => {
                    return Progress::Closed(send(request, context, refusal.into()));
                }
            }
            let header = self.begin(request, context, worker);
            if header.is_failure() || request.header_only() {
                return Progress::Closed(header);
            }
            let sent = request.output(self.buffer);
            if sent == Code::ERROR {
                return Progress::Closed(sent);
            }
            if request.is_pending(self.buffer) && !request.watch_space() {
                return Progress::Closed(Code::ERROR);
            }
        }
    }

    fn next(&self, request: Request<'_>, worker: &Worker) -> Next {
        let mut next = Next::End;
        request.fill(self.buffer, |room| {
            next = self.source.next(worker, room);
            match next {
                Next::Bytes(length) => length,
                _ => 0,
            }
        });
        next
    }

    /// Sends the header, unless it has left.
    fn begin(&self, request: Request<'_>, context: &Context, worker: &Worker) -> Code {
        if self.begun.replace(true) {
            return Code::OK;
        }
        context.answered.set(true);
        request.set_content_type(self.source.content_type());
        request.set_content_length(self.source.length(worker));
        let session = self.source.session().to_string();
        let headers = request.set_constant_header("Cache-Control", "no-store")
            && request.set_constant_header("X-Accel-Buffering", "no")
            && request.set_header("X-Avatar-Session", &session)
            && self
                .source
                .place()
                .is_none_or(|place| request.set_header("Location", &place));
        if !headers {
            return Code::INTERNAL;
        }
        request.send_header(self.source.status())
    }

    fn end(&self, request: Request<'_>, context: &Context, worker: &Worker) -> Code {
        let header = self.begin(request, context, worker);
        if header.is_failure() || request.header_only() {
            return header;
        }
        request.send_last()
    }
}

/// The session changed, or something is due.
fn wake(request: Request<'_>) {
    let (Some(context), Some(worker)) = (request.context(), worker::current()) else {
        return;
    };
    let Some(stream) = context.stream.get() else {
        return;
    };
    match stream.advance(request, context, &worker) {
        Progress::Open { seen, due } => {
            if let Some(ticket) = context.ticket.borrow().as_ref() {
                ticket.stay(seen, due);
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
    let Some(context) = request.context() else {
        return;
    };
    match progress {
        Progress::Open { seen, due } => {
            if let Some(ticket) = context.ticket.borrow().as_ref() {
                ticket.stay(seen, due);
            }
        }
        Progress::Closed(code) => {
            drop(context.ticket.take());
            request.finish(code);
        }
    }
}

fn space(request: Request<'_>) -> Progress {
    if request.timed_out() {
        return Progress::Closed(Code(NGX_HTTP_REQUEST_TIME_OUT as isize));
    }
    let context = request.context();
    let stream = context.and_then(|context| context.stream.get());
    let (Some(context), Some(stream), Some(worker)) = (context, stream, worker::current()) else {
        return Progress::Closed(Code::ERROR);
    };
    let flushed = request.flush();
    if flushed == Code::ERROR {
        return Progress::Closed(flushed);
    }
    if flushed == Code::AGAIN {
        return match request.watch_space() {
            true => Progress::Open {
                seen: 0,
                due: NEVER,
            },
            false => Progress::Closed(Code::ERROR),
        };
    }
    request.has_space();
    stream.advance(request, context, &worker)
}
