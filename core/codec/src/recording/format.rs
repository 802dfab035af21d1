//! The forms a recording can have, and what libavcodec and libavformat are asked for to make each.

use ffmpeg_next::format::sample::{Sample, Type};
use serde::{Deserialize, Serialize};

/// What a recording is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordingFormat {
    /// MPEG audio layer III, at a constant 64 kbit/s (ISO/IEC 13818-3).
    Mp3,
    /// RIFF WAVE with samples of 16 bits. The lengths in its header say "unknown" while it grows, as streaming servers write
    /// them.
    Wav,
    /// Opus in Ogg (RFC 7845).
    Opus,
    /// Native FLAC (RFC 9639), samples of 16 bits.
    Flac,
    /// AAC-LC in ADTS frames (ISO/IEC 13818-7).
    Aac,
    /// Samples of 16 bits, the lower byte first, and nothing else.
    Pcm,
}

/// What makes a recording of one format.
pub(super) struct Recipe {
    /// libavcodec's name of the encoder.
    pub(super) encoder: &'static str,
    pub(super) encoder_options: &'static [(&'static str, &'static str)],
    pub(super) sample: Sample,
    /// Bits a second; zero where the encoder decides.
    pub(super) bitrate: usize,
    /// libavformat's name of the muxer.
    pub(super) muxer: &'static str,
    pub(super) muxer_options: &'static [(&'static str, &'static str)],
    /// Whether what the encoder puts before the first sample is left out.
    pub(super) drop_priming: bool,
}

impl Recipe {
    const PLAIN: Self = Self {
        encoder: "pcm_s16le",
        encoder_options: &[],
        sample: Sample::I16(Type::Packed),
        bitrate: 0,
        muxer: "s16le",
        muxer_options: &[],
        drop_priming: false,
    };
}

impl RecordingFormat {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Mp3,
        Self::Wav,
        Self::Opus,
        Self::Flac,
        Self::Aac,
        Self::Pcm,
    ];

    /// Its name, and what its files' names end with.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Wav => "wav",
            Self::Opus => "opus",
            Self::Flac => "flac",
            Self::Aac => "aac",
            Self::Pcm => "pcm",
        }
    }

    /// The format of that name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// Its media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Mp3 => "audio/mpeg",
            Self::Wav => "audio/wav",
            // RFC 7845 section 9; "audio/opus" is RTP's.
            Self::Opus => "audio/ogg",
            Self::Flac => "audio/flac",
            Self::Aac => "audio/aac",
            Self::Pcm => "audio/pcm",
        }
    }

    pub(super) fn recipe(self) -> Recipe {
        match self {
            Self::Mp3 => Recipe {
                encoder: "libmp3lame",
                sample: Sample::F32(Type::Planar),
                bitrate: 64_000,
                muxer: "mp3",
                // Both headers tell of what is known at the end only, or of nothing.
                muxer_options: &[("write_xing", "0"), ("id3v2_version", "0")],
                ..Recipe::PLAIN
            },
            Self::Wav => Recipe {
                muxer: "wav",
                ..Recipe::PLAIN
            },
            Self::Opus => Recipe {
                encoder: "libopus",
                encoder_options: &[("application", "audio"), ("frame_duration", "20")],
                sample: Sample::F32(Type::Packed),
                bitrate: 48_000,
                muxer: "opus",
                // The muxer holds back two pages: small ones leave early.
                muxer_options: &[("page_duration", "100000")],
                ..Recipe::PLAIN
            },
            Self::Flac => Recipe {
                encoder: "flac",
                muxer: "flac",
                ..Recipe::PLAIN
            },
            Self::Aac => Recipe {
                encoder: "aac",
                encoder_options: &[("aac_coder", "fast")],
                sample: Sample::F32(Type::Planar),
                bitrate: 64_000,
                muxer: "adts",
                drop_priming: true,
                ..Recipe::PLAIN
            },
            Self::Pcm => Recipe::PLAIN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_own_name() {
        for format in RecordingFormat::ALL {
            assert_eq!(RecordingFormat::from_word(format.word()), Some(format));
        }
        for wrong in ["", "MP3", "ogg", "m4a"] {
            assert_eq!(RecordingFormat::from_word(wrong), None, "{wrong}");
        }
    }
}
