//! What the files of a session are called.

use std::fmt;

use super::playlist::Form;

/// The media playlist of video and sound.
pub const PLAYLIST: &str = "playlist.m3u8";
/// The same as an update for those who have an earlier one.
const DELTA_PLAYLIST: &str = "playlist.delta.m3u8";
/// The same for players that are to know nothing of parts.
const PLAIN_PLAYLIST: &str = "playlist.plain.m3u8";
/// The media playlist of sound alone.
pub const SOUND_PLAYLIST: &str = "audio.m3u8";
/// The same as an update for those who have an earlier one.
const DELTA_SOUND: &str = "audio.delta.m3u8";
/// The same for players that are to know nothing of parts.
const PLAIN_SOUND: &str = "audio.plain.m3u8";
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
/// The finished file of a session without pictures.
pub const M4A: &str = "output.m4a";

/// One of a session's renditions: what its files are called, and where they lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RenditionName {
    /// Pictures and sound, as large as they are made.
    Full,
    /// The same so many pixels high, in a directory named after that.
    Height(u16),
    /// Sound alone.
    Sound,
}

impl RenditionName {
    /// What its segments are called.
    pub const fn stem(self) -> &'static str {
        match self {
            Self::Full | Self::Height(_) => "segment",
            Self::Sound => "audio",
        }
    }

    /// The file of its media playlist.
    pub const fn playlist(self, form: Form) -> &'static str {
        match (self, form) {
            (Self::Full | Self::Height(_), Form::LowLatency) => PLAYLIST,
            (Self::Full | Self::Height(_), Form::Delta) => DELTA_PLAYLIST,
            (Self::Full | Self::Height(_), Form::Plain) => PLAIN_PLAYLIST,
            (Self::Sound, Form::LowLatency) => SOUND_PLAYLIST,
            (Self::Sound, Form::Delta) => DELTA_SOUND,
            (Self::Sound, Form::Plain) => PLAIN_SOUND,
        }
    }

    /// The file of segment `number`, counted from zero: `segment_000.m4s`.
    pub const fn segment(self, number: u32) -> Numbered {
        Numbered {
            kind: self.stem(),
            number,
            extension: "m4s",
        }
    }

    /// The same segment as a transport stream: `segment_000.ts`.
    pub const fn ts_segment(self, number: u32) -> Numbered {
        Numbered {
            kind: self.stem(),
            number,
            extension: "ts",
        }
    }

    /// The file of part `index` of segment `number`, both counted from zero: `segment_000.0.m4s`.
    pub const fn part(self, number: u32, index: u32) -> PartName {
        PartName {
            kind: self.stem(),
            number,
            index,
        }
    }
}

/// The directory of its files, as what stands before their names.
impl fmt::Display for RenditionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full | Self::Sound => Ok(()),
            Self::Height(height) => write!(f, "{height}/"),
        }
    }
}

/// The name of one file among those of a kind, with three digits, or more from 1,000 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    kind: &'static str,
    number: u32,
    extension: &'static str,
}

/// The name of a part's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartName {
    kind: &'static str,
    number: u32,
    index: u32,
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            number,
            index,
        } = self;
        write!(f, "{kind}_{number:03}.{index}.m4s")
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
        let full = RenditionName::Full;
        assert_eq!(full.segment(0).to_string(), "segment_000.m4s");
        assert_eq!(full.segment(999).to_string(), "segment_999.m4s");
        assert_eq!(full.segment(1000).to_string(), "segment_1000.m4s");
        assert_eq!(full.ts_segment(12).to_string(), "segment_012.ts");
        assert_eq!(full.part(12, 3).to_string(), "segment_012.3.m4s");
        assert_eq!(captions_name(7).to_string(), "captions_007.vtt");
    }

    #[test]
    fn sound_has_names_of_its_own() {
        let sound = RenditionName::Sound;
        assert_eq!(sound.playlist(Form::LowLatency), "audio.m3u8");
        assert_eq!(sound.segment(0).to_string(), "audio_000.m4s");
        assert_eq!(sound.part(1, 0).to_string(), "audio_001.0.m4s");
        assert_eq!(sound.to_string(), "");
        assert_eq!(RenditionName::Height(256).to_string(), "256/");
    }
}
