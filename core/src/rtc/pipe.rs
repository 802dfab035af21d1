//! A TCP connection of a peer: datagrams with their lengths before them (RFC 4571).

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Instant;

use mio::net::TcpStream;

/// Bytes of the longest datagram that is taken. Those of WebRTC fit into Ethernet's.
const LONGEST: usize = 2000;

/// Bytes that may wait for a slow peer: what comes then is lost, as it would be over UDP.
const BACKLOG: usize = 256 * 1024;

/// One connection.
#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) stream: TcpStream,
    pub(super) address: SocketAddr,
    /// Our own, which the peer connected to.
    pub(super) port: u16,
    pub(super) opened: Instant,
    read: Vec<u8>,
    unsent: Vec<u8>,
}

impl Pipe {
    pub(super) fn new(stream: TcpStream, address: SocketAddr, port: u16, now: Instant) -> Self {
        Self {
            stream,
            address,
            port,
            opened: now,
            read: Vec::new(),
            unsent: Vec::new(),
        }
    }

    /// Reads what has come, up to some packets; `true` when there may be more.
    pub(super) fn fill(&mut self) -> io::Result<bool> {
        let mut block = [0; 16 * 1024];
        match self.stream.read(&mut block) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                self.read
                    .extend_from_slice(block.get(..count).unwrap_or_default());
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// The next whole datagram of what was read.
    pub(super) fn datagram(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some((&length, rest)) = self.read.split_first_chunk() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes(length));
        if length > LONGEST {
            return Err(ErrorKind::InvalidData.into());
        }
        let Some(datagram) = rest.get(..length) else {
            return Ok(None);
        };
        let datagram = datagram.to_vec();
        self.read.drain(..2 + length);
        Ok(Some(datagram))
    }

    /// Sends a datagram, now or as soon as the peer takes it, or not at all if he is too slow.
    pub(super) fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        let Ok(length) = u16::try_from(datagram.len()) else {
            return Ok(());
        };
        if self.unsent.len() + datagram.len() > BACKLOG {
            return Ok(());
        }
        self.unsent.extend_from_slice(&length.to_be_bytes());
        self.unsent.extend_from_slice(datagram);
        self.flush()
    }

    /// Sends what waits, as far as the peer takes it.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.unsent.drain(..count);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
