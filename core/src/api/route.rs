//! Paths, and what they mean.

use std::fmt;

use crate::hls::{CAPTIONS_PLAYLIST, INIT, MASTER, MP4, PLAYLIST, captions_name, segment_name};
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
    /// The media playlist.
    Playlist,
    /// The multivariant playlist, with subtitles.
    Master,
    /// The playlist of the subtitles.
    Captions,
    /// One segment of the subtitles.
    CaptionSegment(u32),
    /// The initialisation segment.
    Init,
    /// One media segment.
    Segment(u32),
    /// The whole, as one file.
    Output,
}

impl MediaFile {
    fn parse(name: &str) -> Option<Self> {
        match name {
            PLAYLIST | "index.m3u8" => Some(Self::Playlist),
            MASTER => Some(Self::Master),
            CAPTIONS_PLAYLIST => Some(Self::Captions),
            INIT => Some(Self::Init),
            MP4 => Some(Self::Output),
            _ => numbered(name, "segment_", ".m4s")
                .map(Self::Segment)
                .or_else(|| numbered(name, "captions_", ".vtt").map(Self::CaptionSegment)),
        }
    }

    /// What must be true of the session before it can be served.
    pub fn condition(self) -> Condition {
        match self {
            Self::Playlist | Self::Master | Self::Captions => Condition::Listed,
            Self::Init => Condition::Begun,
            Self::Segment(number) | Self::CaptionSegment(number) => Condition::Segment(number),
            Self::Output => Condition::Ready,
        }
    }

    /// Whether it is rewritten while the session is unfinished.
    pub fn grows(self) -> bool {
        matches!(self, Self::Playlist | Self::Captions | Self::Master)
    }

    /// Its media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Playlist | Self::Master | Self::Captions => "application/vnd.apple.mpegurl",
            Self::CaptionSegment(_) => "text/vtt",
            Self::Segment(_) => "video/iso.segment",
            Self::Init | Self::Output => "video/mp4",
        }
    }
}

/// Its name on disk.
impl fmt::Display for MediaFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Playlist => f.write_str(PLAYLIST),
            Self::Master => f.write_str(MASTER),
            Self::Captions => f.write_str(CAPTIONS_PLAYLIST),
            Self::CaptionSegment(number) => captions_name(number).fmt(f),
            Self::Init => f.write_str(INIT),
            Self::Segment(number) => segment_name(number).fmt(f),
            Self::Output => f.write_str(MP4),
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
            assert_eq!(route(&path), Some(Route::Media(id, MediaFile::Playlist)));
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
            Some(Route::Media(id, MediaFile::Segment(7)))
        );
        assert_eq!(
            media("segment_1000.m4s"),
            Some(Route::Media(id, MediaFile::Segment(1000)))
        );
        for wrong in [
            "segment_7.m4s",
            "segment_0007.m4s",
            "segment_+07.m4s",
            "segment_99999999999.m4s",
            "segment_007.m4s/",
            "job.json",
            "../job.json",
            "segment_007.m4s.part",
            "",
        ] {
            assert_eq!(media(wrong), Some(Route::Nothing), "{wrong}");
        }
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
                MediaFile::Segment(number),
                MediaFile::CaptionSegment(number),
                MediaFile::Init,
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
