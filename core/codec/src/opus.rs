//! Opus as it travels in RTP (RFC 7587): one packet every 20 ms, without a container.

use std::fmt;

use ffmpeg_next::codec::Context;
use ffmpeg_next::format::sample::{Sample, Type};
use ffmpeg_next::{ChannelLayout, Dictionary, Error, Packet, Rational, decoder, encoder, frame};

use crate::audio::SAMPLE_RATE;
use crate::error::CodecError;
use crate::library;
use crate::sound::mono;

/// Samples in one packet: 20 ms.
pub const OPUS_SAMPLES: usize = 960;

/// One packet of Opus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpusPacket {
    /// What goes into one RTP packet.
    pub data: Vec<u8>,
    /// Which sample of the sound that went in comes out first: the first packet's is a few milliseconds before zero, where an
    /// encoder needs to look ahead.
    pub start: i64,
}

/// An open Opus encoder, mono at [`SAMPLE_RATE`]. Each packet carries a coarse copy of the one before, from which a decoder
/// fills a gap (RFC 6716 section 2.1.7).
pub struct OpusEncoder {
    encoder: encoder::Audio,
    frame: frame::Audio,
    packet: Packet,
    waiting: Vec<f32>,
    taken: i64,
}

const LIBOPUS: &str = "libopus";

impl OpusEncoder {
    /// Opens libopus with `bitrate` bits a second.
    ///
    /// # Errors
    ///
    /// [`CodecError::Missing`] or [`CodecError::Open`].
    pub fn open(bitrate: u32) -> Result<Self, CodecError> {
        library::prepare();
        let codec =
            encoder::find_by_name(LIBOPUS).ok_or(CodecError::Missing { encoder: LIBOPUS })?;
        let mut audio = Context::new_with_codec(codec)
            .encoder()
            .audio()
            .map_err(refused)?;
        let rate = SAMPLE_RATE.cast_signed();
        audio.set_rate(rate);
        audio.set_format(Sample::F32(Type::Packed));
        audio.set_channel_layout(ChannelLayout::MONO);
        audio.set_bit_rate(bitrate as usize);
        audio.set_time_base(Rational(1, rate));
        let options: Dictionary = [
            ("threads", "1"),
            ("application", "voip"),
            ("frame_duration", "20"),
            ("fec", "1"),
            ("packet_loss", "5"),
            // Sessions are many, and speech gains little by more.
            ("compression_level", "5"),
        ]
        .into_iter()
        .collect();
        let encoder = audio.open_as_with(codec, options).map_err(refused)?;
        if encoder.frame_size() as usize != OPUS_SAMPLES {
            return Err(CodecError::Stream {
                encoder: LIBOPUS,
                reason: "not 20 ms a packet",
            });
        }
        let mut frame =
            frame::Audio::new(Sample::F32(Type::Packed), OPUS_SAMPLES, ChannelLayout::MONO);
        frame.set_rate(SAMPLE_RATE);
        Ok(Self {
            encoder,
            frame,
            packet: Packet::empty(),
            waiting: Vec::with_capacity(OPUS_SAMPLES),
            taken: 0,
        })
    }

    /// Takes in more sound, nominally −1…1, and hands out the packets that became complete.
    ///
    /// # Errors
    ///
    /// [`CodecError::Encode`] when the encoder failed.
    pub fn encode(&mut self, pcm: &[f32]) -> Result<Vec<OpusPacket>, CodecError> {
        let mut packets = Vec::with_capacity((self.waiting.len() + pcm.len()) / OPUS_SAMPLES);
        let mut rest = pcm;
        while !rest.is_empty() {
            let room = OPUS_SAMPLES - self.waiting.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.waiting.extend_from_slice(now);
            rest = later;
            if self.waiting.len() == OPUS_SAMPLES {
                self.send_waiting()?;
                self.receive(&mut packets)?;
            }
        }
        Ok(packets)
    }

    fn send_waiting(&mut self) -> Result<(), CodecError> {
        library::make_writable(&mut self.frame)?;
        for (to, from) in self.frame.plane_mut(0).iter_mut().zip(&self.waiting) {
            // Not a number would spread through the encoder's filters and never leave them.
            *to = if from.is_finite() { *from } else { 0.0 };
        }
        self.frame.set_pts(Some(self.taken));
        self.taken += OPUS_SAMPLES as i64;
        self.waiting.clear();
        self.encoder.send_frame(&self.frame).map_err(failed)
    }

    fn receive(&mut self, packets: &mut Vec<OpusPacket>) -> Result<(), CodecError> {
        loop {
            match self.encoder.receive_packet(&mut self.packet) {
                Ok(()) => packets.push(OpusPacket {
                    data: self.packet.data().unwrap_or_default().to_vec(),
                    start: self.packet.pts().ok_or(CodecError::Stream {
                        encoder: LIBOPUS,
                        reason: "a packet without a time",
                    })?,
                }),
                Err(Error::Other {
                    errno: ffmpeg_next::error::EAGAIN,
                }) => return Ok(()),
                Err(error) => return Err(failed(error)),
            }
        }
    }
}

impl fmt::Debug for OpusEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpusEncoder")
            .field("taken", &self.taken)
            .finish_non_exhaustive()
    }
}

/// An open Opus decoder, mono at [`SAMPLE_RATE`], for one packet after the other.
pub struct OpusDecoder {
    decoder: decoder::Audio,
    frame: frame::Audio,
}

impl OpusDecoder {
    /// Opens libopus.
    ///
    /// # Errors
    ///
    /// [`CodecError::Missing`] or [`CodecError::Open`].
    pub fn open() -> Result<Self, CodecError> {
        library::prepare();
        let codec =
            decoder::find_by_name(LIBOPUS).ok_or(CodecError::Missing { encoder: LIBOPUS })?;
        let decoder = Context::new_with_codec(codec)
            .decoder()
            .open_as(codec)
            .and_then(|opened| opened.audio())
            .map_err(refused)?;
        Ok(Self {
            decoder,
            frame: frame::Audio::empty(),
        })
    }

    /// The sound of one packet: up to 120 ms, empty when there is none in it.
    ///
    /// # Errors
    ///
    /// [`CodecError::Decode`] when it is not Opus; the next packet may be.
    pub fn decode(&mut self, packet: &[u8]) -> Result<Vec<f32>, CodecError> {
        let mut pcm = Vec::new();
        if packet.is_empty() {
            return Ok(pcm);
        }
        self.decoder
            .send_packet(&Packet::copy(packet))
            .map_err(undecodable)?;
        loop {
            match self.decoder.receive_frame(&mut self.frame) {
                Ok(()) => pcm.extend(mono(&self.frame).into_iter().flat_map(|one| one.pcm)),
                Err(Error::Other {
                    errno: ffmpeg_next::error::EAGAIN,
                }) => return Ok(pcm),
                Err(error) => return Err(undecodable(error)),
            }
        }
    }
}

impl fmt::Debug for OpusDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpusDecoder").finish_non_exhaustive()
    }
}

fn refused(reason: Error) -> CodecError {
    CodecError::Open {
        encoder: LIBOPUS,
        reason: reason.to_string(),
    }
}

fn failed(reason: Error) -> CodecError {
    CodecError::Encode {
        encoder: LIBOPUS,
        reason: reason.to_string(),
    }
}

fn undecodable(reason: Error) -> CodecError {
    CodecError::Decode {
        decoder: LIBOPUS,
        reason: reason.to_string(),
    }
}
