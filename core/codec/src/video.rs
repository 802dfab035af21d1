//! H.264: pictures in, MP4 samples out.

use std::sync::OnceLock;

use ffmpeg_next::codec::Context;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Dictionary, Error, Packet, Rational, encoder, frame, picture};

use crate::avc::{self, AvcConfig};
use crate::error::CodecError;
use crate::library;
use crate::picture::Picture;

/// How pictures are to be encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoSettings {
    /// Pixels across, even.
    pub width: u32,
    /// Pixels down, even.
    pub height: u32,
    /// Pictures a second.
    pub frame_rate: u32,
    /// x264's constant rate factor, and what comes nearest to it elsewhere: 18 is all but lossless, 28 coarse.
    pub quality: u8,
    /// Bits a second that no second exceeds by much, however lively the picture.
    pub max_bitrate: u32,
    /// What may be spent on them.
    pub effort: Effort,
}

/// How long an encoder looks for fewer bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effort {
    /// As little as streams need that begin at once, many at a time.
    #[default]
    Fast,
    /// As much as is worth it for a film that is kept.
    Thorough,
}

impl VideoSettings {
    /// Good pictures of a speaking face.
    pub fn new(width: u32, height: u32, frame_rate: u32) -> Self {
        let pixels = u64::from(width) * u64::from(height) * u64::from(frame_rate);
        Self {
            width,
            height,
            frame_rate,
            quality: 26,
            max_bitrate: u32::try_from((pixels / 5).max(300_000)).unwrap_or(u32::MAX),
            effort: Effort::Fast,
        }
    }

    /// Pictures of a film that is kept: hardly a difference is seen.
    pub fn fine(self) -> Self {
        Self {
            quality: 18,
            max_bitrate: self.max_bitrate.saturating_mul(3),
            effort: Effort::Thorough,
            ..self
        }
    }
}

/// One encoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoPacket {
    /// Length-prefixed NAL units.
    pub data: Vec<u8>,
    /// Whether decoding can begin here.
    pub key: bool,
}

/// An open H.264 encoder: one packet out for each picture in, in the same order.
pub struct VideoEncoder {
    press: Press,
    config: AvcConfig,
}

pub(crate) const NVENC: &str = "h264_nvenc";
const X264: &str = "libx264";

impl VideoEncoder {
    /// Opens `h264_nvenc` where it works, otherwise `libx264`.
    ///
    /// Whether `h264_nvenc` works is tried once in the life of the process; where it does but has no room
    /// for one more stream, that stream too falls back to `libx264`.
    ///
    /// # Errors
    ///
    /// [`CodecError::Missing`] or [`CodecError::Open`] of `libx264` when neither opens.
    pub fn open(settings: &VideoSettings) -> Result<Self, CodecError> {
        let (width, height) = (settings.width, settings.height);
        let press = Press::open(width, height, settings.frame_rate, |name| {
            options(name, settings)
        })?;
        let config = AvcConfig::from_byte_stream(&library::extradata(&press.encoder)).ok_or(
            CodecError::Stream {
                encoder: press.name,
                reason: "no parameter sets",
            },
        )?;
        Ok(Self { press, config })
    }

    /// libavcodec's name of the encoder: `h264_nvenc` or `libx264`.
    pub fn name(&self) -> &'static str {
        self.press.name
    }

    /// What decoders must know beforehand.
    pub fn config(&self) -> &AvcConfig {
        &self.config
    }

    /// Encodes the next picture. The first one becomes a key picture, and after it exactly those
    /// with `force_key`.
    ///
    /// # Errors
    ///
    /// [`CodecError::Picture`] when its size is not the one this was opened for; otherwise the encoder failed
    /// and is of no further use.
    pub fn encode(
        &mut self,
        picture: &Picture,
        force_key: bool,
    ) -> Result<VideoPacket, CodecError> {
        let (stream, key) = self.press.encode(picture, force_key)?;
        let data = avc::sample(stream);
        Ok(VideoPacket { data, key })
    }
}

/// What turns pictures into a byte stream (H.264 Annex B), one at a time, however it is set.
pub(crate) struct Press {
    pub(crate) encoder: encoder::Video,
    pub(crate) name: &'static str,
    frame: frame::Video,
    packet: Packet,
    next: i64,
}

impl Press {
    /// Opens `h264_nvenc` where it works, otherwise `libx264`, with what `options` says of either.
    pub(crate) fn open(
        width: u32,
        height: u32,
        frame_rate: u32,
        options: impl Fn(&str) -> Dictionary<'static>,
    ) -> Result<Self, CodecError> {
        static HARDWARE: OnceLock<bool> = OnceLock::new();
        library::prepare();
        let open_as = |name| Self::open_as(name, width, height, frame_rate, options(name));
        let mut tried = None;
        let hardware = *HARDWARE.get_or_init(|| {
            tried = open_as(NVENC).ok();
            tried.is_some()
        });
        if hardware && let Some(press) = tried.or_else(|| open_as(NVENC).ok()) {
            return Ok(press);
        }
        open_as(X264)
    }

    /// Opens `libx264`: a device takes a hundred times as long to be opened.
    pub(crate) fn open_at_once(
        width: u32,
        height: u32,
        frame_rate: u32,
        options: impl Fn(&str) -> Dictionary<'static>,
    ) -> Result<Self, CodecError> {
        library::prepare();
        Self::open_as(X264, width, height, frame_rate, options(X264))
    }

    fn open_as(
        name: &'static str,
        width: u32,
        height: u32,
        frame_rate: u32,
        options: Dictionary<'static>,
    ) -> Result<Self, CodecError> {
        let refused = |reason: Error| CodecError::Open {
            encoder: name,
            reason: reason.to_string(),
        };
        let codec = encoder::find_by_name(name).ok_or(CodecError::Missing { encoder: name })?;
        let mut video = Context::new_with_codec(codec)
            .encoder()
            .video()
            .map_err(refused)?;
        let rate = i32::try_from(frame_rate).unwrap_or(i32::MAX);
        video.set_width(width);
        video.set_height(height);
        video.set_format(Pixel::YUV420P);
        video.set_time_base(Rational(1, rate));
        video.set_frame_rate(Some(Rational(rate, 1)));
        let encoder = video.open_as_with(codec, options).map_err(refused)?;
        Ok(Self {
            encoder,
            name,
            frame: frame::Video::new(Pixel::YUV420P, width, height),
            packet: Packet::empty(),
            next: 0,
        })
    }

    /// The byte stream of `picture`, and whether decoding can begin with it.
    pub(crate) fn encode(
        &mut self,
        picture: &Picture,
        force_key: bool,
    ) -> Result<(&[u8], bool), CodecError> {
        self.fill_frame(picture)?;
        self.frame.set_pts(Some(self.next));
        self.frame.set_kind(if force_key {
            picture::Type::I
        } else {
            picture::Type::None
        });
        let failed = |encoder, reason: Error| CodecError::Encode {
            encoder,
            reason: reason.to_string(),
        };
        self.encoder
            .send_frame(&self.frame)
            .map_err(|error| failed(self.name, error))?;
        self.encoder
            .receive_packet(&mut self.packet)
            .map_err(|error| failed(self.name, error))?;
        if self.packet.pts() != Some(self.next) {
            return Err(CodecError::Stream {
                encoder: self.name,
                reason: "pictures out of order",
            });
        }
        self.next += 1;
        let stream = self.packet.data().unwrap_or_default();
        Ok((stream, self.packet.is_key()))
    }

    fn fill_frame(&mut self, picture: &Picture) -> Result<(), CodecError> {
        library::make_writable(&mut self.frame)?;
        let (width, height) = (picture.width, picture.height);
        let fits = width == self.frame.width() as usize
            && height == self.frame.height() as usize
            && picture.y.len() == width * height
            && picture.u.len() == width * height / 4
            && picture.v.len() == width * height / 4;
        if !fits {
            return Err(CodecError::Picture { width, height });
        }
        for (index, plane, width) in [
            (0, &picture.y, width),
            (1, &picture.u, width / 2),
            (2, &picture.v, width / 2),
        ] {
            let stride = self.frame.stride(index);
            let rows = self.frame.data_mut(index).chunks_mut(stride);
            for (to, from) in rows.zip(plane.chunks(width)) {
                if let Some(to) = to.get_mut(..from.len()) {
                    to.copy_from_slice(from);
                }
            }
        }
        Ok(())
    }
}

/// What all pictures of ours are.
pub(crate) const COMMON: &[(&str, &str)] = &[
    ("threads", "1"),
    ("bf", "0"),
    ("colorspace", "bt709"),
    ("color_primaries", "bt709"),
    ("color_trc", "bt709"),
    ("color_range", "tv"),
    ("forced-idr", "1"),
];

fn options(name: &str, settings: &VideoSettings) -> Dictionary<'static> {
    let max_bitrate = settings.max_bitrate.to_string();
    let quality = settings.quality.to_string();
    let mut options = Dictionary::new();
    for (key, value) in [
        ("flags", "+global_header+cgop"),
        ("maxrate", &max_bitrate),
        ("bufsize", &max_bitrate),
    ]
    .iter()
    .chain(COMMON)
    {
        options.set(key, value);
    }
    let own: &[(&str, &str)] = if name == NVENC {
        &[
            (
                "preset",
                match settings.effort {
                    Effort::Fast => "p4",
                    Effort::Thorough => "p7",
                },
            ),
            ("tune", "ull"),
            ("profile", "high"),
            ("rc", "vbr"),
            ("cq", &quality),
            ("zerolatency", "1"),
            ("delay", "0"),
            ("no-scenecut", "1"),
            // A distance no session reaches: key pictures come from `force_key` alone.
            ("g", "1000000000"),
        ]
    } else {
        &[
            (
                "preset",
                match settings.effort {
                    Effort::Fast => "superfast",
                    Effort::Thorough => "slow",
                },
            ),
            ("tune", "zerolatency"),
            ("profile", "high"),
            ("crf", &quality),
            // Key pictures come from `force_key` alone. The rest trades bits for time: for the drawn presenter at
            // 512×512 it takes three quarters of the time of plain `superfast` and a third more bits.
            (
                "x264-params",
                match settings.effort {
                    Effort::Fast => {
                        "keyint=infinite:scenecut=0:weightp=0:subme=0:cabac=0:partitions=i4x4"
                    }
                    Effort::Thorough => "keyint=infinite:scenecut=0",
                },
            ),
        ]
    };
    for (key, value) in own {
        options.set(key, value);
    }
    options
}
