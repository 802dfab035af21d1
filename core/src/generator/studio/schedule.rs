//! Which faces are drawn next. Sans-IO.
//!
//! The earliest deadline comes first, whoever's it is; but the first frames of a session come before all others, in small
//! batches of their own, so that its viewer soon has something to see. While sessions begin, every other batch is the
//! others': nobody waits for ever.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// One session's place in the studio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SeatId(pub(crate) u64);

/// Frames of a session that come before those of others: a part, which is the least that a viewer sees.
pub(super) const FIRST: u64 = 5;

/// Faces in a batch while sessions begin. The smaller it is, the sooner they have begun.
const START: usize = 8;

/// How long a batch may take that no session waits for, roughly: one that begins meanwhile waits for its end.
const PATIENCE: Duration = Duration::from_millis(200);

/// The smallest batch that patience leaves. Devices that are slower than that hold nobody's real time.
const LEAST: usize = 4;

/// Batches that must succeed before a larger one is tried where memory was short.
const CONFIDENCE: u32 = 32;

/// One face that is wanted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Order<T> {
    /// By whom.
    pub(super) seat: SeatId,
    /// For which frame of its video.
    pub(super) frame: u64,
    /// When it is to be shown.
    pub(super) due: Instant,
    /// What it is drawn from.
    pub(super) of: T,
}

/// The order of a batch.
type Key = (Instant, SeatId, u64);

impl<T> Order<T> {
    fn key(&self) -> Key {
        (self.due, self.seat, self.frame)
    }

    fn is_first(&self) -> bool {
        self.frame < FIRST
    }
}

/// One session's orders.
#[derive(Debug)]
struct Seat<T> {
    orders: BTreeMap<u64, Order<T>>,
    /// It has no use for frames before this.
    from: u64,
}

impl<T> Default for Seat<T> {
    fn default() -> Self {
        Self {
            orders: BTreeMap::new(),
            from: 0,
        }
    }
}

/// All that is ordered and not yet drawn.
#[derive(Debug)]
pub(super) struct Schedule<T> {
    /// The sessions there are.
    seats: HashMap<SeatId, Seat<T>>,
    firsts: BTreeSet<Key>,
    others: BTreeSet<Key>,
    /// Whether the last batch was one of first frames.
    began: bool,
    /// What the library can draw at once.
    most: usize,
    /// What memory is enough for.
    room: usize,
    succeeded: u32,
}

impl<T> Schedule<T> {
    /// For batches of at most `most`.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self {
            seats: HashMap::new(),
            firsts: BTreeSet::new(),
            others: BTreeSet::new(),
            began: false,
            most,
            room: most,
            succeeded: 0,
        }
    }

    /// Batches have at most `most` faces from now on.
    pub(super) fn bound(&mut self, most: usize) {
        self.most = most.max(1);
        self.room = self.most;
    }

    /// A session may order from now on.
    pub(super) fn admit(&mut self, seat: SeatId) {
        self.seats.entry(seat).or_default();
    }

    /// A session is gone, and with it whatever it ordered.
    pub(super) fn dismiss(&mut self, seat: SeatId) {
        let seat = self.seats.remove(&seat).unwrap_or_default();
        for order in seat.orders.into_values() {
            self.forget(&order);
        }
    }

    /// A session has no use any more for what it ordered for frames before `frame`.
    pub(super) fn skip(&mut self, seat: SeatId, frame: u64) {
        let Some(seat) = self.seats.get_mut(&seat) else {
            return;
        };
        seat.from = seat.from.max(frame);
        let kept = seat.orders.split_off(&frame);
        for order in std::mem::replace(&mut seat.orders, kept).into_values() {
            self.forget(&order);
        }
    }

    fn forget(&mut self, order: &Order<T>) {
        self.queue(order.is_first()).remove(&order.key());
    }

    fn queue(&mut self, first: bool) -> &mut BTreeSet<Key> {
        match first {
            true => &mut self.firsts,
            false => &mut self.others,
        }
    }

    /// Takes an order. Those that nobody has use for any more are dropped.
    pub(super) fn add(&mut self, order: Order<T>) {
        let (key, first) = (order.key(), order.is_first());
        let seat = self.seats.get_mut(&order.seat);
        let Some(seat) = seat.filter(|seat| order.frame >= seat.from) else {
            return;
        };
        if let Some(former) = seat.orders.insert(order.frame, order) {
            self.forget(&former);
        }
        self.queue(first).insert(key);
    }

    /// Whether nothing is ordered.
    pub(super) fn is_empty(&self) -> bool {
        self.firsts.is_empty() && self.others.is_empty()
    }

    /// How many faces are ordered.
    #[cfg(test)]
    pub(super) fn orders(&self) -> usize {
        self.firsts.len() + self.others.len()
    }

    /// The largest batch now, of which `rate` faces would be drawn in a second.
    fn limit(&self, rate: Option<f64>) -> usize {
        let patient = rate.map_or(START, |rate| (rate * PATIENCE.as_secs_f64()) as usize);
        patient.max(LEAST).min(self.room)
    }

    /// The faces to be drawn now, of which about `rate` are drawn in a second. They are no longer ordered after that.
    pub(super) fn take(&mut self, rate: Option<f64>) -> Vec<Order<T>> {
        let start = START.min(self.room);
        let begins = !self.firsts.is_empty();
        let turn = begins && (!self.began || self.others.is_empty());
        let count = if begins { start } else { self.limit(rate) };
        self.began = turn;
        let mut batch = Vec::with_capacity(count);
        while batch.len() < count
            && let Some((_, seat, frame)) = self.queue(turn).pop_first()
        {
            let seat = self.seats.get_mut(&seat);
            batch.extend(seat.and_then(|seat| seat.orders.remove(&frame)));
        }
        batch
    }

    /// A batch was drawn.
    pub(super) fn succeed(&mut self) {
        self.succeeded += 1;
        if self.room < self.most && self.succeeded >= CONFIDENCE {
            self.room = (self.room * 2).min(self.most);
            self.succeeded = 0;
        }
    }

    /// Memory was short for `batch`: it is ordered again, to be drawn in halves. What cannot be halved is given back.
    pub(super) fn halve(&mut self, batch: Vec<Order<T>>) -> Option<Order<T>> {
        self.succeeded = 0;
        self.room = (batch.len() / 2).clamp(1, self.room);
        if batch.len() <= 1 {
            return batch.into_iter().next();
        }
        batch.into_iter().for_each(|order| self.add(order));
        None
    }
}

#[cfg(test)]
mod tests;
