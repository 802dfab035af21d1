//! The second half of a session's work: frames are encoded, cut and written.

use std::io;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use avatar_codec::{AudioEncoder, AudioSettings, CodecError, VideoEncoder, VideoSettings};
use thiserror::Error;

use super::live::Live;
use super::painter::Links;
use super::pool::{Task, Waker};
use super::reel::{Frame, Next, Reel};
use super::scheduler::Turn;
use super::transcript::Transcript;
use crate::api::MediaFile;
use crate::config::Config;
use crate::hls::{Bandwidth, Cut, MasterPlaylist, Part, Segment, SegmentError, Segmenter};
use crate::media::{MuxError, Tracks};
use crate::session::{Failure, FailureCode, Stage};
use crate::time::Samples;

/// Frames encoded in one turn.
const TURN: usize = 5;

/// Encodes one session's frames and writes its files.
pub(crate) struct Assembler {
    live: Arc<Live>,
    reel: Arc<Reel>,
    transcript: Arc<Transcript>,
    painter: Waker,
    cut: Cut,
    video: VideoSettings,
    encoders: Option<Encoders>,
    segmenter: Segmenter,
    /// The parts of the segment that is being made.
    segment: Vec<u8>,
    encoded: u64,
    written: Samples,
    /// When there was a first part: from then on a viewer may be watching.
    watched: Option<Instant>,
    /// How much later than its viewer needed it a part was written, at worst.
    late: Duration,
}

struct Encoders {
    video: VideoEncoder,
    audio: AudioEncoder,
    tracks: Tracks,
}

/// Why frames did not become files.
#[derive(Debug, Error)]
enum AssembleError {
    #[error("encoding failed: {0}")]
    Codec(#[from] CodecError),
    #[error("cutting failed: {0}")]
    Segment(#[from] SegmentError),
    #[error("muxing failed: {0}")]
    Mux(#[from] MuxError),
    #[error(transparent)]
    Write(#[from] io::Error),
}

impl From<AssembleError> for Failure {
    fn from(error: AssembleError) -> Self {
        match error {
            AssembleError::Write(error) => Self::of_writing(&error),
            other => Self {
                code: FailureCode::EncodeFailed,
                text: other.to_string(),
            },
        }
    }
}

impl Assembler {
    pub(crate) fn new(links: &Links, config: &Config) -> Self {
        let video = config.video;
        let cut = Cut::standard(video.frame_rate);
        Self {
            live: Arc::clone(&links.live),
            reel: Arc::clone(&links.reel),
            transcript: Arc::clone(&links.transcript),
            painter: links.painter.clone(),
            cut,
            video: VideoSettings::new(video.width, video.height, video.frame_rate.per_second()),
            encoders: None,
            segmenter: Segmenter::new(cut),
            segment: Vec::new(),
            encoded: 0,
            written: Samples::ZERO,
            watched: None,
            late: Duration::ZERO,
        }
    }

    /// Opens the encoders and writes what players need before the first segment.
    fn open(&mut self) -> Result<&mut Encoders, AssembleError> {
        let encoders = match self.encoders.take() {
            Some(encoders) => encoders,
            None => self.begin()?,
        };
        Ok(self.encoders.insert(encoders))
    }

    fn begin(&self) -> Result<Encoders, AssembleError> {
        let settings = AudioSettings::default();
        let video = VideoEncoder::open(&self.video)?;
        let audio = AudioEncoder::open(&settings)?;
        let tracks = Tracks {
            width: u16::try_from(self.video.width).unwrap_or(u16::MAX),
            height: u16::try_from(self.video.height).unwrap_or(u16::MAX),
            frame_rate: self.cut.frame_rate(),
            avc: video.config().clone(),
            audio_config: audio.config().to_vec(),
            audio_bitrate: settings.bitrate,
            language: self.live.job.language,
        };
        let id = self.live.id();
        let store = self.live.store();
        store.write(id, MediaFile::Init, &tracks.init_segment()?)?;
        let master = MasterPlaylist {
            tracks: &tracks,
            bandwidth: Bandwidth::promised(self.video.max_bitrate, settings.bitrate),
        };
        store.write(id, MediaFile::Master, master.render().as_bytes())?;
        static SAID: Once = Once::new();
        SAID.call_once(|| tracing::info!(encoder = video.name(), "pictures are encoded"));
        Ok(Encoders {
            video,
            audio,
            tracks,
        })
    }

    fn encode(&mut self, frame: &Frame) -> Result<(), AssembleError> {
        let key = self.cut.starts_segment(self.encoded);
        self.encoded += 1;
        let encoders = self.open()?;
        let picture = encoders.video.encode(&frame.picture, key)?;
        let sound = encoders.audio.encode(&frame.pcm)?;
        self.segmenter.video(picture)?;
        for packet in sound {
            self.segmenter.audio(packet)?;
        }
        self.write_parts()
    }

    fn write_parts(&mut self) -> Result<(), AssembleError> {
        while let Some(part) = self.segmenter.poll()? {
            self.write(part)?;
        }
        Ok(())
    }

    fn write(&mut self, mut part: Part) -> Result<(), AssembleError> {
        let live = Arc::clone(&self.live);
        let Some(_pen) = live.pen() else {
            return Ok(());
        };
        let (id, store) = (live.id(), live.store());
        let bytes = std::mem::take(&mut part.bytes);
        store.write_unseen(id, MediaFile::Part(part.segment, part.index), &bytes)?;
        self.segment.extend(bytes);
        self.keep_time(&part);
        self.written += part.duration;
        if let Some(segment) = part.closes {
            self.close(&segment)?;
        }
        live.part_written(part);
        Ok(())
    }

    fn close(&mut self, segment: &Segment) -> Result<(), AssembleError> {
        let (id, store) = (self.live.id(), self.live.store());
        let number = segment.number;
        store.write(id, MediaFile::Segment(number), &self.segment)?;
        self.segment.clear();
        let captions = self.transcript.captions_of(segment);
        let file = MediaFile::CaptionSegment(number);
        store.write(id, file, captions.as_bytes())?;
        let progress = self.transcript.progress(self.written);
        self.live.update(|record| {
            record.segments = number + 1;
            record.duration = segment.end();
            record.progress = record.progress.max(progress);
        });
        Ok(())
    }

    /// Measures how a viewer who began with the first part would fare.
    fn keep_time(&mut self, part: &Part) {
        if part.start == Samples::ZERO {
            let micros = self.live.job.created_at.elapsed().as_micros() as u64;
            tracing::info!(session = %self.live.id(), after_us = micros, "first part");
        }
        let watched = *self.watched.get_or_insert_with(Instant::now);
        let needed = watched + part.start.duration();
        self.late = self.late.max(needed.elapsed());
    }

    fn finish(&mut self) -> Result<(), AssembleError> {
        self.live.enter(Stage::Encoding);
        let encoders = self.open()?;
        let rest = encoders.audio.finish()?;
        for packet in rest {
            self.segmenter.audio(packet)?;
        }
        self.segmenter.finish();
        self.write_parts()?;
        self.write_output()?;
        if !self.late.is_zero() {
            let millis = self.late.as_millis() as u64;
            tracing::warn!(session = %self.live.id(), late_ms = millis, "parts were late");
        }
        self.live.generated();
        Ok(())
    }

    /// Puts the finished file together from the segments.
    fn write_output(&mut self) -> Result<(), AssembleError> {
        let Some(encoders) = &self.encoders else {
            return Ok(());
        };
        let index = self.segmenter.index();
        let id = self.live.id();
        let store = self.live.store();
        let mut output = store.begin(id, MediaFile::Output)?;
        output.append(&index.head(&encoders.tracks)?)?;
        let ranges: Vec<_> = index.ranges().collect();
        for ranges in ranges.chunk_by(|one, next| one.segment == next.segment) {
            if let Some(first) = ranges.first() {
                store.copy(id, MediaFile::Segment(first.segment), ranges, &mut output)?;
            }
        }
        output.complete()?;
        Ok(())
    }

    fn step(&mut self) -> Result<Option<Turn>, AssembleError> {
        match self.reel.next() {
            Next::Empty => Ok(Some(Turn::Wait)),
            Next::End => {
                self.finish()?;
                Ok(Some(Turn::Done))
            }
            Next::Frame(frame) => {
                let encoded = self.encode(&frame);
                self.reel.give_back(frame);
                self.painter.wake();
                encoded.map(|()| None)
            }
        }
    }
}

impl Task for Assembler {
    fn turn(&mut self) -> Turn {
        for _ in 0..TURN {
            if self.live.cancel.raised() {
                return Turn::Done;
            }
            match self.step() {
                Ok(None) => {}
                Ok(Some(turn)) => return turn,
                Err(error) => {
                    self.live.fail(error.into());
                    return Turn::Done;
                }
            }
        }
        Turn::Again
    }

    fn due(&self) -> Instant {
        self.live.started + self.written.duration()
    }

    fn panicked(&mut self) {
        self.live.fail(Failure {
            code: FailureCode::EncodeFailed,
            text: "encoding broke down".to_owned(),
        });
    }
}
