//! Which kind of sound some bytes are, told from how they begin.

use std::ffi::CStr;
use std::fmt;

use super::{foreign, frames};

/// A container or stream of compressed sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SoundFormat {
    /// MPEG audio, layers I to III (ISO/IEC 11172-3), with or without an ID3 tag.
    Mp3,
    /// RIFF WAVE, and its forms for more than 4 GB (RF64 of EBU Tech 3306, BW64 of ITU-R BS.2088).
    Wav,
    /// Native FLAC (RFC 9639).
    Flac,
    /// Ogg (RFC 3533) with Opus, Vorbis, FLAC or Speex.
    Ogg,
    /// AAC in ADTS frames (ISO/IEC 13818-7).
    Adts,
    /// WebM or Matroska (RFC 9559) with Opus or Vorbis, as browsers record microphones.
    WebM,
    /// MPEG-4, QuickTime and 3GPP (ISO/IEC 14496-12), as phones record.
    Mp4,
    /// Apple's Audio Interchange File Format, and its compressed form.
    Aiff,
    /// Sun's and NeXT's `.au`.
    Au,
    /// Apple's Core Audio Format.
    Caf,
    /// Dolby Digital (ETSI TS 102 366).
    Ac3,
    /// Dolby Digital Plus (ETSI TS 102 366 annex E).
    Eac3,
    /// Advanced Systems Format, with Windows Media Audio.
    Asf,
    /// AAC in LATM in LOAS frames (ISO/IEC 14496-3).
    Loas,
    /// Adaptive Multi-Rate, narrow and wide (RFC 4867 section 5).
    Amr,
    /// Sony's Wave64.
    Wave64,
    /// WavPack.
    WavPack,
    /// RIFF AVI.
    Avi,
    /// WAVE with the higher byte first.
    Rifx,
}

impl SoundFormat {
    /// How many bytes [`sniff`](Self::sniff) looks at.
    pub const HEAD: usize = 12;

    /// What begins with these bytes.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        if let Some(format) = Self::certain(head) {
            return Some(format);
        }
        match head {
            _ if foreign::certain(head).is_some() => None,
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

    /// The same, of what is known by so many bits that neither samples nor pieces of other streams begin like it.
    pub(super) fn certain(head: &[u8]) -> Option<Self> {
        if let [_, _, _, _, name @ ..] = head {
            if name.starts_with(b"ftyp") {
                return foreign::certain(head).is_none().then_some(Self::Mp4);
            }
            // What QuickTime begins with.
            let boxes: [&[u8]; 3] = [b"moov", b"mdat", b"wide"];
            if boxes.into_iter().any(|first| name.starts_with(first)) {
                return Some(Self::Mp4);
            }
        }
        let riff = |form: &[u8]| head.get(8..).is_some_and(|name| name.starts_with(form));
        Some(match head {
            [b'R', b'I', b'F', b'F', ..] if riff(b"WAVE") => Self::Wav,
            [b'R', b'F', b'6', b'4', ..] | [b'B', b'W', b'6', b'4', ..] if riff(b"WAVE") => {
                Self::Wav
            }
            [b'R', b'I', b'F', b'F', ..] if riff(b"AVI ") => Self::Avi,
            [b'R', b'I', b'F', b'X', ..] if riff(b"WAVE") => Self::Rifx,
            [b'F', b'O', b'R', b'M', ..] if riff(b"AIFF") || riff(b"AIFC") => Self::Aiff,
            [b'f', b'L', b'a', b'C', ..] => Self::Flac,
            [b'O', b'g', b'g', b'S', ..] => Self::Ogg,
            [0x1a, 0x45, 0xdf, 0xa3, ..] => Self::WebM,
            [b'.', b's', b'n', b'd', ..] => Self::Au,
            [b'c', b'a', b'f', b'f', 0, 1, ..] => Self::Caf,
            [b'#', b'!', b'A', b'M', b'R', ..] => Self::Amr,
            [b'w', b'v', b'p', b'k', ..] => Self::WavPack,
            [0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, ..] => Self::Asf,
            [b'r', b'i', b'f', b'f', 0x2e, 0x91, 0xcf, 0x11, ..] => Self::Wave64,
            _ => return None,
        })
    }

    /// What its files' names end with.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Mp3 => "mp3",
            Self::Wav => "wav",
            Self::Flac => "flac",
            Self::Ogg => "ogg",
            Self::Adts => "aac",
            Self::WebM => "webm",
            Self::Mp4 => "m4a",
            Self::Aiff => "aiff",
            Self::Au => "au",
            Self::Caf => "caf",
            Self::Ac3 => "ac3",
            Self::Eac3 => "eac3",
            Self::Asf => "wma",
            Self::Loas => "loas",
            Self::Amr => "amr",
            Self::Wave64 => "w64",
            Self::WavPack => "wv",
            Self::Avi => "avi",
            Self::Rifx => "wav",
        }
    }

    /// What stream begins with `head`, where something else may come as well: sound of a stream of kind `current` that goes on,
    /// or samples without any header, which may look like anything. So what has no more than a few bits to be known by is
    /// known only by a whole frame and the beginning of the next.
    pub fn begins(head: &[u8], current: Option<Self>) -> Option<Self> {
        let found = Self::sniff(head)?;
        let begins = match found {
            // The first page of a stream says so (RFC 3533 section 6).
            Self::Ogg => head.get(5).is_some_and(|flags| flags & 2 != 0),
            Self::Mp3 if head.starts_with(b"ID3") => true,
            Self::Mp3 | Self::Adts => current != Some(found) && frames::begin(head) == Some(found),
            // A file of its own says so; other parts of one are also where a stream goes on.
            Self::Mp4 => head.get(4..).is_some_and(|name| name.starts_with(b"ftyp")),
            // Each of its blocks begins so.
            Self::WavPack => current != Some(Self::WavPack),
            _ => true,
        };
        begins.then_some(found)
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
            Self::WebM => c"matroska",
            Self::Mp4 => c"mov",
            Self::Aiff => c"aiff",
            Self::Au => c"au",
            Self::Caf => c"caf",
            Self::Ac3 => c"ac3",
            Self::Eac3 => c"eac3",
            Self::Asf => c"asf",
            Self::Loas => c"loas",
            Self::Amr => c"amr",
            Self::Wave64 => c"w64",
            Self::WavPack => c"wv",
            Self::Avi => c"avi",
            Self::Rifx => c"wav",
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
            Self::WebM => "WebM",
            Self::Mp4 => "MP4",
            Self::Aiff => "AIFF",
            Self::Au => "AU",
            Self::Caf => "CAF",
            Self::Ac3 => "AC-3",
            Self::Eac3 => "E-AC-3",
            Self::Asf => "Windows Media",
            Self::Loas => "AAC in LATM",
            Self::Amr => "AMR",
            Self::Wave64 => "Wave64",
            Self::WavPack => "WavPack",
            Self::Avi => "AVI",
            Self::Rifx => "WAV",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_that_look_like_a_frame_begin_no_stream() {
        let samples = [0xff, 0xfb, 0x90, 0x00].repeat(500);
        assert_eq!(SoundFormat::sniff(&samples), Some(SoundFormat::Mp3));
        assert_eq!(SoundFormat::begins(&[0xff, 0xff, 0, 0], None), None);
        let frame = [&[0xff, 0xfb, 0x90, 0x00][..], &[0; 413]].concat();
        let frames = [&frame[..], &frame].concat();
        assert_eq!(SoundFormat::begins(&frames, None), Some(SoundFormat::Mp3));
        assert_eq!(SoundFormat::begins(&frame, None), None);
        assert_eq!(
            SoundFormat::begins(&frames, Some(SoundFormat::Mp3)),
            None,
            "it goes on"
        );
    }

    #[test]
    fn a_page_of_ogg_begins_a_stream_only_if_it_is_the_first() {
        let page = |flags| [&b"OggS\0"[..], &[flags], &[0; 20]].concat();
        assert_eq!(
            SoundFormat::begins(&page(2), Some(SoundFormat::Ogg)),
            Some(SoundFormat::Ogg)
        );
        assert_eq!(SoundFormat::begins(&page(0), Some(SoundFormat::Ogg)), None);
    }
}
