//! Pieces of what a session is fed, put into their order, as streams of bytes, each from where it begins to where another does.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use avatar_codec::{Recognition, SoundFormat, plausible_samples, tag_length};

use crate::session::Bare;
use crate::store::Morsel;

/// What a stream begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Beginning {
    Sound(SoundFormat),
    /// Samples without a header.
    Bare,
    /// Something that is not understood, in words for whoever sent it.
    Nothing(String),
}

/// Pieces, put into their order, as streams of bytes.
#[derive(Clone)]
pub(super) struct Tape(Arc<Mutex<Reel>>);

struct Reel {
    /// In any order.
    pieces: Box<dyn Iterator<Item = Morsel> + Send>,
    /// Those that came too early.
    early: BTreeMap<u64, Morsel>,
    /// Those whose turn it is and that were only looked at.
    held: VecDeque<Morsel>,
    wanted: u64,
    /// What is being read, and how far that is.
    piece: Vec<u8>,
    at: usize,
    /// Whether its client says that it has no header.
    bare: bool,
    /// Whether the piece was looked at, since another stream may begin with it.
    seen: bool,
    format: Option<SoundFormat>,
    /// What is taken for samples where nothing else is said.
    usual: Bare,
    over: bool,
}

impl Tape {
    pub(super) fn new(pieces: impl Iterator<Item = Morsel> + Send + 'static, usual: Bare) -> Self {
        Self(Arc::new(Mutex::new(Reel {
            pieces: Box::new(pieces),
            early: BTreeMap::new(),
            held: VecDeque::new(),
            wanted: 0,
            piece: Vec::new(),
            at: 0,
            bare: false,
            seen: true,
            format: None,
            usual,
            over: false,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Reel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next stream, and says what it is; `None` when there is none.
    pub(super) fn begin(&self) -> Option<Beginning> {
        let mut reel = self.lock();
        reel.fetch()?;
        let beginning = reel.begin();
        reel.seen = true;
        reel.format = match beginning {
            Beginning::Sound(format) => Some(format),
            Beginning::Bare | Beginning::Nothing(_) => None,
        };
        Some(beginning)
    }

    /// How many pieces were read, in their order.
    pub(super) fn pieces(&self) -> u64 {
        self.lock().wanted
    }

    /// Leaves out what nobody read of a stream.
    pub(super) fn skip(&self) {
        let mut rest = [0; 4096];
        while self.lock().read(&mut rest) > 0 {}
    }

    /// The bytes of the stream that has begun.
    pub(super) fn reader(&self) -> Self {
        self.clone()
    }
}

impl Read for Tape {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.lock().read(buffer))
    }
}

impl Reel {
    fn rest(&self) -> &[u8] {
        self.piece.get(self.at..).unwrap_or_default()
    }

    /// Waits until there is something to read; `None` when nothing more will come.
    fn fetch(&mut self) -> Option<()> {
        while self.rest().is_empty() {
            let next = self.next()?;
            self.bare = next.bare;
            (self.piece, self.at, self.seen) = (next.sound, 0, false);
        }
        Some(())
    }

    /// Waits for the piece whose turn it is.
    fn next(&mut self) -> Option<Morsel> {
        if let Some(next) = self.held.pop_front() {
            return Some(next);
        }
        loop {
            if self.over {
                return None;
            }
            let next = match self.early.remove(&self.wanted) {
                Some(next) => next,
                None => self.pieces.next()?,
            };
            if next.number == self.wanted {
                self.wanted += 1;
                self.over = next.last;
                return Some(next);
            }
            self.early.insert(next.number, next);
        }
    }

    /// Tells what begins, from as many pieces as that takes.
    fn begin(&mut self) -> Beginning {
        let mut more = true;
        while more {
            // What players show of a piece of music is of no interest, and may be long.
            if let Some(length) = tag_length(self.rest()) {
                if !self.pass(length) {
                    return Beginning::Nothing("it is a tag that no sound follows".to_owned());
                }
                continue;
            }
            let bare = if self.bare { Bare::Always } else { self.usual };
            let rest = self.rest();
            match (Recognition::of(rest), bare) {
                (Recognition::Sound(format, at), _) => {
                    self.at += at;
                    return Beginning::Sound(format);
                }
                (Recognition::Open, bare) => {
                    let header = SoundFormat::sniff(rest).is_some() || b"ID3".starts_with(rest);
                    if bare != Bare::Never && rest.len() >= SoundFormat::HEAD && !header {
                        return Beginning::Bare;
                    }
                    more = rest.len() < Recognition::ENOUGH && self.extend();
                }
                (_, Bare::Always) => return Beginning::Bare,
                (Recognition::Unknown, Bare::Plausible) if plausible_samples(rest) => {
                    return Beginning::Bare;
                }
                (found, _) => return Beginning::Nothing(found.words().unwrap_or_default()),
            }
        }
        // So little is there that it could be anything.
        match SoundFormat::sniff(self.rest()) {
            Some(format) => Beginning::Sound(format),
            None if self.bare || self.usual != Bare::Never => Beginning::Bare,
            None => Beginning::Nothing(Recognition::Unknown.words().unwrap_or_default()),
        }
    }

    /// Leaves out so many bytes, waiting for them; false where there are not as many, or nothing follows.
    fn pass(&mut self, mut length: usize) -> bool {
        while self.fetch().is_some() {
            let now = self.rest().len().min(length);
            self.at += now;
            length -= now;
            if length == 0 {
                return self.fetch().is_some();
            }
        }
        false
    }

    /// Waits for another piece, and adds it to what is there; false where none comes, or something else begins with it.
    fn extend(&mut self) -> bool {
        let Some(next) = self.next() else {
            return false;
        };
        if (next.bare && !self.bare) || SoundFormat::begins(&next.sound, None).is_some() {
            self.held.push_front(next);
            return false;
        }
        self.piece.drain(..self.at);
        self.at = 0;
        self.piece.extend(next.sound);
        true
    }

    /// Reads on in the stream, up to where another begins.
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        if self.fetch().is_none() {
            return 0;
        }
        if !self.seen {
            let bare = self.bare && self.format.is_some();
            if bare || SoundFormat::begins(self.rest(), self.format).is_some() {
                return 0;
            }
        }
        self.seen = true;
        let rest = self.rest();
        let count = rest.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(rest) {
            *to = *from;
        }
        self.at += count;
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn morsel(&(number, sound): &(u64, &[u8])) -> Morsel {
        Morsel {
            number,
            sound: sound.to_vec(),
            last: false,
            bare: false,
        }
    }

    fn tape(pieces: &[(u64, &[u8])]) -> Tape {
        let pieces: Vec<_> = pieces.iter().map(morsel).collect();
        Tape::new(pieces.into_iter(), Bare::Always)
    }

    fn all(tape: &Tape) -> Vec<u8> {
        let mut bytes = Vec::new();
        tape.reader().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn pieces_are_put_into_order_and_streams_apart() {
        let tape = tape(&[
            (1, b"two"),
            (0, b"one"),
            (3, b"RIFF....WAVEthree"),
            (2, b""),
            (5, b"fLaCfive"),
            (4, b"four"),
        ]);
        assert_eq!(tape.begin(), Some(Beginning::Bare));
        assert_eq!(all(&tape), b"onetwo");
        assert_eq!(tape.begin(), Some(Beginning::Sound(SoundFormat::Wav)));
        assert_eq!(all(&tape), b"RIFF....WAVEthreefour");
        assert_eq!(tape.begin(), Some(Beginning::Sound(SoundFormat::Flac)));
        tape.skip();
        assert_eq!(tape.begin(), None);
    }

    #[test]
    fn nothing_is_read_after_the_last_piece() {
        let morsel = |sound: &[u8], last: bool| Morsel {
            number: u64::from(!last),
            sound: sound.to_vec(),
            last,
            bare: false,
        };
        let pieces = [morsel(b"one", true), morsel(b"two", false)];
        let tape = Tape::new(pieces.into_iter(), Bare::Always);
        tape.begin();
        assert_eq!(all(&tape), b"one");
        assert_eq!(tape.begin(), None);
    }

    /// As they are of AAC, with nothing in them.
    fn frames(count: usize) -> Vec<u8> {
        let mut frame = vec![0xff, 0xf1, 0x5c, 0x80, 0x0c, 0x80, 0xfc];
        frame.resize(100, 0x11);
        frame.repeat(count)
    }

    #[test]
    fn as_many_pieces_are_looked_at_as_it_takes() {
        let tag = [&b"ID3\x04\0\0\0\0\x01\x00"[..], &[0; 128]].concat();
        let sound = [tag, frames(6)].concat();
        let pieces: Vec<(u64, &[u8])> = (0..).zip(sound.chunks(7)).collect();
        let pieces: Vec<_> = pieces.iter().map(morsel).collect();
        let tape = Tape::new(pieces.into_iter(), Bare::Never);
        assert_eq!(tape.begin(), Some(Beginning::Sound(SoundFormat::Adts)));
        assert_eq!(all(&tape), frames(6));
        assert_eq!(tape.begin(), None);
    }

    #[test]
    fn what_is_nothing_is_left_out_up_to_what_is_something() {
        let noise: Vec<u8> = (0..5_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        let mut pieces = [
            (0, &noise[..]),
            (1, b"on"),
            (2, b"RIFF....WAVE"),
            (3, b"abc"),
        ]
        .iter()
        .map(morsel)
        .collect::<Vec<_>>();
        pieces.last_mut().unwrap().bare = true;
        let tape = Tape::new(pieces.into_iter(), Bare::Plausible);
        assert!(matches!(tape.begin(), Some(Beginning::Nothing(_))));
        tape.skip();
        assert_eq!(tape.begin(), Some(Beginning::Sound(SoundFormat::Wav)));
        assert_eq!(all(&tape), b"RIFF....WAVE");
        // A piece whose client says so is nothing but samples, whatever was before it.
        assert_eq!(tape.begin(), Some(Beginning::Bare));
        assert_eq!(all(&tape), b"abc");
    }
}
