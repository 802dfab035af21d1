//! The threads that have sentences spoken: each engine has as many as it speaks sentences at once, which it takes in the
//! order they were asked for.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};

use super::inbox::{Heard, Inbox};
use super::live::Live;
use super::pool::Waker;
use crate::audio::amplify;
use crate::session::{Failure, FailureCode};
use crate::speech::{Engine, Ensemble, SpeechError, Utterance};

/// One sentence a session wants spoken, by the voice of its job.
pub(crate) struct Wanted {
    pub(crate) utterance: Utterance,
    pub(crate) live: Arc<Live>,
    pub(crate) inbox: Arc<Inbox>,
    /// In which it was wanted.
    pub(crate) epoch: u64,
    pub(crate) waker: Waker,
}

/// A sentence on its way to an engine.
struct Order {
    wanted: Wanted,
    /// Which of the voice's roles it is for.
    role: usize,
}

/// The queues before the engines.
struct Stage {
    ensemble: Ensemble,
    queues: Vec<Sender<Order>>,
}

/// The way to the threads. Each session has one sentence under way at most: that bounds the queues, and
/// no long text holds up a short one.
#[derive(Clone)]
pub(crate) struct Speaker(Arc<Stage>);

impl Speaker {
    /// The threads end when nobody has a speaker any more.
    pub(crate) fn start(ensemble: Ensemble) -> std::io::Result<(Self, Vec<JoinHandle<()>>)> {
        let (queues, orders): (Vec<_>, Vec<_>) =
            ensemble.members().iter().map(|_| channel()).unzip();
        let stage = Arc::new(Stage { ensemble, queues });
        let mut threads = Vec::new();
        for (member, orders) in stage.ensemble.members().iter().zip(orders) {
            let orders = Arc::new(Mutex::new(orders));
            for _ in 0..member.seats.max(1) {
                let seat = Seat {
                    name: member.name.clone(),
                    engine: Arc::clone(&member.engine),
                    orders: Arc::clone(&orders),
                    stage: Arc::downgrade(&stage),
                };
                let thread = thread::Builder::new().name("avatar-speech".to_owned());
                threads.push(thread.spawn(move || seat.work())?);
            }
        }
        Ok((Self(stage), threads))
    }

    pub(crate) fn say(&self, wanted: Wanted) {
        self.0.say(wanted, 0);
    }
}

impl Stage {
    /// Gives a sentence to the engine that has some role in its session's voice.
    fn say(&self, mut wanted: Wanted, number: usize) {
        let voice = &wanted.live.job.voice;
        let roles = self.ensemble.roles(voice, wanted.utterance.language);
        let queue = roles.into_iter().nth(number).and_then(|role| {
            wanted.utterance.voice = role.voice;
            self.queues.get(role.member)
        });
        let order = Order {
            wanted,
            role: number,
        };
        let refused = match queue {
            Some(queue) => queue.send(order).err().map(|error| error.0),
            None => Some(order),
        };
        if let Some(Order { wanted, .. }) = refused {
            wanted.fail(
                FailureCode::TtsFailed,
                "the speech engine is gone".to_owned(),
            );
        }
    }

    /// The name of the engine that says it when those before have failed.
    fn name(&self, wanted: &Wanted, number: usize) -> Option<&str> {
        let voice = &wanted.live.job.voice;
        let roles = self.ensemble.roles(voice, wanted.utterance.language);
        let role = roles.into_iter().nth(number)?;
        Some(&self.ensemble.members().get(role.member)?.name)
    }
}

impl Wanted {
    /// Nobody can say it.
    fn fail(&self, code: FailureCode, text: String) {
        self.live.end_with(Failure { code, text });
        self.end();
    }

    fn end(&self) {
        self.inbox.push(Heard::End, self.epoch);
        self.waker.wake();
    }
}

/// One of an engine's threads.
struct Seat {
    name: String,
    engine: Arc<dyn Engine>,
    orders: Arc<Mutex<Receiver<Order>>>,
    stage: Weak<Stage>,
}

impl Seat {
    fn work(&self) {
        loop {
            let order = self
                .orders
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            match order {
                Ok(order) => self.speak(order),
                Err(_) => return,
            }
        }
    }

    /// Has a sentence spoken, or gives it to the next engine if nothing of it was heard.
    fn speak(&self, order: Order) {
        let mut silent = true;
        let spoken = catch_unwind(AssertUnwindSafe(|| {
            speak(&*self.engine, &order.wanted, &mut silent)
        }));
        let (code, text) = match spoken {
            // A sentence may hold nothing that can be said, such as a lone dash; whether the whole
            // text was silent is known only at its end.
            Ok(Ok(()) | Err(SpeechError::Cancelled | SpeechError::Nothing)) => {
                return order.wanted.end();
            }
            Ok(Err(error)) => {
                let code = match error {
                    SpeechError::Timeout => FailureCode::TtsTimeout,
                    SpeechError::Empty => FailureCode::TtsEmpty,
                    _ => FailureCode::TtsFailed,
                };
                (code, error.to_string())
            }
            Err(_) => (
                FailureCode::TtsFailed,
                "the speech engine broke down".to_owned(),
            ),
        };
        let Some(stage) = self.stage.upgrade() else {
            return;
        };
        let Order { wanted, role } = order;
        match stage.name(&wanted, role + 1) {
            Some(next) if silent => {
                tracing::warn!(
                    session = %wanted.live.id(),
                    engine = self.name,
                    next,
                    code = code.word(),
                    "another speech engine takes over: {text}"
                );
                // What is heard now is not what will be heard when the engine works again.
                wanted.live.falter();
                stage.say(wanted, role + 1);
            }
            _ => wanted.fail(code, text),
        }
    }
}

fn speak(engine: &dyn Engine, wanted: &Wanted, silent: &mut bool) -> Result<(), SpeechError> {
    let cancel = &wanted.live.cancel;
    if cancel.raised() {
        return Err(SpeechError::Cancelled);
    }
    let gain = wanted.utterance.manner.gain();
    engine.speak(&wanted.utterance, cancel, &mut |mut speech| {
        *silent &= speech.pcm.is_empty();
        if wanted.utterance.manner.volume != 0 {
            amplify(&mut speech.pcm, gain);
        }
        let welcome = wanted.inbox.push(Heard::Speech(speech), wanted.epoch);
        wanted.waker.wake();
        if cancel.raised() || !welcome {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
}
