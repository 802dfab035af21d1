//! The audio of engines as they sent it, kept beside what was made of it.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

/// Where a session's raw audio goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeping {
    /// A directory that is there.
    pub directory: PathBuf,
}

impl Keeping {
    /// Keeps one answer of an engine. Where answers of a kind `chain`, they follow one another in `tts.mp3` or whatever it
    /// is; others are numbered in the order they came, `tts_000.wav`.
    ///
    /// # Errors
    ///
    /// As of writing a file.
    pub(super) fn keep(&self, audio: &[u8], extension: &str, chain: bool) -> io::Result<()> {
        if chain {
            let path = self.directory.join(format!("tts.{extension}"));
            let mut file = OpenOptions::new().create(true).append(true).open(path)?;
            return file.write_all(audio);
        }
        for number in 0_u32.. {
            let path = self.directory.join(format!("tts_{number:03}.{extension}"));
            match OpenOptions::new().write(true).create_new(true).open(path) {
                Ok(mut file) => return file.write_all(audio),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn answers_follow_each_other_or_are_numbered() {
        let directory = tempfile::tempdir().unwrap();
        let keeping = Keeping {
            directory: directory.path().to_owned(),
        };
        for audio in [b"one", b"two"] {
            keeping.keep(audio, "mp3", true).unwrap();
            keeping.keep(audio, "wav", false).unwrap();
        }
        let read = |name: &str| fs::read(directory.path().join(name)).unwrap();
        assert_eq!(read("tts.mp3"), b"onetwo");
        assert_eq!(
            (read("tts_000.wav"), read("tts_001.wav")),
            (b"one".to_vec(), b"two".to_vec())
        );
    }
}
