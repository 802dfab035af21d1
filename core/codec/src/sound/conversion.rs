//! Samples of every kind to one channel of floating point.

use ffmpeg_next::format::sample::{Sample, Type};
use ffmpeg_next::frame;

use super::Stretch;

/// How a sample is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    U8,
    I16,
    I24,
    I32,
    F32,
    F64,
    /// ITU-T G.711
    ALaw,
    /// ITU-T G.711
    MuLaw,
}

impl Kind {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::ALaw | Self::MuLaw => 1,
            Self::I16 => 2,
            Self::I24 => 3,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The value of a sample, nominally −1…1; the lower bytes come first.
    fn read(self, bytes: &[u8]) -> f32 {
        let value = match (self, bytes) {
            (Self::U8, &[a]) => (f32::from(a) - 128.0) / 128.0,
            (Self::I16, &[a, b]) => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
            (Self::I24, &[a, b, c]) => i32::from_le_bytes([0, a, b, c]) as f32 / 2_147_483_648.0,
            (Self::I32, &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]) as f32 / 2_147_483_648.0,
            (Self::F32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            (Self::F64, &[a, b, c, d, e, f, g, h]) => {
                f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32
            }
            (Self::ALaw, &[a]) => a_law(a),
            (Self::MuLaw, &[a]) => mu_law(a),
            _ => 0.0,
        };
        // A decoder that is given noise may answer with infinity.
        if value.is_finite() { value } else { 0.0 }
    }
}

/// ITU-T G.711 table 1: every other bit is inverted.
fn a_law(code: u8) -> f32 {
    let code = code ^ 0x55;
    let (segment, step) = ((code >> 4) & 7, f32::from(code & 15));
    let size = match segment {
        0 => 2.0 * step + 1.0,
        _ => (2.0 * step + 33.0) * f32::from(1_u8 << (segment - 1)),
    };
    let size = size / 4096.0;
    if code & 0x80 == 0 { -size } else { size }
}

/// ITU-T G.711 table 2: all bits are inverted.
fn mu_law(code: u8) -> f32 {
    let code = !code;
    let (segment, step) = ((code >> 4) & 7, f32::from(code & 15));
    let size = ((2.0 * step + 33.0) * f32::from(1_u8 << segment) - 33.0) / 8192.0;
    if code & 0x80 == 0 { size } else { -size }
}

/// Samples of all channels, which alternate.
pub(super) fn samples(bytes: &[u8], kind: Kind) -> Vec<f32> {
    let values = bytes.chunks_exact(kind.bytes());
    values.map(|bytes| kind.read(bytes)).collect()
}

/// What a frame has in it.
pub(super) struct Channels {
    /// Of all channels, which alternate.
    pub(super) samples: Vec<f32>,
    pub(super) count: usize,
    /// Where each is heard, if that is known (`dwChannelMask`).
    pub(super) mask: u64,
    pub(super) rate: u32,
}

/// The sound of `frame`; `None` where there is none.
pub(super) fn channels(frame: &frame::Audio) -> Option<Channels> {
    let (count, length) = (usize::from(frame.channels()), frame.samples());
    if frame.planes() == 0 || count == 0 || length == 0 {
        return None;
    }
    let (kind, order) = match frame.format() {
        Sample::U8(order) => (Kind::U8, order),
        Sample::I16(order) => (Kind::I16, order),
        Sample::I32(order) => (Kind::I32, order),
        Sample::F32(order) => (Kind::F32, order),
        Sample::F64(order) => (Kind::F64, order),
        _ => return None,
    };
    let plane = |index: usize, channels: usize| {
        let bytes = frame.data(index).get(..length * channels * kind.bytes());
        samples(bytes.unwrap_or_default(), kind)
    };
    let samples = match order {
        Type::Packed => plane(0, count),
        Type::Planar => {
            let mut samples = vec![0.0; length * count];
            for index in 0..frame.planes().min(count) {
                let steps = samples.chunks_exact_mut(count);
                for (step, value) in steps.zip(plane(index, 1)) {
                    if let Some(to) = step.get_mut(index) {
                        *to = value;
                    }
                }
            }
            samples
        }
    };
    Some(Channels {
        samples,
        count,
        mask: frame.channel_layout().bits(),
        rate: frame.rate(),
    })
}

/// The sound of `frame`, all channels alike; `None` where there is none.
pub(crate) fn mono(frame: &frame::Audio) -> Option<Stretch> {
    let found = channels(frame)?;
    let share = 1.0 / found.count.max(1) as f32;
    let steps = found.samples.chunks_exact(found.count.max(1));
    let pcm = steps.map(|step| step.iter().sum::<f32>() * share).collect();
    Some(Stretch {
        rate: found.rate,
        pcm,
    })
}

// libavcodec writes samples as the machine does.
const _: () = assert!(cfg!(target_endian = "little"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn companded_samples_are_as_loud_as_the_tables_say() {
        // The ends of the tables, of 13 and 14 bits, and the quietest of both signs.
        assert_eq!(
            (a_law(0xaa), a_law(0x2a)),
            (4032.0 / 4096.0, -4032.0 / 4096.0)
        );
        assert_eq!((a_law(0xd5), a_law(0x55)), (1.0 / 4096.0, -1.0 / 4096.0));
        assert_eq!(
            (mu_law(0x80), mu_law(0x00)),
            (8031.0 / 8192.0, -8031.0 / 8192.0)
        );
        assert_eq!(mu_law(0xff), 0.0);
    }
}
