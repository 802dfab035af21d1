//! How peers of WebRTC reach sessions.

use std::io;
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

/// The switchboard, if there is to be one.
pub(crate) struct Telephone {
    settings: Option<Settings>,
    /// The last is the one that takes calls.
    boards: Vec<Arc<Switchboard>>,
}

impl Telephone {
    /// Connects it, so that it is known from the beginning whether that can be done.
    pub(crate) fn connect(settings: Option<Settings>) -> Self {
        let mut telephone = Self {
            settings,
            boards: Vec::new(),
        };
        if let Some(Err(error)) = telephone.board() {
            tracing::error!(%error, "nobody can call: avatar_webrtc names an address that cannot be used");
        }
        telephone
    }

    /// The switchboard that takes calls.
    ///
    /// After a reload the generator before may still have the port. Until it has gone, calls are taken at another: peers are told
    /// which, and only a firewall would mind.
    fn board(&mut self) -> Option<io::Result<Arc<Switchboard>>> {
        let settings = self.settings.as_ref()?;
        let last = self.boards.last().cloned();
        if let Some(last) = &last
            && [0, last.address().port()].contains(&settings.bind.port())
        {
            return Some(Ok(Arc::clone(last)));
        }
        let started = match (Switchboard::start(settings), last) {
            (Ok(board), _) => Ok(board),
            (Err(_), Some(last)) => return Some(Ok(last)),
            (Err(error), None) if error.kind() == io::ErrorKind::AddrInUse => {
                tracing::warn!(address = %settings.bind, "calls are taken at another port: this one is in use");
                let mut settings = settings.clone();
                settings.bind.set_port(0);
                Switchboard::start(&settings)
            }
            (Err(error), None) => Err(error),
        };
        Some(started.map(|board| {
            let board = Arc::new(board);
            // One that nobody talks over any more is given up.
            self.boards.retain(|board| Arc::strong_count(board) > 1);
            self.boards.push(Arc::clone(&board));
            board
        }))
    }

    /// A line for a session, and who is to be shown its frames.
    pub(crate) fn line(&mut self, config: &Config) -> Result<(Line, Relay), String> {
        let board = match self.board() {
            Some(board) => board.map_err(|error| error.to_string())?,
            None => return Err("this server takes no calls".to_owned()),
        };
        let Video {
            width,
            height,
            frame_rate,
        } = config.video;
        let streamed = VideoSettings::new(width, height, frame_rate.per_second());
        let broadcast = board.broadcast(streamed.max_bitrate.min(MOST));
        let caster = Broadcaster::open(Arc::clone(&broadcast), frame_rate.per_second())
            .map_err(|error| error.to_string())?;
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
