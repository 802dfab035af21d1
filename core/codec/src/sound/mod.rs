//! Sound as it arrives: bytes in, samples out, while the rest is still on its way.

mod coded;
mod conversion;
mod foreign;
mod format;
mod frames;
mod index;
mod mixdown;
mod mpeg;
mod ogg;
mod recognise;
mod samples;
mod source;
mod wave;

use std::fmt;
use std::io::{self, Read};

use thiserror::Error;

pub use format::SoundFormat;
pub use recognise::{Recognition, foreign_file, plausible_samples, tag_length};

use coded::Coded;
pub(crate) use conversion::mono;
use wave::{Opened, Wave};

/// Why sound could not be decoded.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// Whoever sends the bytes failed.
    #[error(transparent)]
    Source(io::Error),
    /// The bytes are not what they seem to be.
    #[error("it is not {format}: {reason}")]
    Damaged {
        /// What they seem to be.
        format: SoundFormat,
        /// What is wrong, perhaps in libavformat's or libavcodec's words.
        reason: String,
    },
    /// There is something in them, and no sound.
    #[error("there is no sound in this {0}")]
    Silent(SoundFormat),
    /// Sound that is coded in a way that nobody here decodes.
    #[error("this {format} has sound of the coding \"{coding}\", which is not supported")]
    Coding {
        /// What it is packed in.
        format: SoundFormat,
        /// Its name, or its number.
        coding: String,
    },
    /// The bytes end before the sound does.
    #[error("it ends in the middle")]
    Truncated,
}

impl DecodeError {
    /// What is wrong with the sound, for whoever sent it.
    pub fn words(&self) -> String {
        match self {
            Self::Damaged { format, .. } => {
                format!(
                    "it begins like {format}, and cannot be decoded: it is damaged, or something else"
                )
            }
            Self::Source(_) => "it could not be read".to_owned(),
            Self::Silent(_) | Self::Coding { .. } | Self::Truncated => self.to_string(),
        }
    }
}

/// Sound that follows what was decoded before.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// Samples a second.
    pub rate: u32,
    /// All channels mixed into one, nominally −1…1.
    pub pcm: Vec<f32>,
}

/// Decodes the sound of one stream. It asks for bytes when it needs them, and blocks while they are awaited.
pub struct SoundDecoder(Decoder);

enum Decoder {
    Wave(Wave),
    Coded(Box<Coded>),
}

impl SoundDecoder {
    /// Reads as much of `bytes` as it takes to tell how they are to be decoded.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]
    pub fn open(
        format: SoundFormat,
        bytes: impl Read + Send + 'static,
    ) -> Result<Self, DecodeError> {
        let coded = |bytes| Coded::open(format, bytes);
        Ok(Self(match format {
            SoundFormat::Wav => match Wave::open(bytes)? {
                Opened::Samples(wave) => Decoder::Wave(wave),
                Opened::Coded(bytes) => Decoder::Coded(Box::new(coded(bytes)?)),
            },
            _ => Decoder::Coded(Box::new(coded(Box::new(bytes))?)),
        }))
    }

    /// For bytes without a header: samples of 16 bits, the lower eight first, of one channel, `rate` a second.
    pub fn headerless(rate: u32, bytes: impl Read + Send + 'static) -> Self {
        Self(Decoder::Wave(Wave::headerless(rate, bytes)))
    }

    /// The next of it, or `None` at its end.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]; what came before is good.
    pub fn decode(&mut self) -> Result<Option<Stretch>, DecodeError> {
        match &mut self.0 {
            Decoder::Wave(wave) => wave.decode(),
            Decoder::Coded(coded) => coded.decode(),
        }
    }
}

impl fmt::Debug for SoundDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoundDecoder").finish_non_exhaustive()
    }
}
