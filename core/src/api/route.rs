//! Paths, and what they mean.

use std::fmt;

use super::{Code, Refusal, SDP_TYPE, Words};
use crate::hls::{
    CAPTIONS_PLAYLIST, DELTA_CAPTIONS, Form, INIT, M4A, MASTER, MP4, PLAIN_CAPTIONS, PLAYLIST,
    Reached, Reload, RenditionName, SOUND_PLAYLIST, captions_name,
};
use crate::rtc::PeerId;
use crate::session::{Condition, Kind, SessionId};

/// What a path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `/api/stream/start`
    Start,
    /// `/audiostream/start`
    StartAudio,
    /// `/api/stream/append`
    Append,
    /// `/api/stream/status/<id>`
    Status(SessionId),
    /// `/audiostream/task-status/<id>`
    TaskStatus(SessionId),
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
    /// `/api/audio-driven`
    Driven,
    /// `/api/audio-driven/stream`
    DrivenStream,
    /// `/api/audio-driven/chunked/init`
    DrivenInit,
    /// `/api/audio-driven/chunked/feed`
    DrivenFeed,
    /// `/api/audio-driven/chunked/status/<id>`
    DrivenStatus(SessionId),
    /// `/api/audio-driven/chunked/session/<id>`
    DrivenSession(SessionId),
    /// `/api/realtime/offer`
    Offer,
    /// `/whep/<id>`
    Whep(SessionId),
    /// `/whep/<id>/<peer>`
    WhepPeer(SessionId, PeerId),
    /// `/api/generate`
    Generate,
    /// `/api/stream_mjpeg`
    Stills,
    /// `/v1/audio/speech`
    Speech,
    /// `/v1/audio/voices`
    SpeechVoices,
    /// `/v1/models`
    Models,
    /// `/stream/<id>/<file>`, `/hls/<id>/<file>` and `/media/hls/<id>/<file>`
    Media(SessionId, MediaFile),
    /// A path under one of these prefixes that names no session or file there can be.
    Nothing,
}

impl Route {
    /// Whether it answers a method.
    pub fn answers(self, method: &[u8]) -> bool {
        match self {
            Self::DrivenSession(_) | Self::WhepPeer(..) => method == b"DELETE",
            Self::Stills => matches!(method, b"GET" | b"HEAD" | b"POST"),
            _ if self.posted() => method == b"POST",
            _ => matches!(method, b"GET" | b"HEAD"),
        }
    }

    /// The methods it answers, and the one that asks for them, as an `Allow` header (RFC 9110 section 10.2.1).
    pub fn methods(self) -> &'static str {
        match self {
            Self::DrivenSession(_) | Self::WhepPeer(..) => "DELETE, OPTIONS",
            Self::Stills => "GET, HEAD, POST, OPTIONS",
            _ if self.posted() => "POST, OPTIONS",
            _ => "GET, HEAD, OPTIONS",
        }
    }

    /// Whether it is a call with a body.
    pub fn posted(self) -> bool {
        matches!(
            self,
            Self::Start
                | Self::StartAudio
                | Self::Append
                | Self::Interrupt
                | Self::Cleanup
                | Self::Speech
                | Self::Offer
                | Self::Whep(_)
                | Self::Generate
        ) || self.takes_form()
    }

    /// The media type of its body, where that is not JSON or a form.
    pub fn takes(self) -> Option<&'static str> {
        matches!(self, Self::Whep(_)).then_some(SDP_TYPE)
    }

    /// Whether its body is a form with files.
    pub fn takes_form(self) -> bool {
        matches!(
            self,
            Self::Driven | Self::DrivenStream | Self::DrivenInit | Self::DrivenFeed
        )
    }

    /// In whose words it is refused.
    pub fn words(self) -> Words {
        match self {
            Self::Speech | Self::SpeechVoices | Self::Models => Words::OpenAi,
            _ => Words::Ours,
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

/// What `path` asks for, or `None` if it is not ours. One trailing slash is forgiven on calls.
pub fn route(path: &str) -> Option<Route> {
    let call = path.strip_suffix('/').unwrap_or(path);
    match call {
        "/api/stream/start" => return Some(Route::Start),
        "/audiostream/start" => return Some(Route::StartAudio),
        "/api/stream/append" => return Some(Route::Append),
        "/api/stream/interrupt" => return Some(Route::Interrupt),
        "/api/cleanup" => return Some(Route::Cleanup),
        "/api/avatars" => return Some(Route::Avatars),
        "/api/voices" => return Some(Route::Voices),
        "/api/audio-driven" => return Some(Route::Driven),
        "/api/audio-driven/stream" => return Some(Route::DrivenStream),
        "/api/audio-driven/chunked/init" => return Some(Route::DrivenInit),
        "/api/audio-driven/chunked/feed" => return Some(Route::DrivenFeed),
        "/api/realtime/offer" => return Some(Route::Offer),
        "/api/generate" => return Some(Route::Generate),
        "/api/stream_mjpeg" => return Some(Route::Stills),
        "/v1/audio/speech" => return Some(Route::Speech),
        "/v1/audio/voices" => return Some(Route::SpeechVoices),
        "/v1/models" => return Some(Route::Models),
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
    if let Some(id) = call.strip_prefix("/audiostream/task-status/") {
        return of_session(id, Route::TaskStatus);
    }
    if let Some(id) = call.strip_prefix("/api/audio-driven/chunked/status/") {
        return of_session(id, Route::DrivenStatus);
    }
    if let Some(id) = call.strip_prefix("/api/audio-driven/chunked/session/") {
        return of_session(id, Route::DrivenSession);
    }
    if let Some(whep) = call.strip_prefix("/whep/") {
        let found = match whep.split_once('/') {
            None => SessionId::parse(whep).map(Route::Whep),
            Some((id, peer)) => {
                SessionId::parse(id).and_then(|id| Some(Route::WhepPeer(id, PeerId::parse(peer)?)))
            }
        };
        return Some(found.unwrap_or(Route::Nothing));
    }
    let media = path
        .strip_prefix("/stream/")
        .or_else(|| path.strip_prefix("/hls/"))
        .or_else(|| path.strip_prefix("/media/hls/"))?;
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
    fn peers_have_paths() {
        let id = SessionId::parse(ID).unwrap();
        let peer = PeerId::parse(ID).unwrap();
        assert_eq!(route(&format!("/whep/{ID}")), Some(Route::Whep(id)));
        assert_eq!(
            route(&format!("/whep/{ID}/{ID}")),
            Some(Route::WhepPeer(id, peer))
        );
        for nothing in ["/whep/1", "/whep/1/2", "/whep//"] {
            assert_eq!(route(nothing), Some(Route::Nothing), "{nothing}");
        }
        assert_eq!(route(&format!("/whep/{ID}/x")), Some(Route::Nothing));
        assert!(Route::WhepPeer(id, peer).answers(b"DELETE"));
        assert!(!Route::WhepPeer(id, peer).answers(b"POST"));
        assert!(Route::Whep(id).answers(b"POST") && !Route::Whep(id).answers(b"GET"));
        assert_eq!(Route::Whep(id).takes(), Some("application/sdp"));
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
                    RenditionFile::Playlist(Form::LowLatency).of(RenditionName::Full)
                ))
            );
        }
        assert_eq!(
            route(&format!("/api/stream/status/{ID}/")),
            Some(Route::Status(id))
        );
    }

    #[test]
    fn sessions_of_sound_are_asked_for_by_names_of_their_own() {
        let id = SessionId::parse(ID).unwrap();
        let playlist = RenditionFile::Playlist(Form::LowLatency);
        assert_eq!(
            route(&format!("/media/hls/{ID}/audio.m3u8")),
            Some(Route::Media(id, playlist.of(RenditionName::Sound)))
        );
        for path in ["/audiostream/start", "/audiostream/start/"] {
            assert_eq!(route(path), Some(Route::StartAudio));
        }
        for slash in ["", "/"] {
            assert_eq!(
                route(&format!("/audiostream/task-status/{ID}{slash}")),
                Some(Route::TaskStatus(id))
            );
        }
    }

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
    fn numbers_have_one_spelling() {
        let id = SessionId::parse(ID).unwrap();
        assert_eq!(
            media("segment_007.m4s"),
            Some(Route::Media(
                id,
                RenditionFile::Segment(7).of(RenditionName::Full)
            ))
        );
        assert_eq!(
            media("segment_1000.m4s"),
            Some(Route::Media(
                id,
                RenditionFile::Segment(1000).of(RenditionName::Full)
            ))
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
            "256/audio.m3u8",
            "audio_7.m4s",
            "audio_007.ts",
            "audio.delta.m3u8",
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

    #[test]
    fn what_is_not_ours_is_left_alone() {
        for path in [
            "/",
            "/realtime",
            "/api/stream",
            "/api/other",
            "/v1/audio/transcriptions",
            "/v1/chat/completions",
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
                RenditionFile::Segment(number).of(RenditionName::Full),
                RenditionFile::TsSegment(number).of(RenditionName::Full),
                RenditionFile::Part(number, number % 10_000).of(RenditionName::Full),
                RenditionFile::Segment(number).of(RenditionName::Height(256)),
                RenditionFile::TsSegment(number).of(RenditionName::Height(256)),
                RenditionFile::Init.of(RenditionName::Height(64)),
                MediaFile::CaptionSegment(number),
                RenditionFile::Init.of(RenditionName::Full),
                RenditionFile::Playlist(Form::LowLatency).of(RenditionName::Sound),
                RenditionFile::Segment(number).of(RenditionName::Sound),
                RenditionFile::Part(number, number % 10_000).of(RenditionName::Sound),
                MediaFile::Master,
                MediaFile::Output(Kind::Avatar),
                MediaFile::Output(Kind::Audio),
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
