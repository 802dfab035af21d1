//! RIFF WAVE (Multimedia Programming Interface and Data Specifications 1.0, IBM and Microsoft 1991), and bare samples.
//!
//! libavformat's demuxer looks for other things in the first 64 KiB of samples, which is more than a second of speech.

use std::fmt;
use std::io::{Cursor, ErrorKind, Read};

use super::conversion::{self, Kind};
use super::mixdown::Mixer;
use super::{DecodeError, SoundFormat, Stretch};

/// Bytes asked for at once.
const BLOCK: usize = 4096;

/// Of a chunk that says how samples are written, this much is looked at, and as much kept for other decoders: some codings
/// describe themselves at length.
const DESCRIPTION: usize = 4096;

/// Who writes a header before knowing the length writes zero, or something like this.
const UNKNOWN: u32 = 0x7fff_0000;

/// Chunks before the samples take less than this: broadcasters' history, pictures, what editors keep.
const PREAMBLE: u64 = 1 << 26;

/// Samples as they come.
pub(super) struct Wave {
    bytes: Box<dyn Read + Send>,
    kind: Kind,
    channels: usize,
    /// Where each is heard, if that is known (`dwChannelMask`).
    mask: u64,
    mixer: Mixer,
    rate: u32,
    /// What of the next chunk's name was read.
    ahead: Option<u8>,
    /// The chunk that says how samples are written, where that is something that only others decode.
    coded: Option<Vec<u8>>,
    /// Bytes that are still to come, where that is known.
    left: Option<u64>,
    /// The beginning of a sample.
    waiting: Vec<u8>,
    headed: bool,
}

/// What a file is.
pub(super) enum Opened {
    Samples(Wave),
    /// Something that is coded; the bytes are a file of it with nothing before its sound but how that is coded.
    Coded(Box<dyn Read + Send>),
}

impl Wave {
    pub(super) fn headerless(rate: u32, bytes: impl Read + Send + 'static) -> Self {
        Self {
            bytes: Box::new(bytes),
            kind: Kind::I16,
            channels: 1,
            mask: 0,
            mixer: Mixer::default(),
            rate,
            ahead: None,
            coded: None,
            left: None,
            waiting: Vec::new(),
            headed: false,
        }
    }

    /// Reads up to the first sample.
    pub(super) fn open(bytes: impl Read + Send + 'static) -> Result<Opened, DecodeError> {
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
        // Of samples, where their chunk has no room for it.
        let mut long = None;
        while passed < PREAMBLE {
            let (name, size) = wave.chunk()?;
            match &name {
                b"data" if wave.rate == 0 => break,
                b"data" => {
                    let known = match (size, long) {
                        (u32::MAX, Some(long)) => Some(long),
                        (size, _) => (1..UNKNOWN).contains(&size).then_some(u64::from(size)),
                    };
                    return Ok(wave.begin(known));
                }
                b"fmt " => wave.describe(size)?,
                b"ds64" if size >= 16 => {
                    let mut sizes = [0; 16];
                    wave.read_exact(&mut sizes)?;
                    let size_of_data = sizes.last_chunk().map(|last| u64::from_le_bytes(*last));
                    long = size_of_data.filter(|size| *size > 0);
                    wave.pass(size, sizes.len())?;
                }
                _ => wave.pass(size, 0)?,
            }
            passed += 8 + u64::from(size);
        }
        Err(damaged("no samples follow the header"))
    }

    /// The name of the next chunk, and its bytes.
    fn chunk(&mut self) -> Result<([u8; 4], u32), DecodeError> {
        let mut head = [0; 8];
        match (self.ahead.take(), head.split_first_mut()) {
            (Some(byte), Some((first, rest))) => {
                *first = byte;
                self.read_exact(rest)?;
            }
            _ => self.read_exact(&mut head)?,
        }
        let [name @ .., a, b, c, d] = head;
        Ok((name, u32::from_le_bytes([a, b, c, d])))
    }

    /// Leaves out what follows the first `read` bytes of a chunk of `size`. A zero should follow one of an odd length; some
    /// writers leave that out.
    fn pass(&mut self, size: u32, read: usize) -> Result<(), DecodeError> {
        self.skip(u64::from(size) - read as u64)?;
        if size % 2 == 1 {
            let mut padding = [0];
            self.read_exact(&mut padding)?;
            self.ahead = padding.into_iter().find(|byte| *byte != 0);
        }
        Ok(())
    }

    /// From the first sample on, of which `known` bytes follow.
    fn begin(mut self, known: Option<u64>) -> Opened {
        let Some(coded) = self.coded.take() else {
            self.left = known;
            return Opened::Samples(self);
        };
        let mut head = b"RIFF\xff\xff\xff\xffWAVEfmt ".to_vec();
        head.extend((coded.len() as u32).to_le_bytes());
        head.extend(&coded);
        head.extend(b"data");
        let size = known.and_then(|known| u32::try_from(known).ok());
        head.extend(size.unwrap_or(u32::MAX).to_le_bytes());
        let sound: Box<dyn Read + Send> = match known {
            Some(known) => Box::new(self.bytes.take(known)),
            None => self.bytes,
        };
        Opened::Coded(Box::new(Cursor::new(head).chain(sound)))
    }

    /// Reads how samples are written.
    fn describe(&mut self, size: u32) -> Result<(), DecodeError> {
        let mut description = vec![0; DESCRIPTION.min(size as usize)];
        self.read_exact(&mut description)?;
        self.pass(size, description.len())?;
        let word = |at: usize| {
            let bytes = description
                .get(at..at + 2)
                .and_then(|two| two.try_into().ok());
            bytes.map_or(0, u16::from_le_bytes)
        };
        // The extensible form has the code elsewhere.
        let extensible = word(0) == 0xfffe;
        let code = if extensible { word(24) } else { word(0) };
        self.channels = usize::from(word(2));
        self.rate = u32::from(word(4)) | u32::from(word(6)) << 16;
        if extensible {
            self.mask = u64::from(word(20)) | u64::from(word(22)) << 16;
        }
        if self.channels == 0 || self.rate == 0 {
            return Err(damaged("it has no channels or no rate"));
        }
        self.kind = match (code, word(14)) {
            (1, 8) => Kind::U8,
            (1, 16) => Kind::I16,
            (1, 24) => Kind::I24,
            (1, 32) => Kind::I32,
            (3, 32) => Kind::F32,
            (3, 64) => Kind::F64,
            (6, 8) => Kind::ALaw,
            (7, 8) => Kind::MuLaw,
            _ => {
                // Padding, so that what follows begins where it should.
                if description.len() % 2 == 1 {
                    description.push(0);
                }
                self.coded = Some(description);
                Kind::U8
            }
        };
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
                let samples = conversion::samples(samples, self.kind);
                self.waiting.drain(..whole);
                let rate = self.rate;
                let pcm = self.mixer.mix(samples, self.channels, self.mask, rate);
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
