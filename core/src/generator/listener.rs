//! Who listens to the sound a session is fed. Demuxers ask for bytes and wait for them, so each such session has a thread of
//! its own, which sleeps while nothing comes.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read};
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use avatar_codec::{
    DecodeError, Recognition, SoundDecoder, SoundFormat, plausible_samples, tag_length,
};

use super::inbox::Inbox;
use super::live::Live;
use super::pool::Waker;
use crate::audio::{ResampleError, Resampler};
use crate::session::{Bare, Failure, FailureCode};
use crate::store::{Eater, Morsel};
use crate::time::Samples;

/// The way to a session's listener. When this is dropped it listens to what has come and no more, as it does after the last
/// piece.
#[derive(Debug)]
pub(crate) struct Listener {
    nudges: SyncSender<()>,
    pieces: Arc<AtomicU64>,
}

impl Listener {
    /// Begins to listen for `live`, whose painter finds in `inbox` what was heard. Sound without a header, where
    /// there may be such, has as many samples a second as `samples` says.
    ///
    /// # Errors
    ///
    /// As of starting a thread.
    pub(crate) fn start(
        live: Arc<Live>,
        samples: (u32, Bare),
        inbox: Arc<Inbox>,
        painter: Waker,
    ) -> io::Result<Self> {
        let (rate, bare) = samples;
        // One nudge is as good as many.
        let (nudges, nudged) = sync_channel(1);
        let pieces = Arc::default();
        let source = Plate {
            eater: live.store().eater(live.id()),
            nudged,
            pieces: Arc::clone(&pieces),
            live: Arc::clone(&live),
        };
        let mut work = Work {
            tape: Tape::new(source, bare),
            live,
            rate,
            inbox,
            painter,
            untold: Samples::ZERO,
            recorded: false,
            heard: false,
            trouble: None,
            told: false,
        };
        let thread = thread::Builder::new().name("avatar-ear".to_owned());
        thread.spawn(move || {
            work.listen();
            work.end();
        })?;
        Ok(Self { nudges, pieces })
    }

    /// Says that something may have come.
    pub(crate) fn nudge(&self) {
        // A listener that has ended has heard the last, and one that was told before looks as well.
        let _ = self.nudges.try_send(());
    }

    /// How many pieces it has taken.
    pub(crate) fn pieces(&self) -> u64 {
        self.pieces.load(Ordering::Relaxed)
    }
}

/// The pieces a session is fed, in the order they came. Each is read when it is wanted.
struct Plate {
    eater: Eater,
    nudged: Receiver<()>,
    pieces: Arc<AtomicU64>,
    live: Arc<Live>,
}

impl Iterator for Plate {
    type Item = Morsel;

    /// Waits for the next piece.
    fn next(&mut self) -> Option<Morsel> {
        while !self.live.cancel.raised() {
            match self.eater.next() {
                Ok(None) => self.nudged.recv().ok()?,
                Ok(Some(morsel)) => {
                    self.pieces.fetch_add(1, Ordering::Relaxed);
                    return Some(morsel);
                }
                Err(error) => self.live.fail(Failure {
                    code: FailureCode::Internal,
                    text: format!("what was fed could not be read: {error}"),
                }),
            }
        }
        None
    }
}

struct Work {
    tape: Tape,
    live: Arc<Live>,
    rate: u32,
    inbox: Arc<Inbox>,
    painter: Waker,
    /// What was heard and is not in the record yet.
    untold: Samples,
    /// Whether that is what browsers record.
    recorded: bool,
    /// Whether there was any sound, of the stream that is listened to.
    heard: bool,
    /// What was wrong with what came first, as long as there was no sound at all.
    trouble: Option<Trouble>,
    /// Whether trouble is written down.
    told: bool,
}

/// What was wrong, in words for whoever sent it; the first is what a session fails with that never heard anything.
enum Trouble {
    Only(String),
    /// Something else was heard.
    Past,
}

/// Waiting sound is told of in such steps.
const TOLD: Samples = Samples::from_millis(100);

impl Work {
    /// One stream after the other.
    fn listen(&mut self) {
        while let Some(beginning) = self.tape.begin() {
            if self.live.cancel.raised() {
                return;
            }
            self.heard = false;
            let outcome = match beginning {
                Beginning::Nothing(words) => Err(ListenError::Unknown(words)),
                Beginning::Sound(format) => self.stream(Some(format)),
                Beginning::Bare => self.stream(None),
            };
            if let Err(error) = outcome {
                self.complain(&error);
            }
            self.tape.skip();
        }
    }

    /// What comes next may be good: half a recording is better than none. But whoever sends it is told.
    fn complain(&mut self, error: &ListenError) {
        let (session, words) = (self.live.id(), error.words());
        self.live.falter();
        tracing::warn!(%session, "sound was not understood: {error}");
        if let Err(error) = self.live.store().feed(session).complain(&words) {
            tracing::warn!(%session, %error, "that was not written down");
        }
        self.told = true;
        self.trouble.get_or_insert(Trouble::Only(words));
    }

    fn stream(&mut self, format: Option<SoundFormat>) -> Result<(), ListenError> {
        let recorder = [SoundFormat::WebM, SoundFormat::Ogg, SoundFormat::Mp4];
        self.recorded = format.is_some_and(|format| recorder.contains(&format));
        let mut decoder = match format {
            Some(format) => SoundDecoder::open(format, self.tape.reader())?,
            None => SoundDecoder::headerless(self.rate, self.tape.reader()),
        };
        let mut resampler: Option<(u32, Resampler)> = None;
        let ended = loop {
            match decoder.decode() {
                Ok(Some(stretch)) if self.inbox.await_room() => {
                    let (_, now) = match resampler.take() {
                        Some((rate, now)) if rate == stretch.rate => resampler.insert((rate, now)),
                        _ => resampler.insert((stretch.rate, Resampler::new(stretch.rate)?)),
                    };
                    let mut pcm = Vec::new();
                    now.push(&stretch.pcm, &mut pcm)?;
                    self.hear(&pcm);
                }
                Ok(Some(_) | None) => break Ok(()),
                // A stream that another one follows, or none, may end anywhere.
                Err(DecodeError::Truncated) if self.heard => break Ok(()),
                Err(error) => break Err(error.into()),
            }
        };
        if let Some((_, mut resampler)) = resampler {
            let mut pcm = Vec::new();
            resampler.finish(&mut pcm)?;
            self.hear(&pcm);
        }
        ended
    }

    fn hear(&mut self, pcm: &[f32]) {
        if !pcm.is_empty() && !self.heard {
            self.heard = true;
            self.trouble = Some(Trouble::Past);
            if mem::take(&mut self.told) {
                self.live.store().feed(self.live.id()).forgive();
            }
        }
        self.untold += Samples(pcm.len() as u64);
        if self.untold >= TOLD {
            let untold = mem::take(&mut self.untold);
            self.live.update(|record| record.waiting += untold);
        }
        let piece = self.recorded.then(|| self.tape.pieces());
        if self.inbox.hear(pcm, piece) {
            self.painter.wake();
        }
    }

    /// Nothing more will be heard.
    fn end(self) {
        if self.live.cancel.raised() {
            return;
        }
        if let Some(Trouble::Only(words)) = self.trouble {
            self.live.end_with(Failure {
                code: FailureCode::BadAudio,
                text: format!("the sound cannot be read: {words}"),
            });
        }
        self.inbox.end();
        self.painter.wake();
    }
}

#[derive(Debug, thiserror::Error)]
enum ListenError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Resample(#[from] ResampleError),
    #[error("{0}")]
    Unknown(String),
}

impl ListenError {
    /// The same for whoever sent the sound.
    fn words(&self) -> String {
        match self {
            Self::Decode(error) => error.words(),
            Self::Resample(ResampleError::Failed(_)) => "it could not be resampled".to_owned(),
            Self::Resample(error) => error.to_string(),
            Self::Unknown(words) => words.clone(),
        }
    }
}

/// What a stream begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Beginning {
    Sound(SoundFormat),
    /// Samples without a header.
    Bare,
    /// Something that is not understood, in words for whoever sent it.
    Nothing(String),
}

/// Pieces, put into their order, as streams of bytes.
#[derive(Clone)]
struct Tape(Arc<Mutex<Reel>>);

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
    fn new(pieces: impl Iterator<Item = Morsel> + Send + 'static, usual: Bare) -> Self {
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
    fn begin(&self) -> Option<Beginning> {
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
    fn pieces(&self) -> u64 {
        self.lock().wanted
    }

    /// Leaves out what nobody read of a stream.
    fn skip(&self) {
        let mut rest = [0; 4096];
        while self.lock().read(&mut rest) > 0 {}
    }

    /// The bytes of the stream that has begun.
    fn reader(&self) -> Self {
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
