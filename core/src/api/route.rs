//! Paths, and what they mean.

use super::{MediaFile, SDP_TYPE, Words};
use crate::rtc::PeerId;
use crate::session::SessionId;

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
    /// `/v1/models` and `/v1/audio/models`
    Models,
    /// `/v1/models/<id>`
    Model,
    /// `/v1` and any other path under it, where clients of OpenAI's expect errors in its shape.
    UnknownUrl,
    /// `/stream/<id>/<file>`, `/hls/<id>/<file>` and `/media/hls/<id>/<file>`
    Media(SessionId, MediaFile),
    /// A path under one of these prefixes that names no session or file there can be.
    Nothing,
}

impl Route {
    /// Whether it answers a method.
    pub fn answers(self, method: &[u8]) -> bool {
        match self {
            Self::DrivenSession(_) => method == b"DELETE",
            Self::WhepPeer(..) => matches!(method, b"GET" | b"HEAD" | b"DELETE"),
            Self::Stills | Self::Whep(_) => matches!(method, b"GET" | b"HEAD" | b"POST"),
            _ if self.posted() => method == b"POST",
            _ => matches!(method, b"GET" | b"HEAD"),
        }
    }

    /// The methods it answers, and the one that asks for them, as an `Allow` header (RFC 9110 section 10.2.1).
    pub fn methods(self) -> &'static str {
        match self {
            Self::DrivenSession(_) => "DELETE, OPTIONS",
            Self::WhepPeer(..) => "GET, HEAD, DELETE, OPTIONS",
            Self::Stills | Self::Whep(_) => "GET, HEAD, POST, OPTIONS",
            _ if self.posted() => "POST, OPTIONS",
            _ => "GET, HEAD, OPTIONS",
        }
    }

    /// The methods that pages from elsewhere may try, as an `Access-Control-Allow-Methods` header: those it answers, and
    /// `PATCH` where clients of WHEP try that. Their browsers keep any other from them, and with it the answer that it is
    /// not taken.
    pub fn methods_of_pages(self) -> &'static str {
        match self {
            Self::Whep(_) => "GET, HEAD, POST, PATCH, OPTIONS",
            Self::WhepPeer(..) => "GET, HEAD, DELETE, PATCH, OPTIONS",
            _ => self.methods(),
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
            Self::Speech | Self::SpeechVoices | Self::Models | Self::Model | Self::UnknownUrl => {
                Words::OpenAi
            }
            _ => Words::Ours,
        }
    }
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
        "/v1/models" | "/v1/audio/models" => return Some(Route::Models),
        "/v1" => return Some(Route::UnknownUrl),
        _ => {}
    }
    if let Some(rest) = call.strip_prefix("/v1/") {
        return Some(match rest.strip_prefix("models/") {
            Some(_) => Route::Model,
            None => Route::UnknownUrl,
        });
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
    if call == "/whep" {
        return Some(Route::Nothing);
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
    use crate::api::RenditionFile;
    use crate::hls::{Form, RenditionName};
    use crate::session::Kind;

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
        for nothing in ["/whep", "/whep/", "/whep/1", "/whep/1/2", "/whep//"] {
            assert_eq!(route(nothing), Some(Route::Nothing), "{nothing}");
        }
        assert_eq!(route(&format!("/whep/{ID}/x")), Some(Route::Nothing));
        for (route, tried) in [
            (Route::Whep(id), "GET, HEAD, POST, PATCH, OPTIONS"),
            (
                Route::WhepPeer(id, peer),
                "GET, HEAD, DELETE, PATCH, OPTIONS",
            ),
            (Route::Start, "POST, OPTIONS"),
        ] {
            assert_eq!(route.methods_of_pages(), tried);
            assert!(!route.answers(b"PATCH") && !route.methods().contains("PATCH"));
        }
        assert!(Route::WhepPeer(id, peer).answers(b"DELETE"));
        assert!(!Route::WhepPeer(id, peer).answers(b"POST"));
        for method in [b"GET".as_slice(), b"HEAD", b"POST"] {
            assert!(Route::Whep(id).answers(method));
        }
        assert!(!Route::Whep(id).answers(b"PATCH") && !Route::Whep(id).answers(b"DELETE"));
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
    fn all_under_v1_is_answered_as_openai_does() {
        for (path, wanted) in [
            ("/v1/models", Route::Models),
            ("/v1/audio/models/", Route::Models),
            ("/v1/models/tts-1", Route::Model),
            ("/v1/models/a/b", Route::Model),
            ("/v1/audio/transcriptions", Route::UnknownUrl),
            ("/v1/chat/completions", Route::UnknownUrl),
            ("/v1", Route::UnknownUrl),
            ("/v1/", Route::UnknownUrl),
        ] {
            assert_eq!(route(path), Some(wanted), "{path}");
            assert_eq!(wanted.words(), Words::OpenAi);
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
