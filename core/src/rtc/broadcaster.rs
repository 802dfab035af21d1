//! Encodes the frames of a session, once for all its peers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use avatar_codec::{CallEncoder, CallSettings, CodecError, OpusEncoder, Picture};

use super::broadcast::{Broadcast, Parcel, ParcelKind, SILENCE, SOUND_BITRATE};

/// Samples a second, in which all time is counted.
const RATE: u64 = 48_000;

/// Key pictures are this far apart at least, however many peers ask for one.
const KEY_EVERY: Duration = Duration::from_millis(300);

/// A frame that is shown later than this after the one before has ended leaves a gap; others follow on.
const SLACK: Duration = Duration::from_millis(10);

/// Sound leaves before the picture it goes with by as much longer as receivers take to play it: a packet waits for the next one, and the
/// loudspeaker for its buffer, where a picture is shown as soon as it is decoded. Browsers put up with lips that are 30 ms ahead.
/// (Chromium on an idle network: sound 65 ms after it came, pictures 8 ms.)
const SOUND_AHEAD: Duration = Duration::from_millis(30);

/// Encodes the frames of one session for all its peers.
#[derive(Debug)]
pub struct Broadcaster {
    broadcast: Arc<Broadcast>,
    frame_rate: u32,
    video: Option<CallEncoder>,
    audio: OpusEncoder,
    /// Samples that it has encoded.
    encoded: u64,
    /// When time was `time`: the end of the last frame.
    clock: Option<(Instant, u64)>,
    /// When a key picture was last made.
    key_at: Option<Instant>,
    /// Of the last frame.
    epoch: u64,
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
            epoch: 0,
        })
    }

    /// Shows a frame, the picture and the sound that goes with it, both from `at` on, made when the session had been interrupted
    /// `epoch` times. False when nobody watches any more.
    ///
    /// # Errors
    ///
    /// [`CodecError`]
    pub fn show(
        &mut self,
        picture: Option<&Picture>,
        pcm: &[f32],
        at: Instant,
        epoch: u64,
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
        self.sound(pcm, (at, time), epoch, &mut parcels)?;
        self.clock = Some((at + duration(pcm.len() as u64), time + pcm.len() as u64));
        if !self.broadcast.push(parcels) {
            // Decoders are to begin anew with the next that is sent.
            self.broadcast.want_key();
        }
        Ok(true)
    }

    fn sound(
        &mut self,
        pcm: &[f32],
        (at, time): (Instant, u64),
        epoch: u64,
        parcels: &mut Vec<Parcel>,
    ) -> Result<(), CodecError> {
        let past = self.broadcast.is_past(epoch);
        if std::mem::replace(&mut self.epoch, epoch) != epoch {
            // The encoder still has the last of what was interrupted, and supposes that it was heard.
            self.audio = OpusEncoder::open(SOUND_BITRATE)?;
            self.encoded = 0;
        }
        // A packet begins where the encoder says, which is a little before what it was made of.
        let begun = self.encoded as i64;
        self.encoded += pcm.len() as u64;
        for packet in self.audio.encode(pcm)? {
            let offset = packet.start - begun;
            let at = at + duration(offset.max(0).unsigned_abs());
            parcels.push(Parcel {
                kind: ParcelKind::Sound,
                data: match past {
                    true => Arc::from(SILENCE),
                    false => packet.data.into(),
                },
                leaves: ahead(at),
                time: time.saturating_add_signed(offset),
                clock: ahead(at),
            });
        }
        Ok(())
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
            leaves: at,
            time,
            clock: ahead(at),
        })
    }

    /// Nothing more will be shown.
    pub fn end(&mut self) {
        self.broadcast.end();
    }
}

/// When the sound leaves that goes with a picture at `at`.
fn ahead(at: Instant) -> Instant {
    at.checked_sub(SOUND_AHEAD).unwrap_or(at)
}

fn duration(samples: u64) -> Duration {
    Duration::from_micros(samples * 1_000_000 / RATE)
}

#[cfg(test)]
mod tests {
    use mio::{Poll, Token, Waker};

    use super::super::broadcast::MOST;
    use super::*;

    /// One without peers.
    fn unwatched() -> (Poll, Arc<Broadcast>, Broadcaster) {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
        let broadcast = Arc::new(Broadcast::new(waker, 500_000));
        let caster = Broadcaster::open(Arc::clone(&broadcast), 25).unwrap();
        (poll, broadcast, caster)
    }

    /// One with a peer that is connected.
    fn watched() -> (Poll, Arc<Broadcast>, Broadcaster) {
        let (poll, broadcast, caster) = unwatched();
        broadcast.joined();
        broadcast.connected();
        (poll, broadcast, caster)
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
        let (_poll, broadcast, mut caster) = unwatched();
        let (picture, pcm) = frame();
        let begin = Instant::now();
        assert!(!caster.show(Some(&picture), &pcm, begin, 0).unwrap());
        broadcast.joined();
        assert!(caster.show(Some(&picture), &pcm, begin, 0).unwrap());
        assert!(all(&broadcast).is_empty());
        broadcast.connected();
        for at in [0, 41, 79, 500, 540] {
            let at = begin + Duration::from_millis(at);
            assert!(caster.show(Some(&picture), &pcm, at, 0).unwrap());
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
        assert!(parcels.is_sorted_by_key(|parcel| parcel.leaves));
        assert!(parcels.iter().all(|parcel| parcel.clock <= parcel.leaves));
        // Sound and pictures are laid together where they belong together, whatever leaves first.
        let offset = |parcel: &Parcel| {
            let time = Duration::from_micros(parcel.time * 1000 / 48);
            (parcel.clock + Duration::from_secs(10)) - time
        };
        let first = offset(&parcels[0]);
        for parcel in &parcels {
            let (one, other) = (offset(parcel).max(first), offset(parcel).min(first));
            assert!(one - other < Duration::from_millis(15), "{parcel:?}");
        }
        let begins = |sound: bool| of(sound).next().unwrap().leaves;
        assert!(begins(true) + SOUND_AHEAD <= begins(false) + Duration::from_millis(1));
        assert!(of(false).next().unwrap().kind == ParcelKind::Picture { key: true });
        broadcast.left(true);
        assert!(!caster.show(Some(&picture), &pcm, begin, 0).unwrap());
    }

    #[test]
    fn nothing_leaves_before_its_time() {
        let (_poll, broadcast, mut caster) = watched();
        let (picture, pcm) = frame();
        let at = Instant::now() + Duration::from_secs(5);
        caster.show(Some(&picture), &pcm, at, 0).unwrap();
        assert!(broadcast.due(Instant::now()).is_none());
        assert_eq!(broadcast.next(), Some(at - SOUND_AHEAD));
        assert!(!broadcast.over());
        assert_eq!(all(&broadcast).len(), 3);
        caster.end();
        assert!(broadcast.over());
    }

    #[test]
    fn nothing_of_what_was_interrupted_is_heard() {
        let (_poll, broadcast, mut caster) = watched();
        let picture = Picture::new(64, 48);
        let tone: Vec<f32> = (0..1920).map(|n| (n as f32 * 0.07).sin() * 0.5).collect();
        let mut at = Instant::now() + Duration::from_secs(5);
        let mut show = |pcm: &[f32], epoch| {
            caster.show(Some(&picture), pcm, at, epoch).unwrap();
            at += Duration::from_millis(40);
        };
        let mut decoder = avatar_codec::OpusDecoder::open().unwrap();
        let mut heard = || {
            let sound = all(&broadcast).into_iter();
            let sound = sound.filter(|one| one.kind == ParcelKind::Sound);
            let pcm = sound.flat_map(|one| decoder.decode(&one.data).unwrap());
            pcm.fold(0.0_f32, |most, sample| most.max(sample.abs()))
        };
        show(&tone, 0);
        assert!(heard() > 0.3);
        show(&tone, 0);
        broadcast.hush(1);
        // In this decoders still fade what they had before.
        heard();
        // One that was painted before, and one after, in which the encoder still has the last of that.
        show(&tone, 0);
        show(&[0.0; 1920], 1);
        show(&[0.0; 1920], 1);
        assert!(heard() < 0.001);
        show(&tone, 1);
        assert!(heard() > 0.3);
    }

    #[test]
    fn key_pictures_are_made_for_those_who_need_them_and_not_too_often() {
        let (_poll, broadcast, mut caster) = watched();
        let (picture, pcm) = frame();
        let mut at = Instant::now();
        let mut keys = Vec::new();
        for index in 0..20 {
            if (3..6).contains(&index) {
                broadcast.want_key();
            }
            caster.show(Some(&picture), &pcm, at, 0).unwrap();
            at += Duration::from_millis(40);
            let key = |parcel: &Parcel| parcel.kind == ParcelKind::Picture { key: true };
            keys.push(all(&broadcast).iter().any(key));
        }
        let keys: Vec<usize> = (0..20).filter(|&index| keys[index]).collect();
        assert_eq!(keys, [0, 8]);
    }

    #[test]
    fn what_nobody_fetches_is_not_kept() {
        let (_poll, broadcast, mut caster) = watched();
        let (picture, pcm) = frame();
        let mut at = Instant::now();
        for _ in 0..200 {
            assert!(caster.show(Some(&picture), &pcm, at, 0).unwrap());
            at += Duration::from_millis(40);
        }
        assert!(all(&broadcast).len() <= MOST);
    }
}
