//! Which kind of sound some bytes are, told from how they begin.

use std::ffi::CStr;
use std::fmt;

use super::mpeg;

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
    /// WebM or Matroska (RFC 9559) with Opus or Vorbis, as browsers record microphones.
    WebM,
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
            [0x1a, 0x45, 0xdf, 0xa3, ..] => Some(Self::WebM),
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
            Self::WebM => "webm",
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
            Self::Mp3 => {
                current != Some(Self::Mp3)
                    && mpeg::frame_length(head)
                        .and_then(|length| head.get(length..))
                        .is_some_and(|next| mpeg::frame_length(next).is_some())
            }
            Self::Adts => {
                current != Some(Self::Adts)
                    && adts_length(head)
                        .and_then(|length| head.get(length..))
                        .is_some_and(|next| adts_length(next).is_some())
            }
            Self::Wav | Self::Flac | Self::WebM => true,
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
        })
    }
}

/// Bytes of the ADTS frame that begins with `frame` (ISO/IEC 13818-7 section 6.2); `None` where its header does not say.
fn adts_length(frame: &[u8]) -> Option<usize> {
    let &[0xff, second, _, fourth, fifth, sixth, ..] = frame else {
        return None;
    };
    let length = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
    (second & 0xf6 == 0xf0 && length > 7).then_some(length)
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
