//! A peer's microphone: packets of Opus in, sound out.

use std::time::{Duration, Instant};

use avatar_codec::{CodecError, OpusDecoder};

/// Samples a second.
const RATE: u64 = 48_000;

/// How much more than real time passes: a network that has held packets back delivers them at once.
const BURST: u64 = 2 * RATE;

/// Packets lost in a row for which silence is put in their place, in samples. Longer ones are pauses, in which nothing was sent.
const GAP: u64 = RATE / 5;

/// Decodes what one peer sends.
#[derive(Debug)]
pub(super) struct Microphone {
    decoder: OpusDecoder,
    /// The time, in samples, at which the next packet begins if none is missing.
    next: Option<u64>,
    /// How much may be decoded, in samples, as of `refilled`: who sends faster than anybody speaks is not listened to.
    budget: u64,
    refilled: Instant,
}

impl Microphone {
    pub(super) fn open(now: Instant) -> Result<Self, CodecError> {
        Ok(Self {
            decoder: OpusDecoder::open()?,
            next: None,
            budget: BURST,
            refilled: now,
        })
    }

    /// The sound of a packet that begins at `time` samples, as far as it is new; nothing where it is no Opus.
    pub(super) fn hear(&mut self, packet: &[u8], time: u64, now: Instant) -> Vec<f32> {
        let Some(length) = samples(packet) else {
            return Vec::new();
        };
        self.refill(now);
        let next = self.next.unwrap_or(time);
        // More than a moment back is another stream.
        let repeated = time < next && next - time < RATE;
        let missing = time.saturating_sub(next);
        let silence = if missing <= GAP { missing } else { 0 };
        if repeated || silence + length > self.budget {
            return Vec::new();
        }
        self.budget -= silence + length;
        self.next = Some(time.saturating_add(length));
        let mut pcm = vec![0.0; usize::try_from(silence).unwrap_or_default()];
        pcm.extend(self.decoder.decode(packet).unwrap_or_default());
        pcm
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.refilled);
        let passed = passed.min(Duration::from_secs(10));
        let more = passed.as_micros() as u64 * RATE / 1_000_000;
        if more > 0 {
            self.budget = (self.budget + more).min(BURST);
            self.refilled = now;
        }
    }
}

/// How much sound is in a packet, in samples (RFC 6716 section 3.1); `None` where it cannot be one.
fn samples(packet: &[u8]) -> Option<u64> {
    let first = *packet.first()?;
    let frame = match first >> 3 {
        config @ 0..12 => [480, 960, 1920, 2880].get(usize::from(config % 4)),
        config @ 12..16 => [480, 960].get(usize::from(config % 2)),
        config => [120, 240, 480, 960].get(usize::from(config % 4)),
    };
    let frames = match first & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet.get(1)? & 0x3f),
    };
    let length = frame? * frames;
    (1..=RATE * 120 / 1000).contains(&length).then_some(length)
}

#[cfg(test)]
mod tests {
    use avatar_codec::{OPUS_SAMPLES, OpusEncoder};

    use super::*;

    fn packets(count: usize) -> Vec<Vec<u8>> {
        let mut encoder = OpusEncoder::open(32_000).unwrap();
        let tone: Vec<f32> = (0..count * OPUS_SAMPLES)
            .map(|n| (n as f32 * 0.05).sin() * 0.5)
            .collect();
        let packets = encoder.encode(&tone).unwrap();
        packets.into_iter().map(|packet| packet.data).collect()
    }

    #[test]
    fn the_length_stands_in_the_first_bytes() {
        for packet in packets(5) {
            assert_eq!(samples(&packet), Some(960));
        }
        // A frame of 60 ms; two of 20 ms; six of 20 ms; more than 120 ms; none.
        assert_eq!(samples(&[0x18]), Some(2880));
        assert_eq!(samples(&[0x09]), Some(1920));
        assert_eq!(samples(&[0xff, 6]), Some(5760));
        assert_eq!(samples(&[0xff, 7]), None);
        assert_eq!(samples(&[0xff, 0]), None);
        assert_eq!(samples(&[0xff]), None);
        assert_eq!(samples(&[]), None);
    }

    #[test]
    fn what_was_lost_is_silent_and_what_comes_twice_is_heard_once() {
        let now = Instant::now();
        let mut microphone = Microphone::open(now).unwrap();
        let packets = packets(8);
        let length = |pcm: Vec<f32>| pcm.len();
        assert_eq!(length(microphone.hear(&packets[0], 5000, now)), 960);
        assert_eq!(length(microphone.hear(&packets[1], 5960, now)), 960);
        assert_eq!(length(microphone.hear(&packets[1], 5960, now)), 0);
        assert_eq!(length(microphone.hear(&packets[4], 8840, now)), 3 * 960);
        // A pause of ten seconds, and a clock that begins anew.
        assert_eq!(length(microphone.hear(&packets[5], 488_840, now)), 960);
        assert_eq!(length(microphone.hear(&packets[6], 77, now)), 960);
    }

    #[test]
    fn nobody_is_heard_faster_than_he_can_speak() {
        let mut now = Instant::now();
        let mut microphone = Microphone::open(now).unwrap();
        let packet = &packets(1)[0];
        let mut heard = 0;
        for index in 0..1000 {
            heard += microphone.hear(packet, index * 960, now).len();
        }
        assert_eq!(heard, BURST as usize / 960 * 960);
        now += Duration::from_millis(500);
        for index in 1000..2000 {
            heard += microphone.hear(packet, index * 960, now).len();
        }
        assert_eq!(heard, (BURST + RATE / 2) as usize / 960 * 960);
    }
}
