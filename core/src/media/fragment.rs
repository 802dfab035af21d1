//! Movie fragments (ISO/IEC 14496-12 section 8.8): what parts and segments are made of.

use avatar_codec::VideoPacket;
use mp4_atom::{Encode as _, FourCC, Header, Mfhd, Moof, Tfdt, Tfhd, Traf, Trun, TrunEntry};

use super::tracks::{AUDIO_TRACK, DEPENDENT_SAMPLE, KEY_SAMPLE, MuxError, VIDEO_TRACK};
use crate::time::Samples;

/// One AAC frame, and how long it is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioSample {
    /// One raw AAC frame.
    pub data: Vec<u8>,
    /// 1,024 samples, but for the last of a track.
    pub duration: Samples,
}

/// Samples of both tracks that are written together as one `moof` and `mdat`; either may be empty.
#[derive(Debug, Clone)]
pub struct Fragment {
    /// Counted from 1 over the whole session.
    pub sequence: u32,
    /// When the first picture is shown.
    pub video_start: Samples,
    /// How long each picture is shown.
    pub frame: Samples,
    /// The pictures.
    pub video: Vec<VideoPacket>,
    /// When the first sound is heard.
    pub audio_start: Samples,
    /// The sound.
    pub audio: Vec<AudioSample>,
}

/// A fragment as it lies in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFragment {
    /// `moof` and `mdat`.
    pub bytes: Vec<u8>,
    /// Where in `bytes` the samples begin; they reach to the end.
    pub payload: usize,
}

impl Fragment {
    /// Writes the fragment. All samples of the video lie before all samples of the sound.
    ///
    /// # Errors
    ///
    /// [`MuxError::TooLarge`] for more than 2 GiB.
    pub fn write(&self) -> Result<WrittenFragment, MuxError> {
        let video_bytes: usize = self.video.iter().map(|sample| sample.data.len()).sum();
        let audio_bytes: usize = self.audio.iter().map(|sample| sample.data.len()).sum();
        let payload_bytes = video_bytes + audio_bytes;
        let mut bytes = Vec::with_capacity(payload_bytes + 64 * (4 + self.video.len()));

        // Offsets count from the first byte of `moof` and so depend on its length, which they do not change.
        self.moof(0, 0)?.encode(&mut bytes)?;
        let payload = bytes.len() + MDAT_HEADER;
        bytes.clear();
        self.moof(payload, payload + video_bytes)?
            .encode(&mut bytes)?;

        Header {
            kind: FourCC::new(b"mdat"),
            size: Some(payload_bytes),
        }
        .encode(&mut bytes)?;
        for sample in &self.video {
            bytes.extend_from_slice(&sample.data);
        }
        for sample in &self.audio {
            bytes.extend_from_slice(&sample.data);
        }
        Ok(WrittenFragment { bytes, payload })
    }

    fn moof(&self, video_offset: usize, audio_offset: usize) -> Result<Moof, MuxError> {
        let mut traf = Vec::with_capacity(2);
        if !self.video.is_empty() {
            traf.push(self.video_run(video_offset)?);
        }
        if !self.audio.is_empty() {
            traf.push(self.audio_run(audio_offset)?);
        }
        Ok(Moof {
            mfhd: Mfhd {
                sequence_number: self.sequence,
            },
            traf,
        })
    }

    fn video_run(&self, offset: usize) -> Result<Traf, MuxError> {
        let entries = self.video.iter().map(|sample| {
            Ok(TrunEntry {
                size: Some(size(&sample.data)?),
                flags: Some(if sample.key {
                    KEY_SAMPLE
                } else {
                    DEPENDENT_SAMPLE
                }),
                ..TrunEntry::default()
            })
        });
        let entries: Vec<TrunEntry> = entries.collect::<Result<_, MuxError>>()?;
        run(VIDEO_TRACK, self.video_start, self.frame, offset, entries)
    }

    fn audio_run(&self, offset: usize) -> Result<Traf, MuxError> {
        let usual = self
            .audio
            .first()
            .map_or(Samples::ZERO, |sample| sample.duration);
        let uniform = self.audio.iter().all(|sample| sample.duration == usual);
        let entries = self.audio.iter().map(|sample| {
            Ok(TrunEntry {
                size: Some(size(&sample.data)?),
                duration: match uniform {
                    true => None,
                    false => Some(narrow(sample.duration)?),
                },
                ..TrunEntry::default()
            })
        });
        let entries: Vec<TrunEntry> = entries.collect::<Result<_, MuxError>>()?;
        run(AUDIO_TRACK, self.audio_start, usual, offset, entries)
    }
}

const MDAT_HEADER: usize = 8;

fn run(
    track_id: u32,
    start: Samples,
    usual: Samples,
    offset: usize,
    entries: Vec<TrunEntry>,
) -> Result<Traf, MuxError> {
    let offset = i32::try_from(offset).map_err(|_| MuxError::TooLarge("fragment"))?;
    Ok(Traf {
        tfhd: Tfhd {
            track_id,
            default_sample_duration: Some(narrow(usual)?),
            default_base_is_moof: true,
            ..Tfhd::default()
        },
        tfdt: Some(Tfdt {
            base_media_decode_time: start.0,
        }),
        trun: vec![Trun {
            data_offset: Some(offset),
            samples: entries.into(),
        }],
        ..Traf::default()
    })
}

fn size(data: &[u8]) -> Result<u32, MuxError> {
    u32::try_from(data.len()).map_err(|_| MuxError::TooLarge("sample"))
}

fn narrow(duration: Samples) -> Result<u32, MuxError> {
    u32::try_from(duration.0).map_err(|_| MuxError::TooLarge("sample duration"))
}
