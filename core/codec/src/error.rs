//! What can go wrong between us and the libraries that encode.

use thiserror::Error;

/// Why an encoder or a muxer was not opened, or did not do its work.
#[derive(Debug, Error)]
pub enum CodecError {
    /// This build of libavcodec lacks the encoder.
    #[error("libavcodec was built without {encoder}")]
    Missing {
        /// Its library's name of it.
        encoder: &'static str,
    },
    /// The encoder or muxer refused its settings, or lacks what it runs on.
    #[error("{encoder} did not open: {reason}")]
    Open {
        /// Its library's name of it.
        encoder: &'static str,
        /// Its library's words.
        reason: String,
    },
    /// The encoder or muxer failed on a picture or on sound.
    #[error("{encoder} failed: {reason}")]
    Encode {
        /// Its library's name of it.
        encoder: &'static str,
        /// Its library's words.
        reason: String,
    },
    /// The decoder made nothing of what it was given.
    #[error("{decoder} could not decode it: {reason}")]
    Decode {
        /// libavcodec's name of it.
        decoder: &'static str,
        /// libavcodec's words.
        reason: String,
    },
    /// The encoder gave something other than was agreed.
    #[error("{encoder} gave an unusable stream: {reason}")]
    Stream {
        /// Its library's name of it.
        encoder: &'static str,
        /// What was wrong.
        reason: &'static str,
    },
    /// A picture of another size than the encoder was opened for, or with planes of the wrong length.
    #[error("a picture of {width}×{height} does not fit this encoder")]
    Picture {
        /// Pixels across.
        width: usize,
        /// Pixels down.
        height: usize,
    },
    /// The encoder was given more after it was finished.
    #[error("{encoder} was already finished")]
    Finished {
        /// Its library's name of it.
        encoder: &'static str,
    },
    /// No memory for a frame.
    #[error("out of memory")]
    Memory,
}
