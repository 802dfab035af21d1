//! Which kind of sound some bytes are, told from how they begin.

use std::ffi::CStr;
use std::fmt;

/// A container or stream of compressed sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SoundFormat {
    /// MPEG audio, layers I to III (ISO/IEC 11172-3), with or without an ID3 tag.
    Mp3,
    /// RIFF WAVE.
    Wav,
    /// Native FLAC (RFC 9639).
    Flac,
    /// Ogg (RFC 3533) with Opus, Vorbis, FLAC or Speex.
    Ogg,
    /// AAC in ADTS frames (ISO/IEC 13818-7).
    Adts,
}

impl SoundFormat {
    /// How many bytes [`sniff`](Self::sniff) looks at.
    pub const HEAD: usize = 12;

    /// What begins with these bytes.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        match head {
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'A',
                b'V',
                b'E',
                ..,
            ] => Some(Self::Wav),
            [b'f', b'L', b'a', b'C', ..] => Some(Self::Flac),
            [b'O', b'g', b'g', b'S', ..] => Some(Self::Ogg),
            [b'I', b'D', b'3', ..] => Some(Self::Mp3),
            // Twelve bits of synchronisation; the two bits of the layer are zero in AAC alone.
            [0xff, second, ..] if second & 0xf6 == 0xf0 => Some(Self::Adts),
            [0xff, second, third, ..]
                if second & 0xe0 == 0xe0 && second & 0x06 != 0 && third & 0xf0 != 0xf0 =>
            {
                Some(Self::Mp3)
            }
            _ => None,
        }
    }

    /// What its files' names end with.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Wav => "wav",
            Self::Flac => "flac",
            Self::Ogg => "ogg",
            Self::Adts => "aac",
        }
    }

    /// Whether one such stream after another is such a stream.
    pub fn chains(self) -> bool {
        matches!(self, Self::Mp3 | Self::Ogg | Self::Adts)
    }

    /// libavformat's name of it.
    pub(super) fn demuxer(self) -> &'static CStr {
        match self {
            Self::Mp3 => c"mp3",
            Self::Wav => c"wav",
            Self::Flac => c"flac",
            Self::Ogg => c"ogg",
            Self::Adts => c"aac",
        }
    }
}

impl fmt::Display for SoundFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mp3 => "MP3",
            Self::Wav => "WAV",
            Self::Flac => "FLAC",
            Self::Ogg => "Ogg",
            Self::Adts => "AAC",
        })
    }
}
