//! H.264 for conversations: pictures in, a byte stream out whose rate may change while it runs.

use std::fmt;

use ffmpeg_next::Dictionary;

use crate::error::CodecError;
use crate::library;
use crate::picture::Picture;
use crate::video::{COMMON, NVENC, Press};

/// How pictures of a conversation are to be encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSettings {
    /// Pixels across, even.
    pub width: u32,
    /// Pixels down, even.
    pub height: u32,
    /// Pictures a second.
    pub frame_rate: u32,
    /// Bits a second that half a second never exceeds by much.
    pub bitrate: u32,
}

/// One encoded picture of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallPacket {
    /// A byte stream (H.264 Annex B); parameter sets come before every key picture.
    pub data: Vec<u8>,
    /// Whether decoding can begin here.
    pub key: bool,
}

/// An open H.264 encoder of the constrained baseline profile, which every peer of WebRTC decodes (RFC 7742 section 6.2):
/// one packet out for each picture in, at once.
pub struct CallEncoder {
    press: Press,
    bitrate: u32,
}

/// Below this there is nothing left to see, and x264's buffer becomes smaller than a picture.
const LEAST: u32 = 60_000;

/// No better than this, x264's constant rate factor or what comes nearest to it: a quiet face then takes a fraction of the rate.
const QUALITY: &str = "26";

impl CallEncoder {
    /// Opens `h264_nvenc` where it works, otherwise `libx264`.
    ///
    /// # Errors
    ///
    /// [`CodecError::Missing`] or [`CodecError::Open`] of `libx264` when neither opens.
    pub fn open(settings: &CallSettings) -> Result<Self, CodecError> {
        let bitrate = settings.bitrate.max(LEAST);
        let (width, height) = (settings.width, settings.height);
        let press = Press::open(width, height, settings.frame_rate, |name| {
            options(name, bitrate)
        })?;
        Ok(Self { press, bitrate })
    }

    /// Encodes one picture by itself, for whoever cannot wait for the next key picture, with `libx264`.
    ///
    /// # Errors
    ///
    /// As of [`open`](Self::open) and [`encode`](Self::encode).
    pub fn alone(settings: &CallSettings, picture: &Picture) -> Result<CallPacket, CodecError> {
        let bitrate = settings.bitrate.max(LEAST);
        let (width, height) = (settings.width, settings.height);
        let press = Press::open_at_once(width, height, settings.frame_rate, |name| {
            options(name, bitrate)
        })?;
        Self { press, bitrate }.encode(picture, true)
    }

    /// Bits a second that are not to be exceeded from the next picture on.
    pub fn set_bitrate(&mut self, bitrate: u32) {
        let bitrate = bitrate.max(LEAST);
        if bitrate != self.bitrate {
            self.bitrate = bitrate;
            library::limit_rate(&mut self.press.encoder, bitrate, buffer(bitrate));
        }
    }

    /// Encodes the next picture. The first one becomes a key picture, and after it exactly those
    /// with `force_key`.
    ///
    /// # Errors
    ///
    /// [`CodecError::Picture`] when its size is not the one this was opened for; otherwise the encoder failed
    /// and is of no further use.
    pub fn encode(&mut self, picture: &Picture, force_key: bool) -> Result<CallPacket, CodecError> {
        let (stream, key) = self.press.encode(picture, force_key)?;
        Ok(CallPacket {
            data: stream.to_vec(),
            key,
        })
    }
}

impl fmt::Debug for CallEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallEncoder")
            .field("encoder", &self.press.name)
            .field("bitrate", &self.bitrate)
            .finish_non_exhaustive()
    }
}

/// Bits that a picture larger than the others may borrow: half a second's.
fn buffer(bitrate: u32) -> u32 {
    bitrate / 2
}

fn options(name: &str, bitrate: u32) -> Dictionary<'static> {
    let (rate, size) = (bitrate.to_string(), buffer(bitrate).to_string());
    let own: &[(&str, &str)] = if name == NVENC {
        &[
            ("preset", "p4"),
            ("tune", "ull"),
            ("rc", "vbr"),
            ("cq", QUALITY),
            ("zerolatency", "1"),
            ("delay", "0"),
            ("no-scenecut", "1"),
            ("g", "1000000000"),
        ]
    } else {
        &[
            ("preset", "superfast"),
            ("tune", "zerolatency"),
            ("crf", QUALITY),
            (
                "x264-params",
                "keyint=infinite:scenecut=0:weightp=0:subme=0:partitions=i4x4",
            ),
        ]
    };
    // Without global headers, parameter sets stand in the stream, where a peer that joins later finds them.
    let mut options = Dictionary::new();
    for (key, value) in [
        ("flags", "+cgop"),
        ("profile", "baseline"),
        ("maxrate", &rate),
        ("bufsize", &size),
    ]
    .iter()
    .chain(COMMON)
    .chain(own)
    {
        options.set(key, value);
    }
    options
}
