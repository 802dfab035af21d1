//! The multivariant playlist (RFC 8216 section 4.3.4): the renditions of a session, and their captions.

use std::fmt::Write as _;

use super::names::{CAPTIONS_PLAYLIST, PLAYLIST};
use crate::language::Language;
use crate::media::Tracks;

/// Bits a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bandwidth {
    /// Of the most demanding segment.
    pub peak: u64,
    /// Over the whole session, once that is known.
    pub average: Option<u64>,
}

impl Bandwidth {
    /// What can be promised before anything is encoded, from what the encoders are held to.
    pub fn promised(video: u32, audio: u32) -> Self {
        // A second may exceed its limit by what the encoder's buffer holds, and boxes take a few percent.
        let peak = u64::from(video) * 2 + u64::from(audio) * 11 / 10;
        Self {
            peak,
            average: None,
        }
    }
}

/// One rendition of a session.
#[derive(Debug, Clone, Copy)]
pub struct Variant<'a> {
    /// Its height in pixels where it is not the largest, which names its directory.
    pub smaller: Option<u16>,
    /// What is played.
    pub tracks: &'a Tracks,
    /// What it takes.
    pub bandwidth: Bandwidth,
}

/// The multivariant playlist of a session.
#[derive(Debug, Clone, Copy)]
pub struct MasterPlaylist<'a> {
    /// The largest rendition comes first: players without an opinion begin with the first.
    pub variants: &'a [Variant<'a>],
    /// What is spoken.
    pub language: Language,
}

impl MasterPlaylist<'_> {
    /// The text.
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let name = match self.language {
            Language::Ru => "Русский",
            Language::Kk => "Қазақша",
            Language::En => "English",
        };
        let code = self.language.code();
        writeln!(
            out,
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS"
        )?;
        writeln!(
            out,
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=\"{name}\",LANGUAGE=\"{code}\",\
             DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI=\"{CAPTIONS_PLAYLIST}\""
        )?;
        self.variants
            .iter()
            .try_for_each(|variant| variant.write(out))
    }
}

impl Variant<'_> {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        let Tracks {
            width,
            height,
            frame_rate,
            ..
        } = self.tracks;
        let codecs = self.tracks.codecs();
        let rate = frame_rate.per_second();
        write!(out, "#EXT-X-STREAM-INF:BANDWIDTH={}", self.bandwidth.peak)?;
        if let Some(average) = self.bandwidth.average {
            write!(out, ",AVERAGE-BANDWIDTH={average}")?;
        }
        writeln!(
            out,
            ",CODECS=\"{codecs}\",RESOLUTION={width}x{height},FRAME-RATE={rate}.000,\
             CLOSED-CAPTIONS=NONE,SUBTITLES=\"captions\""
        )?;
        match self.smaller {
            Some(height) => writeln!(out, "{height}/{PLAYLIST}"),
            None => writeln!(out, "{PLAYLIST}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use avatar_codec::AvcConfig;

    use super::*;
    use crate::time::FrameRate;

    #[test]
    fn variants_are_described_in_full() {
        let stream = [0, 0, 1, 0x67, 0x64, 0x00, 0x1e, 0xac, 0, 0, 1, 0x68, 0xeb];
        let tracks = Tracks {
            width: 512,
            height: 384,
            frame_rate: FrameRate::new(25).unwrap(),
            avc: AvcConfig::from_byte_stream(&stream).unwrap(),
            audio_config: vec![0x11, 0x88],
            audio_bitrate: 96_000,
            language: Language::En,
        };
        let smaller = Tracks {
            width: 256,
            height: 192,
            ..tracks.clone()
        };
        let large = Variant {
            smaller: None,
            tracks: &tracks,
            bandwidth: Bandwidth::promised(1_000_000, 100_000),
        };
        let small = Variant {
            smaller: Some(192),
            tracks: &smaller,
            bandwidth: Bandwidth {
                peak: 500_000,
                average: Some(400_000),
            },
        };
        let master = MasterPlaylist {
            variants: &[large, small],
            language: Language::En,
        };
        assert_eq!(
            master.render(),
            "#EXTM3U\n\
             #EXT-X-VERSION:7\n\
             #EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=NO,\
             AUTOSELECT=YES,FORCED=NO,URI=\"captions.m3u8\"\n\
             #EXT-X-STREAM-INF:BANDWIDTH=2110000,CODECS=\"avc1.64001e,mp4a.40.2\",RESOLUTION=512x384,\
             FRAME-RATE=25.000,CLOSED-CAPTIONS=NONE,SUBTITLES=\"captions\"\n\
             playlist.m3u8\n\
             #EXT-X-STREAM-INF:BANDWIDTH=500000,AVERAGE-BANDWIDTH=400000,CODECS=\"avc1.64001e,mp4a.40.2\",\
             RESOLUTION=256x192,FRAME-RATE=25.000,CLOSED-CAPTIONS=NONE,SUBTITLES=\"captions\"\n\
             192/playlist.m3u8\n"
        );
    }
}
