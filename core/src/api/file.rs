//! The files of a session that clients may fetch: their names, and what must be there before they are served.

use std::fmt;

use super::{Code, Refusal};
use crate::hls::{
    CAPTIONS_PLAYLIST, DELTA_CAPTIONS, Form, INIT, M4A, MASTER, MP4, PLAIN_CAPTIONS, PLAYLIST,
    Reached, Reload, RenditionName, SOUND_PLAYLIST, captions_name,
};
use crate::session::{Condition, Kind};

/// A file of a session that clients may fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaFile {
    /// The multivariant playlist, with subtitles.
    Master,
    /// The playlist of the subtitles. A path names its first form; a query may ask for another.
    Captions(Form),
    /// One segment of the subtitles.
    CaptionSegment(u32),
    /// The whole, as one file.
    Output(Kind),
    /// A file of a rendition.
    Rendition(RenditionName, RenditionFile),
}

/// A file that each rendition has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenditionFile {
    /// The media playlist. A path names its first form; a query may ask for another.
    Playlist(Form),
    /// The initialisation segment.
    Init,
    /// One media segment.
    Segment(u32),
    /// One media segment as a transport stream.
    TsSegment(u32),
    /// One part of a media segment.
    Part(u32, u32),
}

impl RenditionFile {
    /// This file of a rendition.
    pub fn of(self, rendition: RenditionName) -> MediaFile {
        MediaFile::Rendition(rendition, self)
    }

    /// The file that is called so among those of pictures and sound.
    fn parse(name: &str) -> Option<Self> {
        match name {
            PLAYLIST | "index.m3u8" => Some(Self::Playlist(Form::LowLatency)),
            INIT => Some(Self::Init),
            _ => {
                let numbers = name.strip_prefix(RenditionName::Full.stem())?;
                segment_or_part(numbers)
                    .or_else(|| numbered(numbers, "_", ".ts").map(Self::TsSegment))
            }
        }
    }

    /// The file that is called so among those of sound alone; the initialisation segment has its name of both.
    fn parse_sound(name: &str) -> Option<Self> {
        match name {
            SOUND_PLAYLIST => Some(Self::Playlist(Form::LowLatency)),
            _ => segment_or_part(name.strip_prefix(RenditionName::Sound.stem())?),
        }
    }
}

impl MediaFile {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            MASTER => Some(Self::Master),
            CAPTIONS_PLAYLIST => Some(Self::Captions(Form::LowLatency)),
            MP4 => Some(Self::Output(Kind::Avatar)),
            M4A => Some(Self::Output(Kind::Audio)),
            _ => match name.split_once('/') {
                Some((height, file)) => {
                    let rendition = RenditionName::Height(rendition_height(height)?);
                    Some(RenditionFile::parse(file)?.of(rendition))
                }
                None => RenditionFile::parse(name)
                    .map(|file| file.of(RenditionName::Full))
                    .or_else(|| {
                        RenditionFile::parse_sound(name).map(|file| file.of(RenditionName::Sound))
                    })
                    .or_else(|| numbered(name, "captions_", ".vtt").map(Self::CaptionSegment)),
            },
        }
    }

    /// The file that this name means in a session of some kind, or `None` where such a session has none. One of sound
    /// alone answers to the older names of playlist and whole as well.
    pub fn of_kind(self, kind: Kind) -> Option<Self> {
        match (kind, self) {
            (
                Kind::Avatar,
                Self::Rendition(RenditionName::Sound, _) | Self::Output(Kind::Audio),
            ) => None,
            (Kind::Audio, Self::Output(_)) => Some(Self::Output(Kind::Audio)),
            (Kind::Audio, Self::Rendition(RenditionName::Full, file)) => match file {
                RenditionFile::Playlist(_) | RenditionFile::Init => {
                    Some(file.of(RenditionName::Sound))
                }
                _ => None,
            },
            (Kind::Audio, Self::Rendition(RenditionName::Height(_), _))
            | (Kind::Recording(_) | Kind::Stream, _) => None,
            _ => Some(self),
        }
    }

    /// The file that a request for this one with such a query is for, and what must be true of the session before it
    /// can be served.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] where the query makes no sense.
    pub fn asked(self, query: &str) -> Result<(Self, Condition), Refusal> {
        let reload = || {
            Reload::parse(query)
                .map_err(|error| Refusal::new(Code::BadParameter, error.to_string()))
        };
        Ok(match self {
            Self::Master | Self::Rendition(_, RenditionFile::Init) => (self, Condition::Playable),
            Self::Captions(_) => {
                let reload = reload()?;
                (Self::Captions(reload.form), await_segments(reload.reached))
            }
            Self::Rendition(rendition, RenditionFile::Playlist(_)) => {
                let Reload { reached, form } = reload()?;
                let condition = match (form, reached) {
                    (Form::Plain, reached) => await_segments(reached),
                    (_, Some(reached)) => Condition::Reached(reached),
                    (_, None) => Condition::Playable,
                };
                (RenditionFile::Playlist(form).of(rendition), condition)
            }
            Self::CaptionSegment(number)
            | Self::Rendition(
                _,
                RenditionFile::Segment(number) | RenditionFile::TsSegment(number),
            ) => (self, Condition::Segment(number)),
            Self::Rendition(_, RenditionFile::Part(segment, part)) => {
                (self, Condition::Part(segment, part))
            }
            Self::Output(_) => (self, Condition::Ready),
        })
    }

    /// Whether it is rewritten while the session is unfinished.
    pub fn grows(self) -> bool {
        matches!(
            self,
            Self::Master | Self::Captions(_) | Self::Rendition(_, RenditionFile::Playlist(_))
        )
    }

    /// Whether whoever asks for it is about to watch: playlists that list media. The multivariant playlist is only where
    /// those are found.
    pub fn is_watched(self) -> bool {
        self.grows() && self != Self::Master
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Master | Self::Captions(_) | Self::Rendition(_, RenditionFile::Playlist(_)) => {
                "application/vnd.apple.mpegurl"
            }
            Self::CaptionSegment(_) => "text/vtt",
            Self::Rendition(RenditionName::Sound, _) | Self::Output(Kind::Audio) => "audio/mp4",
            Self::Rendition(_, RenditionFile::Segment(_) | RenditionFile::Part(..)) => {
                "video/iso.segment"
            }
            Self::Rendition(_, RenditionFile::TsSegment(_)) => "video/mp2t",
            Self::Rendition(_, RenditionFile::Init) | Self::Output(Kind::Avatar | Kind::Stream) => {
                "video/mp4"
            }
            Self::Output(Kind::Recording(format)) => format.content_type(),
        }
    }
}

/// What a playlist waits for that lists nothing less than whole segments.
fn await_segments(reached: Option<Reached>) -> Condition {
    match reached {
        Some(Reached { sequence, .. }) => Condition::Reached(Reached {
            sequence,
            part: None,
        }),
        None => Condition::Segment(0),
    }
}

/// Its name on disk.
impl fmt::Display for MediaFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Master => f.write_str(MASTER),
            Self::Captions(Form::LowLatency) => f.write_str(CAPTIONS_PLAYLIST),
            Self::Captions(Form::Delta) => f.write_str(DELTA_CAPTIONS),
            Self::Captions(Form::Plain) => f.write_str(PLAIN_CAPTIONS),
            Self::CaptionSegment(number) => captions_name(*number).fmt(f),
            Self::Output(Kind::Avatar | Kind::Stream) => f.write_str(MP4),
            Self::Output(Kind::Audio) => f.write_str(M4A),
            Self::Output(Kind::Recording(format)) => write!(f, "recording.{}", format.word()),
            Self::Rendition(rendition, file) => {
                rendition.fmt(f)?;
                match *file {
                    RenditionFile::Playlist(form) => f.write_str(rendition.playlist(form)),
                    RenditionFile::Init => f.write_str(INIT),
                    RenditionFile::Segment(number) => rendition.segment(number).fmt(f),
                    RenditionFile::TsSegment(number) => rendition.ts_segment(number).fmt(f),
                    RenditionFile::Part(segment, part) => rendition.part(segment, part).fmt(f),
                }
            }
        }
    }
}

/// The number in `<prefix>NNN<suffix>`, in the one way it is written: three digits, or more without
/// leading zeros.
fn numbered(name: &str, prefix: &str, suffix: &str) -> Option<u32> {
    let digits = name.strip_prefix(prefix)?.strip_suffix(suffix)?;
    let plain = (3..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits.len() == 3 || !digits.starts_with('0');
    (plain && canonical).then(|| digits.parse().ok()).flatten()
}

/// The height that names a rendition's directory, in the one way it is written.
fn rendition_height(name: &str) -> Option<u16> {
    let plain = (2..=4).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_digit());
    (plain && !name.starts_with('0'))
        .then(|| name.parse().ok())
        .flatten()
}

/// The segment in `_NNN.m4s` or the part in `_NNN.P.m4s`, in the one way it is written.
fn segment_or_part(name: &str) -> Option<RenditionFile> {
    let name = name.strip_prefix('_')?.strip_suffix(".m4s")?;
    let Some((segment, index)) = name.split_once('.') else {
        return numbered(name, "", "").map(RenditionFile::Segment);
    };
    let plain = (1..=4).contains(&index.len()) && index.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = index.len() == 1 || !index.starts_with('0');
    let index = (plain && canonical).then(|| index.parse().ok()).flatten()?;
    Some(RenditionFile::Part(numbered(segment, "", "")?, index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_what_the_kind_of_session_has() {
        let (full, sound) = (RenditionName::Full, RenditionName::Sound);
        let playlist = RenditionFile::Playlist(Form::Delta);
        let of_sound = |file: MediaFile| file.of_kind(Kind::Audio);
        assert_eq!(of_sound(playlist.of(full)), Some(playlist.of(sound)));
        assert_eq!(of_sound(RenditionFile::Segment(0).of(full)), None);
        assert_eq!(
            of_sound(RenditionFile::Init.of(RenditionName::Height(64))),
            None
        );
        assert_eq!(
            of_sound(MediaFile::Output(Kind::Avatar)),
            Some(MediaFile::Output(Kind::Audio))
        );
        assert_eq!(of_sound(MediaFile::Master), Some(MediaFile::Master));
        let segment = RenditionFile::Segment(0).of(sound);
        assert_eq!(segment.of_kind(Kind::Audio), Some(segment));
        assert_eq!(segment.of_kind(Kind::Avatar), None);
        assert_eq!(MediaFile::Output(Kind::Audio).of_kind(Kind::Avatar), None);
    }

    #[test]
    fn a_query_says_what_to_wait_for_and_in_which_form() {
        let playlist = RenditionFile::Playlist(Form::LowLatency).of(RenditionName::Full);
        let reached = Reached {
            sequence: 4,
            part: Some(1),
        };
        assert_eq!(
            playlist.asked("_HLS_msn=4&_HLS_part=1&_HLS_skip=YES"),
            Ok((
                RenditionFile::Playlist(Form::Delta).of(RenditionName::Full),
                Condition::Reached(reached)
            ))
        );
        assert_eq!(
            playlist.asked("_HLS_legacy=YES"),
            Ok((
                RenditionFile::Playlist(Form::Plain).of(RenditionName::Full),
                Condition::Segment(0)
            ))
        );
        assert_eq!(playlist.asked("v=1"), Ok((playlist, Condition::Playable)));
        assert_eq!(playlist.asked("_HLS_part=1").unwrap_err().status(), 400);
        let segment = RenditionFile::Segment(3).of(RenditionName::Full);
        assert_eq!(
            segment.asked("_HLS_part=x"),
            Ok((segment, Condition::Segment(3)))
        );
    }
}
