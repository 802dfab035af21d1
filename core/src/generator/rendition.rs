//! One rendition of a session: the same pictures at one size, encoded, cut and written.

use std::io;

use avatar_codec::{
    AudioEncoder, AudioPacket, CodecError, Picture, TsMuxer, VideoEncoder, VideoSettings,
};
use thiserror::Error;

use super::live::Live;
use crate::api::{MediaFile, VideoFile};
use crate::config::Video;
use crate::hls::{Bandwidth, Part, SegmentError, SegmentFormat, Segmenter, Variant};
use crate::media::{Mp4Index, MuxError, ScaleError, Scaler, Tracks};
use crate::session::{Failure, FailureCode};

/// Why frames did not become files.
#[derive(Debug, Error)]
pub(crate) enum AssembleError {
    #[error("encoding failed: {0}")]
    Codec(#[from] CodecError),
    #[error("scaling failed: {0}")]
    Scale(#[from] ScaleError),
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

/// An open rendition.
pub(crate) struct Rendition {
    /// Its height where it is not the largest.
    smaller: Option<u16>,
    video: VideoEncoder,
    max_bitrate: u32,
    tracks: Tracks,
    segmenter: Segmenter,
    /// The parts of the segment that is being made.
    segment: Vec<u8>,
    scaled: Option<(Scaler, Picture)>,
}

impl Rendition {
    /// Opens the encoder and writes what players need before the first segment.
    pub(crate) fn open(
        live: &Live,
        video: Video,
        smaller: Option<u16>,
        audio: &AudioEncoder,
        audio_bitrate: u32,
    ) -> Result<Self, AssembleError> {
        let Video {
            width,
            height,
            frame_rate,
        } = smaller.map_or(video, |height| video.at_height(height));
        let settings = VideoSettings::new(width, height, frame_rate.per_second());
        let encoder = VideoEncoder::open(&settings)?;
        let tracks = Tracks {
            width: u16::try_from(width).unwrap_or(u16::MAX),
            height: u16::try_from(height).unwrap_or(u16::MAX),
            frame_rate,
            avc: encoder.config().clone(),
            audio_config: audio.config().to_vec(),
            audio_bitrate,
            language: live.job.language,
        };
        let (id, store) = (live.id(), live.store());
        if let Some(height) = smaller {
            store.make_room(id, height)?;
        }
        store.write(id, VideoFile::Init.of(smaller), &tracks.init_segment()?)?;
        let format = live.job.segment_format;
        let mut segmenter = Segmenter::new(format.cut(frame_rate));
        if format == SegmentFormat::Ts {
            segmenter.transport(TsMuxer::open(&tracks.transport())?);
        }
        Ok(Self {
            smaller,
            video: encoder,
            max_bitrate: settings.max_bitrate,
            tracks,
            segmenter,
            segment: Vec::new(),
            scaled: smaller.map(|_| {
                (
                    Scaler::default(),
                    Picture::new(width as usize, height as usize),
                )
            }),
        })
    }

    /// The encoder's name.
    pub(crate) fn encoder(&self) -> &'static str {
        self.video.name()
    }

    /// How it is announced.
    pub(crate) fn variant(&self) -> Variant<'_> {
        Variant {
            smaller: self.smaller,
            tracks: &self.tracks,
            bandwidth: Bandwidth::promised(self.max_bitrate, self.tracks.audio_bitrate),
        }
    }

    /// Takes in the next picture, of the size of the largest rendition.
    pub(crate) fn picture(&mut self, picture: &Picture, key: bool) -> Result<(), AssembleError> {
        let picture = match &mut self.scaled {
            Some((scaler, scaled)) => {
                scaler.scale(picture, scaled)?;
                scaled
            }
            None => picture,
        };
        let packet = self.video.encode(picture, key)?;
        Ok(self.segmenter.video(packet)?)
    }

    /// Takes in the next sound.
    pub(crate) fn sound(&mut self, packets: &[AudioPacket]) -> Result<(), AssembleError> {
        for packet in packets {
            self.segmenter.audio(packet.clone())?;
        }
        Ok(())
    }

    /// No more pictures and sound come.
    pub(crate) fn finish(&mut self) {
        self.segmenter.finish();
    }

    /// Writes the next part, if it is complete, and with a segment's last part the segment. The part is returned
    /// without its bytes.
    pub(crate) fn write_part(&mut self, live: &Live) -> Result<Option<Part>, AssembleError> {
        let Some(mut part) = self.segmenter.poll()? else {
            return Ok(None);
        };
        let (id, store) = (live.id(), live.store());
        let bytes = std::mem::take(&mut part.bytes);
        let ts = std::mem::take(&mut part.ts);
        if live.job.segment_format == SegmentFormat::Fmp4 {
            let file = VideoFile::Part(part.segment, part.index);
            store.write_unseen(id, file.of(self.smaller), &bytes)?;
        }
        self.segment.extend(bytes);
        if let Some(segment) = part.closes {
            let file = VideoFile::Segment(segment.number);
            store.write(id, file.of(self.smaller), &self.segment)?;
            self.segment.clear();
            if !ts.is_empty() {
                let file = VideoFile::TsSegment(segment.number);
                store.write(id, file.of(self.smaller), &ts)?;
            }
        }
        Ok(Some(part))
    }

    /// Puts the finished file together from the segments.
    pub(crate) fn write_output(&self, live: &Live) -> Result<(), AssembleError> {
        let index: &Mp4Index = self.segmenter.index();
        let (id, store) = (live.id(), live.store());
        let mut output = store.begin(id, MediaFile::Output)?;
        output.append(&index.head(&self.tracks)?)?;
        let ranges: Vec<_> = index.ranges().collect();
        for ranges in ranges.chunk_by(|one, next| one.segment == next.segment) {
            if let Some(first) = ranges.first() {
                let file = VideoFile::Segment(first.segment).of(self.smaller);
                store.copy(id, file, ranges, &mut output)?;
            }
        }
        output.complete()?;
        Ok(())
    }
}
