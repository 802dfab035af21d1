//! The thread that has all peers.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Waker};
use str0m::Input;
use str0m::config::DtlsCert;
use str0m::crypto::from_feature_flags;
use str0m::ice::StunMessage;
use str0m::net::{Protocol, Receive};

use super::addresses::Addresses;
use super::broadcast::Broadcast;
use super::invitation::{self, OfferError, PeerId};
use super::peer::{Partner, Peer};
use super::ports::{Arrival, Ports, WAKER};

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

/// What the thread is asked to do.
enum Request {
    Join(Box<Peer>),
    Leave(PeerId),
    Tell(Arc<Broadcast>, String),
    Stop,
}

/// Requests that may wait. There are no more than a few for each peer.
const REQUESTS: usize = 4096;

/// How often connections are looked at that nobody wants to be told the time of.
const SWEEP: Duration = Duration::from_secs(2);

/// Addresses of one peer that are remembered.
const ADDRESSES: usize = 8;

/// All WebRTC of a process.
pub struct Switchboard {
    requests: SyncSender<Request>,
    waker: Arc<Waker>,
    addresses: Addresses,
    certificate: DtlsCert,
    bound: SocketAddr,
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
        let ports = Ports::bind(&poll, settings.bind)?;
        let crypto = from_feature_flags();
        let certificate = crypto
            .dtls_provider
            .generate_certificate()
            .ok_or_else(|| io::Error::other("no certificate was made"))?;
        crypto_once(crypto);
        let bound = ports.bound();
        let addresses = Addresses::of(bound, settings.public);
        let (requests, asked) = mpsc::sync_channel(REQUESTS);
        let count = Arc::new(AtomicUsize::new(0));
        let board = Board {
            poll,
            ports,
            addresses: addresses.clone(),
            asked,
            peers: HashMap::new(),
            fragments: HashMap::new(),
            sources: HashMap::new(),
            count: Arc::clone(&count),
            swept: Instant::now(),
        };
        let thread = thread::Builder::new()
            .name("avatar-rtc".to_owned())
            .spawn(move || board.run())?;
        Ok(Self {
            requests,
            waker,
            addresses,
            certificate,
            bound,
            count,
            most: settings.peers,
            thread: Some(thread),
        })
    }

    /// What its sockets are bound to.
    pub fn address(&self) -> SocketAddr {
        self.bound
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
        let answered =
            invitation::answer(offer, broadcast, &self.addresses, &self.certificate, now);
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
            .field("bound", &self.bound)
            .finish_non_exhaustive()
    }
}

/// Connections are made with this process's cryptography, which may be named once.
fn crypto_once(crypto: str0m::crypto::CryptoProvider) {
    static NAMED: std::sync::Once = std::sync::Once::new();
    NAMED.call_once(|| crypto.install_process_default());
}

/// Where a peer's packets come from: over TCP, or not.
type Origin = (bool, SocketAddr);

fn origin(protocol: Protocol, source: SocketAddr) -> Origin {
    (protocol != Protocol::Udp, source)
}

/// The thread's own.
struct Board {
    poll: Poll,
    ports: Ports,
    addresses: Addresses,
    asked: Receiver<Request>,
    peers: HashMap<PeerId, Peer>,
    fragments: HashMap<String, PeerId>,
    sources: HashMap<Origin, PeerId>,
    count: Arc<AtomicUsize>,
    swept: Instant,
}

impl Board {
    fn run(mut self) {
        let mut events = Events::with_capacity(256);
        loop {
            let now = Instant::now();
            let wait = if self.ports.unread() {
                Duration::ZERO
            } else {
                self.wake_at(now).saturating_duration_since(now)
            };
            if let Err(error) = self.poll.poll(&mut events, Some(wait))
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "WebRTC has ended");
                return;
            }
            let now = Instant::now();
            for event in events.iter().filter(|event| event.token() != WAKER) {
                self.ports.stir(event.token(), event.is_writable(), now);
            }
            if !self.obey(now) {
                return;
            }
            for arrival in self.ports.read() {
                self.receive(&arrival, now);
            }
            self.show(Instant::now());
            self.tell_time(Instant::now());
            self.dismiss();
        }
    }

    /// When there is something to do even if nothing comes.
    fn wake_at(&self, now: Instant) -> Instant {
        let peers = self.peers.values();
        let times = peers.flat_map(|peer| [Some(peer.deadline), peer.broadcast().next()]);
        let sweep = now + SWEEP;
        times.flatten().min().map_or(sweep, |at| at.min(sweep))
    }

    /// Does what was asked; false when that is to stop.
    fn obey(&mut self, now: Instant) -> bool {
        loop {
            match self.asked.try_recv() {
                Ok(Request::Join(peer)) => self.join(*peer, now),
                Ok(Request::Leave(id)) => self.guard(id, |peer, ports| {
                    peer.close(now, &mut |packet| ports.send(packet));
                }),
                Ok(Request::Tell(broadcast, event)) => {
                    for id in self.peers_of(&broadcast) {
                        self.guard(id, |peer, ports| {
                            peer.tell(&event, now, &mut |packet| ports.send(packet));
                        });
                    }
                }
                Ok(Request::Stop) | Err(TryRecvError::Disconnected) => {
                    let all: Vec<PeerId> = self.peers.keys().copied().collect();
                    for id in all {
                        self.guard(id, |peer, ports| {
                            peer.close(now, &mut |packet| ports.send(packet));
                        });
                    }
                    self.dismiss();
                    return false;
                }
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn join(&mut self, mut peer: Peer, now: Instant) {
        let id = peer.id;
        self.fragments.insert(peer.fragment(), id);
        self.peers.insert(id, peer);
        self.guard(id, |peer, ports| {
            peer.handle(Input::Timeout(now), now, &mut |packet| ports.send(packet));
        });
    }

    fn peers_of(&self, broadcast: &Arc<Broadcast>) -> Vec<PeerId> {
        let peers = self.peers.values();
        let mine = peers.filter(|peer| Arc::ptr_eq(peer.broadcast(), broadcast));
        mine.map(|peer| peer.id).collect()
    }

    /// Has `act` done with a peer. Should it break down, only that peer is lost.
    fn guard(&mut self, id: PeerId, act: impl FnOnce(&mut Peer, &mut Ports)) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let ports = &mut self.ports;
        if panic::catch_unwind(AssertUnwindSafe(|| act(peer, ports))).is_err() {
            tracing::error!(peer = %id, "a connection broke down");
            self.remove(id);
        }
    }

    fn receive(&mut self, arrival: &Arrival, now: Instant) {
        let from = origin(arrival.protocol, arrival.source);
        let Ok(contents) = arrival.bytes.as_slice().try_into() else {
            return;
        };
        let Some(destination) = self.addresses.facing(arrival.source) else {
            return;
        };
        let input = Input::Receive(
            now,
            Receive {
                proto: arrival.protocol,
                source: arrival.source,
                destination,
                contents,
            },
        );
        let known = self.sources.get(&from).copied();
        let Some(id) = known.or_else(|| self.recognise(&arrival.bytes)) else {
            return;
        };
        let Some(peer) = self.peers.get(&id) else {
            return;
        };
        if !peer.accepts(&input) {
            return;
        }
        if known.is_none() {
            self.remember(from, id);
        }
        self.guard(id, |peer, ports| {
            peer.handle(input, now, &mut |packet| ports.send(packet));
        });
    }

    /// Whose credentials a packet from an unknown address names.
    fn recognise(&self, bytes: &[u8]) -> Option<PeerId> {
        // STUN is what begins with two zero bits (RFC 7983 section 7).
        if *bytes.first()? > 3 {
            return None;
        }
        let message = StunMessage::parse(bytes).ok()?;
        let (ours, _) = message.split_username()?;
        self.fragments.get(ours).copied()
    }

    fn remember(&mut self, from: Origin, id: PeerId) {
        let known = self.sources.values().filter(|other| **other == id).count();
        if known >= ADDRESSES {
            let stale = self.sources.iter().find(|(_, other)| **other == id);
            if let Some(stale) = stale.map(|(from, _)| *from) {
                self.sources.remove(&stale);
            }
        }
        self.sources.insert(from, id);
    }

    /// Sends what is due.
    fn show(&mut self, now: Instant) {
        let mut done = HashSet::new();
        let broadcasts: Vec<Arc<Broadcast>> = self
            .peers
            .values()
            .map(|peer| Arc::clone(peer.broadcast()))
            .filter(|broadcast| done.insert(Arc::as_ptr(broadcast)))
            .collect();
        for broadcast in broadcasts {
            let peers = self.peers_of(&broadcast);
            while let Some(parcel) = broadcast.due(now) {
                for &id in &peers {
                    self.guard(id, |peer, ports| {
                        peer.show(&parcel, now, &mut |packet| ports.send(packet));
                    });
                }
            }
            let mine = || peers.iter().filter_map(|id| self.peers.get(id));
            if let Some(least) = mine().filter_map(|peer| peer.bitrate).min() {
                broadcast.limit(least);
            }
            if broadcast.over() {
                for &id in &peers {
                    self.guard(id, |peer, ports| {
                        peer.close(now, &mut |packet| ports.send(packet));
                    });
                }
            }
        }
    }

    fn tell_time(&mut self, now: Instant) {
        let peers = self.peers.values();
        let due = peers.filter(|peer| peer.deadline <= now);
        let due: Vec<PeerId> = due.map(|peer| peer.id).collect();
        for id in due {
            self.guard(id, |peer, ports| {
                peer.handle(Input::Timeout(now), now, &mut |packet| ports.send(packet));
            });
        }
        if now.saturating_duration_since(self.swept) >= SWEEP {
            self.swept = now;
            let sources = &self.sources;
            self.ports
                .sweep(now, |address| sources.contains_key(&(true, address)));
        }
    }

    /// Lets go of those who are gone.
    fn dismiss(&mut self) {
        let peers = self.peers.values();
        let over: Vec<PeerId> = peers
            .filter(|peer| peer.is_over())
            .map(|peer| peer.id)
            .collect();
        for id in over {
            self.remove(id);
        }
    }

    fn remove(&mut self, id: PeerId) {
        let Some(peer) = self.peers.remove(&id) else {
            return;
        };
        self.fragments.retain(|_, other| *other != id);
        let sources = self.sources.iter().filter(|(_, other)| **other == id);
        for (tcp, address) in sources.map(|(from, _)| *from).collect::<Vec<_>>() {
            self.sources.remove(&(tcp, address));
            if tcp {
                self.ports.hang_up(address);
            }
        }
        self.count.fetch_sub(1, Ordering::AcqRel);
        if panic::catch_unwind(AssertUnwindSafe(|| drop(peer))).is_err() {
            tracing::error!(peer = %id, "a connection broke down at its end");
        }
        tracing::debug!(peer = %id, "gone");
    }
}
