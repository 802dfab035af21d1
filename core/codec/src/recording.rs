//! Recordings: sound in, the bytes of a file out that can be played while it grows.

mod format;
mod header;

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ffmpeg_next::codec::Context;
use ffmpeg_next::format::context::{Output, StreamIo};
use ffmpeg_next::format::output_to_stream;
use ffmpeg_next::format::sample::Sample;
use ffmpeg_next::{ChannelLayout, Dictionary, Error, Packet, Rational, encoder, frame};

use crate::error::CodecError;
use crate::library;

pub use format::RecordingFormat;

use format::Recipe;

/// Samples a second of a recording, and of the sound that goes in: as much as speech holds, and what OpenAI's
/// recordings have.
pub const RECORDING_RATE: u32 = 24_000;

/// Samples encoded at once where the encoder does not care: 20 ms.
const BLOCK: usize = 480;

/// Turns sound into a recording, mono at [`RECORDING_RATE`].
///
/// What was handed out can be sent at once; hence no header says how long the recording is. For whoever reads it from the
/// beginning when it is finished, [`header`](Self::header) has one that does. Bytes come out as soon as the encoder and the
/// container allow: the first within 0.3 s of sound.
pub struct RecordingEncoder {
    format: RecordingFormat,
    recipe: Recipe,
    encoder: encoder::Audio,
    output: Output,
    sink: Sink,
    /// Samples of one frame.
    block: usize,
    waiting: Vec<f32>,
    taken: u64,
    packet: Packet,
    /// The first bytes that were handed out, at most [`header::LONGEST`].
    head: Vec<u8>,
    /// Bytes that were handed out.
    bytes: u64,
    finished: bool,
}

impl RecordingEncoder {
    /// Opens the encoder and the muxer of `format`.
    ///
    /// # Errors
    ///
    /// [`CodecError::Missing`] where libavcodec was built without the encoder, [`CodecError::Open`] where libavformat lacks
    /// the muxer.
    pub fn open(format: RecordingFormat) -> Result<Self, CodecError> {
        library::prepare();
        let recipe = format.recipe();
        let encoder = open_encoder(&recipe)?;
        let sink = Sink::default();
        let output = open_muxer(&recipe, &encoder, sink.clone())?;
        let block = match encoder.frame_size() as usize {
            0 => BLOCK,
            block => block,
        };
        Ok(Self {
            format,
            recipe,
            encoder,
            output,
            sink,
            block,
            waiting: Vec::with_capacity(block),
            taken: 0,
            packet: Packet::empty(),
            head: Vec::new(),
            bytes: 0,
            finished: false,
        })
    }

    /// Takes in more sound, nominally −1…1, and hands out the bytes that follow from it.
    ///
    /// # Errors
    ///
    /// [`CodecError::Encode`] when encoder or muxer failed, [`CodecError::Finished`] after [`finish`](Self::finish).
    pub fn record(&mut self, pcm: &[f32]) -> Result<Vec<u8>, CodecError> {
        if self.finished {
            return Err(CodecError::Finished {
                encoder: self.recipe.encoder,
            });
        }
        let mut rest = pcm;
        while !rest.is_empty() {
            let room = self.block - self.waiting.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.waiting.extend_from_slice(now);
            rest = later;
            if self.waiting.len() == self.block {
                self.encode_waiting()?;
            }
        }
        Ok(self.hand_out())
    }

    /// Ends the sound and hands out the last bytes.
    ///
    /// # Errors
    ///
    /// As of [`record`](Self::record).
    pub fn finish(&mut self) -> Result<Vec<u8>, CodecError> {
        if std::mem::replace(&mut self.finished, true) {
            return Err(CodecError::Finished {
                encoder: self.recipe.encoder,
            });
        }
        if !self.waiting.is_empty() {
            self.encode_waiting()?;
        }
        let name = self.recipe.encoder;
        let failed = |error| failed(name, &error);
        self.encoder.send_eof().map_err(failed)?;
        self.receive()?;
        self.output.write_trailer().map_err(failed)?;
        Ok(self.hand_out())
    }

    /// What the recording begins with if its length is to be told: as many bytes as are to be put in the place of its
    /// first. `None` before [`finish`](Self::finish), and for formats that have no place for a length.
    pub fn header(&self) -> Option<Vec<u8>> {
        self.finished
            .then(|| header::with_length(self.format, &self.head, self.taken, self.bytes))
            .flatten()
    }

    fn hand_out(&mut self) -> Vec<u8> {
        let bytes = self.sink.take();
        let room = header::LONGEST - self.head.len();
        self.head.extend(bytes.iter().take(room));
        self.bytes += bytes.len() as u64;
        bytes
    }

    fn encode_waiting(&mut self) -> Result<(), CodecError> {
        let samples = self.waiting.len();
        let mut frame = frame::Audio::new(self.recipe.sample, samples, ChannelLayout::MONO);
        if frame.planes() == 0 {
            return Err(CodecError::Memory);
        }
        frame.set_rate(RECORDING_RATE);
        frame.set_pts(i64::try_from(self.taken).ok());
        fill(&mut frame, &self.waiting);
        self.taken += samples as u64;
        self.waiting.clear();
        let name = self.recipe.encoder;
        self.encoder
            .send_frame(&frame)
            .map_err(|error| failed(name, &error))?;
        self.receive()
    }

    /// Hands what the encoder has ready to the muxer.
    fn receive(&mut self) -> Result<(), CodecError> {
        let name = self.recipe.encoder;
        let samples = Rational(1, RECORDING_RATE.cast_signed());
        loop {
            match self.encoder.receive_packet(&mut self.packet) {
                Ok(()) => {}
                Err(
                    Error::Eof
                    | Error::Other {
                        errno: ffmpeg_next::error::EAGAIN,
                    },
                ) => return Ok(()),
                Err(error) => return Err(failed(name, &error)),
            }
            if self.recipe.drop_priming && self.packet.pts().is_some_and(|pts| pts < 0) {
                continue;
            }
            let ticks = self.output.stream(0).map(|stream| stream.time_base());
            self.packet.set_stream(0);
            self.packet.rescale_ts(samples, ticks.unwrap_or(samples));
            self.packet
                .write(&mut self.output)
                .map_err(|error| failed(self.recipe.muxer, &error))?;
        }
    }
}

impl fmt::Debug for RecordingEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordingEncoder")
            .field("muxer", &self.recipe.muxer)
            .finish_non_exhaustive()
    }
}

fn open_encoder(recipe: &Recipe) -> Result<encoder::Audio, CodecError> {
    let name = recipe.encoder;
    let refused = |error| refused(name, &error);
    let codec = encoder::find_by_name(name).ok_or(CodecError::Missing { encoder: name })?;
    let rate = RECORDING_RATE.cast_signed();
    let mut audio = Context::new_with_codec(codec)
        .encoder()
        .audio()
        .map_err(refused)?;
    audio.set_rate(rate);
    audio.set_format(recipe.sample);
    audio.set_channel_layout(ChannelLayout::MONO);
    audio.set_time_base(Rational(1, rate));
    if recipe.bitrate > 0 {
        audio.set_bit_rate(recipe.bitrate);
    }
    let options: Dictionary = [("threads", "1")]
        .iter()
        .chain(recipe.encoder_options)
        .copied()
        .collect();
    audio.open_as_with(codec, options).map_err(refused)
}

fn open_muxer(recipe: &Recipe, encoder: &Context, sink: Sink) -> Result<Output, CodecError> {
    let name = recipe.muxer;
    let refused = |error| refused(name, &error);
    let io = StreamIo::from_write(sink).map_err(refused)?;
    let mut output = output_to_stream(io, None, Some(name)).map_err(refused)?;
    output.add_stream_with(encoder).map_err(refused)?;
    // What made the file is nobody's business, and the same sound gives the same bytes.
    let options: Dictionary = [("fflags", "+bitexact")]
        .iter()
        .chain(recipe.muxer_options)
        .copied()
        .collect();
    output.write_header_with(options).map_err(refused)?;
    Ok(output)
}

fn fill(frame: &mut frame::Audio, pcm: &[f32]) {
    // Not a number would spread through an encoder's filters and never leave them.
    let sound = pcm
        .iter()
        .map(|sample| if sample.is_finite() { *sample } else { 0.0 });
    match frame.format() {
        Sample::I16(_) => {
            for (to, sample) in frame.plane_mut::<i16>(0).iter_mut().zip(sound) {
                *to = (sample * 32_767.0).round() as i16;
            }
        }
        _ => {
            for (to, sample) in frame.plane_mut::<f32>(0).iter_mut().zip(sound) {
                *to = sample;
            }
        }
    }
}

fn refused(encoder: &'static str, error: &Error) -> CodecError {
    CodecError::Open {
        encoder,
        reason: error.to_string(),
    }
}

fn failed(encoder: &'static str, error: &Error) -> CodecError {
    CodecError::Encode {
        encoder,
        reason: error.to_string(),
    }
}

/// Where the muxer writes to: bytes that nobody has taken yet.
#[derive(Debug, Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.lock())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
