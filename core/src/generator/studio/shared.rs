//! What all who work in the studio share, and how they reach each other.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::portraits::Portraits;
use super::schedule::{Order, Schedule, SeatId};
use super::seat::{Likeness, Seat};
use super::sitter::{Sitter, Sitters};
use super::tempo::Tempo;
use super::{Outlook, ear};
use crate::config::Config;
use crate::face::neural::{Description, Gallery, Manner, NetworkError, Networks};
use crate::generator::painter::Links;
use crate::session::{Failure, FailureCode};
use crate::time::{FrameRate, Samples};

/// Networks that are loaded, and what is known of them.
pub(super) struct Loaded {
    pub(super) networks: Arc<dyn Networks>,
    pub(super) description: Description,
    /// How much sound after a frame's beginning must be known before its tokens are.
    pub(super) lead: Samples,
}

impl Loaded {
    /// The same for the session of `seat`.
    pub(super) fn lead_of(&self, seat: &Seat) -> Samples {
        self.lead + seat.wait()
    }
}

/// What all who work in the studio share.
pub(super) struct Shared {
    loaded: OnceLock<Loaded>,
    pub(super) outlook: Outlook,
    rate: FrameRate,
    /// Where everybody is on a photo there are none.
    sitters: Option<Mutex<Sitters>>,
    pub(super) portraits: Portraits,
    state: Mutex<State>,
    /// Something was ordered.
    easel: Condvar,
    /// Somebody speaks.
    ear: Condvar,
}

pub(super) struct State {
    /// Whether sessions are promised real time yet.
    pub(super) open: bool,
    /// Why no faces will be drawn, if that is so.
    closed: Option<Failure>,
    /// Whether the device is of no use any more.
    broken: bool,
    stopped: bool,
    pub(super) seats: HashMap<SeatId, Arc<Seat>>,
    next: u64,
    pub(super) schedule: Schedule<Likeness>,
    tempo: Tempo,
    /// How many sessions were said to be held.
    promised: Option<u32>,
    /// Those with sound for the ear.
    pub(super) speaking: BTreeSet<SeatId>,
    /// Those that the ear need remember no longer.
    gone: Vec<Arc<Seat>>,
}

/// What the ear does next.
pub(super) struct Call {
    /// Whose sound is heard, if anybody's.
    pub(super) next: Option<Arc<Seat>>,
    /// Who is to be forgotten.
    pub(super) gone: Vec<Arc<Seat>>,
}

impl Shared {
    /// For the avatars in the directory `avatars`, or for photos.
    pub(super) fn new(config: &Config, avatars: Option<&Path>, outlook: Outlook) -> Self {
        let films = config.data.join("films");
        let sitters = avatars.map(|avatars| {
            let sitters = Sitters::new(Gallery::new(avatars), &films, config.video);
            Mutex::new(sitters)
        });
        Self {
            portraits: Portraits::default(),
            loaded: OnceLock::new(),
            rate: config.video.frame_rate,
            sitters,
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
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sitters_lock(&self) -> Option<MutexGuard<'_, Sitters>> {
        let sitters = self.sitters.as_ref()?;
        Some(sitters.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Nobody need work any more.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.easel.notify_all();
        self.ear.notify_all();
    }

    /// The avatar called `id`.
    pub(super) fn sitter(&self, id: &str) -> Result<Arc<Sitter>, Failure> {
        let found = self.sitters_lock().and_then(|mut sitters| sitters.find(id));
        found.ok_or_else(|| Failure {
            code: FailureCode::InferenceFailed,
            text: format!("the avatar \"{id}\" is not there any more"),
        })
    }

    /// A place for the session of `links`; whoever is on a photo has a manner.
    pub(super) fn seat_for(
        &self,
        links: &Links,
        manner: Option<Manner>,
    ) -> Result<Arc<Seat>, Failure> {
        let mut state = self.lock();
        if let Some(failure) = &state.closed {
            return Err(failure.clone());
        }
        let id = SeatId(state.next);
        state.next += 1;
        let seat = Arc::new(Seat::new(
            id,
            Arc::clone(&links.live),
            links.painter.clone(),
            manner,
            self.rate,
        ));
        state.seats.insert(id, Arc::clone(&seat));
        state.schedule.admit(id);
        Ok(seat)
    }

    /// Every avatar there is, or where there are none somebody whom the networks can be tried with.
    pub(super) fn sitters(&self) -> Vec<Arc<Sitter>> {
        match self.sitters_lock() {
            Some(mut sitters) => sitters.all(),
            None => vec![Arc::new(Sitter::nobody())],
        }
    }

    /// How much sound of `seat` after a frame's beginning must be known before its tokens are, once that is known.
    pub(super) fn lead(&self, seat: &Seat) -> Option<Samples> {
        self.loaded.get().map(|loaded| loaded.lead_of(seat))
    }

    /// Whether the networks find faces in photos, once they are loaded.
    pub(super) fn finds_faces(&self) -> Option<bool> {
        self.loaded
            .get()
            .map(|loaded| loaded.description.finds_faces)
    }

    /// The networks are loaded.
    pub(super) fn load(&self, networks: Arc<dyn Networks>) -> Result<&Loaded, NetworkError> {
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
    pub(super) fn open_doors(&self) {
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
    pub(super) fn wait_until_loaded(&self) -> Option<&Loaded> {
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
    pub(super) fn give_up(&self, error: &NetworkError) {
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
    pub(super) fn break_down(&self, error: &NetworkError) {
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

    pub(super) fn close(&self, failure: Failure) {
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
    pub(super) fn is_broken(&self) -> bool {
        self.lock().broken
    }

    /// Sound of `seat` may be worth hearing.
    pub(super) fn call_ear(&self, seat: &Seat) {
        let Some(lead) = self.lead(seat) else {
            return;
        };
        if seat.speaks(lead) {
            self.lock().speaking.insert(seat.id);
            self.ear.notify_one();
        }
    }

    /// Whose sound is heard next; `None` when the studio closes.
    pub(super) fn next_speaker(&self) -> Option<Call> {
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
                return Some(Call {
                    next,
                    gone: std::mem::take(&mut state.gone),
                });
            }
            state = self.ear.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The ear has heard more of `seat`.
    pub(super) fn heard(&self, seat: &Seat) {
        self.order(seat);
        self.call_ear(seat);
    }

    /// The painter of `seat` has shown the frames before `frame`.
    pub(super) fn shown(&self, seat: &Seat, frame: u64) {
        self.lock().schedule.skip(seat.id, frame);
        self.order(seat);
        self.call_ear(seat);
    }

    pub(super) fn order(&self, seat: &Seat) {
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
    pub(super) fn next_batch(&self) -> Option<(Vec<Order<Likeness>>, bool)> {
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

    /// So many faces took so long.
    pub(super) fn measured(&self, faces: usize, time: Duration, full: bool) {
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
    pub(super) fn deliver(&self, faces: impl Iterator<Item = ((SeatId, u64), Vec<u8>)>) {
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

    pub(super) fn seat(&self, id: SeatId) -> Option<Arc<Seat>> {
        self.lock().seats.get(&id).cloned()
    }

    /// Memory was short for `batch`. Whose face it is when it cannot be made smaller.
    pub(super) fn halve(&self, batch: Vec<Order<Likeness>>) -> Option<SeatId> {
        let left = self.lock().schedule.halve(batch);
        left.map(|order| order.seat)
    }

    /// Ends the session of `seat`, for which the networks failed.
    pub(super) fn refuse(&self, seat: &Arc<Seat>, error: NetworkError) {
        if let NetworkError::Device(_) = error {
            return self.break_down(&error);
        }
        let code = match error {
            NetworkError::Memory(_) => FailureCode::OutOfMemory,
            NetworkError::NoFace(_) => FailureCode::BadImage,
            _ => FailureCode::InferenceFailed,
        };
        seat.fail(Failure {
            code,
            text: error.to_string(),
        });
        self.leave(seat.id);
    }

    pub(super) fn refuse_at(&self, id: SeatId, error: NetworkError) {
        if let Some(seat) = self.seat(id) {
            self.refuse(&seat, error);
        }
    }

    pub(super) fn fail_at(&self, id: SeatId, failure: Failure) {
        if let Some(seat) = self.seat(id) {
            seat.fail(failure);
            self.leave(id);
        }
    }

    /// A session is gone.
    pub(super) fn leave(&self, id: SeatId) {
        let mut state = self.lock();
        if let Some(seat) = state.seats.remove(&id) {
            state.schedule.dismiss(id);
            state.speaking.remove(&id);
            state.gone.push(seat);
            drop(state);
            self.ear.notify_one();
        }
    }
}
