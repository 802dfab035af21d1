//! How peers of WebRTC reach sessions.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use avatar_codec::VideoSettings;

use super::caller::Caller;
use super::relay::Relay;
use crate::config::{Config, Video};
use crate::rtc::{Broadcast, Broadcaster, OfferError, PeerId, Settings, Switchboard};
use crate::store::Answered;

/// Bits a second of pictures at most.
const MOST: u32 = 4_000_000;

/// How long a session that a peer has left waits for him to come back.
const GRACE: Duration = Duration::from_secs(10);

/// How long calls wait for a port that another process has: after a reload the generator before is about to cede it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The switchboard, if there is to be one.
pub(crate) struct Telephone {
    settings: Option<Settings>,
    /// The last is the one that takes calls.
    boards: Vec<Arc<Switchboard>>,
    /// Until when the port is waited for, as long as it is.
    waiting: Option<Instant>,
}

impl Telephone {
    /// Connects it, so that it is known from the beginning whether that can be done.
    pub(crate) fn connect(settings: Option<Settings>) -> Self {
        let mut telephone = Self {
            settings,
            boards: Vec::new(),
            waiting: Some(Instant::now() + PATIENCE),
        };
        telephone.waits();
        telephone
    }

    /// Takes the port if it is free by now; true while callers had better wait until it is.
    pub(crate) fn waits(&mut self) -> bool {
        let Some(until) = self.waiting else {
            return false;
        };
        let taken = self.at_port();
        let in_use = matches!(&taken, Some(Err(error)) if error.kind() == ErrorKind::AddrInUse);
        if in_use && Instant::now() < until {
            return true;
        }
        self.waiting = None;
        if let Some(Err(error)) = self.board() {
            tracing::error!(%error, "nobody can call: avatar_webrtc names an address that cannot be used");
        }
        false
    }

    /// Another process is to take calls at the port. Those that are connected here go on; should somebody still join a session that is
    /// made here, it is at another port.
    pub(crate) fn retire(&mut self) {
        self.waiting = None;
        let port = self.settings.as_mut().map(|settings| {
            let port = settings.bind.port();
            settings.bind.set_port(0);
            port
        });
        // One that nobody talks over has nothing to wait for.
        self.boards.retain(|board| Arc::strong_count(board) > 1);
        let mut boards = self.boards.iter();
        let at_port = boards.find(|board| port == Some(board.address().port()));
        if let Some(board) = at_port {
            board.cede();
        }
    }

    /// The switchboard at the port that was asked for.
    fn at_port(&mut self) -> Option<io::Result<Arc<Switchboard>>> {
        let settings = self.settings.as_ref()?;
        if let Some(last) = self.boards.last()
            && [0, last.address().port()].contains(&settings.bind.port())
        {
            return Some(Ok(Arc::clone(last)));
        }
        Some(Switchboard::start(settings).map(|board| self.install(board)))
    }

    /// The switchboard that takes calls: at another port as long as the one that was asked for is in use. Peers are told which, and
    /// only a firewall would mind.
    fn board(&mut self) -> Option<io::Result<Arc<Switchboard>>> {
        let started = match (self.at_port()?, self.boards.last()) {
            (Ok(board), _) => Ok(board),
            (Err(_), Some(last)) => Ok(Arc::clone(last)),
            (Err(error), None) if error.kind() == ErrorKind::AddrInUse => {
                let mut settings = self.settings.clone()?;
                tracing::warn!(address = %settings.bind, "calls are taken at another port: this one is in use");
                settings.bind.set_port(0);
                Switchboard::start(&settings).map(|board| self.install(board))
            }
            (Err(error), None) => Err(error),
        };
        Some(started)
    }

    fn install(&mut self, board: Switchboard) -> Arc<Switchboard> {
        let board = Arc::new(board);
        // One that nobody talks over any more is given up.
        self.boards.retain(|board| Arc::strong_count(board) > 1);
        self.boards.push(Arc::clone(&board));
        board
    }

    /// A line for a session, and who is to be shown its frames.
    pub(crate) fn line(&mut self, config: &Config) -> Result<(Line, Relay), String> {
        let board = match self.board() {
            Some(board) => board.map_err(|error| {
                tracing::error!(%error, "nobody can call");
                "the server's port for calls cannot be used".to_owned()
            })?,
            None => return Err("this server takes no calls".to_owned()),
        };
        let Video {
            width,
            height,
            frame_rate,
        } = config.video;
        let streamed = VideoSettings::new(width, height, frame_rate.per_second());
        let broadcast = board.broadcast(streamed.max_bitrate.min(MOST));
        let caster = Broadcaster::open(Arc::clone(&broadcast), frame_rate.per_second()).map_err(
            |error| {
                tracing::error!(%error, "no call is encoded");
                "the server cannot encode what it shows".to_owned()
            },
        )?;
        let relay = Relay::new(caster, Arc::clone(&board), Arc::clone(&broadcast));
        let line = Line {
            board,
            broadcast,
            used: Instant::now(),
        };
        Ok((line, relay))
    }
}

/// The way of one session's peers to it.
pub(crate) struct Line {
    board: Arc<Switchboard>,
    broadcast: Arc<Broadcast>,
    /// When somebody was last there.
    used: Instant,
}

impl Line {
    /// Connects the maker of `offer`.
    pub(crate) fn connect(&mut self, peer: PeerId, offer: &str, caller: Caller) -> Answered {
        self.used = Instant::now();
        let joined = self
            .board
            .join(peer, offer, &self.broadcast, Box::new(caller));
        match joined {
            Ok(answer) => Answered::Taken(answer),
            Err(error @ (OfferError::Full | OfferError::Closed)) => {
                Answered::Busy(error.to_string())
            }
            Err(error) => Answered::Refused(error.to_string()),
        }
    }

    /// Lets `peer` go.
    pub(crate) fn end(&self, peer: PeerId) {
        self.board.leave(peer);
    }

    /// Whether anybody is there, or was until a moment ago.
    pub(crate) fn is_busy(&mut self) -> bool {
        if self.broadcast.peers() > 0 {
            self.used = Instant::now();
        }
        self.used.elapsed() < GRACE
    }

    /// What its peers are shown.
    pub(crate) fn broadcast(&self) -> &Arc<Broadcast> {
        &self.broadcast
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn telephone(bind: SocketAddr) -> Telephone {
        Telephone::connect(Some(Settings {
            bind,
            public: None,
            peers: 1,
        }))
    }

    fn address(telephone: &mut Telephone) -> SocketAddr {
        telephone.board().unwrap().unwrap().address()
    }

    /// One at a port of its own, as it was configured.
    fn first() -> (Telephone, SocketAddr) {
        let bound = address(&mut telephone("127.0.0.1:0".parse().unwrap()));
        (telephone(bound), bound)
    }

    fn wait(telephone: &mut Telephone) {
        while telephone.waits() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_port_is_waited_for_until_the_one_before_retires() {
        let (mut before, bound) = first();
        let busy = before.board().unwrap().unwrap();
        let mut after = telephone(bound);
        assert!(after.waits());
        before.retire();
        before.retire();
        wait(&mut after);
        assert_eq!(address(&mut after), bound);
        assert_ne!(address(&mut before), bound);
        assert_eq!(busy.address(), address(&mut before));
    }

    #[test]
    fn a_port_that_stays_in_use_is_replaced_until_it_is_free() {
        let (before, bound) = first();
        let mut after = telephone(bound);
        wait(&mut after);
        assert_ne!(address(&mut after), bound);
        drop(before);
        assert_eq!(address(&mut after), bound);
    }
}
