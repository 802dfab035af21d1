//! The multivariant playlist (RFC 8216 section 4.3.4): the renditions of a session, and their captions.

use std::fmt::Write as _;

use super::names::{CAPTIONS_PLAYLIST, RenditionName};
use super::playlist::Form;
use crate::language::Language;
use crate::media::{Tracks, VideoTrack};

/// What captions are for (draft-pantos-hls-rfc8216bis section 4.4.6.1): all that is spoken is written down, and no human did it.
const CHARACTERISTICS: &str =
    "public.accessibility.transcribes-spoken-dialog,public.machine-generated";

/// Bits a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bandwidth {
    /// Of the most demanding run of segments that lasts half to one and a half target durations (RFC 8216, section 4.1).
    pub peak: u64,
    /// Over the whole session, once that is known.
    pub average: Option<u64>,
}

impl Bandwidth {
    /// What can be promised before anything is encoded, from what the encoders are held to; `video` is zero where there
    /// are no pictures.
    pub fn promised(video: u32, audio: u32) -> Self {
        // A second may exceed its limit by what the encoder's buffer holds. The boxes around parts of sound take an eighth.
        let peak = u64::from(video) * 2 + u64::from(audio) * 5 / 4;
        Self {
            peak,
            average: None,
        }
    }
}

/// One rendition of a session.
#[derive(Debug, Clone, Copy)]
pub struct Variant<'a> {
    /// Which one.
    pub name: RenditionName,
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
             DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,CHARACTERISTICS=\"{CHARACTERISTICS}\",URI=\"{CAPTIONS_PLAYLIST}\""
        )?;
        self.variants
            .iter()
            .try_for_each(|variant| variant.write(out))
    }
}

impl Variant<'_> {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        let codecs = self.tracks.codecs();
        write!(out, "#EXT-X-STREAM-INF:BANDWIDTH={}", self.bandwidth.peak)?;
        if let Some(average) = self.bandwidth.average {
            write!(out, ",AVERAGE-BANDWIDTH={average}")?;
        }
        write!(out, ",CODECS=\"{codecs}\"")?;
        if let Some(video) = &self.tracks.video {
            let VideoTrack {
                width,
                height,
                frame_rate,
                ..
            } = video;
            let rate = frame_rate.per_second();
            write!(
                out,
                ",RESOLUTION={width}x{height},FRAME-RATE={rate}.000,CLOSED-CAPTIONS=NONE"
            )?;
        }
        writeln!(out, ",SUBTITLES=\"captions\"")?;
        let name = self.name;
        writeln!(out, "{name}{}", name.playlist(Form::LowLatency))
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
        let track = |width, height| VideoTrack {
            width,
            height,
            frame_rate: FrameRate::new(25).unwrap(),
            avc: AvcConfig::from_byte_stream(&stream).unwrap(),
        };
        let tracks = |video| Tracks {
            video,
            audio_config: vec![0x11, 0x88],
            audio_bitrate: 96_000,
            language: Language::En,
        };
        let whole = tracks(Some(track(512, 384)));
        let smaller = tracks(Some(track(256, 192)));
        let sound = tracks(None);
        let large = Variant {
            name: RenditionName::Full,
            tracks: &whole,
            bandwidth: Bandwidth::promised(1_000_000, 100_000),
        };
        let small = Variant {
            name: RenditionName::Height(192),
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
             AUTOSELECT=YES,FORCED=NO,CHARACTERISTICS=\"public.accessibility.transcribes-spoken-dialog,\
             public.machine-generated\",URI=\"captions.m3u8\"\n\
             #EXT-X-STREAM-INF:BANDWIDTH=2125000,CODECS=\"avc1.64001e,mp4a.40.2\",RESOLUTION=512x384,\
             FRAME-RATE=25.000,CLOSED-CAPTIONS=NONE,SUBTITLES=\"captions\"\n\
             playlist.m3u8\n\
             #EXT-X-STREAM-INF:BANDWIDTH=500000,AVERAGE-BANDWIDTH=400000,CODECS=\"avc1.64001e,mp4a.40.2\",\
             RESOLUTION=256x192,FRAME-RATE=25.000,CLOSED-CAPTIONS=NONE,SUBTITLES=\"captions\"\n\
             192/playlist.m3u8\n"
        );
        let sound = Variant {
            name: RenditionName::Sound,
            tracks: &sound,
            bandwidth: Bandwidth::promised(0, 96_000),
        };
        let master = MasterPlaylist {
            variants: &[sound],
            language: Language::En,
        };
        let last: Vec<_> = master.render().lines().skip(4).map(str::to_owned).collect();
        assert_eq!(
            last,
            [
                "#EXT-X-STREAM-INF:BANDWIDTH=120000,CODECS=\"mp4a.40.2\",SUBTITLES=\"captions\"",
                "audio.m3u8"
            ]
        );
    }
}
