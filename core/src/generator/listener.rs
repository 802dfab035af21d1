//! Who listens to the sound a session is fed. Demuxers ask for bytes and wait for them, so each such session has a thread of
//! its own, which sleeps while nothing comes.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use avatar_codec::{DecodeError, SoundDecoder, SoundFormat};

use super::inbox::Inbox;
use super::live::Live;
use super::pool::Waker;
use crate::audio::{ResampleError, Resampler};
use crate::session::{Failure, FailureCode};
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
    /// Begins to listen for `live`, whose painter finds in `inbox` what was heard. Sound without a header has `rate` samples a
    /// second.
    ///
    /// # Errors
    ///
    /// As of starting a thread.
    pub(crate) fn start(
        live: Arc<Live>,
        rate: u32,
        inbox: Arc<Inbox>,
        painter: Waker,
    ) -> io::Result<Self> {
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
            tape: Tape::new(source),
            live,
            rate,
            inbox,
            painter,
            untold: Samples::ZERO,
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
}

/// Waiting sound is told of in such steps.
const TOLD: Samples = Samples::from_millis(100);

impl Work {
    /// One stream after the other.
    fn listen(&mut self) {
        while let Some(format) = self.tape.begin() {
            if self.live.cancel.raised() {
                return;
            }
            if let Err(error) = self.stream(format) {
                // What comes next may be good: half a recording is better than none.
                self.live.falter();
                tracing::warn!(session = %self.live.id(), "sound was not understood: {error}");
            }
            self.tape.skip();
        }
    }

    fn stream(&mut self, format: Option<SoundFormat>) -> Result<(), ListenError> {
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
                Err(DecodeError::Truncated) => break Ok(()),
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
        self.untold += Samples(pcm.len() as u64);
        if self.untold >= TOLD {
            let untold = mem::take(&mut self.untold);
            self.live.update(|record| record.waiting += untold);
        }
        if self.inbox.hear(pcm) {
            self.painter.wake();
        }
    }

    /// Nothing more will be heard.
    fn end(self) {
        if self.live.cancel.raised() {
            return;
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
}

/// Pieces, put into their order, as streams of bytes.
#[derive(Clone)]
struct Tape(Arc<Mutex<Reel>>);

struct Reel {
    /// In any order.
    pieces: Box<dyn Iterator<Item = Morsel> + Send>,
    /// Those that came too early.
    early: BTreeMap<u64, Morsel>,
    wanted: u64,
    /// What is being read, and how far that is.
    piece: Vec<u8>,
    at: usize,
    /// Whether the piece was looked at, since another stream may begin with it.
    seen: bool,
    format: Option<SoundFormat>,
    over: bool,
}

impl Tape {
    fn new(pieces: impl Iterator<Item = Morsel> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Reel {
            pieces: Box::new(pieces),
            early: BTreeMap::new(),
            wanted: 0,
            piece: Vec::new(),
            at: 0,
            seen: true,
            format: None,
            over: false,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, Reel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next stream, and says what it is; `None` when there is none.
    fn begin(&self) -> Option<Option<SoundFormat>> {
        let mut reel = self.lock();
        reel.fetch()?;
        reel.seen = true;
        reel.format = SoundFormat::begins(reel.rest(), None);
        Some(reel.format)
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
            if self.over {
                return None;
            }
            let next = match self.early.remove(&self.wanted) {
                Some(next) => next,
                None => self.pieces.next()?,
            };
            if next.number != self.wanted {
                self.early.insert(next.number, next);
                continue;
            }
            self.wanted += 1;
            self.over = next.last;
            (self.piece, self.at, self.seen) = (next.sound, 0, false);
        }
        Some(())
    }

    /// Reads on in the stream, up to where another begins.
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        if self.fetch().is_none() {
            return 0;
        }
        if !self.seen && SoundFormat::begins(self.rest(), self.format).is_some() {
            return 0;
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

    fn tape(pieces: &[(u64, &[u8])]) -> Tape {
        let morsel = |&(number, sound): &(u64, &[u8])| Morsel {
            number,
            sound: sound.to_vec(),
            last: false,
        };
        let pieces: Vec<_> = pieces.iter().map(morsel).collect();
        Tape::new(pieces.into_iter())
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
        assert_eq!(tape.begin(), Some(None));
        assert_eq!(all(&tape), b"onetwo");
        assert_eq!(tape.begin(), Some(Some(SoundFormat::Wav)));
        assert_eq!(all(&tape), b"RIFF....WAVEthreefour");
        assert_eq!(tape.begin(), Some(Some(SoundFormat::Flac)));
        tape.skip();
        assert_eq!(tape.begin(), None);
    }

    #[test]
    fn nothing_is_read_after_the_last_piece() {
        let morsel = |sound: &[u8], last: bool| Morsel {
            number: u64::from(!last),
            sound: sound.to_vec(),
            last,
        };
        let pieces = [morsel(b"one", true), morsel(b"two", false)];
        let tape = Tape::new(pieces.into_iter());
        tape.begin();
        assert_eq!(all(&tape), b"one");
        assert_eq!(tape.begin(), None);
    }
}
