//! Telling clients' own servers that a session is finished.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, redirect};
use tokio::runtime;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::sleep;

use crate::session::SessionId;

/// Calls under way at once.
const CALLS: usize = 16;
/// Calls waiting; beyond this they are dropped rather than hoarded.
const WAITING: usize = 1024;
/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait after the first, second and third failure.
const PATIENCE: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(25),
];

#[derive(Debug)]
struct News {
    id: SessionId,
    address: String,
    status: String,
}

/// The way to the thread that makes the calls.
#[derive(Debug)]
pub(crate) struct Herald {
    news: Sender<News>,
    calls: Arc<Semaphore>,
}

impl Herald {
    /// The thread ends once this is dropped; what is not delivered by then is given up.
    pub(crate) fn start() -> io::Result<(Self, JoinHandle<()>)> {
        let (sender, news) = channel(WAITING);
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let client = Client::builder()
            .timeout(TIMEOUT)
            // The configured hosts are trusted, not those they point to.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(io::Error::other)?;
        let calls = Arc::new(Semaphore::new(CALLS));
        let under_way = Arc::clone(&calls);
        let thread = thread::Builder::new()
            .name("avatar-herald".to_owned())
            .spawn(move || {
                runtime.block_on(deliver_all(news, client, under_way));
                // A name that is being looked up cannot be given up at once.
                runtime.shutdown_timeout(Duration::from_secs(1));
            })?;
        let herald = Self {
            news: sender,
            calls,
        };
        Ok((herald, thread))
    }

    /// Calls that are yet to be made or under way.
    pub(crate) fn waiting(&self) -> usize {
        let queued = self.news.max_capacity() - self.news.capacity();
        queued + CALLS - self.calls.available_permits()
    }

    /// Has `status` posted to `address`.
    pub(crate) fn tell(&self, id: SessionId, address: &str, status: String) {
        let news = News {
            id,
            address: address.to_owned(),
            status,
        };
        if self.news.try_send(news).is_err() {
            tracing::warn!(session = %id, "too many webhooks are waiting; this one is dropped");
        }
    }
}

async fn deliver_all(mut news: Receiver<News>, client: Client, calls: Arc<Semaphore>) {
    while let Some(news) = news.recv().await {
        let Ok(call) = Arc::clone(&calls).acquire_owned().await else {
            return;
        };
        let client = client.clone();
        tokio::spawn(async move {
            deliver(&client, &news).await;
            drop(call);
        });
    }
}

async fn deliver(client: &Client, news: &News) {
    for patience in PATIENCE.into_iter().map(Some).chain([None]) {
        let sent = client
            .post(&news.address)
            .header(CONTENT_TYPE, "application/json")
            .body(news.status.clone())
            .send()
            .await
            .and_then(reqwest::Response::error_for_status);
        match (sent, patience) {
            (Ok(_), _) => {
                tracing::info!(session = %news.id, "webhook delivered");
                return;
            }
            (Err(_), Some(patience)) => sleep(patience).await,
            (Err(error), None) => {
                tracing::warn!(session = %news.id, %error, "webhook given up");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_call_that_fails_is_made_again() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/done", listener.local_addr().unwrap());
        let (herald, _) = Herald::start().unwrap();
        herald.tell(
            SessionId::generate(),
            &address,
            r#"{"status":"ready"}"#.to_owned(),
        );
        for answer in ["500 Oh No", "204 No Content"] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                let mut bytes = [0; 512];
                let count = stream.read(&mut bytes).unwrap();
                request.extend_from_slice(&bytes[..count]);
            }
            let request = String::from_utf8(request).unwrap();
            assert!(request.starts_with("POST /done HTTP/1.1\r\n"), "{request}");
            assert!(
                request.ends_with("\r\n\r\n{\"status\":\"ready\"}"),
                "{request}"
            );
            write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    }
}
