//! One request and its answer, read as it arrives and no longer than it is worth.

use std::fmt;
use std::future::Future;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Request, Response};
use tokio::runtime::Handle;
use tokio::time::timeout_at;

use super::fault::Fault;
use crate::speech::Cancel;

/// How long a server is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Until there is a connection.
    pub connect: Duration,
    /// Until the first byte of the answer.
    pub first_byte: Duration,
    /// In each such time at least [`least`](Self::least) bytes must come.
    pub progress: Duration,
    /// What must come in [`progress`](Self::progress), in bytes. A kilobyte is half a second of the most sparing speech.
    pub least: usize,
    /// Until the last byte, with all repetitions.
    pub total: Duration,
    /// How often a request is repeated of which nothing was heard.
    pub retries: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            first_byte: Duration::from_secs(10),
            progress: Duration::from_secs(10),
            least: 1024,
            total: Duration::from_secs(60),
            retries: 1,
        }
    }
}

/// An answer that has begun to arrive.
pub(crate) struct Exchange {
    response: Response,
    wire: Handle,
    cancel: Cancel,
    progress: Duration,
    least: usize,
    last: Instant,
    /// When [`least`](Patience::least) bytes more must be there.
    due: Instant,
    come: usize,
    chunk: Vec<u8>,
    taken: usize,
}

/// What limits an exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits<'a> {
    pub(crate) patience: &'a Patience,
    pub(crate) cancel: &'a Cancel,
    /// When all of it must be there.
    pub(crate) last: Instant,
}

impl Exchange {
    /// Sends `request` and waits for the head of the answer, on a thread of its own.
    pub(crate) fn begin(
        wire: &Handle,
        client: &Client,
        request: Request,
        limits: Limits<'_>,
    ) -> Result<Self, Fault> {
        wire.block_on(Self::open(wire, client, request, limits))
    }

    /// The same for whoever is on the wire already.
    pub(crate) async fn open(
        wire: &Handle,
        client: &Client,
        request: Request,
        limits: Limits<'_>,
    ) -> Result<Self, Fault> {
        let Limits {
            patience,
            cancel,
            last,
        } = limits;
        let first = (Instant::now() + patience.first_byte).min(last);
        let sent = until(cancel, first, client.execute(request)).await?;
        let response = sent
            .ok_or(Fault::Late("it did not begin to answer in time"))?
            .map_err(unsent)?;
        Ok(Self {
            response,
            wire: wire.clone(),
            cancel: cancel.clone(),
            progress: patience.progress,
            least: patience.least,
            last,
            due: first,
            come: 0,
            chunk: Vec::new(),
            taken: 0,
        })
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> reqwest::StatusCode {
        self.response.status()
    }

    /// What the answer says it is.
    pub(crate) fn media(&self) -> &str {
        let media = self.response.headers().get(CONTENT_TYPE);
        media
            .and_then(|media| media.to_str().ok())
            .unwrap_or_default()
    }

    /// The next bytes as they come; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let moment = self.due.min(self.last);
        let chunk = until(&self.cancel, moment, self.response.chunk()).await?;
        let late = match (self.come, moment == self.last) {
            (_, true) => "its answer took too long",
            (0, _) => "it did not begin to answer in time",
            _ => "its answer came too slowly",
        };
        let chunk = chunk
            .ok_or(Fault::Late(late))?
            .map_err(|error| Fault::Cut(innermost(&error.without_url())))?;
        let Some(chunk) = chunk else {
            return Ok(None);
        };
        let begun = self.come == 0;
        self.come += chunk.len();
        // The first byte opens the first stretch of time; whoever then brings enough opens the next.
        if begun || self.come > self.least {
            self.due = Instant::now() + self.progress;
            self.come = 1;
        }
        Ok(Some(chunk.into()))
    }
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.chunk.len() {
            let wire = self.wire.clone();
            match wire.block_on(self.next()).map_err(io::Error::other)? {
                Some(chunk) => (self.chunk, self.taken) = (chunk, 0),
                None => return Ok(0),
            }
        }
        let rest = self.chunk.get(self.taken..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.taken += count;
        Ok(count)
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}

/// Waits for `work` until some moment; `None` when it has come. What is given up is dropped, and its connection with it.
async fn until<T>(
    cancel: &Cancel,
    moment: Instant,
    work: impl Future<Output = T>,
) -> Result<Option<T>, Fault> {
    tokio::select! {
        biased;
        () = cancel.wait() => Err(Fault::Cancelled),
        done = timeout_at(moment.into(), work) => Ok(done.ok()),
    }
}

fn unsent(error: reqwest::Error) -> Fault {
    let error = error.without_url();
    let text = innermost(&error);
    if error.is_timeout() {
        Fault::Late("it could not be connected to in time")
    } else if error.is_connect() {
        Fault::Unreachable(text)
    } else {
        Fault::Cut(text)
    }
}

/// The error at the bottom, which says what happened.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}
