//! The multivariant playlist (RFC 8216 section 4.3.4): the one variant there is, and its captions.

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

/// The multivariant playlist of a session.
#[derive(Debug, Clone, Copy)]
pub struct MasterPlaylist<'a> {
    /// What is played.
    pub tracks: &'a Tracks,
    /// What it takes.
    pub bandwidth: Bandwidth,
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
        let Tracks {
            width,
            height,
            frame_rate,
            language,
            ..
        } = self.tracks;
        let name = match language {
            Language::Ru => "Русский",
            Language::Kk => "Қазақша",
            Language::En => "English",
        };
        let code = language.code();
        let codecs = self.tracks.codecs();
        let rate = frame_rate.per_second();
        writeln!(
            out,
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS"
        )?;
        writeln!(
            out,
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"captions\",NAME=\"{name}\",LANGUAGE=\"{code}\",\
             DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI=\"{CAPTIONS_PLAYLIST}\""
        )?;
        write!(out, "#EXT-X-STREAM-INF:BANDWIDTH={}", self.bandwidth.peak)?;
        if let Some(average) = self.bandwidth.average {
            write!(out, ",AVERAGE-BANDWIDTH={average}")?;
        }
        writeln!(
            out,
            ",CODECS=\"{codecs}\",RESOLUTION={width}x{height},FRAME-RATE={rate}.000,\
             CLOSED-CAPTIONS=NONE,SUBTITLES=\"captions\"\n{PLAYLIST}"
        )
    }
}

#[cfg(test)]
mod tests {
    use avatar_codec::AvcConfig;

    use super::*;
    use crate::time::FrameRate;

    #[test]
    fn the_variant_is_described_in_full() {
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
        let mut master = MasterPlaylist {
            tracks: &tracks,
            bandwidth: Bandwidth::promised(1_000_000, 100_000),
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
             playlist.m3u8\n"
        );
        master.bandwidth.average = Some(400_000);
        assert!(master.render().contains(",AVERAGE-BANDWIDTH=400000,"));
    }
}
