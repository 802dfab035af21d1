//! Encodes the frames of a session, once for all its peers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use avatar_codec::{CallEncoder, CallSettings, CodecError, OpusEncoder, Picture};

use super::broadcast::{Broadcast, Parcel, ParcelKind, SILENCE, SOUND_BITRATE};

/// Samples a second, in which all time is counted.
const RATE: u64 = 48_000;

/// What time the first frame has: room for what is sent before it.
const FIRST: u64 = 2 * RATE;

/// What is shown sooner than this is waited for: a picture out of turn costs a key picture.
const SOON: Duration = Duration::from_millis(200);

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
        let peers = self.broadcast.peers();
        if peers == 0 || self.broadcast.watching.load(Ordering::Acquire) == 0 {
            // Nothing is encoded for nobody: who is connected next gets a key picture at once.
            return Ok(peers > 0);
        }
        let (at, time) = self.place(at);
        let mut parcels = Vec::with_capacity(4);
        if let Some(picture) = picture {
            if let Some(preview) = self.preview(picture, at, time)? {
                // On its way while the rest is encoded.
                self.broadcast.push(vec![preview]);
            }
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
            None => (at, FIRST),
            Some((end, time)) => match at.checked_duration_since(end) {
                Some(gap) if gap > SLACK => (at, time + gap.as_micros() as u64 * RATE / 1_000_000),
                _ => (end, time),
            },
        }
    }

    /// The picture of a frame at `at` for those who have just come, at once: frames are made up to a second before they are shown,
    /// and until then they would see nothing.
    fn preview(
        &self,
        picture: &Picture,
        at: Instant,
        time: u64,
    ) -> Result<Option<Parcel>, CodecError> {
        if !self.broadcast.take_newcomers() {
            return Ok(None);
        }
        let now = Instant::now();
        let early = at.saturating_duration_since(now);
        let time = time.checked_sub(early.as_micros() as u64 * RATE / 1_000_000);
        let Some(time) = time.filter(|_| early > SOON) else {
            return Ok(None);
        };
        Ok(Some(Parcel {
            kind: ParcelKind::Preview,
            data: CallEncoder::alone(&self.settings(picture), picture)?
                .data
                .into(),
            leaves: now,
            time,
            clock: ahead(now),
        }))
    }

    fn settings(&self, picture: &Picture) -> CallSettings {
        CallSettings {
            width: u32::try_from(picture.width).unwrap_or_default(),
            height: u32::try_from(picture.height).unwrap_or_default(),
            frame_rate: self.frame_rate,
            bitrate: self.broadcast.bitrate.load(Ordering::Acquire),
        }
    }

    fn picture(&mut self, picture: &Picture, at: Instant, time: u64) -> Result<Parcel, CodecError> {
        let settings = self.settings(picture);
        let encoder = match &mut self.video {
            Some(encoder) => encoder,
            video => video.insert(CallEncoder::open(&settings)?),
        };
        encoder.set_bitrate(settings.bitrate);
        let rested = |last| at.saturating_duration_since(last) >= KEY_EVERY;
        let may = self.key_at.is_none_or(rested);
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
mod tests;
