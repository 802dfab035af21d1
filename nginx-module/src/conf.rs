//! What the directives say, as nginx keeps it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::time::Duration;

use avatar_core::config::{Config, Neural, NeuralPrecision, Reuse, Stills, Video};
use avatar_core::hls::SegmentFormat;
use avatar_core::language::Language;
use avatar_core::prompt;
use avatar_core::rtc;
use avatar_core::speech;
use nginx_sys::ngx_shm_zone_t;

use crate::base::Base;
use crate::keys::Keys;
use crate::origins::Origins;

/// The `http` block's configuration.
#[derive(Debug, Default)]
pub(crate) struct MainConf {
    /// Whether any location is ours.
    pub(crate) enabled: bool,
    /// What was said; `None` where nothing was.
    pub(crate) said: Said,
    /// What follows from it, once the whole block is read.
    pub(crate) settled: Option<Settled>,
}

/// The directives of the `http` block.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// `avatar_zone`
    pub(crate) zone: Option<(String, usize)>,
    /// `avatar_data`
    pub(crate) data: Option<PathBuf>,
    /// `avatar_threads`
    pub(crate) threads: Option<usize>,
    /// `avatar_language`
    pub(crate) language: Option<Language>,
    /// `avatar_voice`
    pub(crate) voice: Option<String>,
    /// `avatar_face`
    pub(crate) face: Option<String>,
    /// `avatar_models`
    pub(crate) models: Option<Models>,
    /// `avatar_avatars`
    pub(crate) avatars: Option<PathBuf>,
    /// `avatar_video`
    pub(crate) video: Option<Video>,
    /// `avatar_segment_format`
    pub(crate) segment_format: Option<SegmentFormat>,
    /// `avatar_renditions`; `off` is none.
    pub(crate) renditions: Option<Vec<u16>>,
    /// `avatar_audio_segment`
    pub(crate) audio_segment: Option<Duration>,
    /// `avatar_lead`
    pub(crate) lead: Option<Duration>,
    /// `avatar_look_ahead`; the inner `None` is `off`.
    pub(crate) look_ahead: Option<Option<Duration>>,
    /// `avatar_mjpeg`
    pub(crate) stills: Option<Stills>,
    /// `avatar_max_text`
    pub(crate) max_text: Option<usize>,
    /// `avatar_max_session_text`
    pub(crate) max_session_text: Option<usize>,
    /// `avatar_feed_timeout`
    pub(crate) feed_timeout: Option<Duration>,
    /// `avatar_feed_window`
    pub(crate) feed_window: Option<Duration>,
    /// `avatar_text_timeout`
    pub(crate) text_timeout: Option<Duration>,
    /// `avatar_max_sessions`
    pub(crate) max_sessions: Option<usize>,
    /// `avatar_max_queue`
    pub(crate) max_queue: Option<usize>,
    /// `avatar_webhook_hosts`
    pub(crate) webhook_hosts: Option<Vec<String>>,
    /// `avatar_session_ttl`
    pub(crate) session_ttl: Option<Duration>,
    /// `avatar_reuse`; the inner `None` is `off`.
    pub(crate) reuse: Option<Option<Reuse>>,
    /// `avatar_speech_engine`, `avatar_speech_voice`
    pub(crate) speech: speech::Settings,
    /// `avatar_speech_keep`
    pub(crate) speech_keep: Option<bool>,
    /// `avatar_expand`; the inner `None` is `off`.
    pub(crate) expand: Option<Option<prompt::Settings>>,
    /// `avatar_webrtc`; the inner `None` is `off`.
    pub(crate) webrtc: Option<Option<rtc::Settings>>,
    /// `avatar_webrtc_public`
    pub(crate) webrtc_public: Option<IpAddr>,
    /// `avatar_hold_timeout`
    pub(crate) hold_timeout: Option<Duration>,
}

/// What `avatar_models` says.
#[derive(Debug)]
pub(crate) struct Models {
    /// `library=`
    pub(crate) library: PathBuf,
    /// `weights=`
    pub(crate) weights: PathBuf,
    /// `device=`
    pub(crate) device: Option<String>,
    /// `precision=`
    pub(crate) precision: NeuralPrecision,
    /// `batch=`; zero is as the library likes.
    pub(crate) batch: usize,
    /// `threads=`; zero is one for each core.
    pub(crate) threads: usize,
}

impl Models {
    /// The core's configuration of them, for the avatars in a directory, if there is one.
    fn config(&self, avatars: Option<&Path>) -> Neural {
        let neural = Neural::new(
            self.library.clone(),
            self.weights.clone(),
            avatars.map(Path::to_owned),
        );
        Neural {
            device: self.device.clone().unwrap_or(neural.device),
            precision: self.precision,
            batch: self.batch,
            threads: self.threads,
            ..neural
        }
    }
}

/// The name of the zone where none is given.
pub(crate) const DEFAULT_ZONE: (&str, usize) = ("avatar", 4 * 1024 * 1024);

/// How long a request is held where nothing is said.
pub(crate) const DEFAULT_HOLD: Duration = Duration::from_secs(10);

impl Said {
    /// The core's configuration; `prefix` is where nginx's relative paths begin.
    pub(crate) fn config(&self, prefix: &str) -> Config {
        let mut config = Config::default();
        let data = self.data.as_ref().unwrap_or(&config.data);
        config.data = PathBuf::from(prefix).join(data);
        config.threads = self.threads.unwrap_or(config.threads);
        config.language = self.language.unwrap_or(config.language);
        config.voice.clone_from(&self.voice);
        if let Some(face) = &self.face {
            config.avatar.clone_from(face);
        }
        if let Some(models) = &self.models {
            config.neural = Some(models.config(self.avatars.as_deref()));
        }
        config.video = self.video.unwrap_or(config.video);
        config.segment_format = self.segment_format.unwrap_or(config.segment_format);
        if let Some(renditions) = &self.renditions {
            config.renditions.clone_from(renditions);
        }
        config.audio_segment = self.audio_segment.unwrap_or(config.audio_segment);
        config.lead = self.lead.unwrap_or(config.lead);
        config.look_ahead = self.look_ahead.unwrap_or(config.look_ahead);
        config.stills = self.stills.unwrap_or(config.stills);
        config.limits.text = self.max_text.unwrap_or(config.limits.text);
        config.limits.whole_text = self.max_session_text.unwrap_or(config.limits.whole_text);
        config.feed_timeout = self.feed_timeout.unwrap_or(config.feed_timeout);
        config.feed_window = self.feed_window.unwrap_or(config.feed_window);
        config.text_timeout = self.text_timeout.unwrap_or(config.text_timeout);
        config.limits.sessions = self.max_sessions.unwrap_or(config.limits.sessions);
        config.limits.queue = self.max_queue.unwrap_or(config.limits.queue);
        if let Some(hosts) = &self.webhook_hosts {
            config.webhook_hosts.clone_from(hosts);
        }
        config.reuse = self.reuse.unwrap_or(config.reuse);
        config.speech.clone_from(&self.speech);
        config.expand = self.expand.clone().unwrap_or_default();
        config.speech.keep = self.speech_keep.unwrap_or_default();
        config.webrtc = self.webrtc.clone().flatten().map(|settings| rtc::Settings {
            public: self.webrtc_public,
            ..settings
        });
        config.ttl = self.session_ttl.unwrap_or(config.ttl);
        config
    }
}

/// The configuration once the whole block is read.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    /// For the core.
    pub(crate) config: Arc<Config>,
    /// The shared zone.
    pub(crate) zone: NonNull<ngx_shm_zone_t>,
    /// How long a request is held.
    pub(crate) hold: Duration,
}

/// A `server`'s or `location`'s configuration.
#[derive(Debug)]
pub(crate) struct LocationConf {
    /// `avatar`
    pub(crate) on: Option<bool>,
    /// `avatar_keys`; the inner `None` is `off`.
    pub(crate) keys: Option<Option<Arc<Keys>>>,
    /// `avatar_origins`; the inner `None` is `off`.
    pub(crate) origins: Option<Option<Arc<Origins>>>,
    /// `avatar_base`; the inner `None` is `off`.
    pub(crate) base: Option<Option<Arc<Base>>>,
    /// The configuration of this location for every module, but with the sessions' directory as its root.
    pub(crate) media: *mut *mut std::ffi::c_void,
}

impl Default for LocationConf {
    fn default() -> Self {
        Self {
            on: None,
            keys: None,
            origins: None,
            base: None,
            media: ptr::null_mut(),
        }
    }
}

impl LocationConf {
    /// Takes over from `outer` what is not said here.
    pub(crate) fn inherit(&mut self, outer: &Self) {
        self.on = self.on.or(outer.on);
        if self.keys.is_none() {
            self.keys.clone_from(&outer.keys);
        }
        if self.origins.is_none() {
            self.origins.clone_from(&outer.origins);
        }
        if self.base.is_none() {
            self.base.clone_from(&outer.base);
        }
    }

    /// Whether the location is ours.
    pub(crate) fn is_on(&self) -> bool {
        self.on == Some(true)
    }

    /// The keys that are asked for, if any are.
    pub(crate) fn keys(&self) -> Option<&Keys> {
        self.keys.as_ref()?.as_deref()
    }

    /// Below what clients find the API, if that is said.
    pub(crate) fn base(&self) -> Option<&Base> {
        self.base.as_ref()?.as_deref()
    }

    /// The origins that are allowed, if any are.
    pub(crate) fn origins(&self) -> Option<&Origins> {
        self.origins.as_ref()?.as_deref()
    }
}
