//! The thread that has sentences spoken, one after another, in the order they were asked for.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::live::Live;
use super::pool::Waker;
use crate::session::{Failure, FailureCode};
use crate::speech::{Engine, Speech, SpeechError, Utterance, amplify};

/// What becomes of an utterance.
#[derive(Debug)]
pub(crate) enum Heard {
    Speech(Speech),
    /// It is over; it may have been silent.
    End,
}

/// Speech that its painter has not yet fetched. A painter asks for a sentence only when it is short of
/// speech, so this holds one sentence at the most.
#[derive(Debug, Default)]
pub(crate) struct Inbox(Mutex<VecDeque<Heard>>);

impl Inbox {
    fn push(&self, heard: Heard) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_back(heard);
    }

    pub(crate) fn pop(&self) -> Option<Heard> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front()
    }
}

/// One sentence a session wants spoken.
pub(crate) struct Wanted {
    pub(crate) utterance: Utterance,
    pub(crate) live: Arc<Live>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) waker: Waker,
}

/// The way to the thread. Each session has one sentence under way at most: that bounds the queue, and
/// no long text holds up a short one.
#[derive(Debug, Clone)]
pub(crate) struct Speaker(Sender<Wanted>);

impl Speaker {
    pub(crate) fn start(engine: Arc<dyn Engine>) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (sender, wanted) = channel();
        let thread = thread::Builder::new()
            .name("avatar-speech".to_owned())
            .spawn(move || speak_all(&*engine, &wanted))?;
        Ok((Self(sender), thread))
    }

    pub(crate) fn say(&self, wanted: Wanted) {
        if let Err(error) = self.0.send(wanted) {
            error.0.live.fail(Failure {
                code: FailureCode::TtsFailed,
                text: "the speech engine is gone".to_owned(),
            });
        }
    }
}

fn speak_all(engine: &dyn Engine, queue: &Receiver<Wanted>) {
    for wanted in queue {
        let spoken = catch_unwind(AssertUnwindSafe(|| speak(engine, &wanted)));
        let error = match spoken {
            Ok(Ok(())) | Ok(Err(SpeechError::Cancelled)) => None,
            // A sentence may hold nothing that can be said, such as a lone dash; whether the whole
            // text was silent is known only at its end.
            Ok(Err(SpeechError::Empty)) => None,
            Ok(Err(error)) => Some(Failure {
                code: match error {
                    SpeechError::Timeout => FailureCode::TtsTimeout,
                    _ => FailureCode::TtsFailed,
                },
                text: error.to_string(),
            }),
            Err(_) => Some(Failure {
                code: FailureCode::TtsFailed,
                text: "the speech engine broke down".to_owned(),
            }),
        };
        if let Some(failure) = error {
            wanted.live.fail(failure);
        }
        wanted.inbox.push(Heard::End);
        wanted.waker.wake();
    }
}

fn speak(engine: &dyn Engine, wanted: &Wanted) -> Result<(), SpeechError> {
    let cancel = &wanted.live.cancel;
    if cancel.raised() {
        return Err(SpeechError::Cancelled);
    }
    let gain = wanted.utterance.manner.gain();
    engine.speak(&wanted.utterance, cancel, &mut |mut speech| {
        if wanted.utterance.manner.volume != 0 {
            amplify(&mut speech.pcm, gain);
        }
        wanted.inbox.push(Heard::Speech(speech));
        wanted.waker.wake();
        if cancel.raised() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
}
