//! Paths, and what they mean.

use std::fmt;

use super::{Code, Refusal};
use crate::hls::{
    CAPTIONS_PLAYLIST, DELTA_CAPTIONS, DELTA_PLAYLIST, Form, INIT, MASTER, MP4, PLAIN_CAPTIONS,
    PLAIN_PLAYLIST, PLAYLIST, Reached, Reload, captions_name, part_name, segment_name,
    ts_segment_name,
};
use crate::session::{Condition, SessionId};

/// What a path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `/api/stream/start`
    Start,
    /// `/api/stream/status/<id>`
    Status(SessionId),
    /// `/api/stream/events/<id>`
    Events(SessionId),
    /// `/api/stream/interrupt`
    Interrupt,
    /// `/api/cleanup`
    Cleanup,
    /// `/api/avatars`
    Avatars,
    /// `/api/voices`
    Voices,
    /// `/stream/<id>/<file>` and `/hls/<id>/<file>`
    Media(SessionId, MediaFile),
    /// A path under one of these prefixes that names no session or file there can be.
    Nothing,
}

impl Route {
    /// Whether it answers a method.
    pub fn answers(self, method: &[u8]) -> bool {
        match self {
            Self::Start | Self::Interrupt | Self::Cleanup => method == b"POST",
            _ => matches!(method, b"GET" | b"HEAD"),
        }
    }

    /// The methods it answers, and the one that asks for them, as an `Allow` header (RFC 9110 section 10.2.1).
    pub fn methods(self) -> &'static str {
        match self {
            Self::Start | Self::Interrupt | Self::Cleanup => "POST, OPTIONS",
            _ => "GET, HEAD, OPTIONS",
        }
    }
}

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
    Output,
    /// A file of the largest rendition, or of a smaller one, in the directory named after its height in pixels.
    Video(Option<u16>, VideoFile),
}

/// A file that each rendition has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoFile {
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

impl VideoFile {
    /// This file of the rendition of some height, or of the largest.
    pub fn of(self, height: Option<u16>) -> MediaFile {
        MediaFile::Video(height, self)
    }

    fn parse(name: &str) -> Option<Self> {
        match name {
            PLAYLIST | "index.m3u8" => Some(Self::Playlist(Form::LowLatency)),
            INIT => Some(Self::Init),
            _ => numbered(name, "segment_", ".m4s")
                .map(Self::Segment)
                .or_else(|| numbered(name, "segment_", ".ts").map(Self::TsSegment))
                .or_else(|| part(name)),
        }
    }
}

impl MediaFile {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            MASTER => Some(Self::Master),
            CAPTIONS_PLAYLIST => Some(Self::Captions(Form::LowLatency)),
            MP4 => Some(Self::Output),
            _ => match name.split_once('/') {
                Some((height, file)) => {
                    Some(VideoFile::parse(file)?.of(Some(rendition_height(height)?)))
                }
                None => VideoFile::parse(name)
                    .map(|file| file.of(None))
                    .or_else(|| numbered(name, "captions_", ".vtt").map(Self::CaptionSegment)),
            },
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
            Self::Master | Self::Video(_, VideoFile::Init) => (self, Condition::Playable),
            Self::Captions(_) => {
                let reload = reload()?;
                (Self::Captions(reload.form), await_segments(reload.reached))
            }
            Self::Video(height, VideoFile::Playlist(_)) => {
                let Reload { reached, form } = reload()?;
                let condition = match (form, reached) {
                    (Form::Plain, reached) => await_segments(reached),
                    (_, Some(reached)) => Condition::Reached(reached),
                    (_, None) => Condition::Playable,
                };
                (VideoFile::Playlist(form).of(height), condition)
            }
            Self::CaptionSegment(number)
            | Self::Video(_, VideoFile::Segment(number) | VideoFile::TsSegment(number)) => {
                (self, Condition::Segment(number))
            }
            Self::Video(_, VideoFile::Part(segment, part)) => {
                (self, Condition::Part(segment, part))
            }
            Self::Output => (self, Condition::Ready),
        })
    }

    /// Whether it is rewritten while the session is unfinished.
    pub fn grows(self) -> bool {
        matches!(
            self,
            Self::Master | Self::Captions(_) | Self::Video(_, VideoFile::Playlist(_))
        )
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Master | Self::Captions(_) | Self::Video(_, VideoFile::Playlist(_)) => {
                "application/vnd.apple.mpegurl"
            }
            Self::CaptionSegment(_) => "text/vtt",
            Self::Video(_, VideoFile::Segment(_) | VideoFile::Part(..)) => "video/iso.segment",
            Self::Video(_, VideoFile::TsSegment(_)) => "video/mp2t",
            Self::Video(_, VideoFile::Init) | Self::Output => "video/mp4",
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
            Self::Output => f.write_str(MP4),
            Self::Video(Some(height), file) => write!(f, "{height}/{file}"),
            Self::Video(None, file) => file.fmt(f),
        }
    }
}

/// Its name in the directory of its rendition.
impl fmt::Display for VideoFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Playlist(Form::LowLatency) => f.write_str(PLAYLIST),
            Self::Playlist(Form::Delta) => f.write_str(DELTA_PLAYLIST),
            Self::Playlist(Form::Plain) => f.write_str(PLAIN_PLAYLIST),
            Self::Init => f.write_str(INIT),
            Self::Segment(number) => segment_name(number).fmt(f),
            Self::TsSegment(number) => ts_segment_name(number).fmt(f),
            Self::Part(segment, part) => part_name(segment, part).fmt(f),
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

/// The part in `segment_NNN.P.m4s`, in the one way it is written.
fn part(name: &str) -> Option<VideoFile> {
    let (segment, index) = name
        .strip_prefix("segment_")?
        .strip_suffix(".m4s")?
        .split_once('.')?;
    let plain = (1..=4).contains(&index.len()) && index.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = index.len() == 1 || !index.starts_with('0');
    let index = (plain && canonical).then(|| index.parse().ok()).flatten()?;
    Some(VideoFile::Part(numbered(segment, "", "")?, index))
}

/// What `path` asks for, or `None` if it is not ours. One trailing slash is forgiven on calls.
pub fn route(path: &str) -> Option<Route> {
    let call = path.strip_suffix('/').unwrap_or(path);
    match call {
        "/api/stream/start" => return Some(Route::Start),
        "/api/stream/interrupt" => return Some(Route::Interrupt),
        "/api/cleanup" => return Some(Route::Cleanup),
        "/api/avatars" => return Some(Route::Avatars),
        "/api/voices" => return Some(Route::Voices),
        _ => {}
    }
    let of_session = |id: &str, route: fn(SessionId) -> Route| {
        Some(SessionId::parse(id).map_or(Route::Nothing, route))
    };
    if let Some(id) = call.strip_prefix("/api/stream/status/") {
        return of_session(id, Route::Status);
    }
    if let Some(id) = call.strip_prefix("/api/stream/events/") {
        return of_session(id, Route::Events);
    }
    let media = path
        .strip_prefix("/stream/")
        .or_else(|| path.strip_prefix("/hls/"))?;
    let found = media
        .split_once('/')
        .and_then(|(id, name)| Some(Route::Media(SessionId::parse(id)?, MediaFile::parse(name)?)));
    Some(found.unwrap_or(Route::Nothing))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "01936b5e-0000-7000-8000-000000000001";

    fn media(name: &str) -> Option<Route> {
        route(&format!("/stream/{ID}/{name}"))
    }

    #[test]
    fn old_and_new_names_are_the_same_files() {
        let id = SessionId::parse(ID).unwrap();
        for path in [
            format!("/stream/{ID}/playlist.m3u8"),
            format!("/hls/{ID}/playlist.m3u8"),
            format!("/hls/{ID}/index.m3u8"),
        ] {
            assert_eq!(
                route(&path),
                Some(Route::Media(
                    id,
                    VideoFile::Playlist(Form::LowLatency).of(None)
                ))
            );
        }
        assert_eq!(
            route(&format!("/api/stream/status/{ID}/")),
            Some(Route::Status(id))
        );
    }

    #[test]
    fn numbers_have_one_spelling() {
        let id = SessionId::parse(ID).unwrap();
        assert_eq!(
            media("segment_007.m4s"),
            Some(Route::Media(id, VideoFile::Segment(7).of(None)))
        );
        assert_eq!(
            media("segment_1000.m4s"),
            Some(Route::Media(id, VideoFile::Segment(1000).of(None)))
        );
        for wrong in [
            "segment_7.m4s",
            "segment_0007.m4s",
            "segment_+07.m4s",
            "segment_99999999999.m4s",
            "segment_007.m4s/",
            "segment_7.1.m4s",
            "segment_7.ts",
            "segment_007.1.ts",
            "segment_007.01.m4s",
            "segment_007..m4s",
            "segment_007.1.2.m4s",
            "playlist.delta.m3u8",
            "0256/init.mp4",
            "256/256/init.mp4",
            "256/output.mp4",
            "256/master.m3u8",
            "job.json",
            "../job.json",
            "segment_007.m4s.part",
            "",
        ] {
            assert_eq!(media(wrong), Some(Route::Nothing), "{wrong}");
        }
    }

    #[test]
    fn a_query_says_what_to_wait_for_and_in_which_form() {
        let playlist = VideoFile::Playlist(Form::LowLatency).of(None);
        let reached = Reached {
            sequence: 4,
            part: Some(1),
        };
        assert_eq!(
            playlist.asked("_HLS_msn=4&_HLS_part=1&_HLS_skip=YES"),
            Ok((
                VideoFile::Playlist(Form::Delta).of(None),
                Condition::Reached(reached)
            ))
        );
        assert_eq!(
            playlist.asked("_HLS_legacy=YES"),
            Ok((
                VideoFile::Playlist(Form::Plain).of(None),
                Condition::Segment(0)
            ))
        );
        assert_eq!(playlist.asked("v=1"), Ok((playlist, Condition::Playable)));
        assert_eq!(playlist.asked("_HLS_part=1").unwrap_err().status(), 400);
        let segment = VideoFile::Segment(3).of(None);
        assert_eq!(
            segment.asked("_HLS_part=x"),
            Ok((segment, Condition::Segment(3)))
        );
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        for path in [
            "/",
            "/realtime",
            "/api/stream",
            "/api/other",
            "/streams/x",
            "/hls",
        ] {
            assert_eq!(route(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn every_file_is_found_by_its_own_name(number in 0_u32..100_000) {
            for file in [
                VideoFile::Segment(number).of(None),
                VideoFile::TsSegment(number).of(None),
                VideoFile::Part(number, number % 10_000).of(None),
                VideoFile::Segment(number).of(Some(256)),
                VideoFile::TsSegment(number).of(Some(256)),
                VideoFile::Init.of(Some(64)),
                MediaFile::CaptionSegment(number),
                VideoFile::Init.of(None),
                MediaFile::Master,
                MediaFile::Output,
            ] {
                let id = SessionId::parse(ID).unwrap();
                prop_assert_eq!(media(&file.to_string()), Some(Route::Media(id, file)));
            }
        }

        #[test]
        fn no_path_panics(path in "\\PC{0,80}") {
            let _ = route(&path);
            let _ = route(&format!("/stream/{path}"));
            let _ = route(&format!("/stream/{ID}/{path}"));
        }
    }
}
