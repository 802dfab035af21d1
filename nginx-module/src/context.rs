//! What the module remembers of a request.

use std::cell::{Cell, OnceCell, RefCell};

use avatar_core::api::{MediaFile, Route};

use crate::body::Answer;
use crate::reply::Reply;
use crate::stream::Stream;
use crate::wait::Ticket;

/// One request's state; dropped with it.
#[derive(Default)]
pub(crate) struct Context {
    /// What the request asks for.
    pub(crate) route: Cell<Option<Route>>,
    /// What is answered in the content phase, where that is known before it.
    pub(crate) reply: RefCell<Option<Reply>>,
    /// Whether the answer being sent is the module's own.
    pub(crate) answered: Cell<bool>,
    /// The file being served, and how it may be cached.
    pub(crate) media: Cell<Option<(MediaFile, Freshness)>>,
    /// The place in the queue of those that wait, while the request waits; giving it up is forgetting it.
    pub(crate) ticket: RefCell<Option<Ticket>>,
    /// When waiting ends, on the loop's clock.
    pub(crate) deadline: Cell<Option<usize>>,
    /// What is said in place of nginx's own error page.
    pub(crate) instead: RefCell<Option<Vec<u8>>>,
    /// Who answers once the body is read.
    pub(crate) answer: Cell<Option<Answer>>,
    /// The answer being sent, where it goes on.
    pub(crate) stream: OnceCell<Stream>,
}

/// How long what is served stays true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// It is still being written.
    Live {
        /// Which state of the session it shows, or a later one.
        version: u64,
        /// Whether it was waited for: whoever asks for the same again may have the same again.
        awaited: bool,
    },
    /// It is finished, and goes when its session goes.
    Finished,
    /// It never changes.
    Forever,
}

impl Freshness {
    /// The value of `Cache-Control` (RFC 9111 section 5.2.2).
    pub(crate) fn cache_control(self) -> &'static str {
        match self {
            Self::Live { awaited: false, .. } => "no-cache",
            // Six of the shortest target durations (draft-pantos-hls-rfc8216bis appendix B.1), for caches that many share. A
            // browser's own would give a player that asks again what it has already.
            Self::Live { awaited: true, .. } => "public, max-age=0, s-maxage=6",
            Self::Finished => "public, max-age=3600",
            Self::Forever => "public, max-age=31536000, immutable",
        }
    }
}
