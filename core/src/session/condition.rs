//! What a held request waits for.

use super::{Record, State};
use crate::api::{Code, Refusal};
use crate::hls::{OPENING_PARTS, Reached};

/// Something that becomes true of a session, or never will.
///
/// Media exist for clients once they are listed: what lies on disk beyond that may yet be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The playlist exists, and with it the initialisation segment.
    Playable,
    /// So many segments are listed, or all there are.
    Segments(u32),
    /// A segment, counted from zero, is listed.
    Segment(u32),
    /// A part of a segment, both counted from zero, is listed.
    Part(u32, u32),
    /// The playlist has come this far (draft-pantos-hls-rfc8216bis section 6.2.5.2).
    Reached(Reached),
    /// The finished file exists.
    Ready,
    /// More than so many bytes of a recording are there, or all of it is.
    Grown(u64),
    /// More than so many still pictures were taken, or no more will be.
    Taken(u64),
    /// The record is newer than this version.
    NewerThan(u64),
}

/// Whether a held request may go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Now,
    /// Not yet.
    Wait,
    /// It never will.
    Never(Refusal),
}

impl Condition {
    /// Looks at how the session stands; `None` is a session that is gone.
    pub fn check(self, record: Option<&Record>) -> Verdict {
        let Some(record) = record else {
            return Verdict::Never(Refusal::unknown_session());
        };
        let met = match self {
            Self::Playable => record.playable(),
            Self::Segments(count) => record.playable() && (record.listed >= count || record.ended),
            Self::Segment(number) => record.listed > number,
            Self::Part(segment, part) => is_listed(record, segment, part),
            // A playlist that has ended is all there will ever be.
            Self::Reached(_) if record.ended => record.playable(),
            Self::Reached(reached) => has_reached(record, reached),
            Self::Ready => record.state == State::Ready,
            Self::Grown(bytes) => record.bytes > bytes || record.state == State::Ready,
            Self::Taken(stills) => record.stills > stills || record.state == State::Ready,
            Self::NewerThan(version) => record.version > version || record.finished(),
        };
        if met {
            return Verdict::Now;
        }
        if let Some(failure) = &record.failure
            && (record.ended || self == Self::Ready)
        {
            return Verdict::Never(Refusal::new(Code::Failed(failure.code), &failure.text));
        }
        let over = match self {
            Self::Ready => record.finished(),
            _ => record.ended,
        };
        if over {
            return Verdict::Never(Refusal::new(Code::UnknownSession, "there is no such file"));
        }
        self.hopeless(record).map_or(Verdict::Wait, Verdict::Never)
    }

    /// Why it is not worth waiting, though it may become true: whoever asks so far ahead is lost.
    fn hopeless(self, record: &Record) -> Option<Refusal> {
        match self {
            Self::Segment(number) | Self::Part(number, _) if number > record.listed + 1 => Some(
                Refusal::new(Code::UnknownSession, "there is no such file yet"),
            ),
            Self::Reached(reached) if too_far(record, reached) => Some(Refusal::new(
                Code::BadParameter,
                "that is too far beyond the end of the playlist",
            )),
            _ => None,
        }
    }
}

fn is_listed(record: &Record, segment: u32, part: u32) -> bool {
    record.listed > segment || record.listed == segment && (record.parts > part || record.ended)
}

/// The segment meant, counted from zero, and the part of it; sequence numbers begin with one. A part after the last of
/// its segment is the first of the next.
fn place(record: &Record, reached: Reached) -> (u64, Option<u32>) {
    let segment = reached.sequence.saturating_sub(1);
    let whole = match (segment, u32::from(record.segment_parts)) {
        (0, whole) => whole.min(OPENING_PARTS),
        (_, whole) => whole,
    };
    match reached.part {
        Some(part) if whole > 0 && part >= whole => (segment.saturating_add(1), Some(0)),
        part => (segment, part),
    }
}

fn has_reached(record: &Record, reached: Reached) -> bool {
    if !record.playable() {
        return false;
    }
    let (segment, part) = place(record, reached);
    let listed = u64::from(record.listed);
    listed > segment || listed == segment && part.is_some_and(|part| record.parts > part)
}

/// A request more than one segment beyond the one being made, or three target durations beyond the last part.
fn too_far(record: &Record, reached: Reached) -> bool {
    let segment = reached.sequence.saturating_sub(1);
    let listed = u64::from(record.listed);
    let whole = u32::from(record.segment_parts);
    let limit = record.parts.saturating_add(whole.saturating_mul(3));
    let part_too_far = whole > 0 && reached.part.is_some_and(|part| part > limit);
    segment > listed + 1 || segment >= listed && part_too_far
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::{Failure, FailureCode, SessionId, Timestamp, Vocabulary};

    fn record(listed: u32, parts: u32) -> Record {
        let mut record = Record::created(
            SessionId::generate(),
            Vocabulary::Realtime,
            Timestamp::now(),
        );
        record.listed = listed;
        record.parts = parts;
        record.segment_parts = 5;
        record
    }

    fn reached(sequence: u64, part: impl Into<Option<u32>>) -> Condition {
        Condition::Reached(Reached {
            sequence,
            part: part.into(),
        })
    }

    #[test]
    fn waits_while_there_is_hope() {
        let mut record = record(0, 0);
        for condition in [
            Condition::Playable,
            Condition::Segment(0),
            Condition::Part(0, 0),
            reached(1, 0),
            reached(1, None),
            Condition::Ready,
            Condition::NewerThan(1),
        ] {
            assert_eq!(condition.check(Some(&record)), Verdict::Wait);
        }
        record.listed = 1;
        record.parts = 3;
        record.version = 2;
        for condition in [
            Condition::Playable,
            Condition::Segment(0),
            Condition::Part(0, 4),
            Condition::Part(1, 2),
            reached(0, None),
            reached(1, None),
            reached(1, 0),
            reached(2, 2),
            // A part beyond its segment's last is the first of the next segment.
            reached(1, 1),
            reached(1, 5),
            Condition::NewerThan(1),
        ] {
            assert_eq!(
                condition.check(Some(&record)),
                Verdict::Now,
                "{condition:?}"
            );
        }
        for condition in [
            Condition::Segment(1),
            Condition::Part(1, 3),
            Condition::Part(2, 0),
            reached(2, None),
            reached(2, 3),
            reached(2, 5),
            reached(3, None),
        ] {
            assert_eq!(
                condition.check(Some(&record)),
                Verdict::Wait,
                "{condition:?}"
            );
        }
    }

    #[test]
    fn so_many_segments_or_all_there_are() {
        let mut record = record(2, 4);
        let three = Condition::Segments(3);
        assert_eq!(three.check(Some(&record)), Verdict::Wait);
        record.listed = 3;
        assert_eq!(three.check(Some(&record)), Verdict::Now);
        record.listed = 1;
        record.ended = true;
        assert_eq!(three.check(Some(&record)), Verdict::Now);
    }

    #[test]
    fn whoever_asks_too_far_ahead_is_told_at_once() {
        let record = record(1, 3);
        for (condition, status) in [
            (Condition::Segment(9), 404),
            (Condition::Part(9, 0), 404),
            (reached(4, None), 400),
            (reached(u64::MAX, 0), 400),
            (reached(2, 99), 400),
        ] {
            let Verdict::Never(refusal) = condition.check(Some(&record)) else {
                panic!("{condition:?} is waited for");
            };
            assert_eq!(refusal.status(), status, "{condition:?}");
        }
    }

    #[test]
    fn the_end_releases_everybody() {
        let mut record = record(3, 0);
        record.state = State::Ready;
        assert_eq!(reached(4, 0).check(Some(&record)), Verdict::Wait);
        record.ended = true;
        for condition in [reached(4, 0), reached(5, None), reached(99, 3)] {
            assert_eq!(condition.check(Some(&record)), Verdict::Now);
        }
        for condition in [Condition::Segment(3), Condition::Part(4, 0)] {
            assert!(matches!(
                condition.check(Some(&record)),
                Verdict::Never(refusal) if refusal.status() == 404
            ));
        }
    }

    #[test]
    fn failure_releases_everybody_but_what_exists_stays() {
        let mut record = record(1, 0);
        record.fail(Failure {
            code: FailureCode::TtsFailed,
            text: "no voice".to_owned(),
        });
        assert_eq!(Condition::Playable.check(Some(&record)), Verdict::Now);
        assert_eq!(reached(9, None).check(Some(&record)), Verdict::Now);
        assert_eq!(Condition::NewerThan(99).check(Some(&record)), Verdict::Now);
        let Verdict::Never(refusal) = Condition::Ready.check(Some(&record)) else {
            panic!("a failed session never becomes ready");
        };
        assert_eq!(refusal.status(), 404);
        assert_eq!(refusal.code(), Code::Failed(FailureCode::TtsFailed));
        assert!(matches!(Condition::Playable.check(None), Verdict::Never(_)));
        record.listed = 0;
        assert!(matches!(
            reached(1, None).check(Some(&record)),
            Verdict::Never(_)
        ));
    }

    proptest! {
        /// Whatever is true stays true while a stream grows.
        #[test]
        fn nothing_that_was_there_goes(
            listed in 0_u32..20, parts in 0_u32..5, more in 0_u32..3, more_parts in 0_u32..5,
            sequence in 0_u64..25, part in prop::option::of(0_u32..12),
        ) {
            let early = record(listed, parts);
            let late = record(listed + more, if more == 0 { parts.max(more_parts) } else { more_parts });
            let condition = reached(sequence, part);
            if condition.check(Some(&early)) == Verdict::Now {
                prop_assert_eq!(condition.check(Some(&late)), Verdict::Now);
            }
        }
    }
}
