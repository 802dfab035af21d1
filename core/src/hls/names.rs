//! What the files of a session are called.

/// The media playlist of video and sound.
pub const PLAYLIST: &str = "playlist.m3u8";
/// The multivariant playlist, which adds captions.
pub const MASTER: &str = "master.m3u8";
/// The media playlist of captions.
pub const CAPTIONS_PLAYLIST: &str = "captions.m3u8";
/// What decoders must know before the first segment.
pub const INIT: &str = "init.mp4";
/// The finished file.
pub const MP4: &str = "output.mp4";

/// The file of segment `number`, counted from zero: `segment_000.m4s`, with more digits from 1,000 on.
pub fn segment_name(number: u32) -> String {
    format!("segment_{number:03}.m4s")
}

/// The captions of segment `number`: `captions_000.vtt`.
pub fn captions_name(number: u32) -> String {
    format!("captions_{number:03}.vtt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_or_more() {
        assert_eq!(segment_name(0), "segment_000.m4s");
        assert_eq!(segment_name(999), "segment_999.m4s");
        assert_eq!(segment_name(1000), "segment_1000.m4s");
        assert_eq!(captions_name(7), "captions_007.vtt");
    }
}
