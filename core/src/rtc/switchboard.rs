//! All WebRTC of a process, for its other threads.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use mio::{Poll, Waker};
use str0m::config::DtlsCert;
use str0m::crypto::from_feature_flags;

use super::addresses::Addresses;
use super::board::{Board, Request};
use super::broadcast::Broadcast;
use super::invitation::{self, OfferError, PeerId};
use super::peer::{Partner, Peer};
use super::ports::{Ports, WAKER};

/// Where a switchboard is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What its sockets are bound to.
    pub bind: SocketAddr,
    /// Under which address it is known to others, where that is not the one it is bound to.
    pub public: Option<IpAddr>,
    /// Peers at once.
    pub peers: usize,
}

/// Requests that may wait. There are no more than a few for each peer.
const REQUESTS: usize = 4096;

/// All WebRTC of a process.
pub struct Switchboard {
    requests: SyncSender<Request>,
    waker: Arc<Waker>,
    addresses: Addresses,
    certificate: DtlsCert,
    bound: IpAddr,
    /// Where those who join now are to send.
    port: Arc<AtomicU16>,
    /// Peers there are and may be.
    count: Arc<AtomicUsize>,
    most: usize,
    thread: Option<JoinHandle<()>>,
}

impl Switchboard {
    /// Binds its sockets and starts its thread.
    ///
    /// # Errors
    ///
    /// What is wrong with the address, or with this machine.
    pub fn start(settings: &Settings) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let (ports, bound) = Ports::bind(&poll, settings.bind)?;
        let crypto = from_feature_flags();
        let certificate = crypto
            .dtls_provider
            .generate_certificate()
            .ok_or_else(|| io::Error::other("no certificate was made"))?;
        crypto_once(crypto);
        let addresses = Addresses::of(bound, settings.public);
        let (requests, asked) = mpsc::sync_channel(REQUESTS);
        let count = Arc::new(AtomicUsize::new(0));
        let port = Arc::new(AtomicU16::new(bound.port()));
        let board = Board::new(
            poll,
            ports,
            addresses.clone(),
            asked,
            Arc::clone(&count),
            Arc::clone(&port),
        );
        let thread = thread::Builder::new()
            .name("avatar-rtc".to_owned())
            .spawn(move || board.run())?;
        Ok(Self {
            requests,
            waker,
            addresses,
            certificate,
            bound: bound.ip(),
            port,
            count,
            most: settings.peers,
            thread: Some(thread),
        })
    }

    /// What the sockets are bound to that those who join now are answered from.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.bound, self.port.load(Ordering::Acquire))
    }

    /// A new broadcast, whose pictures are never given more than `bitrate` bits a second.
    pub fn broadcast(&self, bitrate: u32) -> Arc<Broadcast> {
        Arc::new(Broadcast::new(Arc::clone(&self.waker), bitrate))
    }

    /// Has `peer`, the maker of `offer`, watch `broadcast` and talk to `partner`: returns the answer, both in the session description
    /// protocol (RFC 8866, RFC 8829).
    ///
    /// # Errors
    ///
    /// [`OfferError`]
    pub fn join(
        &self,
        peer: PeerId,
        offer: &str,
        broadcast: &Arc<Broadcast>,
        partner: Box<dyn Partner>,
    ) -> Result<String, OfferError> {
        let now = Instant::now();
        let room = self
            .count
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |count| {
                (count < self.most).then_some(count + 1)
            });
        if room.is_err() {
            return Err(OfferError::Full);
        }
        let candidates = self.addresses.candidates(self.address().port());
        let hears = partner.hears();
        let certificate = &self.certificate;
        let answered = invitation::answer(offer, hears, broadcast, candidates, certificate, now);
        let joined = answered.and_then(|(rtc, answer)| {
            let peer = Peer::new(peer, rtc, Arc::clone(broadcast), partner, now);
            let request = Request::Join(Box::new(peer));
            self.ask(request).map(|()| answer)
        });
        if joined.is_err() {
            self.count.fetch_sub(1, Ordering::AcqRel);
        }
        joined
    }

    /// Ends the connection of `peer`, if there is one.
    pub fn leave(&self, peer: PeerId) {
        let _ = self.ask(Request::Leave(peer));
    }

    /// Tells all peers of `broadcast` something, a JSON object, on their data channels.
    pub fn tell(&self, broadcast: &Arc<Broadcast>, event: String) {
        let _ = self.ask(Request::Tell(Arc::clone(broadcast), event));
    }

    fn ask(&self, request: Request) -> Result<(), OfferError> {
        let asked = self.requests.try_send(request);
        if asked.is_err() {
            tracing::warn!("the switchboard does not follow");
        }
        let _ = self.waker.wake();
        asked.map_err(|_| OfferError::Closed)
    }

    /// Leaves its port to another process as soon as those who are being connected are, and after half a second in any case. Connections
    /// go on; those who join afterwards are given another port.
    pub fn cede(&self) {
        let _ = self.ask(Request::Cede);
    }

    /// Ends all connections, and the thread.
    pub fn stop(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = self.requests.send(Request::Stop);
            let _ = self.waker.wake();
            let _ = thread.join();
        }
    }
}

impl Drop for Switchboard {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Switchboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switchboard")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

/// Connections are made with this process's cryptography, which may be named once.
fn crypto_once(crypto: str0m::crypto::CryptoProvider) {
    static NAMED: std::sync::Once = std::sync::Once::new();
    NAMED.call_once(|| crypto.install_process_default());
}
