//! OpenAI's calls: speech as the answer itself, sent while it is made.

use std::cell::Cell;

use avatar_core::api::{self, Delivery, MediaFile, SpeechOrder};
use avatar_core::session::{Job, SessionId};

use super::realtime::accept;
use crate::alarm;
use crate::context::Context;
use crate::growing::Growing;
use crate::handlers::send;
use crate::lease::Lease;
use crate::reply::Reply;
use crate::request::{Code, Request};
use crate::stream::{self, NEVER, Next, Source};
use crate::worker::Worker;

/// Bytes of a recording, or of an event, that are on their way to a client at once: seconds of speech.
const ROOM: usize = 32 * 1024;

/// Milliseconds for which the end of a short recording is waited for. The built-in voices need less; whoever waits longer for
/// an engine is told the length no more, and hears the beginning.
const BRIEFLY: usize = 100;

/// Bytes of a recording in one event: in base64 and with words around them they fit.
const PIECE: usize = 18 * 1024;

const _: () = assert!(PIECE.div_ceil(3) * 4 + 1024 < ROOM);

/// `POST /v1/audio/speech`
pub(crate) fn begin(request: Request<'_>, context: &Context, worker: &Worker, body: &[u8]) -> Code {
    let ordered = api::speech(body, worker.config(), worker.catalogue()).and_then(|order| {
        accept(worker, &order.job)?;
        Ok(order)
    });
    match ordered {
        Ok(order) => {
            let source = source(&order, request.hold_deadline());
            stream::begin(request, context, worker, source)
        }
        Err(refusal) => send(request, context, refusal.into()),
    }
}

/// `GET /v1/audio/voices`
pub(crate) fn voices(worker: &Worker) -> Reply {
    Reply::json(worker.catalogue().voices_json())
}

/// `GET /v1/models`
pub(crate) fn models(_: &Worker) -> Reply {
    Reply::json(api::models())
}

/// `GET /v1/models/<id>`
pub(crate) fn model(request: Request<'_>) -> Reply {
    match api::model(request.path().unwrap_or_default()) {
        Ok(model) => Reply::json(model),
        Err(refusal) => refusal.into(),
    }
}

fn source(order: &SpeechOrder, deadline: usize) -> Box<dyn Source> {
    let held_until = match order.delivery {
        Delivery::Whole => NEVER,
        Delivery::Brief => alarm::now() + BRIEFLY,
        Delivery::Bytes | Delivery::Events => 0,
    };
    let recording = Recording::new(&order.job, deadline, held_until);
    match order.delivery {
        Delivery::Bytes | Delivery::Brief | Delivery::Whole => Box::new(recording),
        Delivery::Events => Box::new(Pieces {
            recording,
            done: Cell::new(false),
        }),
    }
}

/// A recording as it is.
struct Recording {
    file: MediaFile,
    growing: Growing,
    /// Until when its end is waited for before its beginning is sent, on the loop's clock.
    held_until: usize,
    /// Nobody else knows of it.
    _lease: Lease,
}

impl Recording {
    fn new(job: &Job, deadline: usize, held_until: usize) -> Self {
        let file = MediaFile::Output(job.kind);
        Self {
            file,
            growing: Growing::new(job.id, file, deadline),
            held_until,
            _lease: Lease::of(job.id),
        }
    }
}

impl Source for Recording {
    fn session(&self) -> SessionId {
        self.growing.session()
    }

    fn content_type(&self) -> &'static str {
        self.file.content_type()
    }

    fn room(&self) -> usize {
        ROOM
    }

    fn length(&self, worker: &Worker) -> Option<usize> {
        self.growing.length(worker)
    }

    fn next(&self, worker: &Worker, room: &mut [u8]) -> Next {
        let held = self.growing.await_whole(worker, self.held_until);
        held.unwrap_or_else(|| self.growing.read(worker, room))
    }
}

/// A recording in events, and one more at its end.
struct Pieces {
    recording: Recording,
    done: Cell<bool>,
}

impl Source for Pieces {
    fn session(&self) -> SessionId {
        self.recording.session()
    }

    fn content_type(&self) -> &'static str {
        "text/event-stream"
    }

    fn room(&self) -> usize {
        ROOM
    }

    fn next(&self, worker: &Worker, room: &mut [u8]) -> Next {
        if self.done.get() {
            return Next::End;
        }
        let mut piece = vec![0; PIECE];
        let event = match self.recording.growing.read(worker, &mut piece) {
            Next::Bytes(length) => api::delta(piece.get(..length).unwrap_or_default()),
            Next::End => {
                self.done.set(true);
                api::done()
            }
            other => return other,
        };
        stream::put(event.as_bytes(), room)
    }
}
