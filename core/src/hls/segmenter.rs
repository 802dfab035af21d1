//! Cutting encoded samples into parts and segments.

use std::collections::VecDeque;
use std::time::Duration;

use avatar_codec::{AudioPacket, CodecError, FRAME_SAMPLES, TsMuxer, VideoPacket};
use thiserror::Error;

use crate::media::{AudioSample, Fragment, Mp4Index, MuxError};
use crate::time::{FrameRate, Samples};

/// Parts of the first segment.
///
/// There are players that take no playlist without a whole segment and ask again a second later. So the first is whole
/// as soon as there is anything.
pub const OPENING_PARTS: u32 = 1;

/// Where parts and segments end, counted in steps: pictures, or frames of AAC where there are none. The first segment is of
/// [`OPENING_PARTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    step: Samples,
    steps_per_part: u32,
    steps_per_segment: u32,
}

/// Frames of AAC in a part of sound alone: 256 ms, a whole number of milliseconds.
const SOUND_PART: u32 = 12;

impl Cut {
    /// A cut in steps of a length. `None` unless a part has at least one and a segment at least as many as a part.
    pub fn new(step: Samples, steps_per_part: u32, steps_per_segment: u32) -> Option<Self> {
        (steps_per_part >= 1 && steps_per_segment >= steps_per_part).then_some(Self {
            step,
            steps_per_part,
            steps_per_segment,
        })
    }

    /// Segments of one second, but for the first, in parts of about 200 ms.
    pub fn standard(frame_rate: FrameRate) -> Self {
        let frames = frame_rate.per_second();
        Self {
            step: frame_rate.frame(),
            steps_per_part: (frames + 2) / 5,
            steps_per_segment: frames,
        }
    }

    /// Segments of one second in one part each.
    pub fn whole(frame_rate: FrameRate) -> Self {
        let frames = frame_rate.per_second();
        Self {
            step: frame_rate.frame(),
            steps_per_part: frames,
            steps_per_segment: frames,
        }
    }

    /// Sound alone, in parts of 256 ms and segments of as many of them as come nearest to `segment`, at least one.
    pub fn sound(segment: Duration) -> Self {
        let part = u64::from(SOUND_PART) * FRAME_SAMPLES as u64;
        let parts = (Samples::from_duration(segment).0 + part / 2) / part;
        Self {
            step: Samples(FRAME_SAMPLES as u64),
            steps_per_part: SOUND_PART,
            steps_per_segment: SOUND_PART * u32::try_from(parts.max(1)).unwrap_or(1),
        }
    }

    /// How long a step is.
    pub fn step(self) -> Samples {
        self.step
    }

    /// When step `index`, counted from zero, begins.
    pub fn start_of(self, index: u64) -> Samples {
        Samples(index.saturating_mul(self.step.0))
    }

    /// How many steps a part has, but for the last of a segment.
    pub fn steps_per_part(self) -> u32 {
        self.steps_per_part
    }

    /// Whether step `index`, counted from zero, is the first of a segment. A picture there must be a key picture.
    pub fn starts_segment(self, index: u64) -> bool {
        match index.checked_sub(self.steps_of(0).into()) {
            Some(index) => index.is_multiple_of(self.steps_per_segment.into()),
            None => index == 0,
        }
    }

    /// How many steps a segment has, counted from zero, unless it is the last.
    pub fn steps_of(self, segment: u32) -> u32 {
        match segment {
            0 => (OPENING_PARTS * self.steps_per_part).min(self.steps_per_segment),
            _ => self.steps_per_segment,
        }
    }

    /// How long a segment is, but for the first and the last.
    pub fn segment(self) -> Samples {
        self.start_of(self.steps_per_segment.into())
    }

    /// How far players that load parts stay behind the last: three parts (draft-pantos-hls-rfc8216bis section 4.4.3.8).
    pub fn hold_back(self) -> Samples {
        Samples(3 * self.part().0)
    }

    /// How many parts a segment has, but for the first and the last.
    pub fn parts(self) -> u32 {
        self.steps_per_segment.div_ceil(self.steps_per_part)
    }

    /// How long a part is, but for the last of a segment.
    pub fn part(self) -> Samples {
        self.start_of(self.steps_per_part.into())
    }
}

/// A piece of a segment, ready to be appended to its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which segment it belongs to, counted from zero.
    pub segment: u32,
    /// Which part of that segment it is, counted from zero.
    pub index: u32,
    /// When it begins.
    pub start: Samples,
    /// How long it is: a whole number of steps.
    pub duration: Samples,
    /// How many steps it has.
    pub steps: u32,
    /// Whether decoding can begin here.
    pub independent: bool,
    /// Whether none comes after it.
    pub last: bool,
    /// One `moof` and one `mdat`.
    pub bytes: Vec<u8>,
    /// With a segment's last part, where such are made, the whole segment as a transport stream.
    pub ts: Vec<u8>,
    /// The segment, when this is its last part.
    pub closes: Option<Segment>,
}

/// A complete segment: its parts, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Counted from zero.
    pub number: u32,
    /// When it begins.
    pub start: Samples,
    /// How long it is.
    pub duration: Samples,
    /// How many bytes it has.
    pub bytes: u64,
}

impl Segment {
    /// When the next one begins.
    pub fn end(&self) -> Samples {
        self.start + self.duration
    }
}

/// Why samples were not cut.
#[derive(Debug, Error)]
pub enum SegmentError {
    /// A segment would begin with a picture that cannot be decoded by itself.
    #[error("picture {frame} begins a segment but is no key picture")]
    NoKey {
        /// Counted from zero.
        frame: u64,
    },
    /// Sound must come without gaps.
    #[error("sound from sample {found} on was given where sample {expected} was due")]
    AudioGap {
        /// Where the sound given so far ends.
        expected: u64,
        /// Where the next packet begins.
        found: u64,
    },
    /// Samples came after the end.
    #[error("samples were given after the end")]
    Finished,
    /// The samples could not be written.
    #[error(transparent)]
    Mux(#[from] MuxError),
    /// The samples could not be written as a transport stream.
    #[error(transparent)]
    Transport(#[from] CodecError),
}

/// Cuts samples into parts.
///
/// A part holds a whole number of pictures and the sound that begins while they are shown. It is given out
/// once all of that is there and so is the next picture, so that it is not the last. The last one is given
/// out after [`finish`](Self::finish); there the sound ends with the pictures, to a sample. Where there are no pictures,
/// a part is a whole number of frames of sound.
#[derive(Debug)]
pub struct Segmenter {
    cut: Cut,
    pictures: bool,
    video: VecDeque<VideoPacket>,
    audio: VecDeque<AudioPacket>,
    /// Steps taken in.
    steps: u64,
    /// Where the sound taken in ends.
    audio_end: u64,
    finished: bool,
    /// Steps given out.
    given: u64,
    /// Parts given out.
    parts: u32,
    segment: Segment,
    /// Parts and steps given out of the current segment.
    segment_parts: u32,
    segment_steps: u32,
    /// Until it is forgotten.
    index: Option<Mp4Index>,
    ts: Option<TsMuxer>,
}

impl Segmenter {
    /// For pictures and sound, cut in pictures.
    pub fn new(cut: Cut) -> Self {
        Self {
            cut,
            pictures: true,
            video: VecDeque::new(),
            audio: VecDeque::new(),
            steps: 0,
            audio_end: 0,
            finished: false,
            given: 0,
            parts: 0,
            segment: Segment {
                number: 0,
                start: Samples::ZERO,
                duration: Samples::ZERO,
                bytes: 0,
            },
            segment_parts: 0,
            segment_steps: 0,
            index: Some(Mp4Index::default()),
            ts: None,
        }
    }

    /// For sound alone, cut in frames of AAC.
    pub fn sound(cut: Cut) -> Self {
        Self {
            pictures: false,
            ..Self::new(cut)
        }
    }

    /// From now on segments are given out as transport streams too; to be called before the first part.
    pub fn transport(&mut self, muxer: TsMuxer) {
        self.ts = Some(muxer);
    }

    /// Takes in the next picture.
    ///
    /// # Errors
    ///
    /// [`SegmentError::NoKey`], [`SegmentError::Finished`]
    pub fn video(&mut self, packet: VideoPacket) -> Result<(), SegmentError> {
        if self.finished {
            return Err(SegmentError::Finished);
        }
        if self.cut.starts_segment(self.steps) && !packet.key {
            return Err(SegmentError::NoKey { frame: self.steps });
        }
        self.steps += 1;
        self.video.push_back(packet);
        Ok(())
    }

    /// Takes in the next packet of sound.
    ///
    /// # Errors
    ///
    /// [`SegmentError::AudioGap`], [`SegmentError::Finished`]
    pub fn audio(&mut self, packet: AudioPacket) -> Result<(), SegmentError> {
        if self.finished {
            return Err(SegmentError::Finished);
        }
        if packet.start != self.audio_end {
            return Err(SegmentError::AudioGap {
                expected: self.audio_end,
                found: packet.start,
            });
        }
        self.audio_end += FRAME_SAMPLES as u64;
        self.steps += u64::from(!self.pictures);
        self.audio.push_back(packet);
        Ok(())
    }

    /// No more samples come. Sound beyond the last picture is dropped. Sound that ends before it leaves a gap
    /// that some players report, so callers add silence up to the end of the last picture.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// The next part, as soon as it is complete. After [`finish`](Self::finish), `None` means that there are no more.
    ///
    /// # Errors
    ///
    /// [`SegmentError::Mux`], [`SegmentError::Transport`]
    pub fn poll(&mut self) -> Result<Option<Part>, SegmentError> {
        let left = self.cut.steps_of(self.segment.number) - self.segment_steps;
        let wanted = self.cut.steps_per_part.min(left) as usize;
        let waiting = match self.pictures {
            true => self.video.len(),
            false => self.audio.len(),
        };
        let last = self.finished && waiting <= wanted;
        let steps = wanted.min(waiting);
        let start = self.cut.start_of(self.given);
        let end = self.cut.start_of(self.given + steps as u64);
        // The sound of this part must neither be missing nor outlast the pictures.
        let heard_until = end.0.next_multiple_of(FRAME_SAMPLES as u64);
        let surrounded =
            waiting > wanted && self.audio_end >= end.0 && self.shown_until().0 >= heard_until;
        if steps == 0 || !(self.finished || surrounded) {
            return Ok(None);
        }
        self.parts += 1;
        let fragment = Fragment {
            sequence: self.parts,
            video_start: start,
            frame: self.cut.step(),
            video: self.video.drain(..steps.min(self.video.len())).collect(),
            audio_start: Samples(self.audio.front().map_or(0, |next| next.start)),
            audio: self.take_audio(end),
        };
        self.write(&fragment, start, end, last, steps as u32)
            .map(Some)
    }

    /// Everything for `output.mp4`; complete when all parts have been given out. `None` once it is
    /// [forgotten](Self::forget_index).
    pub fn index(&self) -> Option<&Mp4Index> {
        self.index.as_ref()
    }

    /// There will be no `output.mp4`: of a stream without an end, what is remembered for it would grow without an end.
    pub fn forget_index(&mut self) {
        self.index = None;
    }

    /// Where the steps taken in so far end.
    fn shown_until(&self) -> Samples {
        self.cut.start_of(self.steps)
    }

    /// The waiting sound that begins before `end`. None of it outlasts the pictures, and the last of all ends
    /// with them.
    fn take_audio(&mut self, end: Samples) -> Vec<AudioSample> {
        let shown_until = self.shown_until();
        let count = self.audio.partition_point(|packet| packet.start < end.0);
        let more = self
            .audio
            .get(count)
            .is_some_and(|next| next.start < shown_until.0);
        let last = self.finished && !more;
        let mut samples = Vec::with_capacity(count);
        for (packet, number) in self.audio.drain(..count).zip(1..) {
            let left = shown_until.saturating_sub(Samples(packet.start));
            let duration = match last && number == count {
                true => left,
                false => left.min(Samples(FRAME_SAMPLES as u64)),
            };
            samples.push(AudioSample {
                data: packet.data,
                duration,
            });
        }
        samples
    }

    fn write(
        &mut self,
        fragment: &Fragment,
        start: Samples,
        end: Samples,
        last: bool,
        steps: u32,
    ) -> Result<Part, SegmentError> {
        let written = fragment.write()?;
        if let Some(muxer) = &mut self.ts {
            fragment.transport(muxer)?;
        }
        if let Some(index) = &mut self.index {
            index.add(self.segment.number, self.segment.bytes, fragment, &written)?;
        }
        let duration = end.saturating_sub(start);
        self.given += u64::from(steps);
        self.segment_steps += steps;
        self.segment.duration += duration;
        self.segment.bytes += written.bytes.len() as u64;
        let mut part = Part {
            segment: self.segment.number,
            index: self.segment_parts,
            start,
            duration,
            steps,
            // Any frame of sound can be the first.
            independent: fragment.video.first().is_none_or(|first| first.key),
            last,
            bytes: written.bytes,
            ts: Vec::new(),
            closes: None,
        };
        self.segment_parts += 1;
        if last || self.segment_steps == self.cut.steps_of(self.segment.number) {
            part.closes = Some(self.segment);
            if let Some(muxer) = &mut self.ts {
                part.ts = muxer.segment()?;
            }
            self.segment = Segment {
                number: self.segment.number + 1,
                start: end,
                duration: Samples::ZERO,
                bytes: 0,
            };
            self.segment_parts = 0;
            self.segment_steps = 0;
        }
        Ok(part)
    }
}

#[cfg(test)]
mod tests;
