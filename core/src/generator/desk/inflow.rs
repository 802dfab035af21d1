//! What is still to come to a session that has begun: text that is added, or sound that it is fed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::generator::inbox::Inbox;
use crate::generator::listener::Listener;
use crate::generator::live::Live;
use crate::generator::manuscript::Manuscript;
use crate::generator::pool::Waker;
use crate::session::{Failure, FailureCode, Source};
use crate::store::Draft;

/// How more comes to a session. Nothing more will when this is dropped.
pub(super) enum Inflow {
    /// To its text.
    Text {
        draft: Draft,
        /// How far that was read, in bytes.
        read: u64,
        manuscript: Arc<Manuscript>,
    },
    /// To its sound.
    Sound {
        listener: Listener,
        /// The pieces that had come when something was last done with it.
        pieces: u64,
        /// When one last came, or somebody watched.
        stirred: Instant,
    },
}

/// Whether more may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Open,
    Closed,
}

impl Inflow {
    /// How more will come to the session of `live`, if it will.
    pub(super) fn of(
        live: &Arc<Live>,
        manuscript: &Arc<Manuscript>,
        inbox: &Arc<Inbox>,
        painter: &Waker,
    ) -> Result<Option<Self>, Failure> {
        let Source::Feed { rate, bare } = live.job.source else {
            return Ok(live.job.open.then(|| Self::Text {
                draft: live.store().draft(live.id()),
                read: 0,
                manuscript: Arc::clone(manuscript),
            }));
        };
        let listener = Listener::start(
            Arc::clone(live),
            (rate, bare),
            Arc::clone(inbox),
            painter.clone(),
        );
        match listener {
            Ok(listener) => Ok(Some(Self::Sound {
                listener,
                pieces: 0,
                stirred: Instant::now(),
            })),
            Err(error) => Err(Failure {
                code: FailureCode::Internal,
                text: format!("nobody can listen: {error}"),
            }),
        }
    }

    /// Takes in what has come.
    pub(super) fn take_in(&mut self, live: &Live) -> Flow {
        match self {
            Self::Sound { listener, .. } => {
                listener.nudge();
                Flow::Open
            }
            Self::Text {
                draft,
                read,
                manuscript,
            } => match draft.read(*read) {
                Ok(news) => {
                    if news.end > *read {
                        manuscript.push(&news.text);
                    }
                    *read = news.end;
                    if !news.complete {
                        return Flow::Open;
                    }
                    manuscript.finish();
                    Flow::Closed
                }
                Err(error) => {
                    live.fail(Failure {
                        code: FailureCode::Internal,
                        text: format!("the text could not be read: {error}"),
                    });
                    Flow::Closed
                }
            },
        }
    }

    /// Ends it where nothing has come for as long as is waited for text and for sound; sound goes on to be waited for while
    /// somebody has `watched`.
    pub(super) fn expire(&mut self, live: &Live, waits: Waits, watched: bool) -> Flow {
        match self {
            Self::Text {
                draft,
                read,
                manuscript,
            } => {
                let dry = manuscript.dry_for() >= waits.text;
                if !dry || !draft.close(*read).unwrap_or(true) {
                    return Flow::Open;
                }
                tracing::info!(session = %live.id(), "no more text came");
                manuscript.finish();
            }
            Self::Sound {
                listener,
                pieces,
                stirred,
            } => {
                let come = listener.pieces();
                if come > *pieces || watched {
                    *pieces = come;
                    *stirred = Instant::now();
                }
                if stirred.elapsed() < waits.sound {
                    return Flow::Open;
                }
                tracing::info!(session = %live.id(), "nothing came and nobody watched");
            }
        }
        Flow::Closed
    }
}

/// How long more is waited for: not at all, unless something else is said.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Waits {
    pub(super) text: Duration,
    pub(super) sound: Duration,
}
