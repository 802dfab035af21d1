//! What the files of a session are called.

use std::fmt;

/// The media playlist of video and sound.
pub const PLAYLIST: &str = "playlist.m3u8";
/// The same as an update for those who have an earlier one.
pub const DELTA_PLAYLIST: &str = "playlist.delta.m3u8";
/// The same for players that are to know nothing of parts.
pub const PLAIN_PLAYLIST: &str = "playlist.plain.m3u8";
/// The multivariant playlist, which adds captions.
pub const MASTER: &str = "master.m3u8";
/// The media playlist of captions.
pub const CAPTIONS_PLAYLIST: &str = "captions.m3u8";
/// The same as an update for those who have an earlier one.
pub const DELTA_CAPTIONS: &str = "captions.delta.m3u8";
/// The same for players that are to know nothing of blocking.
pub const PLAIN_CAPTIONS: &str = "captions.plain.m3u8";
/// What decoders must know before the first segment.
pub const INIT: &str = "init.mp4";
/// The finished file.
pub const MP4: &str = "output.mp4";

/// The name of one file among those of a kind, with three digits, or more from 1,000 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    kind: &'static str,
    number: u32,
    extension: &'static str,
}

/// The file of segment `number`, counted from zero: `segment_000.m4s`.
pub fn segment_name(number: u32) -> Numbered {
    Numbered {
        kind: "segment",
        number,
        extension: "m4s",
    }
}

/// The same segment as a transport stream: `segment_000.ts`.
pub fn ts_segment_name(number: u32) -> Numbered {
    Numbered {
        extension: "ts",
        ..segment_name(number)
    }
}

/// The file of part `index` of segment `number`, both counted from zero: `segment_000.0.m4s`.
pub fn part_name(number: u32, index: u32) -> PartName {
    PartName { number, index }
}

/// The name of a part's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartName {
    number: u32,
    index: u32,
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, index } = self;
        write!(f, "segment_{number:03}.{index}.m4s")
    }
}

/// The captions of segment `number`: `captions_000.vtt`.
pub fn captions_name(number: u32) -> Numbered {
    Numbered {
        kind: "captions",
        number,
        extension: "vtt",
    }
}

impl fmt::Display for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            number,
            extension,
        } = self;
        write!(f, "{kind}_{number:03}.{extension}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_or_more() {
        assert_eq!(segment_name(0).to_string(), "segment_000.m4s");
        assert_eq!(segment_name(999).to_string(), "segment_999.m4s");
        assert_eq!(segment_name(1000).to_string(), "segment_1000.m4s");
        assert_eq!(ts_segment_name(12).to_string(), "segment_012.ts");
        assert_eq!(part_name(12, 3).to_string(), "segment_012.3.m4s");
        assert_eq!(captions_name(7).to_string(), "captions_007.vtt");
    }
}
