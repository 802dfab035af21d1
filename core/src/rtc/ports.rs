//! The sockets of a switchboard: the door, the connections that came through it over TCP, and what is left of a door that was ceded to
//! another process.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::UdpSocket;
use mio::{Interest, Poll, Registry, Token};
use str0m::net::{Protocol, Transmit};

use super::addresses::{as_bound, canonical};
use super::door::Door;
use super::pipe::Pipe;

pub(super) const WAKER: Token = Token(0);
/// Of the door, and of the one after it.
const DOORS: [[Token; 2]; 2] = [[Token(1), Token(2)], [Token(3), Token(4)]];
const FIRST_FREE: usize = 5;

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
    /// Our own, which it was sent to.
    pub(super) port: u16,
    pub(super) bytes: Vec<u8>,
}

/// What passes over UDP between a port that was ceded and one peer.
#[derive(Debug)]
struct Line {
    socket: UdpSocket,
    port: u16,
    peer: SocketAddr,
}

/// All sockets.
#[derive(Debug)]
pub(super) struct Ports {
    registry: Registry,
    /// The first until it is ceded, and the one that is opened in its place.
    doors: [Option<Door>; 2],
    lines: HashMap<Token, Line>,
    pipes: HashMap<Token, Pipe>,
    /// The line or the connection to an address, over TCP or not.
    tokens: HashMap<(bool, SocketAddr), Token>,
    next: usize,
    /// Those of which something may still be read.
    ready: Vec<Token>,
}

impl Ports {
    /// Opens a door at `address`.
    pub(super) fn bind(poll: &Poll, address: SocketAddr) -> io::Result<(Self, SocketAddr)> {
        let registry = poll.registry().try_clone()?;
        let door = Door::open(&registry, address, DOORS[0])?;
        let bound = door.bound();
        let ports = Self {
            registry,
            doors: [Some(door), None],
            lines: HashMap::new(),
            pipes: HashMap::new(),
            tokens: HashMap::new(),
            next: FIRST_FREE,
            ready: Vec::new(),
        };
        Ok((ports, bound))
    }

    /// Opens a second door at any port of the same address, and says which.
    pub(super) fn open_another(&mut self) -> io::Result<u16> {
        let [first, second] = &mut self.doors;
        let ip = match (first, &second) {
            (Some(first), None) => first.bound().ip(),
            _ => return Err(ErrorKind::AlreadyExists.into()),
        };
        let door = Door::open(&self.registry, SocketAddr::new(ip, 0), DOORS[1])?;
        let port = door.bound().port();
        *second = Some(door);
        Ok(port)
    }

    /// Closes the first door, so that another process can open one in its place, and keeps what passes through it for `peers`, who have
    /// been heard over UDP, and all connections over TCP. Returns what had come through it unread.
    pub(super) fn cede(
        &mut self,
        peers: impl Iterator<Item = SocketAddr>,
        now: Instant,
    ) -> Vec<Arrival> {
        let mut left = Vec::new();
        self.accept(0, now);
        let [first, _] = &mut self.doors;
        let Some(mut door) = first.take() else {
            return left;
        };
        // Before UDP: whoever gets that port looks for the other only once.
        if let Some(mut listener) = door.listener.take() {
            let _ = self.registry.deregister(&mut listener);
        }
        for peer in peers {
            if let Err(error) = self.keep(&door, peer) {
                tracing::warn!(%peer, %error, "a peer is lost with the port");
            }
        }
        read(&door.udp, door.bound().port(), &mut left);
        let _ = self.registry.deregister(&mut door.udp);
        left
    }

    fn keep(&mut self, door: &Door, peer: SocketAddr) -> io::Result<()> {
        let mut socket = door.line(peer)?;
        let token = Token(self.next);
        self.registry
            .register(&mut socket, token, Interest::READABLE)?;
        self.next += 1;
        self.tokens.insert((false, peer), token);
        let port = door.bound().port();
        self.lines.insert(token, Line { socket, port, peer });
        // Before it was connected, others' packets came to it as well.
        self.ready.push(token);
        Ok(())
    }

    /// Whether something is left to be read without waiting.
    pub(super) fn unread(&self) -> bool {
        !self.ready.is_empty()
    }

    /// There is something to do at `token`.
    pub(super) fn stir(&mut self, token: Token, writable: bool, now: Instant) {
        if let Some(door) = DOORS.iter().position(|[_, listener]| *listener == token) {
            self.accept(door, now);
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

    fn accept(&mut self, door: usize, now: Instant) {
        while let Some(Some(door)) = self.doors.get(door)
            && let Some(listener) = &door.listener
        {
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
            self.tokens.insert((true, address), token);
            let pipe = Pipe::new(stream, address, door.bound().port(), now);
            self.pipes.insert(token, pipe);
            self.ready.push(token);
        }
    }

    /// The datagrams that have come, some at a time.
    pub(super) fn read(&mut self) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        for token in std::mem::take(&mut self.ready) {
            let door = DOORS.iter().position(|[udp, _]| *udp == token);
            let more = if let Some(door) = door {
                let door = self.doors.get(door).and_then(Option::as_ref);
                door.is_some_and(|door| read(&door.udp, door.bound().port(), &mut arrivals))
            } else if let Some(line) = self.lines.get(&token) {
                read(&line.socket, line.port, &mut arrivals)
            } else {
                self.read_pipe(token, &mut arrivals)
            };
            if more {
                self.ready.push(token);
            }
        }
        arrivals
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
                    port: pipe.port,
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
        let from = if let Some(mut pipe) = self.pipes.remove(&token) {
            let _ = self.registry.deregister(&mut pipe.stream);
            (true, pipe.address)
        } else if let Some(mut line) = self.lines.remove(&token) {
            let _ = self.registry.deregister(&mut line.socket);
            (false, line.peer)
        } else {
            return;
        };
        if self.tokens.get(&from) == Some(&token) {
            self.tokens.remove(&from);
        }
    }

    /// Closes what there is to an address alone, over TCP or not.
    pub(super) fn hang_up(&mut self, from: (bool, SocketAddr)) {
        if let Some(&token) = self.tokens.get(&from) {
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
        let to = packet.destination;
        let over_tcp = packet.proto != Protocol::Udp;
        let token = self.tokens.get(&(over_tcp, to)).copied();
        if over_tcp {
            if let Some(token) = token
                && let Some(pipe) = self.pipes.get_mut(&token)
                && pipe.send(&packet.contents).is_err()
            {
                self.close(token);
            }
        } else if let Some(line) = token.and_then(|token| self.lines.get(&token)) {
            let _ = line.socket.send(&packet.contents);
        } else {
            let mut doors = self.doors.iter().flatten();
            if let Some(door) = doors.find(|door| door.bound().port() == packet.source.port()) {
                let to = as_bound(to, door.bound());
                let _ = door.udp.send_to(&packet.contents, to);
            }
        }
    }
}

/// Reads what has come to a socket, some at a time; `true` when there may be more.
fn read(socket: &UdpSocket, port: u16, arrivals: &mut Vec<Arrival>) -> bool {
    let mut block = [0; 2048];
    for _ in 0..TURN {
        match socket.recv_from(&mut block) {
            Ok((count, source)) => arrivals.push(Arrival {
                protocol: Protocol::Udp,
                source: canonical(source),
                port,
                bytes: block.get(..count).unwrap_or_default().to_vec(),
            }),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            // Somebody we wrote to is no longer there: that is told to whoever reads next.
            Err(_) => {}
        }
    }
    true
}
