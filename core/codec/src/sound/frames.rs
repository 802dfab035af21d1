//! Streams that are nothing but frames, each behind a few bits that say so. Anything may look like one frame; several, each
//! where the one before it ends and of the same kind, are no chance.

use super::SoundFormat;
use super::mpeg;

/// As many frames tell a stream that does not begin with what is there.
const CHAIN: usize = 4;

/// Frames of one kind.
#[derive(Debug, Clone, Copy)]
struct Framing {
    format: SoundFormat,
    /// Bytes of the frame that is there, and what all frames of a stream have in common.
    read: fn(&[u8]) -> Option<(usize, u32)>,
}

const FRAMINGS: [Framing; 5] = [
    Framing {
        format: SoundFormat::Mp3,
        read: mpeg_frame,
    },
    Framing {
        format: SoundFormat::Adts,
        read: adts_frame,
    },
    Framing {
        format: SoundFormat::Loas,
        read: loas_frame,
    },
    Framing {
        format: SoundFormat::Ac3,
        read: ac3_frame,
    },
    Framing {
        format: SoundFormat::Eac3,
        read: eac3_frame,
    },
];

/// What a search for frames came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    /// Frames of this kind begin at this byte.
    Found(SoundFormat, usize),
    /// There may be some: what is there ends before it could be told.
    Open,
    None,
}

/// Looks for frames in `bytes`, which may begin within one or with something else.
pub(super) fn search(bytes: &[u8]) -> Search {
    let mut open = false;
    for start in 0..bytes.len() {
        let rest = bytes.get(start..).unwrap_or_default();
        // All of them begin with one of these.
        if !matches!(rest.first(), Some(0xff | 0x56 | 0x0b)) {
            continue;
        }
        for framing in &FRAMINGS {
            match chain(rest, framing.read) {
                Chain::Whole => return Search::Found(framing.format, start),
                // Of a stream that begins where the bytes begin, two are enough.
                Chain::Cut(frames) if frames >= 2 && start == 0 => {
                    return Search::Found(framing.format, 0);
                }
                Chain::Cut(_) => open = true,
                Chain::Broken => {}
            }
        }
    }
    if open { Search::Open } else { Search::None }
}

/// The kind of the frames that `bytes` begin with, if there are at least two.
pub(super) fn begin(bytes: &[u8]) -> Option<SoundFormat> {
    let found = FRAMINGS.iter().find(|framing| {
        let chain = chain(bytes, framing.read);
        matches!(chain, Chain::Whole) || matches!(chain, Chain::Cut(frames) if frames >= 2)
    });
    found.map(|framing| framing.format)
}

enum Chain {
    Whole,
    /// The bytes end after so many headers, or in the first one.
    Cut(usize),
    Broken,
}

fn chain(bytes: &[u8], read: fn(&[u8]) -> Option<(usize, u32)>) -> Chain {
    let (mut at, mut common) = (0, None);
    for frame in 0..CHAIN {
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.len() < HEADER {
            return Chain::Cut(frame);
        }
        match read(rest) {
            Some((length, kind)) if common.is_none_or(|common| common == kind) => {
                common = Some(kind);
                at += length.max(1);
            }
            _ => return Chain::Broken,
        }
    }
    Chain::Whole
}

/// Bytes that tell a frame of any kind.
const HEADER: usize = 7;

fn mpeg_frame(frame: &[u8]) -> Option<(usize, u32)> {
    let &[_, second, third, ..] = frame else {
        return None;
    };
    // The version, the layer and the rate.
    let common = u32::from(second & 0xfe) << 8 | u32::from(third & 0x0c);
    (second & 0xe0 == 0xe0).then_some((mpeg::frame_length(frame)?, common))
}

/// ISO/IEC 13818-7 section 6.2
fn adts_frame(frame: &[u8]) -> Option<(usize, u32)> {
    let &[0xff, second, third, fourth, fifth, sixth, ..] = frame else {
        return None;
    };
    let length = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
    let rate = third >> 2 & 15;
    let common = u32::from(second) << 8 | u32::from(third & 0xfc);
    (second & 0xf6 == 0xf0 && length > 7 && rate < 13).then_some((length, common))
}

/// ISO/IEC 14496-3 section 1.7.2: a stream of LATM behind eleven bits.
fn loas_frame(frame: &[u8]) -> Option<(usize, u32)> {
    let &[0x56, second, third, ..] = frame else {
        return None;
    };
    let length = usize::from(second & 0x1f) << 8 | usize::from(third);
    (second & 0xe0 == 0xe0 && length > 1).then_some((length + 3, 0))
}

/// Kilobits a second by the header's index (ETSI TS 102 366 table 4.13).
const AC3_RATES: [usize; 19] = [
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640,
];

/// ETSI TS 102 366 section 4.3
fn ac3_frame(frame: &[u8]) -> Option<(usize, u32)> {
    let &[0x0b, 0x77, _, _, code, stream, ..] = frame else {
        return None;
    };
    let (rate, size) = (code >> 6, code & 0x3f);
    let kilobits = AC3_RATES.get(usize::from(size >> 1))?;
    let words = match rate {
        0 => kilobits * 2,
        1 => kilobits * 320 / 147 + usize::from(size & 1),
        2 => kilobits * 3,
        _ => return None,
    };
    (stream >> 3 <= 10).then_some((words * 2, u32::from(rate) << 8 | u32::from(stream)))
}

/// ETSI TS 102 366 annex E
fn eac3_frame(frame: &[u8]) -> Option<(usize, u32)> {
    let &[0x0b, 0x77, third, fourth, fifth, stream, ..] = frame else {
        return None;
    };
    let words = (usize::from(third & 7) << 8 | usize::from(fourth)) + 1;
    let later = (11..=16).contains(&(stream >> 3));
    later.then_some((
        words * 2,
        u32::from(fifth >> 6) << 8 | u32::from(stream >> 3),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(header: &[u8], length: usize) -> Vec<u8> {
        let mut frame = header.to_vec();
        frame.resize(length, 0x11);
        frame
    }

    #[test]
    fn frames_are_found_behind_whatever_is_before_them() {
        let mp3 = frame(&[0xff, 0xfb, 0x90, 0x64], 417);
        let aac = frame(&[0xff, 0xf1, 0x5c, 0x80, 0x0c, 0x80, 0xfc], 100);
        let latm = frame(&[0x56, 0xe0, 97], 100);
        let ac3 = frame(&[0x0b, 0x77, 0, 0, 0x14, 0x40], 768);
        for (frame, format) in [
            (mp3, SoundFormat::Mp3),
            (aac, SoundFormat::Adts),
            (latm, SoundFormat::Loas),
            (ac3, SoundFormat::Ac3),
        ] {
            for before in [
                &[][..],
                &[0; 1024],
                &[0xff; 9],
                &frame[100.min(frame.len() / 2)..],
            ] {
                let stream = [before, &frame.repeat(5)].concat();
                assert_eq!(
                    search(&stream),
                    Search::Found(format, before.len()),
                    "{format}"
                );
                let cut = before.len() + frame.len() / 2;
                assert_eq!(search(&stream[..cut]), Search::Open, "{format}");
            }
        }
    }

    #[test]
    fn noise_has_no_frames() {
        let mut state = 1_u32;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(1 << 18)
        .collect();
        assert!(!matches!(search(&noise), Search::Found(..)));
    }
}
