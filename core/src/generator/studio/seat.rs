//! What a session and the studio's threads share: its sound on the way to the ear, tokens and faces on the way back.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use super::schedule::{Order, SeatId};
use super::sitter::Sitter;
use crate::face::neural::{Cycle, Manner};
use crate::generator::live::Live;
use crate::generator::pool::Waker;
use crate::session::Failure;
use crate::time::{FrameRate, Samples};

/// How far ahead of what is shown tokens are made: the more the ear hears at once, the better it hears, and the less
/// often it need be asked.
const HEARD_AHEAD: u64 = 75;

/// How far ahead of what is shown faces are drawn.
const DRAWN_AHEAD: u64 = 32;

/// The same for whole pictures, of which each takes most of a megabyte.
const PICTURES_AHEAD: u64 = 14;

/// How long a frame of motion is, whatever the video's rate.
const MOTION: Samples = Samples::from_millis(40);

/// The ear is asked for no fewer frames than this at once, unless there are few left.
const STEP: u64 = 16;

/// Few.
const LOW: u64 = 12;

/// What a face is drawn from.
#[derive(Debug)]
pub(super) struct Likeness {
    pub(super) sitter: Arc<Sitter>,
    /// Which frame of the clip.
    pub(super) index: usize,
    pub(super) tokens: Vec<f32>,
}

/// One session in the studio.
pub(super) struct Seat {
    pub(super) id: SeatId,
    pub(super) live: Arc<Live>,
    /// Whoever sits there; nobody yet where a photo is still to be looked at.
    sitter: OnceLock<(Arc<Sitter>, Cycle)>,
    /// How whoever is on a photo speaks.
    pub(super) manner: Option<Manner>,
    pub(super) rate: FrameRate,
    /// How far ahead of what is shown faces are drawn.
    ahead: u64,
    painter: Waker,
    state: Mutex<State>,
}

struct State {
    /// Not yet heard.
    sound: VecDeque<f32>,
    /// Whether that is all there will be.
    ended: bool,
    /// How much the ear was given.
    given: Samples,
    /// Whether it was given all.
    told: bool,
    /// Whether it has made of it what it can.
    over: bool,
    /// Frames of which the tokens are known or were.
    known: u64,
    /// Of the last frames that are known.
    tokens: VecDeque<Vec<f32>>,
    /// Frames whose faces were ordered.
    ordered: u64,
    faces: BTreeMap<u64, Vec<u8>>,
    /// Frames that were painted or left out.
    shown: u64,
    /// Frames that were left out, since what was said in them was forgotten.
    skipped: u64,
    /// When the first frame is shown.
    origin: Instant,
}

/// How the next face stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is there.
    Drawn,
    /// It will come.
    Awaited,
    /// There will be none: the speech is over.
    Over,
}

/// Sound for the ear.
#[derive(Debug)]
pub(super) struct Portion {
    pub(super) sound: Vec<f32>,
    /// Whether there will be no more.
    pub(super) last: bool,
}

impl Seat {
    pub(super) fn new(
        id: SeatId,
        live: Arc<Live>,
        painter: Waker,
        manner: Option<Manner>,
        rate: FrameRate,
    ) -> Self {
        Self {
            id,
            sitter: OnceLock::new(),
            ahead: match manner {
                None => DRAWN_AHEAD,
                Some(_) => PICTURES_AHEAD,
            },
            manner,
            rate,
            painter,
            state: Mutex::new(State {
                sound: VecDeque::new(),
                ended: false,
                given: Samples::ZERO,
                told: false,
                over: false,
                known: 0,
                tokens: VecDeque::new(),
                ordered: 0,
                faces: BTreeMap::new(),
                shown: 0,
                skipped: 0,
                origin: live.started,
            }),
            live,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `sitter` sits down.
    pub(super) fn take(&self, sitter: Arc<Sitter>) {
        let cycle = sitter.cycle(self.rate);
        let _ = self.sitter.set((sitter, cycle));
    }

    /// Whoever sits there.
    pub(super) fn sitter(&self) -> Option<&Arc<Sitter>> {
        self.sitter.get().map(|(sitter, _)| sitter)
    }

    /// Which frame of a clip is shown in frame `frame`.
    pub(super) fn index(&self, frame: u64) -> usize {
        self.index_after(frame, self.lock().skipped)
    }

    /// The same where so many frames before it were left out: clips go on without them.
    fn index_after(&self, frame: u64, skipped: u64) -> usize {
        let painted = frame.saturating_sub(skipped);
        self.sitter.get().map_or(0, |(_, cycle)| cycle.at(painted))
    }

    /// How much sound more must be known of it than of one frame: motion is made for several at once.
    pub(super) fn wait(&self) -> Samples {
        let step = self.manner.map_or(0, |manner| u64::from(manner.step));
        Samples(MOTION.0 * step.saturating_sub(1))
    }

    /// Takes in more sound.
    pub(super) fn hear(&self, pcm: &[f32]) {
        self.lock().sound.extend(pcm);
    }

    /// Up to where the ear has sound, from the session's beginning.
    pub(super) fn settled(&self) -> Samples {
        let state = self.lock();
        let skipped = self.rate.start_of(state.skipped);
        state.given.saturating_sub(skipped)
    }

    /// Forgets the sound from `from` on. What the ear has of it cannot be unheard: the frames it is in, of which the next is the
    /// first, are left out. Returns where the ear hears on, and how much silence that begins with, so that a frame begins after it.
    pub(super) fn forget(&self, from: Samples) -> (Samples, Samples) {
        let mut state = self.lock();
        let from = from + self.rate.start_of(state.skipped);
        let Some(over) = state.given.0.checked_sub(from.0).filter(|over| *over > 0) else {
            let keep = from.saturating_sub(state.given).0;
            state
                .sound
                .truncate(usize::try_from(keep).unwrap_or(usize::MAX));
            return (from, Samples::ZERO);
        };
        let frame = self.rate.frame().0.max(1);
        let frames = over.div_ceil(frame);
        let silence = Samples(frames * frame - over);
        state.sound.clear();
        let padding = usize::try_from(silence.0).unwrap_or_default();
        state.sound.extend(std::iter::repeat_n(0.0, padding));
        state.skipped += frames;
        state.shown += frames;
        let shown = state.shown;
        state.faces.retain(|frame, _| *frame >= shown);
        (state.given, silence)
    }

    /// There will be no more sound.
    pub(super) fn end(&self) {
        self.lock().ended = true;
    }

    /// How the next face stands; its frame is shown at `due`.
    pub(super) fn standing(&self, due: Instant) -> Standing {
        let mut state = self.lock();
        let next = state.shown;
        if let Some(origin) = due.checked_sub(self.rate.start_of(next).duration()) {
            state.origin = origin;
        }
        if state.faces.contains_key(&next) {
            Standing::Drawn
        } else if state.over && next >= state.known {
            Standing::Over
        } else {
            Standing::Awaited
        }
    }

    /// The next frame is painted now; its face, if it is there.
    pub(super) fn show(&self) -> Option<Vec<u8>> {
        let mut state = self.lock();
        let next = state.shown;
        state.shown += 1;
        state.faces.remove(&next)
    }

    /// Frames that were painted or left out.
    pub(super) fn shown(&self) -> u64 {
        self.lock().shown
    }

    /// Whether there is something for the ear, which must know `lead` of sound after a frame's beginning.
    pub(super) fn speaks(&self, lead: Samples) -> bool {
        self.sitter().is_some() && self.lock().portion(self.rate, lead).is_some()
    }

    /// The next sound for the ear.
    pub(super) fn portion(&self, lead: Samples) -> Option<Portion> {
        self.sitter()?;
        let mut state = self.lock();
        let (length, last) = state.portion(self.rate, lead)?;
        let sound: Vec<f32> = state.sound.drain(..length).collect();
        state.given += Samples(length as u64);
        state.told = last;
        Some(Portion { sound, last })
    }

    /// When the first frame whose tokens are not known is shown: who hears next is decided by that.
    pub(super) fn urgency(&self) -> Instant {
        let state = self.lock();
        state.origin + self.rate.start_of(state.known).duration()
    }

    /// Takes the tokens of the next frames, `width` floats for each.
    pub(super) fn learn(&self, tokens: &[f32], width: usize) {
        let mut state = self.lock();
        let frames = tokens.chunks_exact(width.max(1)).map(<[f32]>::to_vec);
        state.tokens.extend(frames);
        state.known = state.ordered + state.tokens.len() as u64;
        state.over = state.told;
        let over = state.over;
        drop(state);
        if over {
            // It may be waiting for faces that will never come.
            self.painter.wake();
        }
    }

    /// What can be ordered now.
    pub(super) fn orders(&self) -> Vec<Order<Likeness>> {
        let mut orders = Vec::new();
        let Some(sitter) = self.sitter() else {
            return orders;
        };
        let mut state = self.lock();
        while state.ordered < state.shown + self.ahead {
            let Some(tokens) = state.tokens.pop_front() else {
                break;
            };
            let frame = state.ordered;
            state.ordered += 1;
            if frame < state.shown {
                continue;
            }
            orders.push(Order {
                seat: self.id,
                frame,
                due: state.origin + self.rate.start_of(frame).duration(),
                of: Likeness {
                    sitter: Arc::clone(sitter),
                    index: self.index_after(frame, state.skipped),
                    tokens,
                },
            });
        }
        orders
    }

    /// Takes a face.
    pub(super) fn receive(&self, frame: u64, face: Vec<u8>) {
        let mut state = self.lock();
        if frame >= state.shown {
            state.faces.insert(frame, face);
        }
    }

    /// Has its painter look.
    pub(super) fn wake(&self) {
        self.painter.wake();
    }

    /// Ends the session.
    pub(super) fn fail(&self, failure: Failure) {
        self.live.fail(failure);
    }
}

impl State {
    /// How much sound the ear is to be given now, and whether that is the last.
    fn portion(&self, rate: FrameRate, lead: Samples) -> Option<(usize, bool)> {
        if self.told {
            return None;
        }
        let wanted = rate.start_of(self.shown + HEARD_AHEAD) + lead;
        let room = wanted.saturating_sub(self.given).0;
        let length = self.sound.len().min(usize::try_from(room).unwrap_or(0));
        if self.ended && length == self.sound.len() {
            return Some((length, true));
        }
        let end = self.given + Samples(length as u64);
        let reached = match end >= lead {
            true => end.saturating_sub(lead).0 / rate.frame().0.max(1) + 1,
            false => 0,
        };
        let new = reached.saturating_sub(self.known);
        let low = self.known < self.shown + LOW;
        let worth = length > 0 && (new >= STEP || low && new > 0);
        worth.then_some((length, false))
    }
}
