//! MPEG transport streams (ISO/IEC 13818-1): H.264 and AAC in, segments of a stream out.

use std::ffi::{CStr, c_int};
use std::fmt;
use std::ptr;

use ffmpeg_next::packet::{Flags, Mut as _};
use ffmpeg_next::{Dictionary, Error, Packet, ffi};

use crate::audio::SAMPLE_RATE;
use crate::avc::{self, AvcConfig};
use crate::error::CodecError;
use crate::library;
use crate::video::VideoPacket;

/// What a transport stream says of its pictures and sound.
#[derive(Debug, Clone, Copy)]
pub struct TsSettings<'a> {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Pictures a second.
    pub frame_rate: u32,
    /// H.264 parameter sets.
    pub avc: &'a AvcConfig,
    /// AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1).
    pub audio_config: &'a [u8],
}

/// One transport stream in segments, each of which can be decoded by itself: it begins with the tables that say what is
/// in it (RFC 8216 section 3.2). Continuity counters run on from one to the next.
///
/// Times are 90 kHz ticks from zero on, without the lead that players add for themselves: captions count from zero too.
pub struct TsMuxer {
    context: *mut ffi::AVFormatContext,
}

// SAFETY: the context and all it points to belong to this value alone, and no function of it is bound to a thread;
// nothing is shared through `&TsMuxer`.
unsafe impl Send for TsMuxer {}

const MPEGTS: &str = "mpegts";
const FORMAT: &CStr = c"mpegts";
/// Streams by the order in which they are added; their identifiers are 0x100 and 0x101.
const VIDEO: usize = 0;
const AUDIO: usize = 1;
/// Samples of sound in eight, ticks in fifteen: 48 kHz and 90 kHz.
const SAMPLES: u64 = 8;
const TICKS: u64 = 15;
const _: () = assert!(SAMPLES * 90_000 == TICKS * SAMPLE_RATE as u64);

impl TsMuxer {
    /// Opens libavformat's muxer.
    ///
    /// # Errors
    ///
    /// [`CodecError::Open`] where libavformat lacks it or it refuses the settings.
    pub fn open(settings: &TsSettings<'_>) -> Result<Self, CodecError> {
        library::prepare();
        let mut context = ptr::null_mut();
        // SAFETY: `context` is a place for the new context; the format is given by its name, which is
        // zero-terminated, and the other two may be null.
        refused(unsafe {
            ffi::avformat_alloc_output_context2(
                &raw mut context,
                ptr::null(),
                FORMAT.as_ptr(),
                ptr::null(),
            )
        })?;
        let mut muxer = Self { context };
        muxer.add_streams(settings)?;
        muxer.begin_buffer()?;
        muxer.write_header()?;
        Ok(muxer)
    }

    fn add_streams(&mut self, settings: &TsSettings<'_>) -> Result<(), CodecError> {
        let number = |value| c_int::try_from(value).unwrap_or(c_int::MAX);
        // SAFETY: the context is live and its header not written yet, so streams may be added. A stream that is not
        // null lives as long as the context, has its parameters, and is ours to describe.
        unsafe {
            let video = self.add_stream(&settings.avc.byte_stream())?;
            (*video).avg_frame_rate.num = number(settings.frame_rate);
            (*video).avg_frame_rate.den = 1;
            let parameters = (*video).codecpar;
            (*parameters).codec_type = ffi::AVMediaType::AVMEDIA_TYPE_VIDEO;
            (*parameters).codec_id = ffi::AVCodecID::AV_CODEC_ID_H264;
            (*parameters).width = number(settings.width);
            (*parameters).height = number(settings.height);

            let audio = self.add_stream(settings.audio_config)?;
            let parameters = (*audio).codecpar;
            (*parameters).codec_type = ffi::AVMediaType::AVMEDIA_TYPE_AUDIO;
            (*parameters).codec_id = ffi::AVCodecID::AV_CODEC_ID_AAC;
            (*parameters).sample_rate = number(SAMPLE_RATE);
        }
        Ok(())
    }

    /// A new stream whose decoders must know `config` beforehand.
    fn add_stream(&mut self, config: &[u8]) -> Result<*mut ffi::AVStream, CodecError> {
        let padding = ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;
        let size = c_int::try_from(config.len()).map_err(|_| CodecError::Memory)?;
        // SAFETY: the context is live and its header not written yet. The configuration is copied to memory of
        // libavutil's with the zeros behind it that decoders may read, which the stream's parameters own from then on.
        unsafe {
            let stream = ffi::avformat_new_stream(self.context, ptr::null());
            let copy = ffi::av_mallocz(config.len() + padding).cast::<u8>();
            if stream.is_null() || copy.is_null() {
                ffi::av_free(copy.cast());
                return Err(CodecError::Memory);
            }
            copy.copy_from_nonoverlapping(config.as_ptr(), config.len());
            (*(*stream).codecpar).extradata = copy;
            (*(*stream).codecpar).extradata_size = size;
            Ok(stream)
        }
    }

    /// Gives the context memory to write to, in place of a file.
    fn begin_buffer(&mut self) -> Result<(), CodecError> {
        // SAFETY: the context is live and has no buffer.
        failed(unsafe { ffi::avio_open_dyn_buf(&raw mut (*self.context).pb) })
    }

    /// Takes from the context what was written.
    fn end_buffer(&mut self) -> Vec<u8> {
        let mut bytes = ptr::null_mut();
        // SAFETY: the context is live; its buffer, where it has one, was made by `begin_buffer`. Closing it gives
        // memory of the returned length, or null, which is ours to free, and leaves the context without.
        unsafe {
            let buffer = ptr::replace(&raw mut (*self.context).pb, ptr::null_mut());
            if buffer.is_null() {
                return Vec::new();
            }
            let size = ffi::avio_close_dyn_buf(buffer, &raw mut bytes);
            let written = match usize::try_from(size) {
                Ok(size) if !bytes.is_null() => std::slice::from_raw_parts(bytes, size).to_vec(),
                _ => Vec::new(),
            };
            ffi::av_free(bytes.cast());
            written
        }
    }

    fn write_header(&mut self) -> Result<(), CodecError> {
        let mut options = Dictionary::new();
        // Segments are short: the tables at their beginning are enough.
        options.set("pat_period", "3600");
        options.set("sdt_period", "3600");
        // SAFETY: `disown` gives up the options, which the muxer may replace and `own` takes back, whatever it returns.
        // The context is live, with streams and a buffer.
        let code = unsafe {
            // Times are as they are given: nothing is added for the decoder's buffer.
            (*self.context).max_delay = 0;
            let mut options = options.disown();
            let code = ffi::avformat_write_header(self.context, &raw mut options);
            drop(Dictionary::own(options));
            code
        };
        refused(code)?;
        self.begin_segment()
    }

    /// Has tables written before whatever comes next.
    fn begin_segment(&mut self) -> Result<(), CodecError> {
        // SAFETY: the header is written, so the context has the muxer's private data, which begins with its class;
        // the name and the value are zero-terminated.
        failed(unsafe {
            ffi::av_opt_set(
                (*self.context).priv_data,
                c"mpegts_flags".as_ptr(),
                c"+resend_headers".as_ptr(),
                0,
            )
        })
    }

    /// Takes in the next picture, which is shown from sample `start` on. A segment should begin with a key picture; sound
    /// and pictures should come in the order of time.
    ///
    /// # Errors
    ///
    /// [`CodecError::Encode`] when the muxer failed.
    pub fn video(&mut self, picture: &VideoPacket, start: u64) -> Result<(), CodecError> {
        let mut packet = Packet::copy(&picture.data);
        avc::to_byte_stream(packet.data_mut().unwrap_or_default());
        if picture.key {
            packet.set_flags(Flags::KEY);
        }
        self.write(packet, VIDEO, start)
    }

    /// Takes in the next raw AAC frame, which is heard from sample `start` on.
    ///
    /// # Errors
    ///
    /// [`CodecError::Encode`] when the muxer failed.
    pub fn audio(&mut self, frame: &[u8], start: u64) -> Result<(), CodecError> {
        let mut packet = Packet::copy(frame);
        packet.set_flags(Flags::KEY);
        self.write(packet, AUDIO, start)
    }

    fn write(&mut self, mut packet: Packet, stream: usize, start: u64) -> Result<(), CodecError> {
        let at = i64::try_from(start.saturating_mul(TICKS) / SAMPLES).ok();
        packet.set_stream(stream);
        packet.set_pts(at);
        packet.set_dts(at);
        // SAFETY: the header is written, and the packet is one of a stream of the context's. It is not kept: the muxer
        // copies what it cannot write yet.
        failed(unsafe { ffi::av_write_frame(self.context, packet.as_mut_ptr()) })
    }

    /// Ends a segment: all that was taken in since the last.
    ///
    /// # Errors
    ///
    /// [`CodecError::Encode`] when the muxer failed; then it is of no further use.
    pub fn segment(&mut self) -> Result<Vec<u8>, CodecError> {
        // SAFETY: the header is written; no packet means that what the muxer holds back is to be written.
        failed(unsafe { ffi::av_write_frame(self.context, ptr::null_mut()) })?;
        let segment = self.end_buffer();
        self.begin_buffer()?;
        self.begin_segment()?;
        Ok(segment)
    }
}

impl Drop for TsMuxer {
    fn drop(&mut self) {
        drop(self.end_buffer());
        // SAFETY: the context is ours and nobody else's; its buffer is gone, and what else it has goes with it.
        unsafe { ffi::avformat_free_context(self.context) };
    }
}

impl fmt::Debug for TsMuxer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TsMuxer").finish_non_exhaustive()
    }
}

fn refused(code: c_int) -> Result<(), CodecError> {
    if code >= 0 {
        return Ok(());
    }
    Err(CodecError::Open {
        encoder: MPEGTS,
        reason: Error::from(code).to_string(),
    })
}

fn failed(code: c_int) -> Result<(), CodecError> {
    if code >= 0 {
        return Ok(());
    }
    Err(CodecError::Encode {
        encoder: MPEGTS,
        reason: Error::from(code).to_string(),
    })
}
