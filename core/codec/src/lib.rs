//! H.264 and AAC through libavcodec, and the pictures and sound they take.
//!
//! [`VideoEncoder`] and [`AudioEncoder`] hand out packets in the form MP4 files hold them, with what a
//! decoder must know beforehand ([`AvcConfig`], the AudioSpecificConfig) apart. [`TsMuxer`] turns such packets into a
//! transport stream. [`ClipReader`] goes the other way: from a film in a file to its pictures. All of them are blocking,
//! and all but the last single-threaded: whoever owns one decides which thread it works on.

mod audio;
mod avc;
mod clip;
mod error;
mod library;
mod picture;
mod transport;
mod video;

pub use audio::{AudioEncoder, AudioPacket, AudioSettings, FRAME_SAMPLES, SAMPLE_RATE};
pub use avc::AvcConfig;
pub use clip::{ClipError, ClipReader, ClipSettings, RgbPicture};
pub use error::CodecError;
pub use picture::Picture;
pub use transport::{TsMuxer, TsSettings};
pub use video::{VideoEncoder, VideoPacket, VideoSettings};
