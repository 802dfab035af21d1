//! What a generation is made from, in thirty-two bytes.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::config::Video;
use crate::session::Job;

/// Raised whenever the same job would give other files than before.
const FORMAT: u64 = 1;

/// Two jobs with the same address ask for the same media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address([u8; 32]);

impl Address {
    /// The address of what `job` asks for, made as `video` and in smaller `renditions`, with a voice that is as
    /// `fingerprint` says.
    pub(crate) fn of(job: &Job, video: &Video, renditions: &[u16], fingerprint: &str) -> Self {
        // Every field is named, so that none can be added without a decision made here.
        let Job {
            id: _,
            vocabulary: _,
            text,
            language,
            voice,
            avatar,
            pace: _,
            segment_format,
            webhook: _,
            reuse: _,
            created_at: _,
        } = job;
        let &Video {
            width,
            height,
            frame_rate,
        } = video;
        let cut = segment_format.cut(frame_rate);
        let mut hash = Sha256::new();
        for number in [
            FORMAT,
            u64::from(width),
            u64::from(height),
            u64::from(frame_rate.per_second()),
            cut.segment().0,
            cut.part().0,
            renditions.len() as u64,
        ]
        .into_iter()
        .chain(renditions.iter().copied().map(u64::from))
        {
            hash.update(number.to_be_bytes());
        }
        for word in [
            env!("CARGO_PKG_VERSION"),
            language.code(),
            voice,
            avatar,
            segment_format.word(),
            text,
            fingerprint,
        ] {
            // With its length, or "a" and "bc" would be the same as "ab" and "c".
            hash.update((word.len() as u64).to_be_bytes());
            hash.update(word);
        }
        Self(hash.finalize().into())
    }

    /// Reads what [`fmt::Display`] wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let canonical = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 64 || !text.bytes().all(canonical) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

/// Sixty-four hexadecimal digits: a name for a directory.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hls::SegmentFormat;
    use crate::language::Language;
    use crate::session::Vocabulary;
    use crate::time::FrameRate;

    fn job() -> Job {
        Job::saying("Hello.")
    }

    #[test]
    fn it_depends_on_the_media_and_on_nothing_else() {
        let video = Video::default();
        let address = Address::of(&job(), &video, &[], "");
        let other = Job {
            vocabulary: Vocabulary::Specification,
            webhook: Some("https://example.org/".to_owned()),
            ..job()
        };
        assert_eq!(Address::of(&other, &video, &[], ""), address);
        assert_ne!(Address::of(&job(), &video, &[], "another engine"), address);
        type Change = fn(&mut Job, &mut Video);
        let changes: [Change; 8] = [
            |job, _| job.text.push(' '),
            |job, _| job.language = Language::Ru,
            |job, _| job.voice = "en-gb".to_owned(),
            |job, _| job.avatar = "dias".to_owned(),
            |job, _| job.segment_format = SegmentFormat::Ts,
            |_, video| video.width = 256,
            |_, video| video.height = 256,
            |_, video| video.frame_rate = FrameRate::new(30).unwrap(),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let (mut job, mut video) = (job(), video);
            change(&mut job, &mut video);
            assert_ne!(
                Address::of(&job, &video, &[], ""),
                address,
                "change {number}"
            );
        }
    }

    #[test]
    fn words_do_not_run_into_each_other() {
        let moved = |voice: &str, avatar: &str| {
            let job = Job {
                voice: voice.to_owned(),
                avatar: avatar.to_owned(),
                ..job()
            };
            Address::of(&job, &Video::default(), &[], "")
        };
        assert_ne!(moved("ab", "c"), moved("a", "bc"));
    }

    #[test]
    fn it_is_read_back_from_a_name_and_from_no_other() {
        let address = Address::of(&job(), &Video::default(), &[], "");
        let name = address.to_string();
        assert_eq!(Address::parse(&name), Some(address));
        for wrong in [
            format!("{name}.new"),
            name.to_uppercase(),
            name.replace(|_: char| true, "é"),
            String::new(),
        ] {
            assert_eq!(Address::parse(&wrong), None, "{wrong}");
        }
    }
}
