//! The sockets of a switchboard: one for UDP, one that listens for TCP, and the connections that came.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, UdpSocket};
use mio::{Interest, Poll, Registry, Token};
use str0m::net::{Protocol, Transmit};

use super::addresses::{as_bound, canonical};
use super::pipe::Pipe;

pub(super) const WAKER: Token = Token(0);
const UDP: Token = Token(1);
const LISTENER: Token = Token(2);
const FIRST_PIPE: usize = 3;

/// Connections at once.
const PIPES: usize = 1000;

/// How long a connection may be open of which no peer is known.
const PATIENCE: Duration = Duration::from_secs(10);

/// Datagrams that are read before others get their turn.
const TURN: usize = 200;

/// A datagram that came.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) protocol: Protocol,
    pub(super) source: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

/// All sockets.
#[derive(Debug)]
pub(super) struct Ports {
    registry: Registry,
    bound: SocketAddr,
    udp: UdpSocket,
    listener: Option<TcpListener>,
    pipes: HashMap<Token, Pipe>,
    /// The connection from an address.
    tokens: HashMap<SocketAddr, Token>,
    next: usize,
    /// Those of which something may still be read.
    ready: Vec<Token>,
}

impl Ports {
    /// Binds to `address`. Without the TCP port, where another has it, there is UDP alone.
    pub(super) fn bind(poll: &Poll, address: SocketAddr) -> io::Result<Self> {
        let registry = poll.registry().try_clone()?;
        let mut udp = UdpSocket::bind(address)?;
        let bound = udp.local_addr()?;
        registry.register(&mut udp, UDP, Interest::READABLE)?;
        let listener = TcpListener::bind(bound).and_then(|mut listener| {
            registry.register(&mut listener, LISTENER, Interest::READABLE)?;
            Ok(listener)
        });
        let listener = listener
            .inspect_err(|error| tracing::warn!(%bound, %error, "no WebRTC over TCP"))
            .ok();
        Ok(Self {
            registry,
            bound,
            udp,
            listener,
            pipes: HashMap::new(),
            tokens: HashMap::new(),
            next: FIRST_PIPE,
            ready: Vec::new(),
        })
    }

    /// Where they are bound to.
    pub(super) fn bound(&self) -> SocketAddr {
        self.bound
    }

    /// Whether something is left to be read without waiting.
    pub(super) fn unread(&self) -> bool {
        !self.ready.is_empty()
    }

    /// There is something to do at `token`.
    pub(super) fn stir(&mut self, token: Token, writable: bool, now: Instant) {
        if token == LISTENER {
            self.accept(now);
        } else {
            if writable
                && self
                    .pipes
                    .get_mut(&token)
                    .is_some_and(|pipe| pipe.flush().is_err())
            {
                self.close(token);
            }
            if !self.ready.contains(&token) {
                self.ready.push(token);
            }
        }
    }

    fn accept(&mut self, now: Instant) {
        while let Some(listener) = &self.listener {
            let (mut stream, address) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // The one who called has gone, or there are no descriptors left: the next call is another matter.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => continue,
                Err(error) => return tracing::warn!(%error, "a connection was not taken"),
            };
            let address = canonical(address);
            let token = Token(self.next);
            let interest = Interest::READABLE | Interest::WRITABLE;
            if self.pipes.len() >= PIPES
                || self
                    .registry
                    .register(&mut stream, token, interest)
                    .is_err()
            {
                continue;
            }
            // Packets are as small as they are for a reason.
            let _ = stream.set_nodelay(true);
            self.next += 1;
            self.tokens.insert(address, token);
            self.pipes.insert(token, Pipe::new(stream, address, now));
            self.ready.push(token);
        }
    }

    /// The datagrams that have come, some at a time.
    pub(super) fn read(&mut self) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        for token in std::mem::take(&mut self.ready) {
            let more = match token {
                UDP => self.read_udp(&mut arrivals),
                token => self.read_pipe(token, &mut arrivals),
            };
            if more {
                self.ready.push(token);
            }
        }
        arrivals
    }

    fn read_udp(&self, arrivals: &mut Vec<Arrival>) -> bool {
        let mut block = [0; 2048];
        for _ in 0..TURN {
            match self.udp.recv_from(&mut block) {
                Ok((count, source)) => arrivals.push(Arrival {
                    protocol: Protocol::Udp,
                    source: canonical(source),
                    bytes: block.get(..count).unwrap_or_default().to_vec(),
                }),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                // Somebody we wrote to is no longer there: that is told to whoever reads next.
                Err(_) => {}
            }
        }
        true
    }

    fn read_pipe(&mut self, token: Token, arrivals: &mut Vec<Arrival>) -> bool {
        let Some(pipe) = self.pipes.get_mut(&token) else {
            return false;
        };
        let more = pipe.fill().and_then(|more| {
            while let Some(bytes) = pipe.datagram()? {
                arrivals.push(Arrival {
                    protocol: Protocol::Tcp,
                    source: pipe.address,
                    bytes,
                });
            }
            Ok(more)
        });
        more.unwrap_or_else(|_| {
            self.close(token);
            false
        })
    }

    fn close(&mut self, token: Token) {
        if let Some(mut pipe) = self.pipes.remove(&token) {
            let _ = self.registry.deregister(&mut pipe.stream);
            if self.tokens.get(&pipe.address) == Some(&token) {
                self.tokens.remove(&pipe.address);
            }
        }
    }

    /// Closes the connection from `address`.
    pub(super) fn hang_up(&mut self, address: SocketAddr) {
        if let Some(&token) = self.tokens.get(&address) {
            self.close(token);
        }
    }

    /// Closes connections that have been open long enough without a peer being known for them.
    pub(super) fn sweep(&mut self, now: Instant, known: impl Fn(SocketAddr) -> bool) {
        let idle = |pipe: &Pipe| now.saturating_duration_since(pipe.opened) > PATIENCE;
        let pipes = self.pipes.iter();
        let stale = pipes.filter(|(_, pipe)| idle(pipe) && !known(pipe.address));
        let stale: Vec<Token> = stale.map(|(&token, _)| token).collect();
        for token in stale {
            self.close(token);
        }
    }

    /// Sends a packet. One that cannot be sent now is lost, as it may be anywhere on its way.
    pub(super) fn send(&mut self, packet: &Transmit) {
        match packet.proto {
            Protocol::Udp => {
                let to = as_bound(packet.destination, self.bound);
                let _ = self.udp.send_to(&packet.contents, to);
            }
            _ => {
                let token = self.tokens.get(&packet.destination).copied();
                if let Some(token) = token
                    && let Some(pipe) = self.pipes.get_mut(&token)
                    && pipe.send(&packet.contents).is_err()
                {
                    self.close(token);
                }
            }
        }
    }
}
