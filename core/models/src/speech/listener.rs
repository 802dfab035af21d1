//! Listening to speech that is still arriving.
//!
//! The encoder sees 30 s at a time and attends to all of it, so what it makes of a step settles only when the whole piece
//! is there. Frames cannot wait for that: they are given what the encoder makes of what has been heard, silence in place
//! of what has not.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use tch::{Tensor, no_grad};

use super::{PIECE, SAMPLE_RATE, STEP, Speech, Windowing};
use crate::error::ModelsError;

/// How many milliseconds of speech after a frame's beginning are heard before its tokens are known, at the most.
///
/// At 25 frames a second a frame's own steps reach 132.5 ms ahead. A frame that has waited this long takes the next one
/// with it, and the encoder runs half as often.
pub const LOOK_AHEAD_MS: u32 = 180;

/// By how much the piece moves on when it is full: 10 s, so that 20 s of what was heard before remain.
const HOP: usize = PIECE / 3;

/// States that have been computed, and the frames that are told of them.
struct Known {
    states: Tensor,
    /// The step that the states begin with.
    first: usize,
    frames: Range<usize>,
}

/// One speech, listened to while it is spoken.
pub struct Listener {
    speech: Arc<Mutex<Speech>>,
    windowing: Windowing,
    /// What was heard, from sample `begin` on.
    heard: Vec<f32>,
    begin: usize,
    ended: bool,
    /// How many frames are known or have been taken.
    frames: usize,
    known: VecDeque<Known>,
}

impl Listener {
    /// For a video of `frame_rate` frames a second.
    ///
    /// # Errors
    ///
    /// [`ModelsError::Argument`] for a rate that is none.
    pub fn new(speech: Arc<Mutex<Speech>>, frame_rate: u32) -> Result<Self, ModelsError> {
        if !(1..=120).contains(&frame_rate) {
            return Err(ModelsError::Argument(format!(
                "a video has from 1 to 120 frames a second, and not {frame_rate}"
            )));
        }
        let rate = usize::try_from(frame_rate).unwrap_or_default();
        let windowing = {
            let speech = speech.lock().unwrap_or_else(PoisonError::into_inner);
            Windowing::new(rate, speech.layers(), speech.features())?
        };
        Ok(Self {
            speech,
            windowing,
            heard: Vec::new(),
            begin: 0,
            ended: false,
            frames: 0,
            known: VecDeque::new(),
        })
    }

    /// Floating-point numbers to the tokens of one frame.
    pub fn size(&self) -> usize {
        self.windowing.size()
    }

    /// Hears `pcm`, 16 kHz, and writes the tokens of frames that have become known to `tokens`, one frame after the other;
    /// the result is how many. With `last` these are all that remain. Where there is not room for all, those left over come
    /// with the next call, whose `pcm` may be empty.
    ///
    /// A speech that is heard in one call is cut as MuseTalk cuts a file: the tokens are exactly those. After an error
    /// everything heard is still there, and another call tries again.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]; [`ModelsError::Argument`] for speech after the last.
    pub fn hear(
        &mut self,
        pcm: &[f32],
        last: bool,
        tokens: &mut [f32],
    ) -> Result<usize, ModelsError> {
        if self.ended && !pcm.is_empty() {
            return Err(ModelsError::Argument(
                "speech goes on after it was said to be over".to_owned(),
            ));
        }
        let whole = last && self.begin == 0 && self.heard.is_empty();
        self.heard.extend_from_slice(pcm);
        self.ended |= last;
        no_grad(|| {
            if whole {
                self.understand_whole()?;
            } else {
                self.understand()?;
            }
            self.tell(tokens)
        })
    }

    /// All of a speech, as a file would be.
    fn understand_whole(&mut self) -> Result<(), ModelsError> {
        let frames = self.windowing.frames(self.heard.len());
        let states = self.lock().states(&self.heard)?;
        self.remember(states, 0, frames);
        self.heard = Vec::new();
        Ok(())
    }

    /// What has become known since the last time.
    fn understand(&mut self) -> Result<(), ModelsError> {
        loop {
            let piece = self.heard.get(..PIECE).unwrap_or(&self.heard);
            let until = self.begin + piece.len();
            let closing = self.ended && piece.len() == self.heard.len();
            let known = self.known_by(until, closing);
            if known > self.frames {
                let states = self.lock().piece(piece)?;
                self.remember(states, self.begin / STEP, known);
            }
            if closing || self.heard.len() < PIECE {
                return Ok(());
            }
            self.heard.drain(..HOP);
            self.begin += HOP;
        }
    }

    /// How many frames there are to be known when `samples` have been heard; more than there were only if one of them
    /// has waited long enough.
    fn known_by(&self, samples: usize, closing: bool) -> usize {
        if closing {
            return self.windowing.frames(samples);
        }
        let wait = SAMPLE_RATE * usize::try_from(LOOK_AHEAD_MS).unwrap_or_default() / 1000;
        if self.windowing.sample(self.frames) + wait > samples {
            return self.frames;
        }
        let mut known = self.frames;
        while self.windowing.reach(known) <= samples {
            known += 1;
        }
        known
    }

    fn remember(&mut self, states: Tensor, first: usize, frames: usize) {
        self.known.push_back(Known {
            states,
            first,
            frames: self.frames..frames.max(self.frames),
        });
        self.frames = self.frames.max(frames);
    }

    /// Writes what is known, as far as there is room.
    fn tell(&mut self, mut tokens: &mut [f32]) -> Result<usize, ModelsError> {
        let size = self.size();
        let mut told = 0;
        while let Some(known) = self.known.front_mut() {
            let count = known.frames.len().min(tokens.len() / size);
            let until = known.frames.start + count;
            if count > 0 {
                let frames = known.frames.start..until;
                let told = self.windowing.tokens(&known.states, known.first, frames)?;
                let (now, later) = tokens.split_at_mut(count * size);
                told.f_copy_data(now, count * size)?;
                tokens = later;
            }
            told += count;
            known.frames.start = until;
            if !known.frames.is_empty() {
                break;
            }
            self.known.pop_front();
        }
        Ok(told)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Speech> {
        self.speech.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
