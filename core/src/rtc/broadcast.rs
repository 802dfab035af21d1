//! What a session shows to its peers: packets that wait for their time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use mio::Waker;

/// Packets that may wait: more than a second of pictures and sound. A switchboard that is further behind will not catch up.
pub(super) const MOST: usize = 100;

/// Bits a second of sound.
pub(super) const SOUND_BITRATE: u32 = 40_000;

/// Bits a second of pictures where the network is unknown.
const FIRST_BITRATE: u32 = 900_000;

/// 20 ms of nothing: one frame of CELT at full bandwidth that says so in its first bit (RFC 6716 section 4.3).
pub(super) const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];

/// An encoded picture or 20 ms of sound.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) kind: ParcelKind,
    pub(super) data: Arc<[u8]>,
    /// When it is sent.
    pub(super) leaves: Instant,
    /// Where it lies in time: in samples, counted from some moment before the first.
    pub(super) time: u64,
    /// When that was, by the clock that receivers lay sound and pictures together by (RFC 3550 section 6.4.1). Never after it leaves.
    pub(super) clock: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParcelKind {
    Picture {
        key: bool,
    },
    /// A picture out of turn, for those who have had none yet.
    Preview,
    Sound,
}

/// What is between those who show frames of one session and the switchboard.
#[derive(Debug)]
pub struct Broadcast {
    state: Mutex<State>,
    /// Of the switchboard.
    waker: Arc<Waker>,
    /// Somebody needs a picture with which decoding can begin.
    pub(super) key: AtomicBool,
    /// Somebody has come who sees nothing yet.
    newcomers: AtomicBool,
    /// Bits a second of pictures that all peers' networks carry.
    pub(super) bitrate: AtomicU32,
    /// Most that pictures are ever given.
    most: u32,
    /// With those who are still being connected.
    peers: AtomicUsize,
    /// Without them.
    pub(super) watching: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    parcels: VecDeque<Parcel>,
    ended: bool,
    /// Frames of epochs before this one are not to be heard.
    epoch: u64,
}

impl Broadcast {
    pub(super) fn new(waker: Arc<Waker>, most: u32) -> Self {
        Self {
            state: Mutex::default(),
            waker,
            key: AtomicBool::new(false),
            newcomers: AtomicBool::new(false),
            bitrate: AtomicU32::new(most.min(FIRST_BITRATE)),
            most,
            peers: AtomicUsize::new(0),
            watching: AtomicUsize::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many peers there are, with those who are still being connected.
    pub fn peers(&self) -> usize {
        self.peers.load(Ordering::Acquire)
    }

    pub(super) fn joined(&self) {
        self.peers.fetch_add(1, Ordering::AcqRel);
    }

    /// One of the peers is connected, and can begin with the next picture.
    pub(super) fn connected(&self) {
        self.want_key();
        self.newcomers.store(true, Ordering::Release);
        self.watching.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether somebody has come since this was asked.
    pub(super) fn take_newcomers(&self) -> bool {
        self.newcomers.swap(false, Ordering::AcqRel)
    }

    pub(super) fn left(&self, connected: bool) {
        if connected {
            self.watching.fetch_sub(1, Ordering::AcqRel);
        }
        self.peers.fetch_sub(1, Ordering::AcqRel);
    }

    /// Somebody has interrupted, with which `epoch` begins. Puts silence in the place of the sound that is not yet on its way, and
    /// of that of frames from before that are still to come. Where nothing came at all, receivers would go on with what they last
    /// heard.
    pub fn hush(&self, epoch: u64) {
        let mut state = self.lock();
        state.epoch = state.epoch.max(epoch);
        for parcel in &mut state.parcels {
            if parcel.kind == ParcelKind::Sound {
                parcel.data = Arc::from(SILENCE);
            }
        }
    }

    /// Whether the sound of frames of `epoch` is not to be heard.
    pub(super) fn is_past(&self, epoch: u64) -> bool {
        epoch < self.lock().epoch
    }

    /// Nothing more comes: peers are let go when they have what is on its way.
    pub fn end(&self) {
        self.lock().ended = true;
        self.wake();
    }

    /// Asks for a picture with which decoding can begin.
    pub(super) fn want_key(&self) {
        self.key.store(true, Ordering::Release);
    }

    /// Says what all peers' networks carry, in bits a second.
    pub(super) fn limit(&self, bitrate: u32) {
        let pictures = bitrate.saturating_sub(SOUND_BITRATE).min(self.most);
        self.bitrate.store(pictures, Ordering::Release);
    }

    /// What a network is to carry at best, in bits a second.
    pub(super) fn desired(&self) -> u32 {
        self.most.saturating_add(SOUND_BITRATE)
    }

    /// What a network is taken to carry at first, in bits a second.
    pub(super) fn supposed(&self) -> u32 {
        self.desired().min(FIRST_BITRATE + SOUND_BITRATE)
    }

    /// The next packet whose time has come.
    pub(super) fn due(&self, now: Instant) -> Option<Parcel> {
        let mut state = self.lock();
        let due = state.parcels.front().is_some_and(|next| next.leaves <= now);
        due.then(|| state.parcels.pop_front()).flatten()
    }

    /// When the next packet's time comes.
    pub(super) fn next(&self) -> Option<Instant> {
        Some(self.lock().parcels.front()?.leaves)
    }

    /// Whether all has been sent and nothing more comes.
    pub(super) fn over(&self) -> bool {
        let state = self.lock();
        state.ended && state.parcels.is_empty()
    }

    /// Puts packets where their time is; false when there is no room for them.
    pub(super) fn push(&self, parcels: Vec<Parcel>) -> bool {
        let mut state = self.lock();
        if state.parcels.len() + parcels.len() > MOST {
            return false;
        }
        for parcel in parcels {
            let place = state
                .parcels
                .partition_point(|other| other.leaves <= parcel.leaves);
            state.parcels.insert(place, parcel);
        }
        drop(state);
        self.wake();
        true
    }

    fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            tracing::warn!(%error, "the switchboard was not woken");
        }
    }
}
