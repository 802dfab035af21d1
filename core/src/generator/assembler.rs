//! What becomes of frames that are kept: they are encoded, cut and written.

use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use avatar_codec::{AudioEncoder, AudioSettings};

use super::live::Live;
use super::painter::Links;
use super::reel::Frame;
use super::rendition::{AssembleError, Rendition};
use super::transcript::Transcript;
use super::winder::Sink;
use crate::api::MediaFile;
use crate::config::Config;
use crate::hls::{Cut, MasterPlaylist, Part, Segment};
use crate::session::{Kind, Stage};
use crate::time::Samples;

/// Bits a second of sound alone: speech has no use for more, and more would take a third longer to encode.
const SOUND_BITRATE: u32 = 64_000;

/// Bits a second of the sound of a film that is kept.
const FINE_SOUND_BITRATE: u32 = 192_000;

/// Encodes one session's frames and writes its files.
pub(crate) struct Assembler {
    live: Arc<Live>,
    transcript: Arc<Transcript>,
    cut: Cut,
    config: Arc<Config>,
    encoders: Option<Encoders>,
    /// Pictures.
    encoded: u64,
    written: Samples,
    /// When there was enough for a viewer to begin with.
    watched: Option<Instant>,
    /// How much later than its viewer needed it a part was written, at worst.
    late: Duration,
}

struct Encoders {
    audio: AudioEncoder,
    /// The largest comes first.
    renditions: Vec<Rendition>,
}

impl Assembler {
    pub(crate) fn new(links: &Links, config: &Arc<Config>) -> Self {
        Self {
            live: Arc::clone(&links.live),
            transcript: Arc::clone(&links.transcript),
            cut: config.cut_of(&links.live.job),
            config: Arc::clone(config),
            encoders: None,
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
        let settings = match self.live.job.kind {
            Kind::Avatar if self.live.job.fine => AudioSettings {
                bitrate: FINE_SOUND_BITRATE,
            },
            Kind::Avatar => AudioSettings::default(),
            Kind::Audio | Kind::Stream | Kind::Recording(_) => AudioSettings {
                bitrate: SOUND_BITRATE,
            },
        };
        let audio = AudioEncoder::open(&settings)?;
        let names = self.config.renditions_of(self.live.job.kind);
        let mut renditions = names
            .map(|name| Rendition::open(&self.live, &self.config, name, &audio, settings.bitrate))
            .collect::<Result<Vec<_>, _>>()?;
        renditions.rotate_right(1);
        let variants: Vec<_> = renditions.iter().map(Rendition::variant).collect();
        let master = MasterPlaylist {
            variants: &variants,
            language: self.live.job.language,
        };
        let store = self.live.store();
        store.write(
            self.live.id(),
            MediaFile::Master,
            master.render().as_bytes(),
        )?;
        static SAID: Once = Once::new();
        if let Some(encoder) = renditions.first().and_then(Rendition::encoder) {
            SAID.call_once(|| tracing::info!(encoder, "pictures are encoded"));
        }
        Ok(Encoders { audio, renditions })
    }

    fn encode(&mut self, frame: &Frame) -> Result<(), AssembleError> {
        let key = self.cut.starts_segment(self.encoded);
        self.encoded += u64::from(frame.picture.is_some());
        let encoders = self.open()?;
        let sound = encoders.audio.encode(&frame.pcm)?;
        for rendition in &mut encoders.renditions {
            if let Some(picture) = &frame.picture {
                rendition.picture(picture, key)?;
            }
            rendition.sound(&sound)?;
        }
        self.write_parts()
    }

    fn write_parts(&mut self) -> Result<(), AssembleError> {
        let live = Arc::clone(&self.live);
        while let Some(_pen) = live.pen() {
            let encoders = self.open()?;
            let mut written = None;
            // All are cut alike. The largest comes last: with it the part exists.
            for rendition in encoders.renditions.iter_mut().rev() {
                written = rendition.write_part(&live)?;
            }
            let Some(part) = written else {
                break;
            };
            self.keep_time(&part);
            self.written += part.duration;
            if !self.is_whole() {
                let renditions = &mut self.open()?.renditions;
                renditions.iter_mut().for_each(Rendition::forget_beginning);
            }
            if let Some(segment) = part.closes {
                self.close(&segment)?;
            }
            live.part_written(part);
        }
        Ok(())
    }

    /// Whether all of it is still there: of a stream that is longer than what is kept of it there is no beginning.
    fn is_whole(&self) -> bool {
        let window = self.config.window_of(&self.live.job);
        window.is_none_or(|window| self.written <= window)
    }

    /// A segment is written: so are its captions.
    fn close(&mut self, segment: &Segment) -> Result<(), AssembleError> {
        let number = segment.number;
        let captions = self.transcript.captions_of(segment);
        let file = MediaFile::CaptionSegment(number);
        self.live
            .store()
            .write(self.live.id(), file, captions.as_bytes())?;
        let progress = self.transcript.progress(self.written);
        self.live.update(|record| {
            record.segments = number + 1;
            record.duration = segment.end();
            record.progress = record.progress.max(progress);
        });
        Ok(())
    }

    /// Measures how a viewer would fare who began at the beginning as soon as there was as much as players keep in
    /// hand: three parts.
    fn keep_time(&mut self, part: &Part) {
        if part.start == Samples::ZERO {
            let micros = self.live.job.created_at.elapsed().as_micros() as u64;
            tracing::info!(session = %self.live.id(), after_us = micros, "first part");
        }
        match self.watched {
            Some(watched) => {
                let needed = watched + part.start.duration();
                self.late = self.late.max(needed.elapsed());
            }
            None if part.start + part.duration >= self.cut.hold_back() => {
                self.watched = Some(Instant::now());
            }
            None => {}
        }
    }

    fn close_files(&mut self) -> Result<(), AssembleError> {
        self.live.enter(Stage::Encoding);
        let encoders = self.open()?;
        let rest = encoders.audio.finish()?;
        for rendition in &mut encoders.renditions {
            rendition.sound(&rest)?;
            rendition.finish();
        }
        self.write_parts()?;
        let live = Arc::clone(&self.live);
        let whole = self.is_whole();
        if let Some(largest) = self.open()?.renditions.first()
            && whole
        {
            largest.write_output(&live)?;
        }
        if !self.late.is_zero() {
            let millis = self.late.as_millis() as u64;
            tracing::warn!(session = %self.live.id(), late_ms = millis, "parts were late");
        }
        self.live.generated();
        Ok(())
    }
}

impl Sink for Assembler {
    fn take(&mut self, frame: &Frame) -> Result<(), AssembleError> {
        self.encode(frame)
    }

    fn finish(&mut self) -> Result<(), AssembleError> {
        self.close_files()
    }

    fn made(&self) -> Samples {
        self.written
    }
}
