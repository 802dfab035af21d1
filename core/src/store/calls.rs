//! Offers of peers on their way to the generator, and its answers on their way back.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::directory::write_whole;
use crate::rtc::PeerId;

/// What becomes of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// The peer may connect; the answer in the session description protocol.
    Taken(String),
    /// It was not understood, and why.
    Refused(String),
    /// There is no room, or no way to be called.
    Busy(String),
}

/// What a peer wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// His offer, in the session description protocol.
    pub sdp: String,
    /// What his microphone is for.
    #[serde(default)]
    pub microphone: Microphone,
}

/// What becomes of the sound of a peer's microphone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Microphone {
    /// The face says it.
    #[default]
    Drive,
    /// Whoever begins to speak interrupts the face.
    Interrupt,
    /// Nothing.
    Off,
}

impl Microphone {
    /// What people call `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "drive" => Self::Drive,
            "interrupt" => Self::Interrupt,
            "off" => Self::Off,
            _ => return None,
        })
    }
}

/// What a worker has for the generator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    /// Somebody wants to be connected.
    Offer(PeerId, Offer),
    /// Somebody wants to be let go.
    End(PeerId),
}

/// The calls of one session: a file each, named after the peer.
#[derive(Debug, Clone)]
pub struct Calls {
    directory: PathBuf,
}

const OFFER: &str = "offer";
const END: &str = "end";
const ANSWER: &str = "answer";

/// Bytes of the largest file that is read: the longest offer, with all of its characters escaped.
const MOST: u64 = 1024 * 1024;

impl Calls {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn path(&self, peer: PeerId, kind: &str) -> PathBuf {
        self.directory.join(format!("{peer}.{kind}"))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match fs::create_dir(&self.directory) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        write_whole(path, bytes)
    }

    /// Leaves the offer of `peer`.
    pub(crate) fn offer(&self, peer: PeerId, offer: &Offer) -> io::Result<()> {
        let bytes = serde_json::to_vec(offer).map_err(io::Error::other)?;
        self.write(&self.path(peer, OFFER), &bytes)
    }

    /// Leaves word that `peer` is to be let go.
    pub(crate) fn end(&self, peer: PeerId) -> io::Result<()> {
        self.write(&self.path(peer, END), b"")
    }

    /// Leaves what became of the offer of `peer`.
    pub(crate) fn answer(&self, peer: PeerId, answer: &Answered) -> io::Result<()> {
        let bytes = serde_json::to_vec(answer).map_err(io::Error::other)?;
        self.write(&self.path(peer, ANSWER), &bytes)
    }

    /// What became of the offer of `peer`, once that is known. It is told once.
    ///
    /// # Errors
    ///
    /// As of reading a file.
    pub fn answered(&self, peer: PeerId) -> io::Result<Option<Answered>> {
        let path = self.path(peer, ANSWER);
        let bytes = match read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        fs::remove_file(&path)?;
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(io::Error::other)
    }

    /// Takes what has been left, the oldest first.
    pub(crate) fn take(&self) -> io::Result<Vec<Call>> {
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry?.file_name().into_string());
        }
        // Peers' names are in the order of time.
        names.sort_unstable();
        let mut calls = Vec::new();
        for name in names {
            let Some((peer, kind)) = name.split_once('.') else {
                continue;
            };
            let Some(peer) = PeerId::parse(peer) else {
                continue;
            };
            let path = self.directory.join(&name);
            match kind {
                OFFER => {
                    let offer = serde_json::from_slice(&read(&path)?);
                    calls.extend(offer.map(|offer| Call::Offer(peer, offer)));
                }
                END => calls.push(Call::End(peer)),
                _ => continue,
            }
            fs::remove_file(&path)?;
        }
        Ok(calls)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_taken_once_and_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let calls = Calls::new(directory.path().join("calls"));
        assert_eq!(calls.take().unwrap(), []);
        let (one, two) = (PeerId::generate(), PeerId::generate());
        let offer = |text: &str| Offer {
            sdp: text.to_owned(),
            microphone: Microphone::Interrupt,
        };
        calls.offer(two, &offer("v=0 two")).unwrap();
        calls.offer(one, &offer("v=0 one")).unwrap();
        let expected = [
            Call::Offer(one, offer("v=0 one")),
            Call::Offer(two, offer("v=0 two")),
        ];
        assert_eq!(calls.take().unwrap(), expected);
        calls.end(one).unwrap();
        assert_eq!(calls.take().unwrap(), [Call::End(one)]);
        assert_eq!(calls.take().unwrap(), []);
    }

    #[test]
    fn an_answer_is_told_once() {
        let directory = tempfile::tempdir().unwrap();
        let calls = Calls::new(directory.path().join("calls"));
        let peer = PeerId::generate();
        assert_eq!(calls.answered(peer).unwrap(), None);
        for answer in [
            Answered::Taken("v=0".to_owned()),
            Answered::Refused("what?".to_owned()),
            Answered::Busy("later".to_owned()),
        ] {
            calls.answer(peer, &answer).unwrap();
            assert_eq!(calls.take().unwrap(), []);
            assert_eq!(calls.answered(peer).unwrap(), Some(answer));
            assert_eq!(calls.answered(peer).unwrap(), None);
        }
    }
}
