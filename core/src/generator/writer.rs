//! Prompts on their way through a language model into the manuscripts of their sessions.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::sync::Semaphore;

use super::live::Live;
use super::manuscript::Manuscript;
use crate::net::{self, Exchange, Fault, Limits, Wire};
use crate::prompt::{Answer, Settings, Standing, request};
use crate::session::{Failure, FailureCode};

/// Before a request is repeated.
const PAUSE: Duration = Duration::from_millis(200);

/// How long the end of an answer of which all is known is waited for, so that its connection can be used again.
const FAREWELL: Duration = Duration::from_secs(1);

/// Has prompts written out, several at once on one thread.
#[derive(Debug)]
pub(crate) struct Writer {
    desk: Arc<Desk>,
    wire: Wire,
}

#[derive(Debug)]
struct Desk {
    settings: Settings,
    client: Client,
    seats: Semaphore,
}

impl Writer {
    /// The thread ends with this value.
    pub(crate) fn start(settings: &Settings) -> io::Result<Self> {
        let client = net::client(settings.patience.connect).map_err(io::Error::other)?;
        Ok(Self {
            desk: Arc::new(Desk {
                seats: Semaphore::new(settings.seats.max(1)),
                settings: settings.clone(),
                client,
            }),
            wire: Wire::start()?,
        })
    }

    /// Has the text of the job of `live` written out into `manuscript`.
    pub(crate) fn write(&self, live: Arc<Live>, manuscript: Arc<Manuscript>) {
        let (desk, wire) = (Arc::clone(&self.desk), self.wire.handle().clone());
        self.wire.handle().spawn(async move {
            let mut page = Page {
                manuscript: &manuscript,
                room: desk.settings.longest,
                written: false,
            };
            // The semaphore is never closed.
            let seat = tokio::select! {
                biased;
                () = live.cancel.wait() => return,
                seat = desk.seats.acquire() => seat,
            };
            match desk.write(&live, &wire, &mut page).await {
                Ok((standing, exchange)) => {
                    page.close(&live, Ok(standing));
                    if standing == Standing::Whole {
                        let _ = tokio::time::timeout(FAREWELL, see_off(exchange)).await;
                    }
                }
                Err(fault) => page.close(&live, Err(fault)),
            }
            drop(seat);
        });
    }
}

impl Desk {
    async fn write(
        &self,
        live: &Live,
        wire: &tokio::runtime::Handle,
        page: &mut Page<'_>,
    ) -> Result<(Standing, Exchange), Fault> {
        let last = Instant::now() + self.settings.patience.total;
        let mut retries = self.settings.patience.retries;
        loop {
            let limits = Limits {
                patience: &self.settings.patience,
                cancel: &live.cancel,
                last,
            };
            match self.attempt(live, wire, limits, page).await {
                Err(fault) if retries > 0 && fault.passes() && !page.written => {
                    tracing::warn!(session = %live.id(), "the language model failed: {fault}");
                    retries -= 1;
                    tokio::select! {
                        biased;
                        () = live.cancel.wait() => return Err(Fault::Cancelled),
                        () = tokio::time::sleep(PAUSE) => {}
                    }
                }
                other => return other,
            }
        }
    }

    /// Asks once.
    async fn attempt(
        &self,
        live: &Live,
        wire: &tokio::runtime::Handle,
        limits: Limits<'_>,
        page: &mut Page<'_>,
    ) -> Result<(Standing, Exchange), Fault> {
        let job = &live.job;
        let request = request(&self.settings, &self.client, &job.text, job.language)
            .map_err(|error| Fault::Unreachable(error.without_url().to_string()))?;
        let mut exchange = Exchange::open(wire, &self.client, request, limits).await?;
        if !exchange.status().is_success() {
            return Err(Fault::Refused(exchange.status()));
        }
        let mut answer = Answer::new(exchange.media());
        while let Some(bytes) = exchange.next().await? {
            let text = answer.push(&bytes);
            if !page.write(&text) {
                return Ok((Standing::Stopped, exchange));
            }
            if answer.standing() != Standing::Open {
                return Ok((answer.standing(), exchange));
            }
        }
        page.write(&answer.end());
        Ok((answer.standing(), exchange))
    }
}

/// Reads on to the end of an answer.
async fn see_off(mut exchange: Exchange) {
    while let Ok(Some(_)) = exchange.next().await {}
}

/// What is being written.
struct Page<'a> {
    manuscript: &'a Manuscript,
    /// Characters that may still be written.
    room: usize,
    written: bool,
}

impl Page<'_> {
    /// Adds text; false when there is no room for more.
    fn write(&mut self, text: &str) -> bool {
        let fits: String = text.chars().take(self.room).collect();
        let count = fits.chars().count();
        self.room -= count;
        if count > 0 {
            self.written |= !fits.trim().is_empty();
            self.manuscript.push(&fits);
        }
        self.room > 0
    }

    /// No more is written. What was is spoken, but for a sentence that was stopped in its midst.
    fn close(self, live: &Live, ended: Result<Standing, Fault>) {
        let failure = match ended {
            Ok(_) if self.room == 0 => {
                // A text of a single sentence is spoken as far as it goes.
                if !self.manuscript.leave_off() {
                    self.manuscript.finish();
                }
                None
            }
            Ok(Standing::Whole) if !self.written => Some("it wrote nothing".to_owned()),
            Ok(Standing::Whole) => {
                self.manuscript.finish();
                None
            }
            Ok(Standing::Open | Standing::Stopped) => Some("its answer was cut off".to_owned()),
            Err(Fault::Cancelled) => None,
            Err(fault) => {
                tracing::warn!(session = %live.id(), "the language model failed: {fault}");
                Some(fault.for_clients())
            }
        };
        let Some(reason) = failure else {
            return;
        };
        if self.written && self.manuscript.leave_off() {
            // It is not what will be written when the model works again.
            live.falter();
            tracing::warn!(session = %live.id(), "the language model broke off: {reason}");
            return;
        }
        live.fail(Failure {
            code: FailureCode::InferenceFailed,
            text: format!("the language model failed: {reason}"),
        });
    }
}
