//! What becomes of the sound of a recording: it is encoded and written to the one file, which is read meanwhile.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use avatar_codec::{RECORDING_RATE, RecordingEncoder, RecordingFormat};

use super::live::Live;
use super::painter::Links;
use super::reel::Frame;
use super::rendition::AssembleError;
use super::transcript::Transcript;
use super::winder::Sink;
use crate::api::MediaFile;
use crate::audio::{Resampler, Stretcher};
use crate::session::{Kind, Stage};
use crate::speech::Tempo;
use crate::time::{AUDIO_RATE, Samples};

/// Encodes one recording.
pub(crate) struct Recorder {
    live: Arc<Live>,
    transcript: Arc<Transcript>,
    format: RecordingFormat,
    tape: Option<Tape>,
    /// Sound taken from the reel.
    heard: Samples,
}

/// A recording that was begun.
struct Tape {
    resampler: Resampler,
    stretcher: Option<Stretcher>,
    encoder: RecordingEncoder,
    file: File,
    bytes: u64,
    samples: u64,
}

impl Recorder {
    pub(crate) fn new(links: &Links, format: RecordingFormat) -> Self {
        Self {
            live: Arc::clone(&links.live),
            transcript: Arc::clone(&links.transcript),
            format,
            tape: None,
            heard: Samples::ZERO,
        }
    }

    /// The tape, new when this is the first time.
    fn tape(&mut self) -> Result<&mut Tape, AssembleError> {
        let tape = match self.tape.take() {
            Some(tape) => tape,
            None => Tape::new(&self.live, self.format)?,
        };
        Ok(self.tape.insert(tape))
    }

    /// Writes some sound and says so, unless nobody wants it any more.
    fn record(&mut self, pcm: &[f32]) -> Result<(), AssembleError> {
        let live = Arc::clone(&self.live);
        let Some(_pen) = live.pen() else {
            return Ok(());
        };
        if self.tape.is_none() {
            let micros = live.job.created_at.elapsed().as_micros() as u64;
            tracing::info!(session = %live.id(), after_us = micros, "first sound");
        }
        let tape = self.tape()?;
        let grown = tape.record(pcm)?;
        let (bytes, duration) = (tape.bytes, tape.duration());
        self.heard += Samples(pcm.len() as u64);
        if grown {
            let progress = self.transcript.progress(self.heard);
            live.update(|record| {
                record.bytes = bytes;
                record.duration = duration;
                record.progress = record.progress.max(progress);
            });
        }
        Ok(())
    }
}

impl Sink for Recorder {
    fn take(&mut self, frame: &Frame) -> Result<(), AssembleError> {
        self.record(&frame.pcm)
    }

    fn finish(&mut self) -> Result<(), AssembleError> {
        let live = Arc::clone(&self.live);
        live.enter(Stage::Encoding);
        let Some(_pen) = live.pen() else {
            return Ok(());
        };
        let tape = self.tape()?;
        tape.finish()?;
        let (bytes, duration) = (tape.bytes, tape.duration());
        live.update(|record| {
            record.bytes = bytes;
            record.duration = duration;
        });
        live.generated();
        Ok(())
    }

    fn made(&self) -> Samples {
        self.heard
    }
}

impl Tape {
    fn new(live: &Live, format: RecordingFormat) -> Result<Self, AssembleError> {
        let tempo = live.job.tempo;
        let stretcher = (tempo != Tempo::default())
            .then(|| Stretcher::new(RECORDING_RATE, tempo.factor()))
            .flatten();
        let output = MediaFile::Output(Kind::Recording(format));
        Ok(Self {
            resampler: Resampler::between(AUDIO_RATE, RECORDING_RATE)?,
            stretcher,
            encoder: RecordingEncoder::open(format)?,
            file: live.store().create(live.id(), output)?,
            bytes: 0,
            samples: 0,
        })
    }

    /// Takes in some sound; says whether the file has grown.
    fn record(&mut self, pcm: &[f32]) -> Result<bool, AssembleError> {
        let mut sound = Vec::with_capacity(pcm.len());
        self.resampler.push(pcm, &mut sound)?;
        if let Some(stretcher) = &mut self.stretcher {
            let natural = std::mem::take(&mut sound);
            stretcher.push(&natural, &mut sound);
        }
        let bytes = self.encode(&sound)?;
        self.write(&bytes)
    }

    fn finish(&mut self) -> Result<(), AssembleError> {
        let mut sound = Vec::new();
        self.resampler.finish(&mut sound)?;
        if let Some(stretcher) = &mut self.stretcher {
            let natural = std::mem::take(&mut sound);
            stretcher.push(&natural, &mut sound);
            stretcher.finish(&mut sound);
        }
        let bytes = self.encode(&sound)?;
        self.write(&bytes)?;
        let bytes = self.encoder.finish()?;
        self.write(&bytes)?;
        // Whoever has the beginning already was told that the length is unknown, and stays so. Whoever comes now reads it.
        if let Some(header) = self.encoder.header() {
            self.file.write_all_at(&header, 0)?;
        }
        Ok(())
    }

    fn encode(&mut self, sound: &[f32]) -> Result<Vec<u8>, AssembleError> {
        self.samples += sound.len() as u64;
        Ok(self.encoder.record(sound)?)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<bool, AssembleError> {
        self.file.write_all(bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(!bytes.is_empty())
    }

    /// How long the recording is so far.
    fn duration(&self) -> Samples {
        Samples(self.samples * u64::from(AUDIO_RATE / RECORDING_RATE))
    }
}

const _: () = assert!(AUDIO_RATE.is_multiple_of(RECORDING_RATE));
