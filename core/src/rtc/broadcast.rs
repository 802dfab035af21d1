//! What a session shows to its peers: frames are encoded once, and their packets wait for their time.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use avatar_codec::{CallEncoder, CallSettings, CodecError, OpusEncoder, Picture};
use mio::Waker;

/// Samples a second, in which all time is counted.
const RATE: u64 = 48_000;

/// Packets that may wait: more than a second of pictures and sound. A switchboard that is further behind will not catch up.
const MOST: usize = 100;

/// Bits a second of sound.
const SOUND_BITRATE: u32 = 40_000;

/// Bits a second of pictures where the network is unknown.
const FIRST_BITRATE: u32 = 900_000;

/// 20 ms of nothing: one frame of CELT at full bandwidth that says so in its first bit (RFC 6716 section 4.3).
const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];

/// How far behind the last packet of a frame the next frame begins, and a little more.
const FADE: Duration = Duration::from_millis(50);

/// Key pictures are this far apart at least, however many peers ask for one.
const KEY_EVERY: Duration = Duration::from_millis(300);

/// A frame that is shown later than this after the one before has ended leaves a gap; others follow on.
const SLACK: Duration = Duration::from_millis(10);

/// An encoded picture or 20 ms of sound.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) kind: ParcelKind,
    pub(super) data: Arc<[u8]>,
    /// When it is to be seen or heard.
    pub(super) at: Instant,
    /// The same in samples, counted from some moment before the first.
    pub(super) time: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParcelKind {
    Picture { key: bool },
    Sound,
}

/// What is between those who show frames of one session and the switchboard.
#[derive(Debug)]
pub struct Broadcast {
    state: Mutex<State>,
    /// Of the switchboard.
    waker: Arc<Waker>,
    /// Somebody needs a picture with which decoding can begin.
    key: AtomicBool,
    /// Bits a second of pictures that all peers' networks carry.
    bitrate: AtomicU32,
    /// Most that pictures are ever given.
    most: u32,
    /// With those who are still being connected.
    peers: AtomicUsize,
    /// Without them.
    watching: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    parcels: VecDeque<Parcel>,
    ended: bool,
    /// Frames that begin before are not to be heard.
    mute: Option<Instant>,
}

impl Broadcast {
    pub(super) fn new(waker: Arc<Waker>, most: u32) -> Self {
        Self {
            state: Mutex::default(),
            waker,
            key: AtomicBool::new(false),
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
        self.watching.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn left(&self, connected: bool) {
        if connected {
            self.watching.fetch_sub(1, Ordering::AcqRel);
        }
        self.peers.fetch_sub(1, Ordering::AcqRel);
    }

    /// Puts silence in the place of the sound that is not yet on its way, and of the next frame's, in which it would only fade.
    /// Where nothing came at all, receivers would go on with what they last heard.
    pub fn hush(&self) {
        let mut state = self.lock();
        let mut mute = None;
        for parcel in &mut state.parcels {
            if parcel.kind == ParcelKind::Sound {
                parcel.data = Arc::from(SILENCE);
                mute = mute.max(Some(parcel.at + FADE));
            }
        }
        state.mute = mute;
    }

    /// Whether sound that begins at `at` is not to be heard.
    fn is_mute(&self, at: Instant) -> bool {
        self.lock().mute.is_some_and(|until| at < until)
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
        let due = state.parcels.front().is_some_and(|next| next.at <= now);
        due.then(|| state.parcels.pop_front()).flatten()
    }

    /// When the next packet's time comes.
    pub(super) fn next(&self) -> Option<Instant> {
        Some(self.lock().parcels.front()?.at)
    }

    /// Whether all has been sent and nothing more comes.
    pub(super) fn over(&self) -> bool {
        let state = self.lock();
        state.ended && state.parcels.is_empty()
    }

    /// Puts packets where their time is; false when there is no room for them.
    fn push(&self, parcels: Vec<Parcel>) -> bool {
        let mut state = self.lock();
        if state.parcels.len() + parcels.len() > MOST {
            return false;
        }
        for parcel in parcels {
            let place = state.parcels.partition_point(|other| other.at <= parcel.at);
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

/// Encodes the frames of one session for all its peers.
#[derive(Debug)]
pub struct Broadcaster {
    broadcast: Arc<Broadcast>,
    frame_rate: u32,
    video: Option<CallEncoder>,
    audio: OpusEncoder,
    /// When time was `time`: the end of the last frame.
    clock: Option<(Instant, u64)>,
    /// Samples that were encoded.
    encoded: u64,
    /// When a key picture was last made.
    key_at: Option<Instant>,
}

impl Broadcaster {
    /// For pictures at `frame_rate` a second.
    ///
    /// # Errors
    ///
    /// [`CodecError`] where there is no Opus.
    pub fn open(broadcast: Arc<Broadcast>, frame_rate: u32) -> Result<Self, CodecError> {
        Ok(Self {
            broadcast,
            frame_rate,
            video: None,
            audio: OpusEncoder::open(SOUND_BITRATE)?,
            clock: None,
            encoded: 0,
            key_at: None,
        })
    }

    /// Shows a frame, the picture and the sound that goes with it, both from `at` on. False when nobody watches any more.
    ///
    /// # Errors
    ///
    /// [`CodecError`]
    pub fn show(
        &mut self,
        picture: Option<&Picture>,
        pcm: &[f32],
        at: Instant,
    ) -> Result<bool, CodecError> {
        if self.broadcast.peers() == 0 {
            return Ok(false);
        }
        if self.broadcast.watching.load(Ordering::Acquire) == 0 {
            // Nothing is encoded for nobody: who is connected next gets a key picture at once.
            return Ok(true);
        }
        let (at, time) = self.place(at);
        let mut parcels = Vec::with_capacity(4);
        if let Some(picture) = picture {
            parcels.push(self.picture(picture, at, time)?);
        }
        // A packet begins where the encoder says, which is a little before what it was made of.
        let begun = self.encoded as i64;
        self.encoded += pcm.len() as u64;
        let packets = if self.broadcast.is_mute(at) {
            self.audio.encode(&vec![0.0; pcm.len()])?
        } else {
            self.audio.encode(pcm)?
        };
        for packet in packets {
            let offset = packet.start - begun;
            parcels.push(Parcel {
                kind: ParcelKind::Sound,
                data: packet.data.into(),
                at: at + duration(offset.max(0).unsigned_abs()),
                time: time.saturating_add_signed(offset),
            });
        }
        self.clock = Some((at + duration(pcm.len() as u64), time + pcm.len() as u64));
        if !self.broadcast.push(parcels) {
            // Decoders are to begin anew with the next that is sent.
            self.broadcast.want_key();
        }
        Ok(true)
    }

    /// Where a frame shown at `at` lies in time: right after the one before, or later, never earlier.
    fn place(&self, at: Instant) -> (Instant, u64) {
        match self.clock {
            // Room for what begins before.
            None => (at, RATE),
            Some((end, time)) => match at.checked_duration_since(end) {
                Some(gap) if gap > SLACK => (at, time + gap.as_micros() as u64 * RATE / 1_000_000),
                _ => (end, time),
            },
        }
    }

    fn picture(&mut self, picture: &Picture, at: Instant, time: u64) -> Result<Parcel, CodecError> {
        let bitrate = self.broadcast.bitrate.load(Ordering::Acquire);
        let encoder = match &mut self.video {
            Some(encoder) => encoder,
            video => video.insert(CallEncoder::open(&CallSettings {
                width: u32::try_from(picture.width).unwrap_or_default(),
                height: u32::try_from(picture.height).unwrap_or_default(),
                frame_rate: self.frame_rate,
                bitrate,
            })?),
        };
        encoder.set_bitrate(bitrate);
        let may = self
            .key_at
            .is_none_or(|last| at.saturating_duration_since(last) >= KEY_EVERY);
        let key = may && self.broadcast.key.swap(false, Ordering::AcqRel);
        let packet = encoder.encode(picture, key)?;
        if packet.key {
            self.key_at = Some(at);
        }
        Ok(Parcel {
            kind: ParcelKind::Picture { key: packet.key },
            data: packet.data.into(),
            at,
            time,
        })
    }

    /// Nothing more will be shown.
    pub fn end(&mut self) {
        self.broadcast.end();
    }
}

fn duration(samples: u64) -> Duration {
    Duration::from_micros(samples * 1_000_000 / RATE)
}

#[cfg(test)]
mod tests {
    use mio::{Poll, Token};

    use super::*;

    fn broadcast() -> (Poll, Arc<Broadcast>) {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
        (poll, Arc::new(Broadcast::new(waker, 500_000)))
    }

    fn frame() -> (Picture, Vec<f32>) {
        (Picture::new(64, 48), vec![0.0; 1920])
    }

    fn all(broadcast: &Broadcast) -> Vec<Parcel> {
        let late = Instant::now() + Duration::from_secs(100);
        std::iter::from_fn(|| broadcast.due(late)).collect()
    }

    #[test]
    fn frames_follow_on_and_gaps_are_kept() {
        let (_poll, broadcast) = broadcast();
        let mut caster = Broadcaster::open(Arc::clone(&broadcast), 25).unwrap();
        let (picture, pcm) = frame();
        let begin = Instant::now();
        assert!(!caster.show(Some(&picture), &pcm, begin).unwrap());
        broadcast.joined();
        assert!(caster.show(Some(&picture), &pcm, begin).unwrap());
        assert!(all(&broadcast).is_empty());
        broadcast.connected();
        for at in [0, 41, 79, 500, 540] {
            let at = begin + Duration::from_millis(at);
            assert!(caster.show(Some(&picture), &pcm, at).unwrap());
        }
        let parcels = all(&broadcast);
        let of = |sound: bool| {
            let parcels = parcels.iter();
            parcels.filter(move |parcel| (parcel.kind == ParcelKind::Sound) == sound)
        };
        let pictures: Vec<u64> = of(false).map(|parcel| parcel.time - RATE).collect();
        assert_eq!(pictures, [0, 1920, 3840, 24_000, 25_920]);
        let lead = RATE - of(true).next().unwrap().time;
        assert!(lead < 500, "{lead} samples early");
        let sound: Vec<u64> = of(true).map(|parcel| parcel.time + lead - RATE).collect();
        let expected = [
            0, 960, 1920, 2880, 3840, 4800, 24_000, 24_960, 25_920, 26_880,
        ];
        assert_eq!(sound, expected);
        assert!(parcels.is_sorted_by_key(|parcel| parcel.at));
        assert!(matches!(
            parcels[0].kind,
            ParcelKind::Picture { key: true } | ParcelKind::Sound
        ));
        broadcast.left(true);
        assert!(!caster.show(Some(&picture), &pcm, begin).unwrap());
    }

    #[test]
    fn nothing_leaves_before_its_time() {
        let (_poll, broadcast) = broadcast();
        broadcast.joined();
        broadcast.connected();
        let mut caster = Broadcaster::open(Arc::clone(&broadcast), 25).unwrap();
        let (picture, pcm) = frame();
        let at = Instant::now() + Duration::from_secs(5);
        caster.show(Some(&picture), &pcm, at).unwrap();
        assert!(broadcast.due(Instant::now()).is_none());
        assert_eq!(broadcast.next(), Some(at));
        broadcast.hush();
        let parcels = all(&broadcast);
        assert_eq!(parcels.len(), 3);
        let mut decoder = avatar_codec::OpusDecoder::open().unwrap();
        for sound in parcels.iter().filter(|one| one.kind == ParcelKind::Sound) {
            let pcm = decoder.decode(&sound.data).unwrap();
            assert!(pcm.len() == 960 && pcm.iter().all(|sample| *sample == 0.0));
        }
        assert!(!broadcast.over());
        caster.end();
        assert!(broadcast.over());
    }

    #[test]
    fn key_pictures_are_made_for_those_who_need_them_and_not_too_often() {
        let (_poll, broadcast) = broadcast();
        broadcast.joined();
        broadcast.connected();
        let mut caster = Broadcaster::open(Arc::clone(&broadcast), 25).unwrap();
        let (picture, pcm) = frame();
        let mut at = Instant::now();
        let mut keys = Vec::new();
        for index in 0..20 {
            if (3..6).contains(&index) {
                broadcast.want_key();
            }
            caster.show(Some(&picture), &pcm, at).unwrap();
            at += Duration::from_millis(40);
            let key = |parcel: &Parcel| parcel.kind == ParcelKind::Picture { key: true };
            keys.push(all(&broadcast).iter().any(key));
        }
        let keys: Vec<usize> = (0..20).filter(|&index| keys[index]).collect();
        assert_eq!(keys, [0, 8]);
    }

    #[test]
    fn what_nobody_fetches_is_not_kept() {
        let (_poll, broadcast) = broadcast();
        broadcast.joined();
        broadcast.connected();
        let mut caster = Broadcaster::open(Arc::clone(&broadcast), 25).unwrap();
        let (picture, pcm) = frame();
        let mut at = Instant::now();
        for _ in 0..200 {
            assert!(caster.show(Some(&picture), &pcm, at).unwrap());
            at += Duration::from_millis(40);
        }
        assert!(all(&broadcast).len() <= MOST);
    }
}
