//! The finished MP4: one index before all samples, which are copied as they already lie in the segments.

use std::num::NonZeroU32;

use mp4_atom::{
    Co64, Encode as _, FourCC, Header, Stbl, Stco, Stsc, StscEntry, Stss, Stsz, StszSamples, Stts,
    SttsEntry,
};

use super::fragment::{Fragment, WrittenFragment};
use super::tracks::{MuxError, Tracks, ftyp};
use crate::time::Samples;

/// A stretch of a segment's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// Which segment, counted from zero.
    pub segment: u32,
    /// The first byte.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
}

/// Remembers where every sample lies while segments are written.
///
/// Costs four bytes for a picture, two for a frame of sound and 24 for a part: 19 kB a minute at 25 pictures a second.
#[derive(Debug, Clone, Default)]
pub struct Mp4Index {
    pictures: Vec<u32>,
    keys: Vec<u32>,
    sounds: Vec<u16>,
    frame: Samples,
    audio_frame: Samples,
    last_audio: Samples,
    chunks: Vec<Chunk>,
}

/// The samples of one fragment.
#[derive(Debug, Clone, Copy)]
struct Chunk {
    segment: u32,
    offset: u64,
    video_bytes: u32,
    audio_bytes: u32,
    pictures: u16,
    sounds: u16,
}

impl Mp4Index {
    /// Takes note of a fragment that lies in `segment`'s file from byte `offset` on.
    ///
    /// # Errors
    ///
    /// [`MuxError::TooLarge`] for a fragment or a frame of sound of absurd size; the index is then unchanged.
    pub fn add(
        &mut self,
        segment: u32,
        offset: u64,
        fragment: &Fragment,
        written: &WrittenFragment,
    ) -> Result<(), MuxError> {
        let too_large = |_| MuxError::TooLarge("fragment");
        let video_sizes = fragment.video.iter().map(|sample| sample.data.len());
        let audio_sizes = fragment.audio.iter().map(|sample| sample.data.len());
        let pictures: Vec<u32> = video_sizes
            .map(u32::try_from)
            .collect::<Result<_, _>>()
            .map_err(too_large)?;
        let sounds: Vec<u16> = audio_sizes
            .map(u16::try_from)
            .collect::<Result<_, _>>()
            .map_err(too_large)?;
        let video_bytes = pictures.iter().copied().map(u64::from).sum::<u64>();
        let audio_bytes = sounds.iter().copied().map(u64::from).sum::<u64>();
        self.chunks.push(Chunk {
            segment,
            offset: offset + written.payload as u64,
            video_bytes: u32::try_from(video_bytes).map_err(too_large)?,
            audio_bytes: u32::try_from(audio_bytes).map_err(too_large)?,
            pictures: u16::try_from(pictures.len()).map_err(too_large)?,
            sounds: u16::try_from(sounds.len()).map_err(too_large)?,
        });
        let before = self.pictures.len() as u32;
        let numbered = fragment.video.iter().zip(before + 1..);
        self.keys.extend(
            numbered
                .filter(|(sample, _)| sample.key)
                .map(|(_, number)| number),
        );
        self.pictures.extend(pictures);
        self.sounds.extend(sounds);
        self.frame = fragment.frame;
        if let (Some(first), Some(last)) = (fragment.audio.first(), fragment.audio.last()) {
            self.audio_frame = self.audio_frame.max(first.duration);
            self.last_audio = last.duration;
        }
        Ok(())
    }

    /// How long the video is.
    pub fn duration(&self) -> Samples {
        Samples(self.frame.0 * self.pictures.len() as u64)
    }

    /// How long the sound is.
    pub fn audio_duration(&self) -> Samples {
        match self.sounds.len() as u64 {
            0 => Samples::ZERO,
            sounds => Samples(self.audio_frame.0 * (sounds - 1)) + self.last_audio,
        }
    }

    /// The file up to its first sample: `ftyp`, `moov` and the header of `mdat`.
    /// What [`Self::ranges`] names follows, in order and without a gap.
    ///
    /// # Errors
    ///
    /// [`MuxError`] when a parameter set is malformed.
    pub fn head(&self, tracks: &Tracks) -> Result<Vec<u8>, MuxError> {
        // Where samples lie depends on how long the index is, and that on whether they lie beyond 4 GiB.
        let far = self.payload() > u64::from(u32::MAX / 2);
        let length = self.head_at(tracks, 0, far)?.len() as u64;
        self.head_at(tracks, length, far)
    }

    /// Where the samples of the file lie, in order.
    pub fn ranges(&self) -> impl Iterator<Item = ByteRange> {
        self.chunks.iter().map(|chunk| ByteRange {
            segment: chunk.segment,
            offset: chunk.offset,
            length: u64::from(chunk.video_bytes) + u64::from(chunk.audio_bytes),
        })
    }

    fn payload(&self) -> u64 {
        self.ranges().map(|range| range.length).sum()
    }

    fn head_at(&self, tracks: &Tracks, first: u64, far: bool) -> Result<Vec<u8>, MuxError> {
        let mut at = first;
        let mut video_chunks = Vec::with_capacity(self.chunks.len());
        let mut audio_chunks = Vec::with_capacity(self.chunks.len());
        for chunk in &self.chunks {
            if let Some(pictures) = NonZeroU32::new(chunk.pictures.into()) {
                video_chunks.push((at, pictures));
            }
            at += u64::from(chunk.video_bytes);
            if let Some(sounds) = NonZeroU32::new(chunk.sounds.into()) {
                audio_chunks.push((at, sounds));
            }
            at += u64::from(chunk.audio_bytes);
        }

        let pictures = self.pictures.len() as u32;
        let mut video = sample_table(&video_chunks, self.pictures.clone(), far);
        video.stts = time_to_sample(&[(pictures, self.frame)])?;
        video.stss = Some(Stss {
            entries: self.keys.clone(),
        });
        let sounds = self.sounds.len() as u32;
        let sizes = self.sounds.iter().copied().map(u32::from).collect();
        let mut audio = sample_table(&audio_chunks, sizes, far);
        audio.stts = if self.last_audio == self.audio_frame {
            time_to_sample(&[(sounds, self.audio_frame)])?
        } else {
            time_to_sample(&[
                (sounds.saturating_sub(1), self.audio_frame),
                (sounds.min(1), self.last_audio),
            ])?
        };

        let mut bytes = Vec::new();
        match tracks.video {
            Some(_) => ftyp(b"isom", &[b"isom", b"iso2", b"avc1", b"mp41"]),
            None => ftyp(b"M4A ", &[b"M4A ", b"isom", b"iso2", b"mp41"]),
        }
        .encode(&mut bytes)?;
        let mut moov = tracks.moov(self.duration(), video, audio)?;
        let shown = tracks.video.as_ref().map(|_| self.duration());
        let durations = shown.into_iter().chain([self.audio_duration()]);
        for (track, duration) in moov.trak.iter_mut().zip(durations) {
            track.tkhd.duration = duration.0;
            track.mdia.mdhd.duration = duration.0;
        }
        moov.mvhd.duration = self.duration().max(self.audio_duration()).0;
        moov.encode(&mut bytes)?;
        Header {
            kind: FourCC::new(b"mdat"),
            size: Some(
                usize::try_from(self.payload()).map_err(|_| MuxError::TooLarge("the file"))?,
            ),
        }
        .encode(&mut bytes)?;
        Ok(bytes)
    }
}

/// Sizes, chunks and places (section 8.7); times and descriptions are still missing.
fn sample_table(chunks: &[(u64, NonZeroU32)], sizes: Vec<u32>, far: bool) -> Stbl {
    let mut runs: Vec<StscEntry> = Vec::new();
    for (&(_, samples), number) in chunks.iter().zip(1..) {
        let samples_per_chunk = samples.get();
        if runs
            .last()
            .is_none_or(|run| run.samples_per_chunk != samples_per_chunk)
        {
            runs.push(StscEntry {
                first_chunk: number,
                samples_per_chunk,
                sample_description_index: 1,
            });
        }
    }
    let offsets = chunks.iter().map(|&(offset, _)| offset);
    let mut table = Stbl {
        stsc: Stsc { entries: runs },
        stsz: Stsz {
            samples: StszSamples::Different { sizes },
        },
        ..Stbl::default()
    };
    if far {
        table.co64 = Some(Co64 {
            entries: offsets.collect(),
        });
    } else {
        table.stco = Some(Stco {
            entries: offsets.map(|offset| offset as u32).collect(),
        });
    }
    table
}

fn time_to_sample(runs: &[(u32, Samples)]) -> Result<Stts, MuxError> {
    let entries = runs
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|&(sample_count, duration)| {
            Ok(SttsEntry {
                sample_count,
                sample_delta: u32::try_from(duration.0)
                    .map_err(|_| MuxError::TooLarge("sample duration"))?,
            })
        });
    Ok(Stts {
        entries: entries.collect::<Result<_, MuxError>>()?,
    })
}

#[cfg(test)]
mod tests {
    use avatar_codec::{AvcConfig, VideoPacket};
    use mp4_atom::{Any, DecodeMaybe as _, Moov};

    use super::*;
    use crate::language::Language;
    use crate::media::{AudioSample, VideoTrack};
    use crate::time::FrameRate;

    fn tracks() -> Tracks {
        let stream = [0, 0, 1, 0x67, 0x64, 0x00, 0x1e, 0xac, 0, 0, 1, 0x68, 0xeb];
        Tracks {
            video: Some(VideoTrack {
                width: 64,
                height: 64,
                frame_rate: FrameRate::new(25).unwrap(),
                avc: AvcConfig::from_byte_stream(&stream).unwrap(),
            }),
            audio_config: vec![0x11, 0x88],
            audio_bitrate: 96_000,
            language: Language::Ru,
        }
    }

    fn fragment(pictures: usize, sounds: usize) -> Fragment {
        Fragment {
            sequence: 1,
            video_start: Samples::ZERO,
            frame: Samples(1920),
            video: (0..pictures)
                .map(|n| VideoPacket {
                    data: vec![1; 100 + n],
                    key: n == 0,
                })
                .collect(),
            audio_start: Samples::ZERO,
            audio: (0..sounds)
                .map(|n| AudioSample {
                    data: vec![2; 50 + n],
                    duration: Samples(1024),
                })
                .collect(),
        }
    }

    fn moov(head: &[u8]) -> Moov {
        let mut rest = head;
        while let Ok(Some(atom)) = Any::decode_maybe(&mut rest) {
            if let Any::Moov(moov) = atom {
                return moov;
            }
        }
        panic!("no moov");
    }

    #[test]
    fn chunks_lie_where_the_ranges_put_them() {
        let mut index = Mp4Index::default();
        for (segment, offset, pictures, sounds) in [
            (0, 0, 5, 10),
            (0, 2_000, 5, 9),
            (1, 0, 5, 0),
            (1, 900, 1, 3),
        ] {
            let fragment = fragment(pictures, sounds);
            let written = fragment.write().unwrap();
            index.add(segment, offset, &fragment, &written).unwrap();
        }
        let head = index.head(&tracks()).unwrap();
        let moov = moov(&head);
        let (video, audio) = (&moov.trak[0].mdia.minf.stbl, &moov.trak[1].mdia.minf.stbl);
        let at = head.len() as u32;
        let (five, one) = (510, 100);
        let (ten, nine) = (545, 486);
        assert_eq!(
            video.stco.as_ref().unwrap().entries,
            [
                at,
                at + five + ten,
                at + 2 * five + ten + nine,
                at + 3 * five + ten + nine
            ]
        );
        assert_eq!(
            audio.stco.as_ref().unwrap().entries,
            [
                at + five,
                at + 2 * five + ten,
                at + 3 * five + ten + nine + one
            ]
        );
        let runs = |stbl: &Stbl| -> Vec<(u32, u32)> {
            stbl.stsc
                .entries
                .iter()
                .map(|run| (run.first_chunk, run.samples_per_chunk))
                .collect()
        };
        assert_eq!(runs(video), [(1, 5), (4, 1)]);
        assert_eq!(runs(audio), [(1, 10), (2, 9), (3, 3)]);
        assert_eq!(video.stss.as_ref().unwrap().entries, [1, 6, 11, 16]);
        let payload: u64 = index.ranges().map(|range| range.length).sum();
        assert!(head.ends_with(b"mdat"));
        let size: [u8; 4] = head[head.len() - 8..head.len() - 4].try_into().unwrap();
        assert_eq!(u64::from(u32::from_be_bytes(size)), payload + 8);
    }

    #[test]
    fn files_beyond_4_gib_have_wide_offsets() {
        let mut index = Mp4Index::default();
        let fragment = fragment(5, 10);
        let written = fragment.write().unwrap();
        index.add(0, 0, &fragment, &written).unwrap();
        index.add(1, 0, &fragment, &written).unwrap();
        for chunk in &mut index.chunks {
            chunk.video_bytes = u32::MAX;
        }
        let head = index.head(&tracks()).unwrap();
        let moov = moov(&head);
        let wide = moov.trak[0].mdia.minf.stbl.co64.as_ref().unwrap();
        let at = head.len() as u64;
        assert_eq!(wide.entries, [at, at + u64::from(u32::MAX) + 545]);
    }

    #[test]
    fn an_index_of_nothing_is_still_a_file() {
        let head = Mp4Index::default().head(&tracks()).unwrap();
        assert_eq!(moov(&head).mvhd.duration, 0);
    }
}
