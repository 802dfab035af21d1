//! Headers that say how long a recording is, once that is known.

use super::RecordingFormat;

/// Bytes of a file that its header may take up.
pub(super) const LONGEST: usize = 64;

/// Bytes of one sample.
const SAMPLE: u64 = 2;

/// `header`, which begins a file of `bytes` bytes and promises no length, as it is where `samples` samples are in it.
/// `None` where the format has no place for a length, or not for so large a one.
pub(super) fn with_length(
    format: RecordingFormat,
    header: &[u8],
    samples: u64,
    bytes: u64,
) -> Option<Vec<u8>> {
    match format {
        RecordingFormat::Wav => wave(header, samples, bytes),
        RecordingFormat::Flac => flac(header, samples),
        RecordingFormat::Mp3
        | RecordingFormat::Opus
        | RecordingFormat::Aac
        | RecordingFormat::Pcm => None,
    }
}

/// The sizes of the form and of its data, 32 bits each, the lower byte first (RIFF, Multimedia Programming Interface and
/// Data Specifications 1.0).
fn wave(header: &[u8], samples: u64, bytes: u64) -> Option<Vec<u8>> {
    let data = header.windows(4).position(|name| name == b"data")?;
    let form = u32::try_from(bytes.checked_sub(8)?).ok()?;
    let sound = u32::try_from(samples.checked_mul(SAMPLE)?).ok()?;
    let mut header = header.get(..data + 8)?.to_vec();
    header.get_mut(4..8)?.copy_from_slice(&form.to_le_bytes());
    header
        .get_mut(data + 4..)?
        .copy_from_slice(&sound.to_le_bytes());
    Some(header)
}

/// The number of samples in STREAMINFO, its bits 108 to 143 (RFC 9639 section 8.2), which follows the name of the format and
/// the head of the block, four bytes each.
fn flac(header: &[u8], samples: u64) -> Option<Vec<u8>> {
    const STREAMINFO: usize = 8;
    if !header.starts_with(b"fLaC") || samples >> 36 != 0 {
        return None;
    }
    let mut header = header.get(..STREAMINFO + 18)?.to_vec();
    let place = header.get_mut(STREAMINFO + 13..)?;
    let number = samples.to_be_bytes();
    let [high, low @ ..] = place else {
        return None;
    };
    *high = *high & 0xf0 | number.get(3)? & 0x0f;
    low.copy_from_slice(number.get(4..)?);
    Some(header)
}
