//! The studio: where the networks draw the faces of filmed avatars, of all sessions together.
//!
//! One thread, the *easel*, owns the networks and has faces drawn in batches; another, the *ear*, turns speech into what
//! they are drawn from. A session's face ([`Sitting`]) hands its sound in, and wakes its painter when faces come back; what
//! they share is a [`Seat`]. Nobody polls, and all that lies between is bounded by how far ahead of the picture it may run.

mod ear;
mod easel;
mod schedule;
mod seat;
mod sitter;
mod sitting;
mod tempo;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use self::schedule::{FIRST, Order, Schedule, SeatId};
use self::seat::{Likeness, Seat};
use self::sitter::{Sitter, Sitters};
use self::sitting::Sitting;
use self::tempo::Tempo;
use super::painter::Links;
use crate::config::Config;
use crate::face::Face;
use crate::face::neural::{Description, Gallery, NetworkError, Networks};
use crate::session::{Failure, FailureCode};
use crate::time::{FrameRate, Samples};

/// Opens the networks. It may take minutes, and is called in a thread of its own.
pub type Opener = dyn Fn() -> Result<Arc<dyn Networks>, NetworkError> + Send + Sync;

/// Sessions that are let in before the networks are loaded, to wait for that.
const WAITING_ROOM: u32 = 8;

/// How long the threads may take to end: as long as a batch does on a device that is fast enough.
const FAREWELL: Duration = Duration::from_millis(700);

/// What the studio tells the rest of the generator.
pub(crate) struct Outlook {
    /// How many sessions are held in real time; `None` when nobody knows.
    pub(crate) sessions: Box<dyn Fn(Option<u32>) + Send + Sync>,
    /// The device is broken for this process.
    pub(crate) broken: Box<dyn Fn() + Send + Sync>,
}

/// The way to the studio.
#[derive(Clone)]
pub(crate) struct Studio(Arc<Shared>);

/// Its threads.
pub(crate) struct Staff {
    shared: Arc<Shared>,
    /// Each thread has the other end until it is over.
    working: Receiver<()>,
}

/// Networks that are loaded, and what is known of them.
struct Loaded {
    networks: Arc<dyn Networks>,
    description: Description,
    /// How much sound after a frame's beginning must be known before its tokens are.
    lead: Samples,
}

/// What all who work in the studio share.
struct Shared {
    loaded: OnceLock<Loaded>,
    outlook: Outlook,
    rate: FrameRate,
    sitters: Mutex<Sitters>,
    state: Mutex<State>,
    /// Something was ordered.
    easel: Condvar,
    /// Somebody speaks.
    ear: Condvar,
}

struct State {
    /// Whether sessions are promised real time yet.
    open: bool,
    /// Why no faces will be drawn, if that is so.
    closed: Option<Failure>,
    /// Whether the device is of no use any more.
    broken: bool,
    stopped: bool,
    seats: HashMap<SeatId, Arc<Seat>>,
    next: u64,
    schedule: Schedule<Likeness>,
    tempo: Tempo,
    /// How many sessions were said to be held.
    promised: Option<u32>,
    /// Those with sound for the ear.
    speaking: BTreeSet<SeatId>,
    /// Those that the ear need remember no longer.
    gone: Vec<SeatId>,
}

impl Studio {
    /// Starts the threads, the first of which opens the networks.
    pub(crate) fn start(
        config: &Config,
        avatars: &Path,
        opener: Arc<Opener>,
        outlook: Outlook,
    ) -> std::io::Result<(Self, Staff)> {
        let films = config.data.join("films");
        let sitters = Sitters::new(Gallery::new(avatars), &films, config.video);
        let shared = Arc::new(Shared {
            loaded: OnceLock::new(),
            rate: config.video.frame_rate,
            sitters: Mutex::new(sitters),
            state: Mutex::new(State {
                open: false,
                closed: None,
                broken: false,
                stopped: false,
                seats: HashMap::new(),
                next: 0,
                schedule: Schedule::new(1),
                tempo: Tempo::default(),
                promised: None,
                speaking: BTreeSet::new(),
                gone: Vec::new(),
            }),
            easel: Condvar::new(),
            ear: Condvar::new(),
            outlook,
        });
        (shared.outlook.sessions)(Some(WAITING_ROOM));
        let (presence, working) = channel();
        let hire = |name: &str, presence: Sender<()>, work: Box<dyn FnOnce(&Shared) + Send>| {
            let shared = Arc::clone(&shared);
            let thread = move || {
                work(&shared);
                drop(shared);
                drop(presence);
            };
            thread::Builder::new().name(name.to_owned()).spawn(thread)
        };
        hire(
            "avatar-easel",
            presence.clone(),
            Box::new(move |shared| easel::work(shared, &*opener)),
        )?;
        hire("avatar-ear", presence, Box::new(ear::listen))?;
        let staff = Staff {
            shared: Arc::clone(&shared),
            working,
        };
        Ok((Self(shared), staff))
    }

    /// The face of `avatar` for the session of `links`.
    ///
    /// # Errors
    ///
    /// A [`Failure`] where there is no such avatar, or no faces are drawn.
    pub(crate) fn sit(&self, links: &Links, avatar: &str) -> Result<Box<dyn Face>, Failure> {
        let sitter = self.0.sitters_lock().find(avatar);
        let sitter = sitter.ok_or_else(|| Failure {
            code: FailureCode::InferenceFailed,
            text: format!("the avatar \"{avatar}\" is not there any more"),
        })?;
        let mut state = self.0.lock();
        if let Some(failure) = &state.closed {
            return Err(failure.clone());
        }
        let id = SeatId(state.next);
        state.next += 1;
        let seat = Arc::new(Seat::new(
            id,
            Arc::clone(&links.live),
            links.painter.clone(),
            sitter,
            self.0.rate,
        ));
        state.seats.insert(id, Arc::clone(&seat));
        state.schedule.admit(id);
        drop(state);
        Ok(Box::new(Sitting::new(seat, Arc::clone(&self.0))))
    }
}

impl std::fmt::Debug for Staff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Staff").finish_non_exhaustive()
    }
}

impl Staff {
    /// Ends the threads. False when the process must not clean up after the networks' library: one of the threads is still
    /// in the midst of something, or the device is broken.
    pub(crate) fn stop(&self) -> bool {
        self.shared.lock().stopped = true;
        self.shared.easel.notify_all();
        self.shared.ear.notify_all();
        let ended = self.working.recv_timeout(FAREWELL);
        ended == Err(RecvTimeoutError::Disconnected) && !self.shared.is_broken()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sitters_lock(&self) -> MutexGuard<'_, Sitters> {
        self.sitters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every avatar there is.
    fn sitters(&self) -> Vec<Arc<Sitter>> {
        self.sitters_lock().all()
    }

    /// How much sound after a frame's beginning must be known before its tokens are, once that is known.
    fn lead(&self) -> Option<Samples> {
        self.loaded.get().map(|loaded| loaded.lead)
    }

    /// The networks are loaded.
    fn load(&self, networks: Arc<dyn Networks>) -> Result<&Loaded, NetworkError> {
        let description = networks.description();
        let resampler = ear::resampler(description.sample_rate)
            .map_err(|error| NetworkError::Failed(error.to_string()))?;
        let lead = description.lookahead + Samples(resampler.lag());
        self.lock().schedule.bound(description.max_batch);
        Ok(self.loaded.get_or_init(|| Loaded {
            networks,
            description,
            lead,
        }))
    }

    /// Sessions that waited for the networks go on.
    fn open_doors(&self) {
        let mut state = self.lock();
        let State {
            seats, speaking, ..
        } = &mut *state;
        speaking.extend(seats.keys());
        let seats: Vec<_> = seats.values().cloned().collect();
        state.open = true;
        state.promised = state.tempo.sessions(self.rate);
        (self.outlook.sessions)(state.promised);
        drop(state);
        self.ear.notify_all();
        seats.iter().for_each(|seat| seat.wake());
    }

    /// The networks, once they are loaded; `None` when the studio closes.
    fn wait_until_loaded(&self) -> Option<&Loaded> {
        let mut state = self.lock();
        loop {
            if state.stopped || state.closed.is_some() {
                return None;
            }
            if let Some(loaded) = self.loaded.get() {
                return Some(loaded);
            }
            state = self.ear.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// There will be no faces: the networks could not be loaded.
    fn give_up(&self, error: &NetworkError) {
        tracing::error!("the networks are not loaded: {error}");
        self.close(Failure {
            code: match error {
                NetworkError::Memory(_) => FailureCode::OutOfMemory,
                _ => FailureCode::InferenceFailed,
            },
            text: format!("the networks are not loaded: {error}"),
        });
    }

    /// There will be no more faces in this process.
    fn break_down(&self, error: &NetworkError) {
        let sessions: Vec<String> = {
            let state = self.lock();
            let ids = state.seats.values().map(|seat| seat.live.id().to_string());
            ids.collect()
        };
        tracing::error!(sessions = %sessions.join(" "), "the networks' device is broken: {error}");
        self.lock().broken = true;
        self.close(Failure {
            code: FailureCode::InferenceFailed,
            text: format!("the networks' device broke down: {error}"),
        });
        (self.outlook.broken)();
    }

    fn close(&self, failure: Failure) {
        let mut state = self.lock();
        let seats: Vec<_> = state.seats.values().cloned().collect();
        state.closed = Some(failure.clone());
        drop(state);
        // Whoever asks is told why, and not to come back later.
        (self.outlook.sessions)(None);
        self.ear.notify_all();
        seats.iter().for_each(|seat| seat.fail(failure.clone()));
    }

    /// Whether the device is of no use any more. Then nothing on it can be given back either.
    fn is_broken(&self) -> bool {
        self.lock().broken
    }

    /// Sound of `seat` may be worth hearing.
    fn call_ear(&self, seat: &Seat) {
        let Some(lead) = self.lead() else {
            return;
        };
        if seat.speaks(lead) {
            self.lock().speaking.insert(seat.id);
            self.ear.notify_one();
        }
    }

    /// Whose sound is heard next, if anybody's, and who is to be forgotten; `None` when the studio closes.
    fn next_speaker(&self) -> Option<(Option<Arc<Seat>>, Vec<SeatId>)> {
        let mut state = self.lock();
        loop {
            if state.stopped || state.closed.is_some() {
                return None;
            }
            let speaking = state.speaking.iter();
            let next = speaking
                .filter_map(|id| state.seats.get(id))
                .min_by_key(|seat| (seat.urgency(), seat.id))
                .cloned();
            if next.is_some() || !state.gone.is_empty() {
                if let Some(seat) = &next {
                    state.speaking.remove(&seat.id);
                }
                return Some((next, std::mem::take(&mut state.gone)));
            }
            state = self.ear.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The ear has heard more of `seat`.
    fn heard(&self, seat: &Seat) {
        self.order(seat);
        self.call_ear(seat);
    }

    /// The painter of `seat` has shown the frames before `frame`.
    fn shown(&self, seat: &Seat, frame: u64) {
        self.lock().schedule.skip(seat.id, frame);
        self.order(seat);
        self.call_ear(seat);
    }

    fn order(&self, seat: &Seat) {
        let orders = seat.orders();
        if orders.is_empty() {
            return;
        }
        let mut state = self.lock();
        orders
            .into_iter()
            .for_each(|order| state.schedule.add(order));
        drop(state);
        self.easel.notify_one();
    }

    /// The next batch, and whether it is as large as it could be; `None` when the studio closes.
    fn next_batch(&self) -> Option<(Vec<Order<Likeness>>, bool)> {
        let mut state = self.lock();
        loop {
            if state.stopped || state.closed.is_some() {
                return None;
            }
            if !state.schedule.is_empty() {
                let rate = state.tempo.rate();
                let batch = state.schedule.take(rate);
                let full = !state.schedule.is_empty();
                return Some((batch, full));
            }
            state = self
                .easel
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Faces of a session's beginning, as many as are drawn at once.
    fn first_batch(&self) -> usize {
        let most = self.loaded.get().map(|loaded| loaded.description.max_batch);
        most.unwrap_or(1).min(FIRST as usize)
    }

    /// So many faces took so long.
    fn measured(&self, faces: usize, time: Duration, full: bool) {
        let mut state = self.lock();
        state.tempo.measure(faces, time, full);
        state.schedule.succeed();
        let sessions = state.tempo.sessions(self.rate);
        if state.open && sessions != state.promised {
            state.promised = sessions;
            (self.outlook.sessions)(sessions);
        }
    }

    /// Hands out faces.
    fn deliver(&self, faces: impl Iterator<Item = ((SeatId, u64), Vec<u8>)>) {
        let mut seats: HashMap<SeatId, Arc<Seat>> = HashMap::new();
        for ((id, frame), face) in faces {
            let seat = match seats.get(&id) {
                Some(seat) => seat,
                None => match self.seat(id) {
                    Some(seat) => seats.entry(id).or_insert(seat),
                    None => continue,
                },
            };
            seat.receive(frame, face);
        }
        seats.values().for_each(|seat| seat.wake());
    }

    fn seat(&self, id: SeatId) -> Option<Arc<Seat>> {
        self.lock().seats.get(&id).cloned()
    }

    /// Memory was short for `batch`. Whose face it is when it cannot be made smaller.
    fn halve(&self, batch: Vec<Order<Likeness>>) -> Option<SeatId> {
        let left = self.lock().schedule.halve(batch);
        left.map(|order| order.seat)
    }

    /// Ends the session of `seat`, for which the networks failed.
    fn refuse(&self, seat: &Arc<Seat>, error: NetworkError) {
        if let NetworkError::Device(_) = error {
            return self.break_down(&error);
        }
        let code = match error {
            NetworkError::Memory(_) => FailureCode::OutOfMemory,
            _ => FailureCode::InferenceFailed,
        };
        seat.fail(Failure {
            code,
            text: error.to_string(),
        });
        self.leave(seat.id);
    }

    fn refuse_at(&self, id: SeatId, error: NetworkError) {
        if let Some(seat) = self.seat(id) {
            self.refuse(&seat, error);
        }
    }

    fn fail_at(&self, id: SeatId, failure: Failure) {
        if let Some(seat) = self.seat(id) {
            seat.fail(failure);
            self.leave(id);
        }
    }

    /// A session is gone.
    fn leave(&self, id: SeatId) {
        let mut state = self.lock();
        if state.seats.remove(&id).is_some() {
            state.schedule.dismiss(id);
            state.speaking.remove(&id);
            state.gone.push(id);
            drop(state);
            self.ear.notify_one();
        }
    }
}

#[cfg(test)]
mod tests;
