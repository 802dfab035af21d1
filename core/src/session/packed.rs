//! How a session stands, as it lies in shared memory.

use bytemuck::{Pod, Zeroable};

use super::{Failure, FailureCode, Kind, Record, SessionId, Stage, State, Timestamp, Vocabulary};
use crate::time::Samples;

/// Bytes of a failure's text that are kept.
const TEXT: usize = 160;

/// A [`Record`] as it lies in shared memory.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Packed {
    id: [u64; 2],
    version: u64,
    created_at: u64,
    finished_at: u64,
    duration: u64,
    bytes: u64,
    stills: u64,
    waiting: u64,
    segments: u32,
    listed: u32,
    parts: u32,
    state: u8,
    stage: u8,
    progress: u8,
    vocabulary: u8,
    failure: u8,
    text_length: u8,
    segment_parts: u8,
    ended: u8,
    kind: u8,
    /// One bit each: whether its avatar is filmed, and whether its face is on a photo.
    face: u8,
    spare: [u8; 2],
    text: [u8; TEXT],
}

/// Words of a [`Packed`] record.
pub(super) const WORDS: usize = size_of::<Packed>() / 8;

impl Packed {
    pub(super) fn to_words(self) -> [u64; WORDS] {
        bytemuck::must_cast(self)
    }

    pub(super) fn from_words(words: [u64; WORDS]) -> Self {
        bytemuck::must_cast(words)
    }
}

impl From<&Record> for Packed {
    fn from(record: &Record) -> Self {
        let mut packed = Self::zeroed();
        packed.id = record.id.to_words();
        packed.version = record.version;
        packed.created_at = record.created_at.micros();
        packed.finished_at = record.finished_at.map_or(0, Timestamp::micros);
        packed.duration = record.duration.0;
        packed.bytes = record.bytes;
        packed.stills = record.stills;
        packed.waiting = record.waiting.0;
        packed.segments = record.segments;
        packed.listed = record.listed;
        packed.parts = record.parts;
        packed.segment_parts = record.segment_parts;
        packed.ended = record.ended.into();
        packed.face = u8::from(record.filmed) | u8::from(record.photo) << 1;
        packed.state = record.state.number();
        packed.stage = record.stage.number();
        packed.progress = record.progress;
        packed.vocabulary = record.vocabulary.number();
        packed.kind = record.kind.number();
        if let Some(failure) = &record.failure {
            packed.failure = failure.code.number();
            let kept = failure.text.floor_char_boundary(TEXT);
            for (to, from) in packed.text.iter_mut().zip(failure.text.bytes().take(kept)) {
                *to = from;
            }
            packed.text_length = kept as u8;
        }
        packed
    }
}

impl Packed {
    /// The record, or `None` where the words are no record at all.
    pub(super) fn unpack(&self) -> Option<Record> {
        let code = FailureCode::from_number(self.failure);
        let failure = code.map(|code| Failure {
            code,
            text: self
                .text
                .get(..usize::from(self.text_length))
                .and_then(|bytes| std::str::from_utf8(bytes).ok())
                .unwrap_or_default()
                .to_owned(),
        });
        Some(Record {
            id: SessionId::from_words(self.id),
            vocabulary: Vocabulary::from_number(self.vocabulary)?,
            kind: Kind::from_number(self.kind)?,
            state: State::from_number(self.state)?,
            stage: Stage::from_number(self.stage)?,
            progress: self.progress,
            version: self.version,
            segments: self.segments,
            listed: self.listed,
            parts: self.parts,
            segment_parts: self.segment_parts,
            ended: self.ended != 0,
            filmed: self.face & 1 != 0,
            photo: self.face & 2 != 0,
            bytes: self.bytes,
            stills: self.stills,
            waiting: Samples(self.waiting),
            duration: Samples(self.duration),
            created_at: Timestamp::from_micros(self.created_at),
            finished_at: (self.finished_at != 0).then(|| Timestamp::from_micros(self.finished_at)),
            failure,
        })
    }
}

#[cfg(test)]
mod tests {
    use avatar_codec::RecordingFormat;
    use proptest::prelude::*;

    use super::*;
    use crate::session::record::tests::record;

    fn kinds() -> Vec<Kind> {
        let recordings = RecordingFormat::ALL.into_iter().map(Kind::Recording);
        [Kind::Avatar, Kind::Audio, Kind::Stream]
            .into_iter()
            .chain(recordings)
            .collect()
    }

    proptest! {
        #[test]
        fn packing_loses_nothing_but_the_end_of_a_long_text(text in "\\PC{0,300}") {
            let record = record(&text);
            let mut back = Packed::from_words(Packed::from(&record).to_words()).unpack().unwrap();
            let kept = back.failure.clone().unwrap().text;
            prop_assert!(text.starts_with(&kept) && (kept.len() > TEXT - 4 || kept == text));
            back.failure = record.failure.clone();
            prop_assert_eq!(back, record);
        }

        #[test]
        fn every_word_of_a_record_survives(
            state in prop::sample::select(State::ALL),
            stage in prop::sample::select(Stage::ALL),
            vocabulary in prop::sample::select(Vocabulary::ALL),
            code in prop::sample::select(FailureCode::ALL),
            kind in prop::sample::select(kinds()),
        ) {
            let failure = Some(Failure { code, text: "why".to_owned() });
            let record = Record { state, stage, vocabulary, kind, failure, ..record("") };
            let back = Packed::from(&record).unpack().unwrap();
            prop_assert_eq!(back, record.clone());
            let none = Record { failure: None, ..record };
            prop_assert_eq!(Packed::from(&none).unpack().unwrap(), none);
        }

        #[test]
        fn no_words_panic(words in proptest::array::uniform32(any::<u64>())) {
            let _ = Packed::from_words(words).unpack();
        }
    }
}
