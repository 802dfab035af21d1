//! The thread that has all peers.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use mio::{Events, Poll};
use str0m::Input;
use str0m::ice::StunMessage;
use str0m::net::{Protocol, Receive};

use super::addresses::Addresses;
use super::broadcast::Broadcast;
use super::invitation::PeerId;
use super::peer::Peer;
use super::ports::{Arrival, Ports, WAKER};

/// What the thread is asked to do.
pub(super) enum Request {
    Join(Box<Peer>),
    Leave(PeerId),
    Tell(Arc<Broadcast>, String),
    /// To let another process have the port.
    Cede,
    Stop,
}

/// How often connections are looked at that nobody wants to be told the time of.
const SWEEP: Duration = Duration::from_secs(2);

/// Addresses of one peer that are remembered.
const ADDRESSES: usize = 8;

/// How long the port is still kept for peers that have an answer and are not connected yet.
const LINGER: Duration = Duration::from_millis(500);

/// Where a peer's packets come from: over TCP, or not.
type Origin = (bool, SocketAddr);

fn origin(protocol: Protocol, source: SocketAddr) -> Origin {
    (protocol != Protocol::Udp, source)
}

/// The thread's own.
pub(super) struct Board {
    poll: Poll,
    ports: Ports,
    addresses: Addresses,
    asked: Receiver<Request>,
    peers: HashMap<PeerId, Peer>,
    fragments: HashMap<String, PeerId>,
    sources: HashMap<Origin, PeerId>,
    count: Arc<AtomicUsize>,
    port: Arc<AtomicU16>,
    /// When the port is ceded at the latest, if it is to be.
    ceded: Option<Instant>,
    swept: Instant,
}

impl Board {
    /// One that does what is `asked`, keeps `count` of its peers, and says at which `port` more may join.
    pub(super) fn new(
        poll: Poll,
        ports: Ports,
        addresses: Addresses,
        asked: Receiver<Request>,
        count: Arc<AtomicUsize>,
        port: Arc<AtomicU16>,
    ) -> Self {
        Self {
            poll,
            ports,
            addresses,
            asked,
            peers: HashMap::new(),
            fragments: HashMap::new(),
            sources: HashMap::new(),
            count,
            port,
            ceded: None,
            swept: Instant::now(),
        }
    }

    /// Works until it is told to stop.
    pub(super) fn run(mut self) {
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
            self.cede(Instant::now());
        }
    }

    /// When there is something to do even if nothing comes.
    fn wake_at(&self, now: Instant) -> Instant {
        let peers = self.peers.values();
        let times = peers.flat_map(|peer| [Some(peer.deadline), peer.broadcast().next()]);
        let sweep = now + SWEEP;
        let times = times.flatten().chain(self.ceded);
        times.min().map_or(sweep, |at| at.min(sweep))
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
                Ok(Request::Cede) => self.move_out(now),
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

    /// Has those who join from now on use another port than those before.
    fn move_out(&mut self, now: Instant) {
        match self.ports.open_another() {
            Ok(port) => {
                self.port.store(port, Ordering::Release);
                self.ceded = Some(now + LINGER);
            }
            Err(error) => tracing::warn!(%error, "the port is kept"),
        }
    }

    /// Lets the port go, if it is to be and nobody is on his way to it.
    fn cede(&mut self, now: Instant) {
        let Some(latest) = self.ceded else {
            return;
        };
        if now < latest && !self.peers.values().all(Peer::is_connected) {
            return;
        }
        self.ceded = None;
        let heard = self.sources.keys().filter(|(tcp, _)| !tcp);
        let left = self.ports.cede(heard.map(|(_, address)| *address), now);
        for arrival in left {
            self.receive(&arrival, now);
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
        let Some(ip) = self.addresses.facing(arrival.source) else {
            return;
        };
        let input = Input::Receive(
            now,
            Receive {
                proto: arrival.protocol,
                source: arrival.source,
                destination: SocketAddr::new(ip, arrival.port),
                contents,
            },
        );
        let known = self.sources.get(&from).copied();
        // What strangers send must not break more than itself.
        let addressee = panic::catch_unwind(AssertUnwindSafe(|| {
            let id = known.or_else(|| self.recognise(&arrival.bytes))?;
            self.peers.get(&id)?.accepts(&input).then_some(id)
        }));
        let Ok(Some(id)) = addressee else {
            return;
        };
        if known.is_none() {
            self.remember(from, id);
        }
        self.guard(id, |peer, ports| {
            peer.look_at(&arrival.bytes);
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
                self.ports.hang_up(stale);
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
        for from in sources.map(|(from, _)| *from).collect::<Vec<_>>() {
            self.sources.remove(&from);
            self.ports.hang_up(from);
        }
        self.count.fetch_sub(1, Ordering::AcqRel);
        if panic::catch_unwind(AssertUnwindSafe(|| drop(peer))).is_err() {
            tracing::error!(peer = %id, "a connection broke down at its end");
        }
        tracing::debug!(peer = %id, "gone");
    }
}
