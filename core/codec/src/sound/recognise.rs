//! What the beginning of a stream says it is.

use super::frames::{self, Search};
use super::{SoundFormat, foreign, samples};

/// What a stream is, as far as its first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognition {
    /// Sound of this kind, from this byte on; what is before it is none.
    Sound(SoundFormat, usize),
    /// The next bytes must tell.
    Open,
    /// A stream of this kind whose beginning is missing, without which it cannot be decoded.
    Middle(SoundFormat),
    /// Something else, in words that follow "it is".
    Foreign(&'static str),
    /// Nothing that is known.
    Unknown,
}

impl Recognition {
    /// So many bytes are enough to tell.
    pub const ENOUGH: usize = 1 << 16;

    /// What begins with `head`. More than [`ENOUGH`](Self::ENOUGH) bytes need not be there. A tag that is longer than
    /// `head` is to be left out by who reads, with [`tag_length`].
    pub fn of(head: &[u8]) -> Self {
        let mut start = 0;
        while let Some(length) = head.get(start..).and_then(tag_length) {
            start += length;
        }
        let Some(rest) = head.get(start..) else {
            return Self::Open;
        };
        match Self::untagged(rest) {
            Self::Sound(format, at) => Self::Sound(format, start + at),
            other => other,
        }
    }

    /// What is wrong with a stream that begins so, for whoever sent it; `None` where it is sound.
    pub fn words(self) -> Option<String> {
        Some(match self {
            Self::Sound(..) => return None,
            Self::Middle(format) => {
                format!("it is the middle of a stream of {format}, whose beginning is missing")
            }
            Self::Foreign(words) => format!("it is {words}"),
            Self::Open | Self::Unknown => {
                "it is no kind of sound that is known; samples without a header need format=pcm_s16le"
                    .to_owned()
            }
        })
    }

    fn untagged(head: &[u8]) -> Self {
        if head.is_empty() || (head.len() < SoundFormat::HEAD && b"ID3".starts_with(head)) {
            return Self::Open;
        }
        if let Some(words) = foreign::certain(head) {
            return Self::Foreign(words);
        }
        if let Some(format) = SoundFormat::certain(head) {
            return match format {
                // The first page of a stream says so (RFC 3533 section 6).
                SoundFormat::Ogg => match head.get(5) {
                    None => Self::Open,
                    Some(flags) if flags & 2 != 0 => Self::Sound(format, 0),
                    Some(_) => Self::Middle(format),
                },
                _ => Self::Sound(format, 0),
            };
        }
        if let Some(format) = middle(head) {
            return Self::Middle(format);
        }
        let known = head.get(..Self::ENOUGH).unwrap_or(head);
        if let Some(words) = foreign::text(known) {
            return Self::Foreign(words);
        }
        match frames::search(known) {
            Search::Found(format, at) => Self::Sound(format, at),
            Search::Open if known.len() < Self::ENOUGH && !is_large(known) => Self::Open,
            Search::Open if begins_with_frame(known) => Self::Open,
            _ if is_large(known) => Self::Unknown,
            _ => Self::Open,
        }
    }
}

/// Frames are not longer than this, so that another must have begun.
const FRAMES: usize = 4096;

/// Whether so much is there, silence before it not counted, that a stream of frames would be known.
fn is_large(head: &[u8]) -> bool {
    let silence = head.iter().take_while(|byte| **byte == 0).count();
    head.len() - silence >= FRAMES / 4
}

/// Whether what is there can be one long frame.
fn begins_with_frame(head: &[u8]) -> bool {
    let first = SoundFormat::sniff(head).is_some() || head.starts_with(&[0x0b, 0x77]);
    head.len() < FRAMES && first
}

/// A stream that is cut where players cut it.
fn middle(head: &[u8]) -> Option<SoundFormat> {
    match head {
        // A fragment (ISO/IEC 14496-12) and a cluster (RFC 9559) go on with what was described before.
        [_, _, _, _, b'm', b'o', b'o', b'f', ..] | [_, _, _, _, b's', b't', b'y', b'p', ..] => {
            Some(SoundFormat::Mp4)
        }
        [0x1f, 0x43, 0xb6, 0x75, ..] => Some(SoundFormat::WebM),
        _ => None,
    }
}

/// Bytes of the tag (ID3, version 2) that `head` begins with.
pub fn tag_length(head: &[u8]) -> Option<usize> {
    let &[b'I', b'D', b'3', version, _, flags, a, b, c, d, ..] = head else {
        return None;
    };
    if version == 0xff || [a, b, c, d].iter().any(|byte| *byte > 0x7f) {
        return None;
    }
    let size = [a, b, c, d]
        .into_iter()
        .fold(0, |size, byte| size << 7 | usize::from(byte));
    let footer = if flags & 0x10 != 0 { 10 } else { 0 };
    Some(10 + size + footer)
}

/// What file that is no sound certainly begins with `head`, be it where a stream might go on.
pub fn foreign_file(head: &[u8]) -> Option<&'static str> {
    foreign::certain(head)
}

/// Whether `bytes`, which are nothing that is known, can be samples of 16 bits of a voice, the lower eight first.
///
/// Speech is not as loud as noise at full scale and as rough at once, and lies around zero.
pub fn plausible_samples(bytes: &[u8]) -> bool {
    samples::plausible(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_tag_is_what_counts() {
        let tag = [&b"ID3\x04\0\0\0\0\x01\x00"[..], &[0; 128]].concat();
        assert_eq!(tag_length(&tag), Some(138));
        let flac = [&tag[..], b"fLaC\0\0\0\x22"].concat();
        assert_eq!(
            Recognition::of(&flac),
            Recognition::Sound(SoundFormat::Flac, 138)
        );
        assert_eq!(Recognition::of(&tag), Recognition::Open);
        assert_eq!(Recognition::of(&tag[..50]), Recognition::Open);
        let twice = [&tag[..], &flac].concat();
        assert_eq!(
            Recognition::of(&twice),
            Recognition::Sound(SoundFormat::Flac, 276)
        );
    }

    #[test]
    fn a_beginning_that_is_missing_is_missed() {
        let page = |flags| [&b"OggS\0"[..], &[flags], &[0; 20]].concat();
        assert_eq!(
            Recognition::of(&page(2)),
            Recognition::Sound(SoundFormat::Ogg, 0)
        );
        assert_eq!(
            Recognition::of(&page(0)),
            Recognition::Middle(SoundFormat::Ogg)
        );
        assert_eq!(
            Recognition::of(b"\0\0\0\x64moof\0\0\0\x10mfhd"),
            Recognition::Middle(SoundFormat::Mp4)
        );
        assert_eq!(
            Recognition::of(b"\x1f\x43\xb6\x75\xff\xff\xff\xff\xff\xff\xff\xff"),
            Recognition::Middle(SoundFormat::WebM)
        );
    }

    #[test]
    fn what_is_too_little_may_be_anything_and_noise_is_nothing() {
        for few in [&b""[..], b"f", b"RI", b"\xff", b"ID3", &[0; 70_000]] {
            assert_eq!(Recognition::of(few), Recognition::Open, "{}", few.len());
        }
        let noise: Vec<u8> = (0..5_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        assert_eq!(Recognition::of(&noise), Recognition::Unknown);
    }
}
