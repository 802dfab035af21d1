//! The one thread that owns espeak-ng, and the queue before it.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use avatar_espeak::{Clause, Event, Spoken, Synthesizer, Voice};

use super::{EspeakError, voices};
use crate::speech::{Cancel, SpeechError};
use crate::text::Manner;

/// One sentence to be made.
pub(super) struct Order {
    pub(super) text: String,
    pub(super) voice: Voice,
    /// Whether its phonemes are wanted too.
    pub(super) clauses: bool,
    pub(super) cancel: Cancel,
}

/// A sentence as espeak-ng made it.
#[derive(Debug, Default)]
pub(super) struct Rendering {
    /// Samples a second.
    pub(super) rate: u32,
    pub(super) sound: Vec<i16>,
    pub(super) events: Vec<Event>,
    /// Its phonemes, if they were wanted.
    pub(super) clauses: Vec<Clause>,
}

impl Rendering {
    /// The sound, −1…1.
    pub(super) fn samples(&self) -> Vec<f32> {
        let sound = self.sound.iter();
        sound.map(|sample| f32::from(*sample) / 32_768.0).collect()
    }
}

type Answer = Result<Rendering, SpeechError>;
type Ticket = (Order, SyncSender<Answer>);

/// Where orders are placed. All desks of a process share one thread.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    orders: SyncSender<Ticket>,
}

/// The thread's queue, once it runs.
static OPEN: Mutex<Option<Desk>> = Mutex::new(None);

/// Orders that wait. Every caller waits for its own, so there are never more than callers.
const QUEUE: usize = 64;

/// How long a caller waits for a sentence. A sentence takes milliseconds, so this is a library that hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often a waiting caller looks whether it should stop.
const GLANCE: Duration = Duration::from_millis(20);

/// Seconds of sound a sentence may have: minutes more than the slowest reading of the longest one. It bounds the memory
/// of a sentence, since the thread does not wait for anybody to take the sound from it.
const LONGEST_SOUND: usize = 600;

impl Desk {
    /// Starts the thread, unless it runs.
    pub(super) fn open() -> Result<Self, EspeakError> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(desk) = &*open {
            return Ok(desk.clone());
        }
        let (orders, queue) = sync_channel(QUEUE);
        let (report, started) = sync_channel(1);
        let spawned = thread::Builder::new()
            .name("espeak".to_owned())
            .spawn(move || match start() {
                Ok(synthesizer) => {
                    // Whoever opens the desk waits for this, so it is received.
                    let _ = report.send(Ok(()));
                    serve(synthesizer, &queue);
                }
                Err(error) => {
                    let _ = report.send(Err(error));
                }
            });
        spawned.map_err(|error| EspeakError::Thread(error.to_string()))?;
        started
            .recv()
            .map_err(|_| EspeakError::Thread("it died at once".to_owned()))??;
        let desk = Self { orders };
        *open = Some(desk.clone());
        Ok(desk)
    }

    /// Has a sentence made, and waits for it.
    pub(super) fn order(&self, order: Order) -> Answer {
        let gone = || SpeechError::Failed("the speech thread is gone".to_owned());
        let cancel = order.cancel.clone();
        let deadline = Instant::now() + PATIENCE;
        let (answer, answered) = sync_channel(1);
        self.orders.send((order, answer)).map_err(|_| gone())?;
        loop {
            match answered.recv_timeout(GLANCE) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
                Err(RecvTimeoutError::Timeout) if cancel.raised() => {
                    return Err(SpeechError::Cancelled);
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => {
                    return Err(SpeechError::Timeout);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// Starts the library and takes a voice: the first one costs 20 ms, since all files of all voices are looked at.
fn start() -> Result<Synthesizer, EspeakError> {
    let mut synthesizer = Synthesizer::new()?;
    if voices::in_order().any(|tone| {
        synthesizer
            .set_voice(&tone.voice(Manner::default()))
            .is_ok()
    }) {
        Ok(synthesizer)
    } else {
        Err(EspeakError::NoVoices)
    }
}

fn serve(mut synthesizer: Synthesizer, queue: &Receiver<Ticket>) {
    for (order, answer) in queue {
        // A panic fails the sentence it happens in, and nothing else: the library is in order after one.
        let made = catch_unwind(AssertUnwindSafe(|| make(&mut synthesizer, &order)));
        let made = made
            .unwrap_or_else(|_| Err(SpeechError::Failed("the speech thread panicked".to_owned())));
        // Whoever was cancelled meanwhile does not listen any more.
        let _ = answer.send(made);
    }
}

fn make(synthesizer: &mut Synthesizer, order: &Order) -> Answer {
    if order.cancel.raised() {
        return Err(SpeechError::Cancelled);
    }
    let failed = |error: &dyn std::fmt::Display| SpeechError::Failed(error.to_string());
    synthesizer
        .set_voice(&order.voice)
        .map_err(|error| failed(&error))?;
    let mut rendering = Rendering {
        rate: synthesizer.sample_rate(),
        ..Rendering::default()
    };
    if order.clauses {
        rendering.clauses = synthesizer
            .phonemes(&order.text)
            .map_err(|error| failed(&error))?;
    }
    let longest = LONGEST_SOUND * rendering.rate as usize;
    let spoken = synthesizer.speak(&order.text, &mut |sound, events| {
        rendering.sound.extend_from_slice(sound);
        rendering.events.extend_from_slice(events);
        if order.cancel.raised() || rendering.sound.len() > longest {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    match spoken {
        Ok(Spoken::All) => Ok(rendering),
        Ok(Spoken::Stopped) if order.cancel.raised() => Err(SpeechError::Cancelled),
        Ok(Spoken::Stopped) => Err(failed(&"a sentence takes more than ten minutes to say")),
        Err(error) => Err(failed(&error)),
    }
}
