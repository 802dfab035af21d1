//! What a held request waits for.

use super::{Record, State};
use crate::api::{Code, Refusal};

/// Something that becomes true of a session, or never will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// The playlists exist.
    Listed,
    /// The initialisation segment exists.
    Begun,
    /// Segment `0` of these exists, counted from zero.
    Segment(u32),
    /// The finished file exists.
    Ready,
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
            Self::Listed => record.listed > 0,
            Self::Begun => record.segments > 0,
            Self::Segment(number) => record.segments > number,
            Self::Ready => record.state == State::Ready,
            Self::NewerThan(version) => record.version > version || record.finished(),
        };
        if met {
            return Verdict::Now;
        }
        // Only the segment being made now is worth waiting for: a player asking further ahead is lost.
        let hopeless = matches!(self, Self::Segment(number) if number > record.segments + 1);
        match &record.failure {
            Some(failure) => {
                Verdict::Never(Refusal::new(Code::Failed(failure.code), &failure.text))
            }
            None if record.finished() || hopeless => {
                Verdict::Never(Refusal::new(Code::UnknownSession, "there is no such file"))
            }
            None => Verdict::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Failure, FailureCode, SessionId, Timestamp, Vocabulary};

    #[test]
    fn waits_while_there_is_hope() {
        let mut record = Record::created(
            SessionId::generate(),
            Vocabulary::Realtime,
            Timestamp::now(),
        );
        for condition in [
            Condition::Listed,
            Condition::Begun,
            Condition::Segment(0),
            Condition::Ready,
            Condition::NewerThan(1),
        ] {
            assert_eq!(condition.check(Some(&record)), Verdict::Wait);
        }
        record.segments = 2;
        record.listed = 1;
        record.version = 2;
        for condition in [
            Condition::Listed,
            Condition::Begun,
            Condition::Segment(1),
            Condition::NewerThan(1),
        ] {
            assert_eq!(condition.check(Some(&record)), Verdict::Now);
        }
        assert_eq!(Condition::Segment(2).check(Some(&record)), Verdict::Wait);
        assert!(matches!(
            Condition::Segment(9).check(Some(&record)),
            Verdict::Never(_)
        ));
    }

    #[test]
    fn failure_releases_everybody_but_what_exists_stays() {
        let mut record = Record::created(
            SessionId::generate(),
            Vocabulary::Realtime,
            Timestamp::now(),
        );
        record.segments = 1;
        record.listed = 1;
        record.fail(Failure {
            code: FailureCode::TtsFailed,
            text: "no voice".to_owned(),
        });
        assert_eq!(Condition::Listed.check(Some(&record)), Verdict::Now);
        assert_eq!(Condition::NewerThan(99).check(Some(&record)), Verdict::Now);
        let Verdict::Never(refusal) = Condition::Ready.check(Some(&record)) else {
            panic!("a failed session never becomes ready");
        };
        assert_eq!(refusal.status(), 404);
        assert!(refusal.json().contains("tts_failed"));
        assert!(matches!(Condition::Listed.check(None), Verdict::Never(_)));
    }
}
