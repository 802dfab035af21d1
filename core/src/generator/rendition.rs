//! One rendition of a session: the same pictures at one size, or the sound alone, encoded, cut and written.

use std::io;

use avatar_codec::{
    AudioEncoder, AudioPacket, CodecError, Picture, TsMuxer, VideoEncoder, VideoPacket,
    VideoSettings,
};
use thiserror::Error;

use super::live::Live;
use crate::api::{MediaFile, RenditionFile};
use crate::audio::ResampleError;
use crate::config::{Config, Video};
use crate::hls::{Bandwidth, Part, RenditionName, SegmentError, SegmentFormat, Segmenter, Variant};
use crate::media::{MuxError, ScaleError, Scaler, Tracks, VideoTrack};
use crate::session::{Failure, FailureCode};

/// Why frames did not become files.
#[derive(Debug, Error)]
pub(crate) enum AssembleError {
    #[error("encoding failed: {0}")]
    Codec(#[from] CodecError),
    #[error(transparent)]
    Resample(#[from] ResampleError),
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
    name: RenditionName,
    pictures: Option<Pictures>,
    tracks: Tracks,
    segmenter: Segmenter,
    /// The parts of the segment that is being made.
    segment: Vec<u8>,
}

/// What becomes of pictures.
struct Pictures {
    encoder: VideoEncoder,
    max_bitrate: u32,
    scaled: Option<(Scaler, Picture)>,
}

impl Pictures {
    fn open(video: Video, smaller: bool, fine: bool) -> Result<(Self, VideoTrack), AssembleError> {
        let Video {
            width,
            height,
            frame_rate,
        } = video;
        let settings = VideoSettings::new(width, height, frame_rate.per_second());
        let settings = if fine { settings.fine() } else { settings };
        let encoder = VideoEncoder::open(&settings)?;
        let track = VideoTrack {
            width: u16::try_from(width).unwrap_or(u16::MAX),
            height: u16::try_from(height).unwrap_or(u16::MAX),
            frame_rate,
            avc: encoder.config().clone(),
        };
        let pictures = Self {
            encoder,
            max_bitrate: settings.max_bitrate,
            scaled: smaller.then(|| {
                (
                    Scaler::default(),
                    Picture::new(width as usize, height as usize),
                )
            }),
        };
        Ok((pictures, track))
    }

    fn encode(&mut self, picture: &Picture, key: bool) -> Result<VideoPacket, AssembleError> {
        let picture = match &mut self.scaled {
            Some((scaler, scaled)) => {
                scaler.scale(picture, scaled)?;
                scaled
            }
            None => picture,
        };
        Ok(self.encoder.encode(picture, key)?)
    }
}

impl Rendition {
    /// Opens the encoder and writes what players need before the first segment.
    pub(crate) fn open(
        live: &Live,
        config: &Config,
        name: RenditionName,
        audio: &AudioEncoder,
        audio_bitrate: u32,
    ) -> Result<Self, AssembleError> {
        let (id, store, fine) = (live.id(), live.store(), live.job.fine);
        let opened = match name {
            RenditionName::Full => Some(Pictures::open(config.video, false, fine)?),
            RenditionName::Height(height) => {
                store.make_room(id, height)?;
                Some(Pictures::open(config.video.at_height(height), true, fine)?)
            }
            RenditionName::Sound => None,
        };
        let (pictures, video) = opened.unzip();
        let cut = config.cut_of(&live.job);
        let mut segmenter = match video {
            Some(_) => Segmenter::new(cut),
            None => Segmenter::sound(cut),
        };
        let tracks = Tracks {
            video,
            audio_config: audio.config().to_vec(),
            audio_bitrate,
            language: live.job.language,
        };
        store.write(id, RenditionFile::Init.of(name), &tracks.init_segment()?)?;
        if live.job.segment_format == SegmentFormat::Ts
            && let Some(settings) = tracks.transport()
        {
            segmenter.transport(TsMuxer::open(&settings)?);
        }
        Ok(Self {
            name,
            pictures,
            tracks,
            segmenter,
            segment: Vec::new(),
        })
    }

    /// The name of what encodes its pictures.
    pub(crate) fn encoder(&self) -> Option<&'static str> {
        Some(self.pictures.as_ref()?.encoder.name())
    }

    /// How it is announced.
    pub(crate) fn variant(&self) -> Variant<'_> {
        let video = self.pictures.as_ref();
        let video = video.map_or(0, |pictures| pictures.max_bitrate);
        Variant {
            name: self.name,
            tracks: &self.tracks,
            bandwidth: Bandwidth::promised(video, self.tracks.audio_bitrate),
        }
    }

    /// Takes in the next picture, of the size of the largest rendition.
    pub(crate) fn picture(&mut self, picture: &Picture, key: bool) -> Result<(), AssembleError> {
        if let Some(pictures) = &mut self.pictures {
            self.segmenter.video(pictures.encode(picture, key)?)?;
        }
        Ok(())
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
            let file = RenditionFile::Part(part.segment, part.index);
            store.write_unseen(id, file.of(self.name), &bytes)?;
        }
        self.segment.extend(bytes);
        if let Some(segment) = part.closes {
            let file = RenditionFile::Segment(segment.number);
            store.write(id, file.of(self.name), &self.segment)?;
            self.segment.clear();
            if !ts.is_empty() {
                let file = RenditionFile::TsSegment(segment.number);
                store.write(id, file.of(self.name), &ts)?;
            }
        }
        Ok(Some(part))
    }

    /// There will be no finished file: of its beginning nothing is kept.
    pub(crate) fn forget_beginning(&mut self) {
        self.segmenter.forget_index();
    }

    /// Puts the finished file together from the segments.
    pub(crate) fn write_output(&self, live: &Live) -> Result<(), AssembleError> {
        let Some(index) = self.segmenter.index() else {
            return Ok(());
        };
        let (id, store) = (live.id(), live.store());
        let mut output = store.begin(id, MediaFile::Output(live.job.kind))?;
        output.append(&index.head(&self.tracks)?)?;
        let ranges: Vec<_> = index.ranges().collect();
        for ranges in ranges.chunk_by(|one, next| one.segment == next.segment) {
            if let Some(first) = ranges.first() {
                let file = RenditionFile::Segment(first.segment).of(self.name);
                store.copy(id, file, ranges, &mut output)?;
            }
        }
        output.complete()?;
        Ok(())
    }
}
