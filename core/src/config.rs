//! The one configuration structure, filled by nginx directives or by the command line.

use std::path::PathBuf;
use std::time::Duration;

use crate::hls::{Cut, LEAD, LIVE_LEAD, RenditionName, SegmentFormat};
use crate::language::Language;
use crate::prompt;
use crate::rtc;
use crate::session::{Job, Kind, Pace};
use crate::speech;
use crate::time::{FrameRate, Samples};

/// Everything an operator decides.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where sessions live; see [`crate::store`].
    pub data: PathBuf,
    /// Threads that paint and encode.
    pub threads: usize,
    /// The language of requests that name none.
    pub language: Language,
    /// The voice of requests that name none; otherwise each language has its own.
    pub voice: Option<String>,
    /// The face of requests that name none.
    pub avatar: String,
    /// The pictures made.
    pub video: Video,
    /// Heights in pixels of smaller renditions of them, the largest first; all even and less than the pictures' own.
    pub renditions: Vec<u16>,
    /// What segments are made of where requests do not say.
    pub segment_format: SegmentFormat,
    /// How long segments of sound alone are, to the nearest part.
    pub audio_segment: Duration,
    /// The networks that draw filmed avatars and photos, and where the former lie; `None` where there are none.
    pub neural: Option<Neural>,
    /// How much is taken on.
    pub limits: Limits,
    /// Hosts that clients may have told when their session is finished; `*` is any. A server that calls
    /// whatever address it is given can be used against its own network, so this is empty at first.
    pub webhook_hosts: Vec<String>,
    /// How long a session that has nothing to say waits for more text.
    pub text_timeout: Duration,
    /// How long a session that is fed with sound waits for more while nobody watches.
    pub feed_timeout: Duration,
    /// How much of a live stream that is fed with sound stays listed, and as long again on disk.
    pub feed_window: Duration,
    /// How long a finished session's files are kept.
    pub ttl: Duration,
    /// How much of what was made is kept to answer those who ask for the same; `None` is nothing.
    pub reuse: Option<Reuse>,
    /// Engines and voices besides those that are built in.
    pub speech: speech::Settings,
    /// Who writes prompts out before they are spoken; `None` where nobody does.
    pub expand: Option<prompt::Settings>,
    /// How far beyond the wall clock an unfinished stream is listed.
    pub lead: Duration,
    /// The same for sessions of pace `live` whose segments have parts.
    pub live_lead: Duration,
    /// Still pictures for those who watch them one by one.
    pub stills: Stills,
    /// How far beyond the wall clock a session of pace `fast` is generated; `None` is as far as fairness allows.
    pub look_ahead: Option<Duration>,
    /// Where peers of WebRTC call; `None` is that nobody does.
    pub webrtc: Option<rtc::Settings>,
}

impl Config {
    /// The renditions of a session, the largest last.
    pub fn renditions_of(&self, kind: Kind) -> impl Iterator<Item = RenditionName> + '_ {
        let (smaller, largest) = match kind {
            Kind::Avatar => (self.renditions.as_slice(), Some(RenditionName::Full)),
            Kind::Audio => (&[][..], Some(RenditionName::Sound)),
            Kind::Stream | Kind::Recording(_) => (&[][..], None),
        };
        let smaller = smaller.iter().copied().map(RenditionName::Height);
        smaller.chain(largest)
    }

    /// Bytes that a still picture takes at most: one of nothing but noise takes less.
    pub fn still_bytes(&self) -> usize {
        let Video { width, height, .. } = self.video;
        (width * height) as usize * 3 / 2 + 4096
    }

    /// How a session is cut.
    pub fn cut_of(&self, job: &Job) -> Cut {
        match job.kind {
            Kind::Avatar | Kind::Stream => job.segment_format.cut(self.video.frame_rate),
            Kind::Audio | Kind::Recording(_) => Cut::sound(self.audio_segment),
        }
    }

    /// How much of a session stays listed; `None` is all of it. What is fed live goes on for as long as somebody watches.
    pub fn window_of(&self, job: &Job) -> Option<Samples> {
        let endless = job.is_fed() && job.pace == Pace::Live;
        endless.then(|| Samples::from_duration(self.feed_window))
    }

    /// How far beyond the wall clock a session is listed while it is unfinished.
    pub fn lead_of(&self, job: &Job) -> Duration {
        let cut = self.cut_of(job);
        let frame = self.video.frame_rate.frame().duration();
        match (job.pace, job.segment_format) {
            (Pace::Prompt, _) => frame * PROMPT_FRAMES,
            _ if job.kind == Kind::Stream => frame * u32::from(self.stills.queue),
            // One part more than players that load parts stay behind the last. What is fed lies behind as much silence, and should
            // not wait for the clock as well.
            (Pace::Live, SegmentFormat::Fmp4) => {
                let mut least = cut.hold_back() + cut.part();
                if job.is_fed() {
                    least += cut.part();
                }
                self.live_lead.max(least.duration())
            }
            // Players that load whole segments stall with less.
            _ => self.lead + cut.segment().duration().saturating_sub(USUAL_SEGMENT),
        }
    }
}

/// Frames that are painted before they are seen where they are seen at once: one on its way, one being painted.
const PROMPT_FRAMES: u32 = 2;

/// The segments for which the lead is configured.
const USUAL_SEGMENT: Duration = Duration::from_secs(1);

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("avatar"),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            language: Language::En,
            voice: None,
            avatar: "anna".to_owned(),
            video: Video::default(),
            renditions: Vec::new(),
            segment_format: SegmentFormat::default(),
            audio_segment: Duration::from_secs(2),
            neural: None,
            limits: Limits::default(),
            webhook_hosts: Vec::new(),
            text_timeout: Duration::from_secs(60),
            feed_timeout: Duration::from_secs(50 * 60),
            feed_window: Duration::from_secs(10 * 60),
            ttl: Duration::from_secs(3600),
            reuse: Some(Reuse::default()),
            speech: speech::Settings::default(),
            expand: None,
            lead: LEAD,
            live_lead: LIVE_LEAD,
            stills: Stills::default(),
            look_ahead: None,
            webrtc: None,
        }
    }
}

/// The size and rate of the pictures, and how they are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Video {
    /// Pixels across, even.
    pub width: u32,
    /// Pixels down, even.
    pub height: u32,
    /// Pictures a second.
    pub frame_rate: FrameRate,
}

impl Default for Video {
    fn default() -> Self {
        Self {
            width: 512,
            height: 512,
            frame_rate: FrameRate::DEFAULT,
        }
    }
}

impl Video {
    /// The smallest side, in pixels.
    pub const MIN_SIDE: u32 = 64;
    /// The largest side, in pixels.
    pub const MAX_SIDE: u32 = 1920;

    /// The same pictures at another height, of the nearest even width.
    pub fn at_height(self, height: u16) -> Self {
        let height = u32::from(height);
        let width = (self.width * height / self.height.max(1)).next_multiple_of(2);
        Self {
            width: width.max(2),
            height,
            ..self
        }
    }
}

/// The networks that draw filmed avatars and photos, and where the former lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neural {
    /// The library that has the networks: `libavatar_models.so`.
    pub library: PathBuf,
    /// The directory of imported weights.
    pub weights: PathBuf,
    /// "auto", "cpu", "cuda" or "cuda:N".
    pub device: String,
    /// How numbers are kept.
    pub precision: NeuralPrecision,
    /// Faces drawn at once at most; 0 is as many as the library likes.
    pub batch: usize,
    /// Threads that compute where the processor does; 0 is one for each core.
    pub threads: usize,
    /// The directory of prepared avatars, each in a directory of its own; `None` where only photos are drawn.
    pub avatars: Option<PathBuf>,
}

impl Neural {
    /// What is computed as the library likes.
    pub fn new(library: PathBuf, weights: PathBuf, avatars: Option<PathBuf>) -> Self {
        Self {
            library,
            weights,
            device: "auto".to_owned(),
            precision: NeuralPrecision::Auto,
            batch: 0,
            threads: 0,
            avatars,
        }
    }
}

/// How the networks' numbers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeuralPrecision {
    /// As is best for the device.
    Auto,
    /// 32 bits.
    Single,
    /// 16 bits.
    Half,
    /// 16 bits, with the exponent of 32.
    Brain,
}

impl NeuralPrecision {
    /// The precision that people call `word`: auto, f32, f16 or bf16.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "auto" => Self::Auto,
            "f32" => Self::Single,
            "f16" => Self::Half,
            "bf16" => Self::Brain,
            _ => return None,
        })
    }
}

/// How much is taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Characters of one request's text.
    pub text: usize,
    /// Characters of a session's text, where it comes by and by.
    pub whole_text: usize,
    /// Sessions being generated at once.
    pub sessions: usize,
    /// Sessions waiting for that.
    pub queue: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text: 5000,
            whole_text: 100_000,
            sessions: 64,
            queue: 256,
        }
    }
}

/// Still pictures, as a stream of JPEG files has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stills {
    /// As libjpeg counts it, 1 to 100.
    pub quality: u8,
    /// How many are made ahead of the clock, unless a client wants the first as early as can be.
    pub queue: u16,
}

impl Default for Stills {
    fn default() -> Self {
        Self {
            quality: 85,
            queue: 30,
        }
    }
}

/// How much of what was made is kept to answer those who ask for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reuse {
    /// Bytes of all of it together.
    pub size: u64,
    /// How long ago it may have been made.
    pub age: Duration,
}

impl Default for Reuse {
    fn default() -> Self {
        Self {
            size: 256 * 1024 * 1024,
            age: Duration::from_secs(3600),
        }
    }
}
