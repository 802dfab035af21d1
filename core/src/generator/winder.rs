//! The second half of a session's work: frames are taken off the reel, shown to whoever watches, and put to use.

use std::sync::Arc;
use std::time::Instant;

use super::audience::{Audience, Viewer};
use super::live::Live;
use super::painter::Links;
use super::pool::{Task, Waker};
use super::reel::{Frame, Next, Reel};
use super::rendition::AssembleError;
use super::scheduler::Turn;
use crate::session::{Failure, FailureCode};
use crate::time::Samples;

/// Frames taken in one turn.
const TURN: usize = 5;

/// What is made of frames.
pub(crate) trait Sink: Send {
    /// Takes in the next frame.
    fn take(&mut self, frame: &Frame) -> Result<(), AssembleError>;

    /// There will be no more frames.
    fn finish(&mut self) -> Result<(), AssembleError>;

    /// How far it is.
    fn made(&self) -> Samples;
}

/// Winds one session's reel.
pub(crate) struct Winder<S> {
    live: Arc<Live>,
    reel: Arc<Reel>,
    painter: Waker,
    audience: Arc<Audience>,
    viewers: Vec<Box<dyn Viewer>>,
    sink: S,
}

impl<S: Sink> Winder<S> {
    /// Winds the reel of `links` into `sink`.
    pub(crate) fn new(links: &Links, sink: S) -> Self {
        Self {
            live: Arc::clone(&links.live),
            reel: Arc::clone(&links.reel),
            painter: links.painter.clone(),
            audience: Arc::clone(&links.audience),
            viewers: Vec::new(),
            sink,
        }
    }

    fn show(&mut self, frame: &Frame) {
        self.viewers.extend(self.audience.newcomers());
        self.viewers.retain_mut(|viewer| viewer.show(frame));
    }

    fn step(&mut self) -> Result<Option<Turn>, AssembleError> {
        match self.reel.next() {
            Next::Empty => Ok(Some(Turn::Wait)),
            Next::End => {
                self.sink.finish()?;
                Ok(Some(Turn::Done))
            }
            Next::Frame(frame) => {
                self.show(&frame);
                let taken = self.sink.take(&frame);
                self.reel.give_back(frame);
                self.painter.wake();
                taken.map(|()| None)
            }
        }
    }
}

impl<S> Drop for Winder<S> {
    fn drop(&mut self) {
        self.audience.close();
    }
}

impl<S: Sink> Task for Winder<S> {
    fn turn(&mut self) -> Turn {
        for _ in 0..TURN {
            if self.live.cancel.raised() {
                return Turn::Done;
            }
            match self.step() {
                Ok(None) => {}
                Ok(Some(turn)) => return turn,
                Err(error) => {
                    self.live.fail(error.into());
                    return Turn::Done;
                }
            }
        }
        Turn::Again
    }

    fn due(&self) -> Instant {
        self.live.started + self.sink.made().duration()
    }

    fn panicked(&mut self) {
        self.live.fail(Failure {
            code: FailureCode::EncodeFailed,
            text: "encoding broke down".to_owned(),
        });
    }
}
