//! Frames on their way from the painter to the assembler.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use avatar_codec::Picture;

use crate::time::Samples;

/// A picture and the sound that goes with it, or sound alone.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) picture: Option<Picture>,
    /// As long as the picture is shown.
    pub(crate) pcm: Vec<f32>,
    /// Where in the session it begins.
    pub(crate) start: Samples,
    /// When it is to be seen by whoever sees frames as they are made.
    pub(crate) due: Instant,
    /// How often its session had been interrupted when it was painted.
    pub(crate) epoch: u64,
}

/// What the assembler finds.
#[derive(Debug)]
pub(crate) enum Next {
    Frame(Frame),
    /// The painter is behind.
    Empty,
    /// There will be no more.
    End,
}

/// A bounded queue that lends out its frames: no memory is taken while it turns.
#[derive(Debug)]
pub(crate) struct Reel {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    blank: Vec<Frame>,
    painted: VecDeque<Frame>,
    ended: bool,
}

impl Reel {
    /// A reel of `frames` frames, with pictures of one size or without.
    pub(crate) fn new(frames: usize, size: Option<(usize, usize)>) -> Self {
        let blank = (0..frames)
            .map(|_| Frame {
                picture: size.map(|(width, height)| Picture::new(width, height)),
                pcm: Vec::new(),
                start: Samples::ZERO,
                due: Instant::now(),
                epoch: 0,
            })
            .collect();
        Self {
            state: Mutex::new(State {
                blank,
                painted: VecDeque::with_capacity(frames),
                ended: false,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A frame to be painted, unless the assembler is behind.
    pub(crate) fn blank(&self) -> Option<Frame> {
        self.lock().blank.pop()
    }

    /// Hands a painted frame on.
    pub(crate) fn push(&self, frame: Frame) {
        self.lock().painted.push_back(frame);
    }

    /// Says that the last frame has been handed on.
    pub(crate) fn end(&self) {
        self.lock().ended = true;
    }

    /// The next painted frame.
    pub(crate) fn next(&self) -> Next {
        let mut state = self.lock();
        match state.painted.pop_front() {
            Some(frame) => Next::Frame(frame),
            None if state.ended => Next::End,
            None => Next::Empty,
        }
    }

    /// Gives a frame back.
    pub(crate) fn give_back(&self, frame: Frame) {
        self.lock().blank.push(frame);
    }
}
