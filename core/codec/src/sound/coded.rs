//! Compressed sound, by libavformat's demuxers and libavcodec's decoders.

use std::ffi::{CStr, c_int};
use std::io::Read;
use std::ptr;

use super::index::{self, Arranged};
use super::mixdown::Mixer;
use super::source::{Source, Trace};
use super::{DecodeError, SoundFormat, Stretch, conversion, mpeg};
use crate::library;
use ffmpeg_next::codec::Context;
use ffmpeg_next::format::context::{Input, StreamIo};
use ffmpeg_next::{Error, Packet, Rational, decoder, ffi, frame, media};

/// What libavformat can go back by: demuxers look at a few frames before they begin.
const BUFFER: usize = 1 << 16;
/// What it expects to get at once, at the most. It moves on in its buffer as long as there is room for so much.
const BLOCK: c_int = 4096;

/// How much of what a header promises may be missing, in seconds: encoders count what they pad.
const LENIENCE: f64 = 0.1;

/// A header that promises more than this, in seconds, was written before anybody knew.
const UNKNOWN: f64 = 3600.0;

/// The decoder of one stream.
pub(super) struct Coded {
    format: SoundFormat,
    input: Input,
    decoder: decoder::Audio,
    packet: Packet,
    frame: frame::Audio,
    mixer: Mixer,
    trace: Trace,
    stream: usize,
    /// What the header promises, in seconds.
    promised: Option<f64>,
    decoded: f64,
    /// What was wrong with the packet before.
    fault: Option<Error>,
    /// The packet before was the beginning of one.
    cut: bool,
    drained: bool,
}

impl Coded {
    /// Reads as much of `bytes` as it takes to tell how they are to be decoded.
    pub(super) fn open(
        format: SoundFormat,
        bytes: Box<dyn Read + Send>,
    ) -> Result<Self, DecodeError> {
        library::prepare();
        let trace = Trace::default();
        let damaged = |reason: Error| match trace.failure() {
            Some(error) => DecodeError::Source(error),
            None if trace.cut() => DecodeError::Truncated,
            None => DecodeError::Damaged {
                format,
                reason: reason.to_string(),
            },
        };
        let source = Source::new(bytes, format, trace.clone());
        let io = match format {
            SoundFormat::Mp4 => arranged(index::mp4(source), &trace)?,
            SoundFormat::Caf => arranged(index::caf(source), &trace)?,
            _ => StreamIo::from_read_with_capacity(source, BUFFER),
        };
        let input = io.and_then(|io| demuxer(format.demuxer(), io));
        let input = input.map_err(damaged)?;
        let stream = input
            .streams()
            .find(|stream| stream.parameters().medium() == media::Type::Audio);
        let Some(stream) = stream else {
            return Err(DecodeError::Silent(format));
        };
        let coding = stream.parameters().id().name();
        let (index, duration, base) = (stream.index(), stream.duration(), stream.time_base());
        let mut context = Context::from_parameters(stream.parameters())
            .map_err(damaged)?
            .decoder();
        context.set_packet_time_base(base);
        let decoder = context.audio().map_err(|error| match error {
            Error::DecoderNotFound => DecodeError::Coding {
                format,
                coding: coding.to_owned(),
            },
            error => damaged(error),
        })?;
        Ok(Self {
            format,
            input,
            decoder,
            packet: Packet::empty(),
            frame: frame::Audio::empty(),
            mixer: Mixer::default(),
            trace,
            stream: index,
            promised: seconds(duration, base).filter(|promised| *promised < UNKNOWN),
            decoded: 0.0,
            fault: None,
            cut: false,
            drained: false,
        })
    }

    /// The next of it, or `None` at its end.
    pub(super) fn decode(&mut self) -> Result<Option<Stretch>, DecodeError> {
        loop {
            match self.decoder.receive_frame(&mut self.frame) {
                Ok(()) => {
                    self.fault = None;
                    if let Some(found) = conversion::channels(&self.frame) {
                        let rate = found.rate;
                        let pcm = self.mixer.mix(found.samples, found.count, found.mask, rate);
                        self.decoded += pcm.len() as f64 / f64::from(rate.max(1));
                        return Ok(Some(Stretch { rate, pcm }));
                    }
                }
                Err(Error::Eof) => return self.end().map(|()| None),
                Err(error) => {
                    if !is_again(error) {
                        self.fault = Some(error);
                    }
                    self.feed()?;
                }
            }
        }
    }

    /// Gives the decoder the next packet.
    fn feed(&mut self) -> Result<(), DecodeError> {
        match self.packet.read(&mut self.input) {
            Ok(()) if self.packet.stream() == self.stream => {
                let data = self.packet.data().unwrap_or_default();
                self.cut = self.format == SoundFormat::Mp3 && mpeg::is_cut(data);
                // One damaged packet is a click; what is wrong for good shows at the end.
                if let Err(error) = self.decoder.send_packet(&self.packet)
                    && !is_tag(data)
                {
                    self.fault = Some(error);
                }
                Ok(())
            }
            Ok(()) | Err(Error::InvalidData) => Ok(()),
            Err(error) => {
                if let Some(failure) = self.trace.failure() {
                    return Err(DecodeError::Source(failure));
                }
                if error != Error::Eof {
                    self.fault = Some(error);
                }
                if std::mem::replace(&mut self.drained, true) {
                    return Err(self.damaged(error));
                }
                self.decoder.send_eof().map_err(|error| self.damaged(error))
            }
        }
    }

    /// Whether the end is the end.
    fn end(&self) -> Result<(), DecodeError> {
        let missing = self
            .promised
            .is_some_and(|promised| self.decoded + LENIENCE < promised);
        match self.fault {
            Some(error) if self.decoded == 0.0 && !self.trace.cut() => Err(self.damaged(error)),
            Some(_) => Err(DecodeError::Truncated),
            None if missing || self.cut || self.trace.cut() => Err(DecodeError::Truncated),
            None => Ok(()),
        }
    }

    fn damaged(&self, reason: Error) -> DecodeError {
        DecodeError::Damaged {
            format: self.format,
            reason: reason.to_string(),
        }
    }
}

/// Input of a file whose index may come last.
fn arranged(
    arranged: std::io::Result<Arranged>,
    trace: &Trace,
) -> Result<Result<StreamIo, Error>, DecodeError> {
    Ok(match arranged {
        Ok(Arranged::Flowing(bytes)) => StreamIo::from_read_with_capacity(bytes, BUFFER),
        Ok(Arranged::Kept(file)) => StreamIo::from_read_seek_with_capacity(file, BUFFER),
        Err(error) => return Err(DecodeError::Source(trace.failure().unwrap_or(error))),
    })
}

/// Opens the demuxer of that name on `io`. Nothing is guessed, and nothing read beyond the header: what else there is
/// to know is in the sound itself.
fn demuxer(name: &CStr, mut io: StreamIo) -> Result<Input, Error> {
    // SAFETY: the name is zero-terminated, and formats live for ever. The context is allocated here and marked as having
    // input of ours before it is opened; opening it frees it where it fails. The input that is returned keeps `io` until
    // the context is closed.
    unsafe {
        let format = ffi::av_find_input_format(name.as_ptr());
        if format.is_null() {
            return Err(Error::DemuxerNotFound);
        }
        let mut context = ffi::avformat_alloc_context();
        if context.is_null() {
            return Err(Error::from(ffi::AVERROR(ffi::ENOMEM)));
        }
        (*io.as_mut_ptr()).max_packet_size = BLOCK;
        (*context).pb = io.as_mut_ptr();
        (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
        match ffi::avformat_open_input(&raw mut context, ptr::null(), format, ptr::null_mut()) {
            code if code < 0 => Err(Error::from(code)),
            _ => Ok(Input::wrap_with_custom_io(context, io)),
        }
    }
}

fn is_again(error: Error) -> bool {
    matches!(
        error,
        Error::Other {
            errno: ffmpeg_next::error::EAGAIN
        }
    )
}

/// A tag after the last frame of an MP3 file.
fn is_tag(packet: &[u8]) -> bool {
    [b"TAG".as_slice(), b"APETAGEX", b"LYRICSBEGIN"]
        .iter()
        .any(|tag| packet.starts_with(tag))
}

fn seconds(duration: i64, base: Rational) -> Option<f64> {
    (duration > 0 && base.denominator() != 0).then(|| duration as f64 * f64::from(base))
}
