//! RIFF WAVE (Multimedia Programming Interface and Data Specifications 1.0, IBM and Microsoft 1991), and bare samples.
//!
//! libavformat's demuxer looks for other things in the first 64 KiB of samples, which is more than a second of speech.

use std::fmt;
use std::io::{ErrorKind, Read};

use super::conversion::{self, Kind};
use super::{DecodeError, SoundFormat, Stretch};

/// Bytes asked for at once.
const BLOCK: usize = 4096;

/// Of a chunk that says how samples are written, this much is looked at.
const DESCRIPTION: usize = 40;

/// Who writes a header before knowing the length writes zero, or something like this.
const UNKNOWN: u32 = 0x7fff_0000;

/// Chunks before the samples take less than this.
const PREAMBLE: u64 = 1 << 20;

/// Samples as they come.
pub(super) struct Wave {
    bytes: Box<dyn Read + Send>,
    kind: Kind,
    channels: usize,
    rate: u32,
    /// Bytes that are still to come, where that is known.
    left: Option<u64>,
    /// The beginning of a sample.
    waiting: Vec<u8>,
    headed: bool,
}

impl Wave {
    pub(super) fn headerless(rate: u32, bytes: impl Read + Send + 'static) -> Self {
        Self {
            bytes: Box::new(bytes),
            kind: Kind::I16,
            channels: 1,
            rate,
            left: None,
            waiting: Vec::new(),
            headed: false,
        }
    }

    /// Reads up to the first sample.
    pub(super) fn open(bytes: impl Read + Send + 'static) -> Result<Self, DecodeError> {
        let mut wave = Self {
            headed: true,
            ..Self::headerless(0, bytes)
        };
        let mut riff = [0; 12];
        wave.read_exact(&mut riff)?;
        if SoundFormat::sniff(&riff) != Some(SoundFormat::Wav) {
            return Err(damaged("it does not begin like one"));
        }
        let mut passed = 0;
        while passed < PREAMBLE {
            let mut head = [0; 8];
            wave.read_exact(&mut head)?;
            let [name @ .., a, b, c, d] = head;
            let size = u32::from_le_bytes([a, b, c, d]);
            match &name {
                b"data" if wave.rate == 0 => break,
                b"data" => {
                    wave.left = (1..UNKNOWN).contains(&size).then_some(u64::from(size));
                    return Ok(wave);
                }
                b"fmt " => wave.describe(size)?,
                _ => wave.skip(u64::from(size.next_multiple_of(2)))?,
            }
            passed += 8 + u64::from(size);
        }
        Err(damaged("no samples follow the header"))
    }

    /// Reads how samples are written.
    fn describe(&mut self, size: u32) -> Result<(), DecodeError> {
        let mut description = [0; DESCRIPTION];
        let known = DESCRIPTION.min(size as usize);
        self.read_exact(description.get_mut(..known).unwrap_or_default())?;
        self.skip(u64::from(size.next_multiple_of(2)) - known as u64)?;
        let word = |at: usize| {
            let bytes = description
                .get(at..at + 2)
                .and_then(|two| two.try_into().ok());
            bytes.map_or(0, u16::from_le_bytes)
        };
        // The extensible form has the code elsewhere.
        let code = if word(0) == 0xfffe { word(24) } else { word(0) };
        self.kind = match (code, word(14)) {
            (1, 8) => Kind::U8,
            (1, 16) => Kind::I16,
            (1, 24) => Kind::I24,
            (1, 32) => Kind::I32,
            (3, 32) => Kind::F32,
            (3, 64) => Kind::F64,
            (6, 8) => Kind::ALaw,
            (7, 8) => Kind::MuLaw,
            (code, bits) => {
                return Err(damaged(&format!(
                    "samples of kind {code} with {bits} bits are not supported"
                )));
            }
        };
        self.channels = usize::from(word(2));
        self.rate = u32::from(word(4)) | u32::from(word(6)) << 16;
        if self.channels == 0 || self.rate == 0 {
            return Err(damaged("it has no channels or no rate"));
        }
        Ok(())
    }

    /// The next samples.
    pub(super) fn decode(&mut self) -> Result<Option<Stretch>, DecodeError> {
        let step = self.kind.bytes() * self.channels;
        loop {
            let most = self.left.map_or(BLOCK, |left| {
                usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK))
            });
            let mut block = [0; BLOCK];
            let count = self.read(block.get_mut(..most).unwrap_or_default())?;
            if count == 0 {
                return self.end().map(|()| None);
            }
            self.left = self.left.map(|left| left - count as u64);
            self.waiting
                .extend_from_slice(block.get(..count).unwrap_or_default());
            let whole = self.waiting.len() - self.waiting.len() % step;
            if whole > 0 {
                let samples = self.waiting.get(..whole).unwrap_or_default();
                let pcm = conversion::packed(samples, self.kind, self.channels);
                self.waiting.drain(..whole);
                let rate = self.rate;
                return Ok(Some(Stretch { rate, pcm }));
            }
        }
    }

    /// Whether the end is the end.
    fn end(&self) -> Result<(), DecodeError> {
        let half = !self.waiting.is_empty();
        match self.left {
            Some(0) | None if !(half && self.headed) => Ok(()),
            _ => Err(DecodeError::Truncated),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, DecodeError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match self.bytes.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => return other.map_err(DecodeError::Source),
            }
        }
    }

    fn read_exact(&mut self, mut buffer: &mut [u8]) -> Result<(), DecodeError> {
        while !buffer.is_empty() {
            match self.read(buffer)? {
                0 => return Err(DecodeError::Truncated),
                count => buffer = buffer.get_mut(count..).unwrap_or_default(),
            }
        }
        Ok(())
    }

    fn skip(&mut self, mut bytes: u64) -> Result<(), DecodeError> {
        if bytes > PREAMBLE {
            return Err(damaged("its header is too long"));
        }
        let mut block = [0; 256];
        while bytes > 0 {
            let now = usize::try_from(bytes).map_or(block.len(), |left| left.min(block.len()));
            self.read_exact(block.get_mut(..now).unwrap_or_default())?;
            bytes -= now as u64;
        }
        Ok(())
    }
}

impl fmt::Debug for Wave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wave")
            .field("rate", &self.rate)
            .finish_non_exhaustive()
    }
}

fn damaged(reason: &str) -> DecodeError {
    DecodeError::Damaged {
        format: SoundFormat::Wav,
        reason: reason.to_owned(),
    }
}
