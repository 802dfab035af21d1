//! Where strangers knock: a socket for UDP and one that listens for TCP, both bound to one address.

use std::io;
use std::net::{SocketAddr, UdpSocket as StdUdpSocket};

use mio::net::{TcpListener, UdpSocket};
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::addresses::as_bound;

/// Both sockets.
#[derive(Debug)]
pub(super) struct Door {
    bound: SocketAddr,
    pub(super) udp: UdpSocket,
    pub(super) listener: Option<TcpListener>,
}

impl Door {
    /// Binds to `address`, and is stirred by the tokens. Without the TCP port, where another has it, there is UDP alone.
    pub(super) fn open(
        registry: &Registry,
        address: SocketAddr,
        [of_udp, of_listener]: [Token; 2],
    ) -> io::Result<Self> {
        let mut udp = match address.port() {
            // Any port would do then, and with this one that somebody has.
            0 => UdpSocket::bind(address)?,
            _ => {
                let udp = bind_beside(address)?;
                SockRef::from(&udp).set_reuse_address(false)?;
                udp
            }
        };
        let bound = udp.local_addr()?;
        registry.register(&mut udp, of_udp, Interest::READABLE)?;
        let listener = TcpListener::bind(bound).and_then(|mut listener| {
            registry.register(&mut listener, of_listener, Interest::READABLE)?;
            Ok(listener)
        });
        let listener = listener
            .inspect_err(|error| tracing::warn!(%bound, %error, "no WebRTC over TCP"))
            .ok();
        Ok(Self {
            bound,
            udp,
            listener,
        })
    }

    /// What both are bound to.
    pub(super) fn bound(&self) -> SocketAddr {
        self.bound
    }

    /// A socket at the same address for what passes between here and `peer` alone: the kernel prefers it to one that takes
    /// anybody's, in whatever process that is.
    pub(super) fn line(&self, peer: SocketAddr) -> io::Result<UdpSocket> {
        SockRef::from(&self.udp).set_reuse_address(true)?;
        let line = bind_beside(self.bound)?;
        line.connect(as_bound(peer, self.bound))?;
        Ok(line)
    }
}

/// Binds to `address` even where others are bound to it, if all of them allow that, as this one does from then on.
fn bind_beside(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(UdpSocket::from_std(StdUdpSocket::from(socket)))
}
