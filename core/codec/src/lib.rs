//! H.264 and AAC through libavcodec, JPEG through libjpeg-turbo, and the pictures and sound they take; and sound of all kinds,
//! decoded as it arrives.
//!
//! [`VideoEncoder`] and [`AudioEncoder`] hand out packets in the form MP4 files hold them, with what a
//! decoder must know beforehand ([`AvcConfig`], the AudioSpecificConfig) apart. [`TsMuxer`] turns such packets into a
//! transport stream. [`RecordingEncoder`] makes a file of sound that can be played while it grows, [`JpegEncoder`] a file of
//! each picture. [`CallEncoder`], [`OpusEncoder`] and [`OpusDecoder`] are for conversations, whose packets travel without a
//! container. [`ClipReader`] and [`SoundDecoder`] go the other way: from a film in a file to its pictures, and from sound of any kind to its samples.
//! [`decode_jpeg`] and [`decode_heif`] read still pictures of strangers.
//! All of them are blocking, and all but [`ClipReader`] single-threaded: whoever owns one decides which thread it works on.

mod audio;
mod avc;
mod call;
mod clip;
mod error;
mod heif;
mod jpeg;
mod library;
mod opus;
mod picture;
mod recording;
mod sound;
mod transport;
mod video;

pub use audio::{AudioEncoder, AudioPacket, AudioSettings, FRAME_SAMPLES, SAMPLE_RATE};
pub use avc::AvcConfig;
pub use call::{CallEncoder, CallPacket, CallSettings};
pub use clip::{ClipError, ClipReader, ClipSettings, RgbPicture};
pub use error::CodecError;
pub use heif::{HeifError, HeifImage, HeifLimits, decode_heif, is_heif};
pub use jpeg::{JpegEncoder, JpegError, JpegImage, JpegLimits, JpegPixels, decode_jpeg};
pub use opus::{OPUS_SAMPLES, OpusDecoder, OpusEncoder, OpusPacket};
pub use picture::Picture;
pub use recording::{RECORDING_RATE, RecordingEncoder, RecordingFormat};
pub use sound::{
    DecodeError, Recognition, SoundDecoder, SoundFormat, Stretch, foreign_file, plausible_samples,
    tag_length,
};
pub use transport::{TsMuxer, TsSettings};
pub use video::{Effort, VideoEncoder, VideoPacket, VideoSettings};
