//! Who listens to the sound a session is fed. Demuxers ask for bytes and wait for them, so each such session has a thread of
//! its own, which sleeps while nothing comes.

use std::io;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use avatar_codec::{DecodeError, SoundDecoder, SoundFormat};

use super::inbox::Inbox;
use super::live::Live;
use super::pool::Waker;
use super::tape::{Beginning, Tape};
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
