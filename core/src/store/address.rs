//! What a generation is made from, in thirty-two bytes.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::config::{Config, Video};
use crate::session::Job;

/// Raised whenever the same job would give other files than before.
const FORMAT: u64 = 3;

/// Two jobs with the same address ask for the same media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address([u8; 32]);

impl Address {
    /// The address of what `job` asks for where things are made as `config` says, with a face that `look` stands for and a
    /// voice that is as `sound` says.
    pub(crate) fn of(job: &Job, config: &Config, look: &[u8], sound: &str) -> Self {
        // Every field is named, so that none can be added without a decision made here.
        let Job {
            id: _,
            vocabulary: _,
            kind,
            text,
            // What is still being written, or fed, is not kept, and a model writes another text each time.
            open: _,
            expand: _,
            source: _,
            portrait: _,
            ssml,
            mixed,
            language,
            voice,
            tempo,
            avatar,
            filmed,
            pace: _,
            fine,
            segment_format,
            webhook: _,
            base: _,
            reuse: _,
            created_at: _,
        } = job;
        let Video {
            width,
            height,
            frame_rate,
        } = config.video;
        let renditions = &config.renditions;
        let cut = config.cut_of(job);
        let mut hash = Sha256::new();
        for number in [
            FORMAT,
            u64::from(kind.number()),
            u64::from(tempo.percent()),
            u64::from(width),
            u64::from(height),
            u64::from(frame_rate.per_second()),
            cut.segment().0,
            cut.part().0,
            u64::from(*filmed),
            u64::from(*ssml),
            u64::from(*mixed),
            u64::from(*fine),
            renditions.len() as u64,
        ]
        .into_iter()
        .chain(renditions.iter().copied().map(u64::from))
        {
            hash.update(number.to_be_bytes());
        }
        for word in [
            env!("CARGO_PKG_VERSION").as_bytes(),
            language.code().as_bytes(),
            voice.as_bytes(),
            avatar.as_bytes(),
            segment_format.word().as_bytes(),
            text.as_bytes(),
            look,
            sound.as_bytes(),
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
    use crate::session::{Kind, Vocabulary};
    use crate::time::FrameRate;

    fn job() -> Job {
        Job::saying("Hello.")
    }

    #[test]
    fn it_depends_on_the_media_and_on_nothing_else() {
        let config = Config::default();
        let address = Address::of(&job(), &config, &[], "");
        let other = Job {
            vocabulary: Vocabulary::Specification,
            webhook: Some("https://example.org/".to_owned()),
            base: "/avatar".to_owned(),
            ..job()
        };
        assert_eq!(Address::of(&other, &config, &[], ""), address);
        assert_ne!(Address::of(&job(), &config, b"another", ""), address);
        assert_ne!(Address::of(&job(), &config, &[], "another"), address);
        type Change = fn(&mut Job, &mut Config);
        let changes: [Change; 14] = [
            |job, _| job.text.push(' '),
            |job, _| job.ssml = true,
            |job, _| job.mixed = true,
            |job, _| job.language = Language::Ru,
            |job, _| job.voice = "en-gb".to_owned(),
            |job, _| job.avatar = "dias".to_owned(),
            |job, _| job.filmed = true,
            |job, _| job.segment_format = SegmentFormat::Ts,
            |job, _| job.kind = Kind::Audio,
            |job, _| job.fine = true,
            |_, config| config.video.width = 256,
            |_, config| config.video.height = 256,
            |_, config| config.video.frame_rate = FrameRate::new(30).unwrap(),
            |_, config| config.renditions = vec![256],
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let (mut job, mut config) = (job(), Config::default());
            change(&mut job, &mut config);
            assert_ne!(
                Address::of(&job, &config, &[], ""),
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
            Address::of(&job, &Config::default(), &[], "")
        };
        assert_ne!(moved("ab", "c"), moved("a", "bc"));
    }

    #[test]
    fn it_is_read_back_from_a_name_and_from_no_other() {
        let address = Address::of(&job(), &Config::default(), &[], "");
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
